//! Why a map takes something else than the kernel reports.

use crate::{
    bill::{Use, slab_class},
    cost::{Cost, parts},
    machine::Machine,
    map::{MapShape, MapType, NO_PREALLOC},
    sizes::{Era, Struct},
    text::grouped,
};

/// Why the full map takes over a tenth more or less than the kernel reports; `None` if it does not.
#[must_use]
pub fn reason(map: &MapShape, machine: &Machine, cost: &Cost) -> Option<String> {
    if cost.real_full.abs_diff(cost.memlock_full).saturating_mul(10) <= cost.memlock_full {
        return None;
    }
    if machine.kernel.era == Era::Footprint {
        return Some("kernels from 5.11 to 6.3 report entries times key and value, and nothing else".into());
    }
    let inner = cost.parts.iter().find(|part| part.of == Use::Inner);
    Some(match map.ty {
        _ if inner.is_some_and(|inner| inner.bytes > cost.real_full / 2) => {
            "the maps in its slots are not counted".into()
        }
        MapType::LpmTrie if machine.kernel.era == Era::Usage => {
            "only elements are counted, as if none were rounded up; every two of them meet in one more node".into()
        }
        MapType::Arena => "its pages are not counted".into(),
        MapType::Rhash => "its buckets are not counted".into(),
        ty if ty.is_per_cpu() => {
            "the memory controller keeps 8 bytes for every 4 of one CPU's values, which are not counted".into()
        }
        MapType::Hash | MapType::HashOfMaps if map.has(NO_PREALLOC) => slab_reason(map, machine),
        _ => "the kernel's 400 bytes for any map and the rounding of its allocator are not counted".into(),
    })
}

/// An element that is allocated by itself fills a slab object.
fn slab_reason(map: &MapShape, machine: &Machine) -> String {
    let header = machine.kernel.size_of(Struct::HtabElem).unwrap_or(0).saturating_add(8);
    let round = |size: u64| size.saturating_add(7) / 8 * 8;
    let element = header.saturating_add(round(map.key)).saturating_add(round(map.value));
    format!(
        "without preallocation each element of {} bytes lies in a slab object of {}",
        grouped(element),
        grouped(slab_class(element))
    )
}

/// What neither figure has, for the types whose elements belong to something else.
#[must_use]
pub fn uncounted(map: &MapShape, machine: &Machine) -> Option<String> {
    use MapType as T;
    match map.ty {
        T::SkStorage => Some(storage(map, machine, "socket")),
        T::InodeStorage => Some(storage(map, machine, "inode")),
        T::TaskStorage => Some(storage(map, machine, "task")),
        T::CgrpStorage => Some(storage(map, machine, "cgroup")),
        T::CgroupStorage | T::PercpuCgroupStorage => Some("its elements belong to their cgroups".into()),
        T::PerfEventArray => Some("the buffers that userspace maps are its own".into()),
        T::Cpumap => Some("each entry has a thread and a queue as long as its value says".into()),
        T::Sockmap | T::Sockhash => Some("each socket in it has a `struct sk_psock` of its own".into()),
        _ => None,
    }
}

fn storage(map: &MapShape, machine: &Machine, of: &str) -> String {
    let sum = |used| {
        let parts = parts(map, machine, used).unwrap_or_default();
        parts.iter().fold(0_u64, |sum, part| sum.saturating_add(part.bytes))
    };
    let each = sum(1).saturating_sub(sum(0));
    format!("elements are counted nowhere: {} bytes for the first that a {of} has", grouped(each))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sizes::bundled;

    fn machine(kernel: &str) -> Machine {
        let kernel = bundled().into_iter().find(|found| found.name == kernel).unwrap();
        Machine::new(kernel, 2)
    }

    fn reason_of(kernel: &str, map: MapShape) -> Option<String> {
        let machine = machine(kernel);
        reason(&map, &machine, &Cost::of(&map, &machine).unwrap())
    }

    #[test]
    fn what_differs_has_its_reason() {
        const NEW: &str = "6.18.44-fc-v595";
        let large = MapShape { entries: 16_384, ..MapShape::new(MapType::Hash, 16, 8280) };
        assert_eq!(reason_of(NEW, large), None);
        let sparse = reason_of(NEW, MapShape { flags: NO_PREALLOC, ..large }).unwrap();
        assert!(sparse.contains("element of 8,352 bytes") && sparse.contains("object of 16,384"), "{sparse}");
        let per_cpu = MapShape { entries: 1000, ..MapShape::new(MapType::PercpuArray, 4, 64) };
        assert!(reason_of(NEW, per_cpu).unwrap().contains("8 bytes for every 4"));
        let ring = MapShape { entries: 1 << 20, ..MapShape::new(MapType::Ringbuf, 0, 0) };
        assert_eq!(reason_of(NEW, ring), None);
        assert!(reason_of("6.1.0-50-amd64", ring).unwrap().contains("5.11"));
        assert!(reason_of(NEW, MapShape::new(MapType::Array, 4, 8)).unwrap().contains("400 bytes"));
    }

    #[test]
    fn storage_says_what_an_object_costs() {
        // 64 bytes on each of 4000 sockets took 1,601,536 bytes: 400 each.
        let storage = MapShape { entries: 0, flags: NO_PREALLOC, ..MapShape::new(MapType::SkStorage, 4, 64) };
        assert!(uncounted(&storage, &machine("6.18.44-fc-v595")).unwrap().contains("400 bytes"));
        assert_eq!(uncounted(&MapShape::new(MapType::Array, 4, 8), &machine("6.18.44-fc-v595")), None);
    }
}
