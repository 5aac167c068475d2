//! The models of the map types, one module a family: what a kernel since 6.4 reports, and what is really taken.
//!
//! Each `reported` is the kernel's own function, term by term; each `taken` follows the allocations of the type's
//! `map_alloc` and `map_update_elem`.

mod arena;
mod array;
mod bloom;
mod device;
pub(crate) mod hash;
mod insn_array;
pub(crate) mod lpm_trie;
mod queue;
mod rhash;
mod ring;
pub(crate) mod socket;
mod stack_trace;
mod storage;
mod struct_ops;

use crate::{
    bill::Bill,
    bytes::Bytes,
    machine::Machine,
    map::{MapShape, MapType},
    sizes::{MissingStruct, Struct},
};

/// A map on a machine with some elements in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case<'a> {
    pub(crate) map: &'a MapShape,
    pub(crate) machine: &'a Machine,
    /// Entries as the kernel has rounded them.
    pub(crate) entries: u64,
    /// Elements that it holds.
    pub(crate) used: u64,
}

impl Case<'_> {
    pub(crate) fn size_of(&self, of: Struct) -> Result<Bytes, MissingStruct> {
        self.machine.size_of(of)
    }
}

/// `bpf_map_memory_usage` (`kernel/bpf/syscall.c`) since 6.4: the `map_mem_usage` of the type.
pub(crate) fn reported(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    use MapType as T;
    match case.map.ty {
        T::Hash | T::PercpuHash | T::LruHash | T::LruPercpuHash | T::HashOfMaps => hash::reported(case),
        T::Array | T::PercpuArray => array::reported(case),
        T::ProgArray | T::PerfEventArray | T::CgroupArray | T::ArrayOfMaps => array::reported_pointers(case),
        T::StackTrace => stack_trace::reported(case),
        T::LpmTrie => lpm_trie::reported(case),
        T::Devmap | T::DevmapHash | T::Cpumap | T::Xskmap => device::reported(case),
        T::Sockmap | T::Sockhash | T::ReuseportSockarray => socket::reported(case),
        T::CgroupStorage | T::PercpuCgroupStorage => case.size_of(Struct::CgroupStorageMap),
        T::SkStorage | T::InodeStorage | T::TaskStorage | T::CgrpStorage => storage::reported(case),
        T::Queue | T::Stack => queue::reported(case),
        T::StructOps => struct_ops::reported(case),
        T::Ringbuf | T::UserRingbuf => ring::reported(case),
        T::BloomFilter => bloom::reported(case),
        T::Arena => Ok(arena::reported(case)),
        T::InsnArray => insn_array::reported(case),
        T::Rhash => rhash::reported(case),
    }
}

/// Puts onto the bill what the map takes.
pub(crate) fn taken(case: Case<'_>, bill: &mut Bill) -> Result<(), MissingStruct> {
    use MapType as T;
    match case.map.ty {
        T::Hash | T::PercpuHash | T::LruHash | T::LruPercpuHash | T::HashOfMaps => hash::taken(case, bill),
        T::Array | T::PercpuArray => array::taken(case, bill),
        T::ProgArray | T::PerfEventArray | T::CgroupArray | T::ArrayOfMaps => array::taken_pointers(case, bill),
        T::StackTrace => stack_trace::taken(case, bill),
        T::LpmTrie => lpm_trie::taken(case, bill),
        T::Devmap | T::DevmapHash | T::Cpumap | T::Xskmap => device::taken(case, bill),
        T::Sockmap | T::Sockhash | T::ReuseportSockarray => socket::taken(case, bill),
        T::CgroupStorage | T::PercpuCgroupStorage => storage::taken_cgroup(case, bill),
        T::SkStorage | T::InodeStorage | T::TaskStorage | T::CgrpStorage => storage::taken(case, bill),
        T::Queue | T::Stack => queue::taken(case, bill),
        T::StructOps => struct_ops::taken(case, bill),
        T::Ringbuf | T::UserRingbuf => ring::taken(case, bill),
        T::BloomFilter => bloom::taken(case, bill),
        T::Arena => arena::taken(case, bill),
        T::InsnArray => insn_array::taken(case, bill),
        T::Rhash => rhash::taken(case, bill),
    }
}
