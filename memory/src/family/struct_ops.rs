//! `struct_ops` (`kernel/bpf/bpf_struct_ops.c`).

use super::Case;
use crate::{
    bill::{Bill, Use},
    bytes::Bytes,
    sizes::{MissingStruct, Struct, StructOpsLinks},
};

const POINTER: Bytes = Bytes(8);

/// `bpf_struct_ops_map_mem_usage`. The value is the kernel's `struct bpf_struct_ops_NAME`, and is kept twice: as
/// userspace wrote it, and as the kernel uses it.
pub(super) fn reported(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    Ok(header(case)? + Bytes(case.map.value) + links(case) + Bytes(case.machine.page_size))
}

/// The map with the kernel's copy of the value.
fn header(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    Ok(case.size_of(Struct::StructOpsMap)? + Bytes(case.map.value) - case.size_of(Struct::StructOpsValue)?)
}

/// What is kept for each program.
fn links(case: Case<'_>) -> Bytes {
    let struct_ops = case.map.struct_ops;
    match case.machine.kernel.struct_ops_links {
        StructOpsLinks::Members => POINTER * struct_ops.members,
        StructOpsLinks::Functions => POINTER * struct_ops.functions,
        StructOpsLinks::Symbols => POINTER * 2 * struct_ops.functions,
    }
}

/// `bpf_struct_ops_map_alloc`, with one page of trampolines.
pub(super) fn taken(case: Case<'_>, bill: &mut Bill) -> Result<(), MissingStruct> {
    bill.area(&[(Use::Fixed, header(case)?)]);
    bill.area(&[(Use::Values, Bytes(case.map.value))]);
    bill.area(&[(Use::Index, links(case))]);
    bill.pages(Use::Buffer, 1);
    Ok(())
}
