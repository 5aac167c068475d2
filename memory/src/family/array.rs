//! Arrays: `array`, `percpu_array`, and those of pointers to programs, perf events, cgroups and maps
//! (`kernel/bpf/arraymap.c`).

use super::Case;
use crate::{
    bill::{Bill, Use},
    bytes::{Bytes, round8},
    map::MMAPABLE,
    sizes::{MissingStruct, Struct},
};

/// A pointer of the kernel.
const POINTER: Bytes = Bytes(8);

/// `array_map_mem_usage`.
pub(super) fn reported(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    let header = case.size_of(Struct::Array)?;
    let values = round8(case.map.value) * case.entries;
    Ok(if case.map.ty.is_per_cpu() {
        header + POINTER * case.entries + values * case.machine.cpus
    } else if case.map.has(MMAPABLE) {
        header.round_up(case.machine.page_size) + values.round_up(case.machine.page_size)
    } else {
        header + values
    })
}

/// `array_map_alloc`.
pub(super) fn taken(case: Case<'_>, bill: &mut Bill) -> Result<(), MissingStruct> {
    let header = (Use::Fixed, case.size_of(Struct::Array)?);
    let rounded = round8(case.map.value);
    if case.map.ty.is_per_cpu() {
        bill.area(&[header, (Use::Index, POINTER * case.entries)]);
        bill.per_cpu_values(case.entries, case.map.value, rounded);
        return Ok(());
    }
    let values = Bytes(case.map.value);
    let values = [(Use::Values, values * case.entries), (Use::Padding, (rounded - values) * case.entries)];
    if case.map.has(MMAPABLE) {
        // `bpf_map_area_mmapable_alloc` takes whole pages, the header on pages of its own.
        bill.whole_pages(&[header]);
        bill.whole_pages(&values);
    } else {
        bill.area(&[header, values[0], values[1]]);
    }
    Ok(())
}

/// `array_map_mem_usage` of an array of pointers.
pub(super) fn reported_pointers(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    Ok(case.size_of(Struct::Array)? + POINTER * case.entries)
}

/// `array_map_alloc` of an array of pointers. What they point to is not the map's.
pub(super) fn taken_pointers(case: Case<'_>, bill: &mut Bill) -> Result<(), MissingStruct> {
    bill.area(&[(Use::Fixed, case.size_of(Struct::Array)?), (Use::Index, POINTER * case.entries)]);
    Ok(())
}
