//! The tables of map types and map flags, from `include/uapi/linux/bpf.h` and the `map_alloc_check` of each type.

use super::{Entries, FieldSupport, MapFlag, MapKind, Part};

const NO_PREALLOC: u32 = 1 << 0;
const NO_COMMON_LRU: u32 = 1 << 1;
const NUMA_NODE: u32 = 1 << 2;
const RDONLY: u32 = 1 << 3;
const WRONLY: u32 = 1 << 4;
const STACK_BUILD_ID: u32 = 1 << 5;
const ZERO_SEED: u32 = 1 << 6;
const RDONLY_PROG: u32 = 1 << 7;
const WRONLY_PROG: u32 = 1 << 8;
const CLONE: u32 = 1 << 9;
const MMAPABLE: u32 = 1 << 10;
const PRESERVE_ELEMS: u32 = 1 << 11;
const INNER_MAP: u32 = 1 << 12;
const SEGV_ON_FAULT: u32 = 1 << 17;
const NO_USER_CONV: u32 = 1 << 18;
const RB_OVERWRITE: u32 = 1 << 19;

const fn flag(name: &'static str, c: &'static str, bit: u32, doc: &'static str) -> MapFlag {
    MapFlag { name, c, bit, doc }
}

/// Every map flag that a program can ask for, one row each. Those that libbpf sets by itself (`BPF_F_LINK`,
/// `BPF_F_PATH_FD`, `BPF_F_VTYPE_BTF_OBJ_FD`, `BPF_F_TOKEN_FD`) are not among them.
pub static MAP_FLAGS: &[MapFlag] = &[
    flag("no_prealloc", "BPF_F_NO_PREALLOC", NO_PREALLOC, "allocate elements when they are needed"),
    flag("no_common_lru", "BPF_F_NO_COMMON_LRU", NO_COMMON_LRU, "one LRU list per CPU instead of a common one"),
    flag("numa_node", "BPF_F_NUMA_NODE", NUMA_NODE, "allocate on the node that `numa_node` names"),
    flag("rdonly", "BPF_F_RDONLY", RDONLY, "userspace may only read"),
    flag("wronly", "BPF_F_WRONLY", WRONLY, "userspace may only write"),
    flag("stack_build_id", "BPF_F_STACK_BUILD_ID", STACK_BUILD_ID, "build id and offset instead of addresses"),
    flag("zero_seed", "BPF_F_ZERO_SEED", ZERO_SEED, "hash with a seed of zero, for tests"),
    flag("rdonly_prog", "BPF_F_RDONLY_PROG", RDONLY_PROG, "programs may only read"),
    flag("wronly_prog", "BPF_F_WRONLY_PROG", WRONLY_PROG, "programs may only write"),
    flag("clone", "BPF_F_CLONE", CLONE, "copy to the sockets that a listener accepts"),
    flag("mmapable", "BPF_F_MMAPABLE", MMAPABLE, "userspace may map it into its memory"),
    flag("preserve_elems", "BPF_F_PRESERVE_ELEMS", PRESERVE_ELEMS, "keep perf events when the map's file is closed"),
    flag("inner_map", "BPF_F_INNER_MAP", INNER_MAP, "may replace an inner array of another size"),
    flag("segv_on_fault", "BPF_F_SEGV_ON_FAULT", SEGV_ON_FAULT, "SIGSEGV instead of a new page"),
    flag("no_user_conv", "BPF_F_NO_USER_CONV", NO_USER_CONV, "do not translate arena addresses for userspace"),
    flag("rb_overwrite", "BPF_F_RB_OVERWRITE", RB_OVERWRITE, "overwrite the oldest records when full"),
];

/// `BPF_F_ACCESS_MASK` of `include/linux/bpf.h`.
const ACCESS: u32 = RDONLY | WRONLY | RDONLY_PROG | WRONLY_PROG;
/// The flags of maps that hold file descriptors: "Program read-only/write-only not supported for special maps yet"
/// (`fd_array_map_alloc_check`), and the masks of devmap, sockmap and xskmap.
const FD_FLAGS: u32 = NUMA_NODE | RDONLY | WRONLY;
/// `HTAB_CREATE_FLAG_MASK` without what only LRU maps take.
const HASH_FLAGS: u32 = NO_PREALLOC | NUMA_NODE | ACCESS | ZERO_SEED;
/// `BPF_LOCAL_STORAGE_CREATE_FLAG_MASK`.
const STORAGE_FLAGS: u32 = NO_PREALLOC | CLONE;

