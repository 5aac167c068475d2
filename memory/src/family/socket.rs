//! Sockets: `sockmap` and `sockhash` (`net/core/sock_map.c`), `reuseport_sockarray` (`kernel/bpf/reuseport_array.c`).

use super::Case;
use crate::{
    bill::{Bill, Use},
    bytes::{Bytes, power_of_two, round8},
    map::MapType,
    sizes::{MissingStruct, Struct},
};

/// `struct sock *`.
const POINTER: Bytes = Bytes(8);

/// `sock_map_mem_usage`, `sock_hash_mem_usage`, `reuseport_array_mem_usage`.
pub(super) fn reported(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    match case.map.ty {
        MapType::Sockhash => {
            let buckets = case.size_of(Struct::ShtabBucket)? * power_of_two(case.entries);
            Ok(case.size_of(Struct::Shtab)? + buckets + sockhash_element(case)? * case.used)
        }
        MapType::Sockmap => Ok(case.size_of(Struct::Stab)? + POINTER * case.entries),
        _ => Ok(case.size_of(Struct::ReuseportArray)? + POINTER * case.entries),
    }
}

/// An element of a `sockhash` with its key.
pub(crate) fn sockhash_element(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    Ok(case.size_of(Struct::ShtabElem)? + round8(case.map.key))
}

/// `sock_map_alloc`, `sock_hash_alloc`, `reuseport_array_alloc`. What a socket gets for being in a map (`struct
/// sk_psock`) belongs to the socket.
pub(super) fn taken(case: Case<'_>, bill: &mut Bill) -> Result<(), MissingStruct> {
    match case.map.ty {
        MapType::Sockhash => {
            bill.area(&[(Use::Fixed, case.size_of(Struct::Shtab)?)]);
            bill.area(&[(Use::Index, case.size_of(Struct::ShtabBucket)? * power_of_two(case.entries))]);
            let key = Bytes(case.map.key);
            let padding = round8(case.map.key) - key;
            let header = case.size_of(Struct::ShtabElem)?;
            bill.objects(case.used, &[(Use::Headers, header), (Use::Keys, key), (Use::Padding, padding)]);
        }
        MapType::Sockmap => {
            bill.area(&[(Use::Fixed, case.size_of(Struct::Stab)?)]);
            bill.area(&[(Use::Index, POINTER * case.entries)]);
        }
        _ => {
            let header = case.size_of(Struct::ReuseportArray)?;
            bill.area(&[(Use::Fixed, header), (Use::Index, POINTER * case.entries)]);
        }
    }
    Ok(())
}
