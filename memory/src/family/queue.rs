//! `queue` and `stack` (`kernel/bpf/queue_stack_maps.c`).

use super::Case;
use crate::{
    bill::{Bill, Use},
    bytes::Bytes,
    sizes::{MissingStruct, Struct},
};

/// `queue_stack_map_mem_usage`: one value more than entries, so that full and empty differ; values are not rounded.
pub(super) fn reported(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    Ok(case.size_of(Struct::QueueStack)? + Bytes(case.map.value) * case.entries.saturating_add(1))
}

/// `queue_stack_map_alloc`.
pub(super) fn taken(case: Case<'_>, bill: &mut Bill) -> Result<(), MissingStruct> {
    let value = Bytes(case.map.value);
    let header = case.size_of(Struct::QueueStack)?;
    bill.area(&[(Use::Fixed, header), (Use::Values, value * case.entries), (Use::Spares, value)]);
    Ok(())
}
