//! The kernel that runs: its BTF gives what the table says, and every map that can be created reports what was predicted.

mod support;

use std::collections::BTreeMap;

use bpf_layout_memory::{Cost, Era, Machine, MapShape, MapType, bundled, memlock, possible_cpus};
use support::{create, dictionary, shapes::shapes};

/// Maps that really take more are left out: created by the thousand, they would press upon everything else that runs.
const LARGEST: u64 = 16 << 20;

/// Maps that must have been created for the comparison to mean something.
const LEAST: usize = 3000;

#[test]
fn kernel_btf_gives_what_the_table_says() {
    let Some(running) = support::running_kernel() else { return };
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").expect("a release");
    // Builds of one release and configuration differ in their last part alone.
    let build = |release: &str| release.trim().rsplit_once('-').map(|(first, _)| first.to_owned());
    let Some(listed) = bundled().into_iter().find(|kernel| build(&kernel.name) == build(&release)) else {
        eprintln!("skipped: nothing like {} is in the table", release.trim());
        return;
    };
    let mut same = running;
    (same.arch, same.source, same.name) = (listed.arch.clone(), listed.source.clone(), listed.name.clone());
    assert_eq!(same, listed);
}

/// What became of the maps of one type.
#[derive(Debug, Default)]
struct Tally {
    exact: usize,
    refused: usize,
    wrong: Vec<String>,
}

#[test]
fn kernel_reports_what_is_predicted() {
    let Some(machine) = machine() else { return };
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    for ty in MapType::ALL {
        let tally = tallies.entry(ty.name()).or_default();
        for map in shapes(*ty) {
            compare(&map, &machine, tally);
        }
        if *ty != MapType::StructOps {
            let exists = machine.kernel.has_type(*ty) && memlock(&MapShape::new(*ty, 4, 4), &machine, 0).is_ok();
            assert_eq!(tally.exact > 0, exists, "{}: {tally:?}", ty.name());
        }
    }
    let (mut exact, mut wrong) = (0, Vec::new());
    for (ty, tally) in tallies {
        println!("{ty:<22} {:>5} exact {:>5} refused", tally.exact, tally.refused);
        exact += tally.exact;
        wrong.extend(tally.wrong);
    }
    println!("{exact} maps, to the byte");
    assert_eq!(wrong, Vec::<String>::new());
    assert!(exact >= LEAST, "only {exact} maps could be created");
}

fn compare(map: &MapShape, machine: &Machine, tally: &mut Tally) {
    if Cost::of(map, machine).is_ok_and(|cost| cost.real > LARGEST) {
        return;
    }
    let Ok(loaded) = create::create(map) else {
        tally.refused += 1;
        return;
    };
    let reported = create::reported(&loaded);
    match memlock(map, machine, 0) {
        Ok(predicted) if predicted == reported => tally.exact += 1,
        other => tally.wrong.push(format!("{map:?}: reported {reported}, predicted {other:?}")),
    }
}

/// Maps whose figure grows with what they hold, with one element after another.
#[test]
fn kernel_counts_elements_as_predicted() {
    let Some(machine) = machine() else { return };
    for map in growing() {
        let loaded = create::create(&map).expect("these types are as old as this project's kernels");
        let elements = loaded.elements().expect("a known type");
        let value = vec![0; elements.value_len()];
        for used in 0..map.entries {
            assert_eq!(memlock(&map, &machine, used), Ok(create::reported(&loaded)), "{map:?} with {used}");
            elements.update(&key(&map, used), &value).expect("there is room");
        }
        assert_eq!(memlock(&map, &machine, map.entries), Ok(create::reported(&loaded)), "{map:?}, full");
    }
}

/// Both maps of a dictionary, without strings and with as many as it has room for.
#[test]
fn kernel_reports_dictionaries_as_predicted() {
    let Some(machine) = machine() else { return };
    for settings in ["", "flags = [\"no_prealloc\"]", "type = \"lru_hash\""] {
        for (shape, cost) in dictionary::maps(300, settings, &machine) {
            let loaded = create::create(&shape).expect("these types are as old as this project's kernels");
            assert_eq!(create::reported(&loaded), cost.memlock, "{shape:?}, empty");
            let elements = loaded.elements().expect("a known type");
            let value = vec![1; elements.value_len()];
            for used in 0..shape.entries {
                elements.update(&key(&shape, used), &value).expect("there is room");
            }
            assert_eq!(create::reported(&loaded), cost.memlock_full, "{shape:?}, full");
            // Kernels before 6.4 count what a map has room for.
            let grows = machine.kernel.era == Era::Usage && shape.flags != 0 && shape.entries > 1;
            assert_eq!(cost.memlock < cost.memlock_full, grows, "{shape:?}");
        }
    }
}

fn growing() -> Vec<MapShape> {
    const NO_PREALLOC: u32 = 1;
    let maps = [
        (MapType::Hash, 12, 100, 50, NO_PREALLOC),
        (MapType::Hash, 12, 100, 50, 0),
        (MapType::PercpuHash, 4, 20, 20, NO_PREALLOC),
        (MapType::PercpuHash, 4, 20, 20, 0),
        (MapType::LruHash, 4, 20, 64, 0),
        (MapType::LpmTrie, 8, 8, 60, NO_PREALLOC),
        (MapType::Array, 4, 100, 50, 0),
        (MapType::Queue, 0, 24, 30, 0),
    ];
    let shape = |(ty, key, value, entries, flags)| MapShape { entries, flags, ..MapShape::new(ty, key, value) };
    maps.map(shape).to_vec()
}

/// The key of an element: its number, or for a trie a prefix of 32 bits.
fn key(map: &MapShape, number: u64) -> Vec<u8> {
    let mut key = vec![0; usize::try_from(map.key).expect("small")];
    let number = u32::try_from(number).expect("small");
    match map.ty {
        MapType::LpmTrie => {
            key[..4].copy_from_slice(&32_u32.to_ne_bytes());
            key[4..8].copy_from_slice(&(number << 8).to_be_bytes());
        }
        MapType::Queue => {}
        _ => key[..4].copy_from_slice(&number.to_ne_bytes()),
    }
    key
}

/// This machine, if maps can be created on it.
fn machine() -> Option<Machine> {
    let kernel = support::running_kernel()?;
    if let Err(error) = create::create(&MapShape::new(MapType::Array, 4, 8)) {
        support::skipped(&format!("no map can be created: {error}"));
        return None;
    }
    Some(Machine::new(kernel, possible_cpus().expect("the machine has CPUs")))
}
