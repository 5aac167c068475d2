//! Storage of sockets, inodes, tasks and cgroups (`kernel/bpf/bpf_local_storage.c`), and the older storage of cgroups
//! (`kernel/bpf/local_storage.c`). Elements belong to the objects and are never counted.

use super::Case;
use crate::{
    bill::{Bill, Use},
    bytes::{Bytes, power_of_two},
    sizes::{MissingStruct, Struct},
};

/// `bpf_local_storage_map_mem_usage`.
pub(super) fn reported(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    Ok(case.size_of(Struct::LocalStorageMap)? + buckets(case)?)
}

/// `bpf_local_storage_map_alloc`: one bucket for each possible CPU, at least two.
fn buckets(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    Ok(case.size_of(Struct::LocalStorageMapBucket)? * power_of_two(case.machine.cpus).max(2))
}

/// `bpf_local_storage_map_alloc`, and `bpf_selem_alloc` with `bpf_local_storage_alloc` for each object that has an
/// element.
pub(super) fn taken(case: Case<'_>, bill: &mut Bill) -> Result<(), MissingStruct> {
    bill.area(&[(Use::Fixed, case.size_of(Struct::LocalStorageMap)?)]);
    bill.area(&[(Use::Index, buckets(case)?)]);
    let header = case.size_of(Struct::LocalStorageElem)?;
    bill.objects(case.used, &[(Use::Headers, header), (Use::Values, Bytes(case.map.value))]);
    bill.objects(case.used, &[(Use::Headers, case.size_of(Struct::LocalStorage)?)]);
    Ok(())
}

/// `cgroup_storage_map_alloc`.
pub(super) fn taken_cgroup(case: Case<'_>, bill: &mut Bill) -> Result<(), MissingStruct> {
    bill.area(&[(Use::Fixed, case.size_of(Struct::CgroupStorageMap)?)]);
    Ok(())
}
