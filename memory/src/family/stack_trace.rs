//! `stack_trace` (`kernel/bpf/stackmap.c`).

use super::Case;
use crate::{
    bill::{Bill, Use},
    bytes::{Bytes, power_of_two},
    sizes::{MissingStruct, Struct},
};

/// `struct stack_map_bucket *`.
const POINTER: Bytes = Bytes(8);

/// `stack_map_mem_usage`.
pub(super) fn reported(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    let element = case.size_of(Struct::StackMapBucket)? + Bytes(case.map.value);
    Ok(case.size_of(Struct::StackMap)? + POINTER * power_of_two(case.entries) + element * case.entries)
}

/// `stack_map_alloc` and `prealloc_elems_and_freelist`.
pub(super) fn taken(case: Case<'_>, bill: &mut Bill) -> Result<(), MissingStruct> {
    let index = POINTER * power_of_two(case.entries);
    bill.area(&[(Use::Fixed, case.size_of(Struct::StackMap)?), (Use::Index, index)]);
    let headers = case.size_of(Struct::StackMapBucket)? * case.entries;
    bill.area(&[(Use::Headers, headers), (Use::Values, Bytes(case.map.value) * case.entries)]);
    Ok(())
}
