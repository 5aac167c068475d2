//! Ring buffers: `ringbuf` and `user_ringbuf` (`kernel/bpf/ringbuf.c`).

use super::Case;
use crate::{
    bill::{Bill, Use},
    bytes::Bytes,
    sizes::{MissingStruct, Struct},
};

/// `struct page *`, one for each page that is mapped.
const POINTER: Bytes = Bytes(8);

/// Pages for the kernel's own part, and pages of data.
fn pages(case: Case<'_>) -> Result<(u64, u64), MissingStruct> {
    // The struct ends where the data begin: its own page, the consumer's and the producer's.
    let own = case.size_of(Struct::Ringbuf)?.0.checked_div(case.machine.kernel.page_size).unwrap_or(0);
    Ok((own, case.entries.checked_div(case.machine.page_size).unwrap_or(0)))
}

/// `ringbuf_map_mem_usage`. Data pages are mapped twice, so that a record never wraps, and have two pointers each.
pub(super) fn reported(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    let (own, data) = pages(case)?;
    let pages = Bytes(case.machine.page_size) * (own + data);
    Ok(case.size_of(Struct::RingbufMap)? + pages + POINTER * (own + 2 * data))
}

/// `bpf_ringbuf_area_alloc`.
pub(super) fn taken(case: Case<'_>, bill: &mut Bill) -> Result<(), MissingStruct> {
    let (own, data) = pages(case)?;
    bill.area(&[(Use::Fixed, case.size_of(Struct::RingbufMap)?)]);
    bill.pages(Use::Fixed, own);
    bill.pages(Use::Buffer, data);
    bill.area(&[(Use::Index, POINTER * (own + 2 * data))]);
    Ok(())
}
