//! What maps really take, against the growth of a memory cgroup's counter on 6.18.44 with two CPUs; per-CPU memory from
//! `Percpu:` and `VmallocUsed:` of `/proc/meminfo`. The figures and how they were taken: `docs/memory.md`.

use bpf_layout_memory::{Cost, Machine, MapShape, MapType, bundled};

const NO_PREALLOC: u32 = 1;

fn machine(cpus: u64) -> Machine {
    let kernel = bundled().into_iter().find(|kernel| kernel.name == "6.18.44-fc-v595").expect("in the table");
    Machine::new(kernel, cpus)
}

fn map(ty: MapType, entries: u64, key: u64, value: u64, flags: u32) -> MapShape {
    MapShape { entries, flags, ..MapShape::new(ty, key, value) }
}

/// Asserts that `found` is within two percent of what was measured.
fn near(what: &str, found: u64, measured: u64) {
    let off = found.abs_diff(measured);
    println!("{what}: {found} of {measured}");
    assert!(off * 50 <= measured, "{what}: {found} is {off} bytes off {measured}");
}

#[test]
fn full_maps_take_what_was_measured() {
    use MapType::{Array, Hash, LpmTrie, LruHash, PercpuArray, PercpuHash, Ringbuf};
    for (what, cpus, map, measured) in [
        ("hash", 2, map(Hash, 16_384, 16, 8280, 0), 137_039_872),
        ("no_prealloc, large values", 2, map(Hash, 16_384, 16, 8280, NO_PREALLOC), 268_730_368),
        ("no_prealloc, one slab class", 2, map(Hash, 65_536, 8, 64, NO_PREALLOC), 9_969_664),
        ("no_prealloc, class of 192", 2, map(Hash, 65_536, 8, 80, NO_PREALLOC), 14_163_968),
        ("no_prealloc, class of 512", 2, map(Hash, 65_536, 8, 200, NO_PREALLOC), 35_168_256),
        ("lru_hash", 2, map(LruHash, 65_536, 8, 64, 0), 8_916_992),
        ("percpu_hash", 2, map(PercpuHash, 65_536, 8, 64, 0), 22_355_968),
        ("percpu_array", 2, map(PercpuArray, 65_536, 4, 64, 0), 17_633_280),
        ("percpu_array on 8 CPUs", 8, map(PercpuArray, 65_536, 4, 64, 0), 42_930_176),
        ("array", 2, map(Array, 16_384, 4, 8280, 0), 135_663_616),
        ("ringbuf of 16 MiB", 2, map(Ringbuf, 16 << 20, 0, 0, 0), 16_871_424),
        ("ringbuf of 4 KiB", 2, map(Ringbuf, 4096, 0, 0, 0), 17_375),
        ("lpm_trie", 2, map(LpmTrie, 65_536, 8, 8, NO_PREALLOC), 9_441_280),
        ("array of 8 bytes", 2, map(Array, 1, 4, 8, 0), 918),
        ("array of 4000 bytes", 2, map(Array, 1, 4, 4000, 0), 8602),
    ] {
        near(what, Cost::of(&map, &machine(cpus)).unwrap().real_full, measured);
    }
}

#[test]
fn empty_maps_take_what_was_measured() {
    for (what, map, measured) in [
        ("no_prealloc, large values", map(MapType::Hash, 16_384, 16, 8280, NO_PREALLOC), 299_008),
        ("no_prealloc, one entry", map(MapType::Hash, 1, 4, 1000, NO_PREALLOC), 5571),
    ] {
        near(what, Cost::of(&map, &machine(2)).unwrap().real, measured);
    }
}

#[test]
fn parts_are_all_of_it() {
    for ty in MapType::ALL {
        let machine = Machine::new(bundled().pop().expect("a kernel"), 6);
        for flags in [0, NO_PREALLOC] {
            let cost = Cost::of(&map(*ty, 1 << 14, 12, 40, flags), &machine).unwrap();
            let sum: u64 = cost.parts.iter().map(|part| part.bytes).sum();
            assert_eq!(sum, cost.real_full, "{}", ty.name());
            assert!(cost.real <= cost.real_full && cost.memlock <= cost.memlock_full, "{}", ty.name());
            assert!(cost.parts.is_sorted_by(|left, right| left.bytes >= right.bytes), "{}", ty.name());
        }
    }
}

/// The numbers of Inspektor Gadget's issue 4069, which were read on a kernel with four possible CPUs.
#[test]
fn inspektor_gadget() {
    let kernel = bundled().into_iter().find(|kernel| kernel.name == "6.16.12+deb13-amd64").expect("in the table");
    let machine = Machine::new(kernel, 4);
    for (what, key, value, entries, reported) in [
        ("gadget_sockets", 12, 8272, 16_384, 136_873_504),
        ("enriched_fsnotify_events", 8, 4272, 10_240, 44_599_168),
        ("execs", 4, 15_960, 10_240, 164_331_040),
        ("execs with fewer entries", 4, 15_960, 1024, 16_481_824),
    ] {
        let cost = Cost::of(&map(MapType::Hash, entries, key, value, 0), &machine).unwrap();
        assert_eq!((cost.memlock, cost.memlock_full), (reported, reported), "{what}");
        near(what, cost.real_full, reported);
    }
}

#[test]
fn hostile_numbers_saturate() {
    let machine = Machine { cpus: u64::MAX, ..machine(1) };
    for ty in MapType::ALL {
        for entries in [0, 1, u64::MAX] {
            let map = MapShape { map_extra: u64::MAX, ..map(*ty, entries, u64::MAX, u64::MAX, u32::MAX) };
            let _ = Cost::of(&map, &machine);
        }
    }
    let none = Machine { cpus: 0, page_size: 0, ..machine };
    for ty in MapType::ALL {
        let _ = Cost::of(&map(*ty, 7, 7, 7, 0), &none);
    }
}
