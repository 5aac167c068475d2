//! Which maps the kernel is asked for.

use bpf_layout_memory::{MapShape, MapType};

const NO_PREALLOC: u32 = 1 << 0;
const NO_COMMON_LRU: u32 = 1 << 1;
const NUMA_NODE: u32 = 1 << 2;
const RDONLY_PROG: u32 = 1 << 7;
const MMAPABLE: u32 = 1 << 10;

/// Keys, values, entries and flags that one type is tried with, each with each.
struct Grid {
    keys: &'static [u64],
    values: &'static [u64],
    entries: &'static [u64],
    flags: &'static [u32],
}

const ENTRIES: &[u64] = &[1, 2, 3, 10, 64, 100, 1000, 1024, 5000];
const VALUES: &[u64] = &[1, 4, 8, 13, 64, 100, 1104, 8272];
const POINTERS: Grid = Grid { keys: &[4], values: &[4], entries: ENTRIES, flags: &[0, NUMA_NODE] };
const HASH: Grid = Grid {
    keys: &[1, 4, 7, 12, 16, 64, 300],
    values: VALUES,
    entries: ENTRIES,
    flags: &[0, NO_PREALLOC, NUMA_NODE | NO_PREALLOC, RDONLY_PROG],
};

fn grid(ty: MapType) -> Grid {
    use MapType as T;
    match ty {
        T::Hash => HASH,
        T::PercpuHash => Grid { flags: &[0, NO_PREALLOC], ..HASH },
        T::LruHash | T::LruPercpuHash => Grid { flags: &[0, NO_COMMON_LRU], ..HASH },
        T::Rhash => Grid { flags: &[NO_PREALLOC], ..HASH },
        T::HashOfMaps => Grid { values: &[4], ..HASH },
        T::Array => Grid { keys: &[4], flags: &[0, MMAPABLE, NUMA_NODE, MMAPABLE | RDONLY_PROG], ..HASH },
        T::PercpuArray => Grid { keys: &[4], flags: &[0, RDONLY_PROG], ..HASH },
        T::ProgArray | T::PerfEventArray | T::CgroupArray | T::ArrayOfMaps | T::Xskmap => POINTERS,
        T::Devmap | T::DevmapHash | T::Sockmap => Grid { values: &[4, 8], ..POINTERS },
        T::Cpumap => Grid { values: &[4, 8], entries: &[1, 2, 3, 8, 16], ..POINTERS },
        T::Sockhash => Grid { keys: HASH.keys, values: &[4, 8], ..POINTERS },
        T::ReuseportSockarray => Grid { values: &[4, 8], ..POINTERS },
        T::StackTrace => Grid { values: &[8, 64, 1016], ..POINTERS },
        T::LpmTrie => Grid { keys: &[5, 8, 20, 132], values: VALUES, flags: &[NO_PREALLOC], ..HASH },
        T::Queue | T::Stack => Grid { keys: &[0], values: VALUES, ..POINTERS },
        T::BloomFilter => Grid { keys: &[0], values: &[1, 8, 100], ..POINTERS },
        T::Ringbuf | T::UserRingbuf => {
            let entries = &[4096, 16_384, 65_536, 1 << 18, 1 << 20, 4 << 20];
            Grid { keys: &[0], values: &[0], entries, flags: &[0, NUMA_NODE] }
        }
        T::Arena => Grid { keys: &[0], values: &[0], entries: &[1, 100, 4096], flags: &[MMAPABLE] },
        T::InsnArray => Grid { keys: &[4], values: &[16], entries: ENTRIES, flags: &[0] },
        T::CgroupStorage | T::PercpuCgroupStorage => {
            Grid { keys: &[8, 16], values: &[1, 8, 100, 4096], entries: &[0], flags: &[0] }
        }
        T::SkStorage | T::InodeStorage | T::TaskStorage | T::CgrpStorage => {
            Grid { keys: &[4], values: VALUES, entries: &[0], flags: &[NO_PREALLOC] }
        }
        // Its value is a struct of the kernel's own; the vectors have one.
        T::StructOps => Grid { keys: &[], ..POINTERS },
    }
}

/// Every map that a type is tried with.
pub(crate) fn shapes(ty: MapType) -> Vec<MapShape> {
    let grid = grid(ty);
    let extras: &[u64] = if ty == MapType::BloomFilter { &[0, 1, 4, 15] } else { &[0] };
    let mut shapes = Vec::new();
    for (&key, &value) in grid.keys.iter().flat_map(|key| grid.values.iter().map(move |value| (key, value))) {
        for (&entries, &flags) in grid.entries.iter().flat_map(|n| grid.flags.iter().map(move |flags| (n, flags))) {
            for &map_extra in extras {
                shapes.push(MapShape { entries, flags, map_extra, ..MapShape::new(ty, key, value) });
            }
        }
    }
    shapes
}
