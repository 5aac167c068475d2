//! A kernel's sizes and formulas from its BTF. No version is asked for: each formula shows in a member or a function.

use std::fmt;

use bpf_layout_btf::{Btf, Kind, TypeId};

use super::{Era, KernelSizes, Source, Struct, StructOpsLinks};

/// Page size of kernels too old for ring buffers, whose BTF does not show it.
const USUAL_PAGE: u64 = 4096;

/// Why BTF is not that of a kernel whose maps can be reckoned.
#[derive(Debug)]
pub enum BtfError {
    /// It is no BTF, or damaged.
    Btf(bpf_layout_btf::Error),
    /// It lacks what the BTF of every kernel has.
    NoKernel(&'static str),
}

impl fmt::Display for BtfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BtfError::Btf(error) => error.fmt(f),
            BtfError::NoKernel(name) => write!(f, "it has no type `{name}`, so it is not the BTF of a whole kernel"),
        }
    }
}

impl std::error::Error for BtfError {}

impl From<bpf_layout_btf::Error> for BtfError {
    fn from(error: bpf_layout_btf::Error) -> Self {
        BtfError::Btf(error)
    }
}

impl KernelSizes {
    /// Reads the sizes from the BTF of a kernel, as `/sys/kernel/btf/vmlinux` has it. `name` and `source` say which
    /// kernel that is.
    ///
    /// # Errors
    /// If it is no BTF, or not that of a kernel.
    pub fn from_btf(data: &[u8], name: impl Into<String>, source: Source) -> Result<KernelSizes, BtfError> {
        let btf = Btf::parse(data)?;
        let kernel = Kernel(&btf);
        for needed in ["bpf_map", "bpf_map_ops", "bpf_htab", "bpf_array"] {
            kernel.find(needed).ok_or(BtfError::NoKernel(needed))?;
        }
        let mut sizes = [None; Struct::ALL.len()];
        for of in Struct::ALL {
            sizes[*of as usize] = kernel.size_of(*of)?;
        }
        Ok(KernelSizes {
            name: name.into(),
            source,
            arch: None,
            page_size: kernel.page_size(),
            newest_map_type: kernel.newest_map_type()?,
            era: kernel.era(),
            hash_lock_term: kernel.hash_lock_term(),
            hash_of_maps_spares: btf.find(Kind::Func, "htab_map_update_elem_in_place").is_none(),
            arena_counts_pages: kernel.has("bpf_arena", "nr_pages"),
            struct_ops_links: kernel.struct_ops_links(),
            sizes,
        })
    }
}

/// Questions to the BTF of a kernel.
struct Kernel<'a>(&'a Btf<'a>);

impl Kernel<'_> {
    fn find(&self, name: &str) -> Option<TypeId> {
        self.0.find(Kind::Struct, name)
    }

    /// Type and bit offset of a member.
    fn member(&self, of: &str, name: &str) -> Option<(TypeId, u64)> {
        let member = self.0.members(self.find(of)?).find(|member| member.name == name)?;
        Some((member.ty, u64::from(member.bit_offset)))
    }

    fn has(&self, of: &str, name: &str) -> bool {
        self.member(of, name).is_some()
    }

    fn size_of(&self, of: Struct) -> Result<Option<u32>, bpf_layout_btf::Error> {
        let id = match of {
            // Other parts of the kernel have a `struct bucket` of their own.
            Struct::Bucket => self.target("bpf_htab", "buckets"),
            of => self.find(of.name()),
        };
        let size = id.map(|id| self.0.size_of(id)).transpose()?;
        Ok(size.and_then(|size| u32::try_from(size).ok()))
    }

    /// What a pointer among the members points to.
    fn target(&self, of: &str, name: &str) -> Option<TypeId> {
        let (ty, _) = self.member(of, name)?;
        self.0.resolve(ty).ok().map(|pointer| pointer.target())
    }

    /// The positions of a ring buffer's two sides lie on pages of their own (`struct bpf_ringbuf`).
    fn page_size(&self) -> u64 {
        let offset = |name| self.member("bpf_ringbuf", name).map(|(_, bits)| bits / 8);
        let sides = offset("producer_pos").zip(offset("consumer_pos"));
        let between = sides.and_then(|(producer, consumer)| producer.checked_sub(consumer));
        between.filter(|bytes| bytes.is_power_of_two()).unwrap_or(USUAL_PAGE)
    }

    fn newest_map_type(&self) -> Result<u32, BtfError> {
        let missing = BtfError::NoKernel("bpf_map_type");
        let Some(id) = self.0.find(Kind::Enum, "bpf_map_type") else { return Err(missing) };
        let ty = self.0.resolve(id)?;
        // The last one, `__MAX_BPF_MAP_TYPE`, is no type.
        let types = ty.enumerators().filter(|one| one.name.starts_with("BPF_MAP_TYPE_"));
        types.filter_map(|one| u32::try_from(one.value).ok()).max().ok_or(missing)
    }

    fn era(&self) -> Era {
        if self.has("bpf_map_ops", "map_mem_usage") {
            Era::Usage
        } else if self.has("bpf_map", "memory") || self.has("bpf_map", "pages") {
            Era::Rlimit
        } else {
            Era::Footprint
        }
    }

    /// Kernels that have the locks count them. Those after them still did, until about when `bpf_mem_alloc` got `dtor_ctx`;
    /// that alone says nothing, as stable releases of 6.12 have got it as well.
    fn hash_lock_term(&self) -> bool {
        self.has("bpf_htab", "map_locked") || !self.has("bpf_mem_alloc", "dtor_ctx")
    }

    fn struct_ops_links(&self) -> StructOpsLinks {
        if self.has("bpf_struct_ops_map", "ksyms") {
            StructOpsLinks::Symbols
        } else if self.has("bpf_struct_ops_map", "funcs_cnt") {
            StructOpsLinks::Functions
        } else {
            StructOpsLinks::Members
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_kernel_is_refused() {
        assert!(matches!(KernelSizes::from_btf(&[], "empty", Source::File), Err(BtfError::Btf(_))));
        let mut empty = vec![0x9f, 0xeb, 1, 0, 24, 0, 0, 0];
        empty.extend([0_u32, 0, 0, 1].iter().flat_map(|word| word.to_ne_bytes()));
        empty.push(0);
        assert!(matches!(KernelSizes::from_btf(&empty, "empty", Source::File), Err(BtfError::NoKernel("bpf_map"))));
    }
}
