//! Map types as types, so that a map has the operations its type has and no others.
//!
//! Numbers and behaviour are those of `enum bpf_map_type` in `include/uapi/linux/bpf.h`.

/// A map type.
pub trait Kind: 'static {
    /// Its number in `enum bpf_map_type`.
    const TYPE: u32;
    /// Its name in the spec: `lru_hash`.
    const NAME: &'static str;
}

/// Values are looked up and updated by key.
pub trait Keyed: Kind {}

/// Entries can be deleted.
pub trait Delete: Kind {}

/// Keys can be walked (`BPF_MAP_GET_NEXT_KEY`).
pub trait Walk: Kind {}

/// Several entries can be read or written in one system call (`BPF_MAP_LOOKUP_BATCH` …).
pub trait Batch: Kind {}

/// An entry can be read and deleted in one step (`BPF_MAP_LOOKUP_AND_DELETE_ELEM`).
pub trait Take: Kind {}

/// A value exists once per possible CPU.
pub trait PerCpu: Kind {}

/// Values are pushed and popped, without a key.
pub trait Push: Kind {}

/// Values are popped.
pub trait Pop: Kind {}

/// Membership is asked, values are not read back.
pub trait Test: Kind {}

/// Records travel to userspace through a ring buffer.
pub trait Ring: Kind {}

/// Records travel to userspace through one perf buffer per CPU.
pub trait Perf: Kind {}

macro_rules! kinds {
    ($($(#[$meta:meta])* $kind:ident $id:literal $name:literal: $($ability:ident)*;)+) => { $(
        $(#[$meta])*
        #[doc = concat!("`BPF_MAP_TYPE_…`, in the spec `", $name, "`.")]
        #[derive(Clone, Copy, Debug)]
        pub struct $kind;

        impl Kind for $kind {
            const TYPE: u32 = $id;
            const NAME: &'static str = $name;
        }

        $(impl $ability for $kind {})*
    )+ };
}

kinds! {
    Hash 1 "hash": Keyed Delete Walk Batch Take;
    Array 2 "array": Keyed Walk Batch;
    ProgArray 3 "prog_array": Keyed Delete Walk;
    PerfEventArray 4 "perf_event_array": Perf;
    PercpuHash 5 "percpu_hash": PerCpu Delete Walk;
    PercpuArray 6 "percpu_array": PerCpu Walk;
    StackTrace 7 "stack_trace": Keyed Delete Walk;
    CgroupArray 8 "cgroup_array": Keyed Delete Walk;
    LruHash 9 "lru_hash": Keyed Delete Walk Batch Take;
    LruPercpuHash 10 "lru_percpu_hash": PerCpu Delete Walk;
    LpmTrie 11 "lpm_trie": Keyed Delete Walk Batch;
    ArrayOfMaps 12 "array_of_maps": Keyed Delete Walk;
    HashOfMaps 13 "hash_of_maps": Keyed Delete Walk;
    Devmap 14 "devmap": Keyed Delete Walk;
    Sockmap 15 "sockmap": Keyed Delete Walk;
    Cpumap 16 "cpumap": Keyed Delete Walk;
    Xskmap 17 "xskmap": Keyed Delete Walk;
    Sockhash 18 "sockhash": Keyed Delete Walk;
    CgroupStorage 19 "cgroup_storage": Keyed Walk;
    ReuseportSockarray 20 "reuseport_sockarray": Keyed Delete Walk;
    PercpuCgroupStorage 21 "percpu_cgroup_storage": PerCpu Walk;
    Queue 22 "queue": Push Pop;
    Stack 23 "stack": Push Pop;
    SkStorage 24 "sk_storage": Keyed Delete;
    DevmapHash 25 "devmap_hash": Keyed Delete Walk;
    StructOps 26 "struct_ops": Keyed;
    Ringbuf 27 "ringbuf": Ring;
    InodeStorage 28 "inode_storage": Keyed Delete;
    TaskStorage 29 "task_storage": Keyed Delete;
    BloomFilter 30 "bloom_filter": Push Test;
    UserRingbuf 31 "user_ringbuf":;
    CgrpStorage 32 "cgrp_storage": Keyed Delete;
    Arena 33 "arena":;
    InsnArray 34 "insn_array": Keyed Walk;
}
