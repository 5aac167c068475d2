//! What kernels before 6.4 report.

use crate::{
    bytes::{Bytes, power_of_two, round8},
    family::{Case, hash, lpm_trie, reported, socket},
    map::MapType,
    sizes::{MissingStruct, Struct},
};

const POINTER: Bytes = Bytes(8);

/// `bpf_map_memory_footprint` (`kernel/bpf/syscall.c`, 5.11 to 6.3): `max_entries * round_up(key + value, 8)`, in whole
/// pages, for every type alike. So a ring buffer has nothing, and neither have maps without `max_entries`.
pub(crate) fn footprint(case: Case<'_>) -> Bytes {
    use MapType as T;
    let value = match case.map.ty {
        ty if ty.is_per_cpu() => round8(case.map.value) * case.machine.cpus,
        T::ProgArray | T::PerfEventArray | T::CgroupArray | T::ArrayOfMaps | T::HashOfMaps => Bytes(4),
        _ => Bytes(case.map.value),
    };
    let element = (Bytes(case.map.key) + value).round_up(8);
    (element * case.entries).round_up(case.machine.page_size)
}

/// What `bpf_map_charge_init` (`kernel/bpf/syscall.c`, before 5.11) was called with by the type, in whole pages.
pub(crate) fn rlimit(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    use MapType as T;
    let entries = case.entries;
    let cost = match case.map.ty {
        T::Hash | T::LruHash | T::HashOfMaps => {
            buckets(case)? + hash::element(case)? * entries.saturating_add(case.machine.cpus)
        }
        T::PercpuHash | T::LruPercpuHash => {
            let values = round8(case.map.value) * case.machine.cpus;
            buckets(case)? + (hash::element(case)? + values) * entries
        }
        T::Ringbuf => case.size_of(Struct::RingbufMap)? + case.size_of(Struct::Ringbuf)? + Bytes(entries),
        T::LpmTrie => case.size_of(Struct::LpmTrie)? + lpm_trie::node(case)? * entries,
        T::Sockmap | T::Cpumap => POINTER * entries,
        T::Sockhash => {
            let buckets = case.size_of(Struct::ShtabBucket)? * power_of_two(entries);
            buckets + socket::sockhash_element(case)? * entries
        }
        // As 5.10.223 has it. Other releases of 5.10 charge 8 bytes an entry; see `is_certain`.
        T::Devmap | T::DevmapHash => Bytes::ZERO,
        T::Xskmap => case.size_of(Struct::XskMap)? + POINTER * entries,
        // `array`, of which they count what they count today, and storage, among others.
        _ => reported(case)?,
    };
    Ok(cost.round_up(case.machine.page_size))
}

/// Whether the formula holds for every release of such a kernel: stable releases of 5.10 took the charge of `devmap`
/// away and brought it back.
pub(crate) fn is_certain(ty: MapType) -> bool {
    !matches!(ty, MapType::Devmap | MapType::DevmapHash)
}

fn buckets(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    Ok(case.size_of(Struct::Bucket)? * power_of_two(case.entries))
}
