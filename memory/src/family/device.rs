//! Redirection of packets: `devmap` and `devmap_hash` (`kernel/bpf/devmap.c`), `cpumap` (`kernel/bpf/cpumap.c`),
//! `xskmap` (`net/xdp/xskmap.c`).

use super::Case;
use crate::{
    bill::{Bill, Use},
    bytes::{Bytes, power_of_two},
    map::MapType,
    sizes::{MissingStruct, Struct},
};

/// A pointer, or the head of a list of them.
const POINTER: Bytes = Bytes(8);

/// Buckets of the hash, or slots of the array.
fn slots(case: Case<'_>) -> u64 {
    if case.map.ty == MapType::DevmapHash { power_of_two(case.entries) } else { case.entries }
}

/// The map's struct, and its element's if elements are counted.
fn structs(case: Case<'_>) -> (Struct, Option<Struct>) {
    match case.map.ty {
        MapType::Cpumap => (Struct::CpuMap, None),
        MapType::Xskmap => (Struct::XskMap, Some(Struct::XskMapNode)),
        _ => (Struct::Dtab, Some(Struct::DtabNetdev)),
    }
}

/// `dev_map_mem_usage`, `cpu_map_mem_usage`, `xsk_map_mem_usage`.
pub(super) fn reported(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    let (map, element) = structs(case);
    let elements = element.map_or(Ok(Bytes::ZERO), |element| Ok(case.size_of(element)? * case.used))?;
    Ok(case.size_of(map)? + POINTER * slots(case) + elements)
}

/// `dev_map_alloc`, `cpu_map_alloc`, `xsk_map_alloc`. The queue and the thread of a cpumap's entry are left out: their
/// size depends on the value.
pub(super) fn taken(case: Case<'_>, bill: &mut Bill) -> Result<(), MissingStruct> {
    let (map, element) = structs(case);
    let (header, index) = ((Use::Fixed, case.size_of(map)?), (Use::Index, POINTER * slots(case)));
    if case.map.ty == MapType::Xskmap {
        bill.area(&[header, index]);
    } else {
        bill.area(&[header]);
        bill.area(&[index]);
    }
    let element = case.size_of(element.unwrap_or(Struct::CpuMapEntry))?;
    bill.objects(case.used, &[(Use::Values, element)]);
    Ok(())
}
