//! `insn_array` (`kernel/bpf/bpf_insn_array.c`).

use super::Case;
use crate::{
    bill::{Bill, Use},
    bytes::Bytes,
    sizes::{MissingStruct, Struct},
};

/// The address of an instruction, beside its value.
const ADDRESS: Bytes = Bytes(8);

/// `insn_array_mem_usage`.
pub(super) fn reported(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    let element = case.size_of(Struct::InsnArrayValue)? + ADDRESS;
    Ok(case.size_of(Struct::InsnArray)? + element * case.entries)
}

/// `insn_array_alloc`.
pub(super) fn taken(case: Case<'_>, bill: &mut Bill) -> Result<(), MissingStruct> {
    let values = case.size_of(Struct::InsnArrayValue)? * case.entries;
    let header = case.size_of(Struct::InsnArray)?;
    bill.area(&[(Use::Fixed, header), (Use::Values, values), (Use::Index, ADDRESS * case.entries)]);
    Ok(())
}
