//! What a map is, as far as its cost goes.

/// `BPF_F_NO_PREALLOC` (`include/uapi/linux/bpf.h`).
pub(crate) const NO_PREALLOC: u32 = 1;
/// `BPF_F_NO_COMMON_LRU`.
pub(crate) const NO_COMMON_LRU: u32 = 1 << 1;
/// `BPF_F_MMAPABLE`.
pub(crate) const MMAPABLE: u32 = 1 << 10;

macro_rules! map_types {
    ($($variant:ident $id:literal $name:literal;)+) => {
        /// A type of map (`enum bpf_map_type`, `include/uapi/linux/bpf.h`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the names are the kernel's")]
        pub enum MapType {
            $($variant,)+
        }

        impl MapType {
            /// Every type that this crate has a model of.
            pub const ALL: &'static [MapType] = &[$(MapType::$variant),+];

            /// The kernel's name without `BPF_MAP_TYPE_`, in lower case: `lru_hash`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(MapType::$variant => $name),+ }
            }

            /// Its number in `enum bpf_map_type`.
            #[must_use]
            pub const fn id(self) -> u32 {
                match self { $(MapType::$variant => $id),+ }
            }
        }
    };
}

map_types! {
    Hash 1 "hash";
    Array 2 "array";
    ProgArray 3 "prog_array";
    PerfEventArray 4 "perf_event_array";
    PercpuHash 5 "percpu_hash";
    PercpuArray 6 "percpu_array";
    StackTrace 7 "stack_trace";
    CgroupArray 8 "cgroup_array";
    LruHash 9 "lru_hash";
    LruPercpuHash 10 "lru_percpu_hash";
    LpmTrie 11 "lpm_trie";
    ArrayOfMaps 12 "array_of_maps";
    HashOfMaps 13 "hash_of_maps";
    Devmap 14 "devmap";
    Sockmap 15 "sockmap";
    Cpumap 16 "cpumap";
    Xskmap 17 "xskmap";
    Sockhash 18 "sockhash";
    CgroupStorage 19 "cgroup_storage";
    ReuseportSockarray 20 "reuseport_sockarray";
    PercpuCgroupStorage 21 "percpu_cgroup_storage";
    Queue 22 "queue";
    Stack 23 "stack";
    SkStorage 24 "sk_storage";
    DevmapHash 25 "devmap_hash";
    StructOps 26 "struct_ops";
    Ringbuf 27 "ringbuf";
    InodeStorage 28 "inode_storage";
    TaskStorage 29 "task_storage";
    BloomFilter 30 "bloom_filter";
    UserRingbuf 31 "user_ringbuf";
    CgrpStorage 32 "cgrp_storage";
    Arena 33 "arena";
    InsnArray 34 "insn_array";
    Rhash 35 "rhash";
}

impl MapType {
    /// The type of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<MapType> {
        MapType::ALL.iter().copied().find(|ty| ty.name() == name)
    }

    /// The type of this number.
    #[must_use]
    pub fn from_id(id: u32) -> Option<MapType> {
        MapType::ALL.iter().copied().find(|ty| ty.id() == id)
    }

    /// Whether each element has a value for every possible CPU.
    #[must_use]
    pub const fn is_per_cpu(self) -> bool {
        use MapType::{LruPercpuHash, PercpuArray, PercpuCgroupStorage, PercpuHash};
        matches!(self, PercpuHash | LruPercpuHash | PercpuArray | PercpuCgroupStorage)
    }
}

/// A map as `bpf(BPF_MAP_CREATE)` is asked for it, after the roundings of libbpf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapShape {
    /// Its type.
    pub ty: MapType,
    /// Bytes of a key, `key_size`.
    pub key: u64,
    /// Bytes of a value on one CPU, `value_size`.
    pub value: u64,
    /// `max_entries`; bytes for ring buffers, pages for arenas.
    pub entries: u64,
    /// `map_flags`.
    pub flags: u32,
    /// `map_extra`: hash functions of a bloom filter.
    pub map_extra: u64,
    /// For `struct_ops` only: what its struct is made of.
    pub struct_ops: StructOps,
}

/// The struct behind a `struct_ops` map, such as `struct tcp_congestion_ops`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StructOps {
    /// Its members.
    pub members: u64,
    /// Those that are pointers to functions.
    pub functions: u64,
}

impl MapShape {
    /// A map of one entry, without flags.
    #[must_use]
    pub const fn new(ty: MapType, key: u64, value: u64) -> Self {
        let struct_ops = StructOps { members: 0, functions: 0 };
        MapShape { ty, key, value, entries: 1, flags: 0, map_extra: 0, struct_ops }
    }

    pub(crate) const fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// Entries as the kernel counts them: an LRU map with a list per CPU has the same number on each
    /// (`kernel/bpf/hashtab.c:htab_map_alloc`).
    #[must_use]
    pub fn kernel_entries(&self, cpus: u64) -> u64 {
        let lru = matches!(self.ty, MapType::LruHash | MapType::LruPercpuHash);
        if !lru || !self.has(NO_COMMON_LRU) || cpus == 0 {
            return self.entries;
        }
        let up = self.entries.checked_next_multiple_of(cpus).filter(|&up| up <= u32::MAX.into());
        up.unwrap_or(self.entries / cpus * cpus)
    }
}

#[cfg(test)]
mod tests {
    use bpf_layout_spec::kernel::MAP_KINDS;

    use super::*;

    #[test]
    fn every_type_of_the_language_has_a_model() {
        for kind in MAP_KINDS {
            let ty = MapType::from_name(kind.name).unwrap_or_else(|| panic!("no model of {}", kind.name));
            assert_eq!((ty.id(), ty.is_per_cpu()), (kind.id, kind.per_cpu), "{}", kind.name);
            assert_eq!(MapType::from_id(kind.id), Some(ty));
        }
    }

    #[test]
    fn lru_lists_per_cpu_round_entries() {
        let shape = |ty, entries, flags| MapShape { entries, flags, ..MapShape::new(ty, 4, 4) };
        let lru = |entries| shape(MapType::LruHash, entries, NO_COMMON_LRU).kernel_entries(3);
        assert_eq!([1, 3, 4].map(lru), [3, 3, 6]);
        assert_eq!(shape(MapType::LruHash, u32::MAX.into(), NO_COMMON_LRU).kernel_entries(2), 0xffff_fffe);
        assert_eq!(shape(MapType::LruHash, 4, 0).kernel_entries(3), 4);
        assert_eq!(shape(MapType::Hash, 4, 0).kernel_entries(3), 4);
    }
}
