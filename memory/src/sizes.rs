//! What the cost of maps depends on in a kernel: the sizes of its private structs, and which formulas it has.
//!
//! None of it follows from the version. `struct bpf_map` has 288 bytes in 6.18.15 and 296 in 6.18.44, and more with
//! `PREEMPT_RT` or lockdep. So the sizes come from BTF, or from a table of kernels whose BTF was read.

mod from_btf;
mod running;
mod table;

use std::fmt;

use crate::map::MapType;

pub use from_btf::BtfError;
pub use running::FileError;
pub use table::{bundled, newest};

macro_rules! structs {
    ($($variant:ident $name:literal;)+) => {
        /// A struct of the kernel that maps are made of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "each is named as in the kernel")]
        pub enum Struct {
            $($variant,)+
        }

        impl Struct {
            /// Every one of them.
            pub const ALL: &'static [Struct] = &[$(Struct::$variant),+];

            /// Its name in the kernel and so in BTF, without `struct`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Struct::$variant => $name),+ }
            }
        }
    };
}

structs! {
    Htab "bpf_htab";
    Bucket "bucket";
    HtabElem "htab_elem";
    Array "bpf_array";
    RingbufMap "bpf_ringbuf_map";
    Ringbuf "bpf_ringbuf";
    QueueStack "bpf_queue_stack";
    StackMap "bpf_stack_map";
    StackMapBucket "stack_map_bucket";
    LpmTrie "lpm_trie";
    LpmTrieNode "lpm_trie_node";
    BloomFilter "bpf_bloom_filter";
    Dtab "bpf_dtab";
    DtabNetdev "bpf_dtab_netdev";
    CpuMap "bpf_cpu_map";
    CpuMapEntry "bpf_cpu_map_entry";
    XskMap "xsk_map";
    XskMapNode "xsk_map_node";
    Stab "bpf_stab";
    Shtab "bpf_shtab";
    ShtabBucket "bpf_shtab_bucket";
    ShtabElem "bpf_shtab_elem";
    ReuseportArray "reuseport_array";
    LocalStorageMap "bpf_local_storage_map";
    LocalStorageMapBucket "bpf_local_storage_map_bucket";
    LocalStorage "bpf_local_storage";
    LocalStorageElem "bpf_local_storage_elem";
    CgroupStorageMap "bpf_cgroup_storage_map";
    StructOpsMap "bpf_struct_ops_map";
    StructOpsValue "bpf_struct_ops_value";
    Arena "bpf_arena";
    InsnArray "bpf_insn_array";
    InsnArrayValue "bpf_insn_array_value";
    Rhtab "bpf_rhtab";
    RhtabElem "rhtab_elem";
    OffloadedMap "bpf_offloaded_map";
}

/// How a kernel reckons `memlock`, told apart by its BTF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Era {
    /// Before 5.11: pages charged at creation (`bpf_map_charge_init`); `struct bpf_map` has the member `memory`.
    Rlimit,
    /// 5.11 to 6.3: entries times the size of one (`bpf_map_memory_footprint`).
    Footprint,
    /// Since 6.4: each type counts its own (`map_mem_usage` of `struct bpf_map_ops`).
    Usage,
}

/// What `bpf_struct_ops_map_mem_usage` counts for the programs behind a `struct_ops` map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StructOpsLinks {
    /// A pointer for each member of the struct.
    Members,
    /// A pointer for each function; `struct bpf_struct_ops_map` has the member `funcs_cnt`.
    Functions,
    /// Two for each function; it has the member `ksyms`, too.
    Symbols,
}

/// Where sizes come from, and so what may be said of the figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The BTF of the kernel that runs.
    RunningKernel,
    /// A BTF file.
    File,
    /// The bundled table.
    Table,
    /// The bundled table, for a kernel that is not in it: figures are off by up to a few hundred bytes a map.
    Nearest,
}

/// One kernel, as far as the cost of maps depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelSizes {
    /// Its release (`uname -r`), or the path of the BTF file.
    pub name: String,
    /// Where the sizes come from.
    pub source: Source,
    /// Its architecture, as `uname -m` says it, where known.
    pub arch: Option<String>,
    /// Bytes of a page.
    pub page_size: u64,
    /// The largest number of its `enum bpf_map_type`.
    pub newest_map_type: u32,
    /// How it reckons `memlock`.
    pub era: Era,
    /// Whether a hash map counts `HASHTAB_MAP_LOCK_COUNT` locks per CPU: 6.4 to 6.19, the last four without having them.
    pub hash_lock_term: bool,
    /// Whether a preallocated `hash_of_maps` counts a spare element per CPU: before 6.16.
    pub hash_of_maps_spares: bool,
    /// Whether an arena counts its pages: since 7.3.
    pub arena_counts_pages: bool,
    /// What `struct_ops` maps count for their programs.
    pub struct_ops_links: StructOpsLinks,
    /// By [`Struct`]; `None` where the kernel has no such struct.
    sizes: [Option<u32>; Struct::ALL.len()],
}

/// A kernel lacks a struct, and so the type of map that is made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingStruct(pub Struct);

impl fmt::Display for MissingStruct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the kernel has no `struct {}`", self.0.name())
    }
}

impl std::error::Error for MissingStruct {}

impl KernelSizes {
    /// Bytes of a struct.
    ///
    /// # Errors
    /// If this kernel does not have it.
    pub fn size_of(&self, of: Struct) -> Result<u64, MissingStruct> {
        self.sizes[of as usize].map(u64::from).ok_or(MissingStruct(of))
    }

    /// Whether it has maps of a type.
    #[must_use]
    pub fn has_type(&self, ty: MapType) -> bool {
        ty.id() <= self.newest_map_type
    }

    /// Whether the figures made of these sizes are exact for the kernel that they are asked for.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.source != Source::Nearest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structs_stand_at_their_place() {
        for (index, of) in Struct::ALL.iter().enumerate() {
            assert_eq!(*of as usize, index);
        }
    }
}
