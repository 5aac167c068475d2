//! `arena` (`kernel/bpf/arena.c`).

use super::Case;
use crate::{
    bill::{Bill, Use},
    bytes::Bytes,
    sizes::{MissingStruct, Struct},
};

/// `arena_map_mem_usage`: pages that were faulted in, since 7.3; nothing before.
pub(super) fn reported(case: Case<'_>) -> Bytes {
    if case.machine.kernel.arena_counts_pages { Bytes(case.machine.page_size) * case.used } else { Bytes::ZERO }
}

/// `arena_map_alloc`, and `arena_alloc_pages` for each page in use.
pub(super) fn taken(case: Case<'_>, bill: &mut Bill) -> Result<(), MissingStruct> {
    bill.area(&[(Use::Fixed, case.size_of(Struct::Arena)?)]);
    bill.pages(Use::Buffer, case.used);
    Ok(())
}