const NO_FIELDS: FieldSupport = FieldSupport { locks: false, callbacks: false, roots: false, kptrs: false };
const ALL_FIELDS: FieldSupport = FieldSupport { locks: true, callbacks: true, roots: true, kptrs: true };
const KPTRS: FieldSupport = FieldSupport { kptrs: true, ..NO_FIELDS };
const LOCKS: FieldSupport = FieldSupport { locks: true, ..NO_FIELDS };

/// `KMALLOC_MAX_SIZE` with pages of 4096 bytes: `1 << (MAX_PAGE_ORDER + PAGE_SHIFT)`.
const KMALLOC_MAX: u32 = 4 << 20;
/// `PCPU_MIN_UNIT_SIZE` of `include/linux/percpu.h`.
const PER_CPU_MAX: u32 = 32 << 10;
/// `MAX_BPF_STACK`.
const STACK_MAX: u32 = 512;
/// `BPF_LOCAL_STORAGE_MAX_VALUE_SIZE`: `U16_MAX` less the kernel's own header of an element, which is 128 bytes or
/// less on every kernel so far.
const STORAGE_MAX: u32 = 65_535 - 128;
/// More than the kernel's header of an element: `struct htab_elem` and `struct lpm_trie_node` have 48 bytes or less.
const ELEMENT_HEADER: u32 = 64;
/// `LPM_KEY_SIZE_MIN` and `LPM_KEY_SIZE_MAX`: a prefix length and 1 to 256 bytes.
const LPM_KEY: (u32, u32) = (5, 260);

/// What most types have in common: a key of four bytes, any value, a number of elements.
const BASE: MapKind = MapKind {
    name: "",
    c: "",
    id: 0,
    since: "",
    key: Part::U32,
    value: Part::Required,
    max_entries: Part::Required,
    max_key: None,
    max_value: None,
    per_cpu: false,
    map_in_map: false,
    carries_events: false,
    doc: "",
    min_key: 1,
    max_element: None,
    key_sizes: &[],
    value_sizes: &[],
    value_multiple: 1,
    entries: Entries::Elements,
    flags: 0,
    required_flags: 0,
    fields: NO_FIELDS,
    rule: "",
};

/// A hash map. Until Linux 5.11, `htab_map_alloc_check` refused keys over `MAX_BPF_STACK`, and still no larger key can
/// be built on the BPF stack. Key, value and the kernel's header must fit into `KMALLOC_MAX_SIZE`.
const HASH: MapKind = MapKind {
    key: Part::Required,
    max_key: Some(STACK_MAX),
    max_element: Some(KMALLOC_MAX - ELEMENT_HEADER),
    flags: HASH_FLAGS,
    fields: ALL_FIELDS,
    rule: "htab_map_alloc_check",
    ..BASE
};

const PER_CPU_HASH: MapKind =
    MapKind { max_value: Some(PER_CPU_MAX), per_cpu: true, flags: HASH_FLAGS & !NUMA_NODE, fields: KPTRS, ..HASH };

const LRU_FLAGS: u32 = (HASH_FLAGS & !NO_PREALLOC) | NO_COMMON_LRU;

/// An array. `array_map_alloc_check` limits values to `INT_MAX`.
const ARRAY: MapKind = MapKind {
    max_value: Some(i32::MAX as u32),
    flags: NUMA_NODE | ACCESS | MMAPABLE | INNER_MAP,
    fields: ALL_FIELDS,
    rule: "array_map_alloc_check",
    ..BASE
};

/// An array of file descriptors.
const FD_ARRAY: MapKind = MapKind { value: Part::U32, flags: FD_FLAGS, rule: "fd_array_map_alloc_check", ..BASE };

/// Storage that belongs to an object of the kernel. `bpf_local_storage_map_alloc_check` wants `no_prealloc` and no
/// number of entries.
const STORAGE: MapKind = MapKind {
    max_entries: Part::Refused,
    max_value: Some(STORAGE_MAX),
    flags: STORAGE_FLAGS,
    required_flags: NO_PREALLOC,
    fields: FieldSupport { locks: true, kptrs: true, ..NO_FIELDS },
    rule: "bpf_local_storage_map_alloc_check",
    ..BASE
};

