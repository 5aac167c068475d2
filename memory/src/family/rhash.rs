//! `rhash`, a hash map that grows (`kernel/bpf/hashtab.c`, since 7.2).

use super::{Case, hash::prefilled};
use crate::{
    bill::{Bill, Use},
    bytes::{Bytes, power_of_two, round8},
    sizes::{MissingStruct, Struct},
};

/// What `bpf_mem_alloc` puts before each object.
const LLIST_NODE: Bytes = Bytes(8);
/// `struct rhash_head *`, a bucket.
const POINTER: Bytes = Bytes(8);

/// `rhtab_map_mem_usage`: the table of buckets is not counted.
pub(super) fn reported(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    Ok(case.size_of(Struct::Rhtab)? + element(case)? * case.used)
}

fn element(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    Ok(case.size_of(Struct::RhtabElem)? + round8(case.map.key) + round8(case.map.value))
}

/// `rhtab_map_alloc`, with buckets for elements that fill three quarters of them, as `rhashtable` grows.
pub(super) fn taken(case: Case<'_>, bill: &mut Bill) -> Result<(), MissingStruct> {
    bill.area(&[(Use::Fixed, case.size_of(Struct::Rhtab)?)]);
    let buckets = power_of_two(case.used.saturating_mul(4) / 3).max(64);
    bill.area(&[(Use::Index, POINTER * buckets)]);
    let (key, value) = (Bytes(case.map.key), Bytes(case.map.value));
    let padding = round8(case.map.key) - key + (round8(case.map.value) - value);
    let header = case.size_of(Struct::RhtabElem)? + LLIST_NODE;
    bill.objects(case.used, &[(Use::Headers, header), (Use::Keys, key), (Use::Values, value), (Use::Padding, padding)]);
    let object = element(case)? + LLIST_NODE;
    bill.spare_objects(case.machine.cpus.saturating_mul(prefilled(object)), object);
    Ok(())
}