/// `cgroup_storage_map_alloc`: a `struct bpf_cgroup_storage_key` or the id of a cgroup as key, a value of at most one
/// page, no number of entries.
const CGROUP_STORAGE: MapKind = MapKind {
    key: Part::Required,
    key_sizes: &[8, 16],
    max_entries: Part::Refused,
    max_value: Some(4096),
    flags: NUMA_NODE | ACCESS,
    rule: "cgroup_storage_map_alloc",
    ..BASE
};

/// `queue_stack_map_alloc_check`: values without keys.
const QUEUE: MapKind = MapKind {
    key: Part::Refused,
    max_value: Some(KMALLOC_MAX),
    flags: NUMA_NODE | ACCESS,
    rule: "queue_stack_map_alloc_check",
    ..BASE
};

/// `ringbuf_map_alloc`: neither keys nor values.
const RINGBUF: MapKind = MapKind {
    key: Part::Refused,
    value: Part::Refused,
    entries: Entries::RingBytes,
    flags: NUMA_NODE,
    rule: "ringbuf_map_alloc",
    ..BASE
};

/// Maps of maps. libbpf takes the definition of the inner map and fills in the values.
const OF_MAPS: MapKind = MapKind { value: Part::Refused, map_in_map: true, ..BASE };

/// Every map type that libbpf can define in `.maps`, in the order of `enum bpf_map_type`. `struct_ops` maps are defined
/// by a program's own structs instead.
pub static MAP_KINDS: &[MapKind] = &[
    MapKind { name: "hash", c: "BPF_MAP_TYPE_HASH", id: 1, since: "3.19", doc: "a hash table", ..HASH },
    MapKind {
        name: "array",
        c: "BPF_MAP_TYPE_ARRAY",
        id: 2,
        since: "3.19",
        doc: "an array, all of it in place",
        ..ARRAY
    },
    MapKind {
        name: "prog_array",
        c: "BPF_MAP_TYPE_PROG_ARRAY",
        id: 3,
        since: "4.2",
        doc: "programs for tail calls",
        ..FD_ARRAY
    },
    MapKind {
        name: "perf_event_array",
        c: "BPF_MAP_TYPE_PERF_EVENT_ARRAY",
        id: 4,
        since: "4.3",
        max_entries: Part::Optional,
        carries_events: true,
        doc: "a perf buffer per CPU; as many as there are CPUs if `max_entries` is left out",
        flags: FD_FLAGS | PRESERVE_ELEMS,
        ..FD_ARRAY
    },
    MapKind {
        name: "percpu_hash",
        c: "BPF_MAP_TYPE_PERCPU_HASH",
        id: 5,
        since: "4.6",
        doc: "a hash table with a value per CPU",
        ..PER_CPU_HASH
    },
    MapKind {
        name: "percpu_array",
        c: "BPF_MAP_TYPE_PERCPU_ARRAY",
        id: 6,
        since: "4.6",
        max_value: Some(PER_CPU_MAX),
        per_cpu: true,
        doc: "an array with a value per CPU",
        flags: ACCESS,
        fields: KPTRS,
        ..ARRAY
    },
    MapKind {
        name: "stack_trace",
        c: "BPF_MAP_TYPE_STACK_TRACE",
        id: 7,
        since: "4.6",
        // `sysctl_perf_event_max_stack` frames at most: 127, of 8 bytes or, with `stack_build_id`, 32.
        max_value: Some(127 * 32),
        value_multiple: 8,
        doc: "stacks of up to 127 frames",
        flags: FD_FLAGS | STACK_BUILD_ID,
        rule: "stack_map_alloc",
        ..BASE
    },
    MapKind { name: "cgroup_array", c: "BPF_MAP_TYPE_CGROUP_ARRAY", id: 8, since: "4.8", doc: "cgroups", ..FD_ARRAY },
    MapKind {
        name: "lru_hash",
        c: "BPF_MAP_TYPE_LRU_HASH",
        id: 9,
        since: "4.10",
        doc: "a hash table that drops what was not used for long",
        flags: LRU_FLAGS,
        fields: FieldSupport { locks: false, ..ALL_FIELDS },
        ..HASH
    },
    MapKind {
        name: "lru_percpu_hash",
        c: "BPF_MAP_TYPE_LRU_PERCPU_HASH",
        id: 10,
        since: "4.10",
        doc: "an LRU hash table with a value per CPU",
        flags: LRU_FLAGS & !NUMA_NODE,
        ..PER_CPU_HASH
    },
    MapKind {
        name: "lpm_trie",
        c: "BPF_MAP_TYPE_LPM_TRIE",
        id: 11,
        since: "4.11",
        key: Part::Required,
        min_key: LPM_KEY.0,
        max_key: Some(LPM_KEY.1),
        // `LPM_VAL_SIZE_MAX`
        max_value: Some(KMALLOC_MAX - LPM_KEY.1 - ELEMENT_HEADER),
        doc: "longest prefix match; the key starts with the prefix length in bits, a u32",
        flags: NO_PREALLOC | NUMA_NODE | ACCESS,
        required_flags: NO_PREALLOC,
        rule: "trie_alloc",
        ..BASE
    },
    MapKind {
        name: "array_of_maps",
        c: "BPF_MAP_TYPE_ARRAY_OF_MAPS",
        id: 12,
        since: "4.12",
        doc: "an array of maps",
        flags: FD_FLAGS,
        rule: "array_of_map_alloc",
        ..OF_MAPS
    },
    MapKind {
        name: "hash_of_maps",
        c: "BPF_MAP_TYPE_HASH_OF_MAPS",
        id: 13,
        since: "4.12",
        key: Part::Required,
        max_key: Some(STACK_MAX),
        doc: "a hash table of maps",
        flags: HASH_FLAGS,
        rule: "fd_htab_map_alloc_check",
        ..OF_MAPS
    },
    MapKind {
        name: "devmap",
        c: "BPF_MAP_TYPE_DEVMAP",
        id: 14,
        since: "4.14",
        value_sizes: &[4, 8],
        doc: "network devices, by index; the value is an ifindex, or a struct bpf_devmap_val",
        flags: FD_FLAGS,
        rule: "dev_map_alloc_check",
        ..BASE
    },
    MapKind {
        name: "sockmap",
        c: "BPF_MAP_TYPE_SOCKMAP",
        id: 15,
        since: "4.14",
        value_sizes: &[4, 8],
        doc: "sockets, by index; the value is a file descriptor, or a u64 to read cookies",
        flags: FD_FLAGS,
        rule: "sock_map_alloc",
        ..BASE
    },
    MapKind {
        name: "cpumap",
        c: "BPF_MAP_TYPE_CPUMAP",
        id: 16,
        since: "4.15",
        value_sizes: &[4, 8],
        doc: "CPUs to redirect packets to; the value is a queue size, or a struct bpf_cpumap_val",
        flags: NUMA_NODE,
        rule: "cpu_map_alloc",
        ..BASE
    },
    MapKind {
        name: "xskmap",
        c: "BPF_MAP_TYPE_XSKMAP",
        id: 17,
        since: "4.18",
        value: Part::U32,
        doc: "AF_XDP sockets",
        flags: FD_FLAGS,
        rule: "xsk_map_alloc",
        ..BASE
    },
    MapKind {
        name: "sockhash",
        c: "BPF_MAP_TYPE_SOCKHASH",
        id: 18,
        since: "4.18",
        key: Part::Required,
        max_key: Some(STACK_MAX),
        value_sizes: &[4, 8],
        doc: "sockets, by any key",
        flags: FD_FLAGS,
        rule: "sock_hash_alloc",
        ..BASE
    },
    MapKind {
        name: "cgroup_storage",
        c: "BPF_MAP_TYPE_CGROUP_STORAGE",
        id: 19,
        since: "4.19",
        doc: "storage of a cgroup; new programs use cgrp_storage",
        fields: LOCKS,
        ..CGROUP_STORAGE
    },
    MapKind {
        name: "reuseport_sockarray",
        c: "BPF_MAP_TYPE_REUSEPORT_SOCKARRAY",
        id: 20,
        since: "4.19",
        value_sizes: &[4, 8],
        doc: "sockets of a reuseport group",
        flags: NUMA_NODE | ACCESS,
        rule: "reuseport_array_alloc_check",
        ..BASE
    },
    MapKind {
        name: "percpu_cgroup_storage",
        c: "BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE",
        id: 21,
        since: "4.20",
        per_cpu: true,
        doc: "storage of a cgroup, a value per CPU",
        ..CGROUP_STORAGE
    },
    MapKind { name: "queue", c: "BPF_MAP_TYPE_QUEUE", id: 22, since: "4.20", doc: "first in, first out", ..QUEUE },
    MapKind { name: "stack", c: "BPF_MAP_TYPE_STACK", id: 23, since: "4.20", doc: "last in, first out", ..QUEUE },
    MapKind {
        name: "sk_storage",
        c: "BPF_MAP_TYPE_SK_STORAGE",
        id: 24,
        since: "5.2",
        doc: "storage of a socket",
        ..STORAGE
    },
    MapKind {
        name: "devmap_hash",
        c: "BPF_MAP_TYPE_DEVMAP_HASH",
        id: 25,
        since: "5.4",
        value_sizes: &[4, 8],
        doc: "network devices, by any number",
        flags: FD_FLAGS,
        rule: "dev_map_alloc_check",
        ..BASE
    },
    MapKind {
        name: "ringbuf",
        c: "BPF_MAP_TYPE_RINGBUF",
        id: 27,
        since: "5.8",
        carries_events: true,
        doc: "a ring buffer that all CPUs share, to userspace",
        flags: NUMA_NODE | RB_OVERWRITE,
        ..RINGBUF
    },
    MapKind {
        name: "inode_storage",
        c: "BPF_MAP_TYPE_INODE_STORAGE",
        id: 28,
        since: "5.10",
        doc: "storage of an inode",
        ..STORAGE
    },
    MapKind {
        name: "task_storage",
        c: "BPF_MAP_TYPE_TASK_STORAGE",
        id: 29,
        since: "5.11",
        doc: "storage of a task",
        ..STORAGE
    },
    MapKind {
        name: "bloom_filter",
        c: "BPF_MAP_TYPE_BLOOM_FILTER",
        id: 30,
        since: "5.16",
        key: Part::Refused,
        max_value: Some(KMALLOC_MAX),
        doc: "a set that may err towards yes; `map_extra` is the number of hash functions, 5 if left out",
        flags: NUMA_NODE | ZERO_SEED | ACCESS,
        rule: "bloom_map_alloc_check",
        ..BASE
    },
    MapKind {
        name: "user_ringbuf",
        c: "BPF_MAP_TYPE_USER_RINGBUF",
        id: 31,
        since: "6.1",
        doc: "a ring buffer from userspace",
        ..RINGBUF
    },
    MapKind {
        name: "cgrp_storage",
        c: "BPF_MAP_TYPE_CGRP_STORAGE",
        id: 32,
        since: "6.2",
        doc: "storage of a cgroup, from any program",
        ..STORAGE
    },
    MapKind {
        name: "arena",
        c: "BPF_MAP_TYPE_ARENA",
        id: 33,
        since: "6.9",
        key: Part::Refused,
        value: Part::Refused,
        entries: Entries::Pages,
        doc: "memory that programs and userspace share; `max_entries` counts pages, `map_extra` is its address",
        flags: MMAPABLE | SEGV_ON_FAULT | NO_USER_CONV,
        required_flags: MMAPABLE,
        rule: "arena_map_alloc",
        ..BASE
    },
    MapKind {
        name: "insn_array",
        c: "BPF_MAP_TYPE_INSN_ARRAY",
        id: 34,
        since: "6.19",
        value_sizes: &[16],
        doc: "instructions of a program and where they went; the value is a struct bpf_insn_array_value",
        flags: 0,
        rule: "insn_array_alloc_check",
        ..BASE
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_kernels() {
        for kind in MAP_KINDS {
            assert_eq!(kind.c, format!("BPF_MAP_TYPE_{}", kind.name.to_uppercase()));
            assert!(std::ptr::eq(MapKind::from_name(kind.name).unwrap(), kind));
            assert!(!kind.rule.is_empty() && !kind.doc.is_empty() && !kind.since.is_empty(), "{}", kind.name);
            assert_eq!(kind.flags & kind.required_flags, kind.required_flags, "{}", kind.name);
        }
        for flag in MAP_FLAGS {
            assert_eq!(flag.c, format!("BPF_F_{}", flag.name.to_uppercase()));
            assert!(std::ptr::eq(MapFlag::from_name(flag.name).unwrap(), flag));
        }
        assert!(MAP_KINDS.is_sorted_by(|left, right| left.id < right.id));
    }

    #[test]
    fn every_flag_is_taken_by_some_type() {
        let taken = MAP_KINDS.iter().fold(0, |flags, kind| flags | kind.flags);
        let listed = MAP_FLAGS.iter().fold(0, |flags, flag| flags | flag.bit);
        assert_eq!(taken, listed);
    }
}
