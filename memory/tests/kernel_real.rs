//! What maps really take, against the growth of the memory controller's counter of kernel memory as they are created and
//! filled: one map of each family. The counter is that of a control group of our own, where one can be made; where we share
//! one, others make noise, so that maps are large, and figures medians.

mod support;

use std::{
    fs,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use bpf_layout_live::Map;
use bpf_layout_memory::{Machine, MapShape, MapType, Use, parts, possible_cpus};
use support::{create, dictionary, group::Group};

const NO_PREALLOC: u32 = 1;

/// Measurements of which the median is taken.
const TIMES: usize = 7;

/// Tries of all of them, if others are too busy.
const TRIES: usize = 3;

/// Bytes that something says are in use.
struct Counter {
    path: PathBuf,
    /// What the line begins with that says it; the whole file if there is none.
    line: Option<&'static str>,
    unit: u64,
}

impl Counter {
    /// Per-CPU memory of the whole machine, which is charged to nobody when a map is created.
    fn per_cpu() -> Self {
        Counter { path: "/proc/meminfo".into(), line: Some("Percpu:"), unit: 1024 }
    }

    /// Kernel memory of a control group.
    fn of_group(group: &Group) -> Self {
        let (file, line) = group.kernel_memory();
        Counter { path: file, line, unit: 1 }
    }

    fn read(&self) -> u64 {
        let text = fs::read_to_string(&self.path).expect("it was there before");
        let number = match self.line {
            Some(line) => text.lines().find_map(|text| text.strip_prefix(line)).expect("the line was there before"),
            None => &text,
        };
        number.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * self.unit
    }

    /// Waits until it is down to this again, or for two seconds: maps are freed later than they are closed.
    fn wait_for(&self, bytes: u64) {
        for _ in 0..100 {
            if self.read() <= bytes {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A map, and how it is filled.
struct Family {
    name: &'static str,
    shape: MapShape,
    /// Elements that are put in.
    elements: u64,
}

fn family(name: &'static str, ty: MapType, key: u64, value: u64, entries: u64, flags: u32, elements: u64) -> Family {
    Family { name, shape: MapShape { entries, flags, ..MapShape::new(ty, key, value) }, elements }
}

fn families() -> Vec<Family> {
    use MapType::{
        Array, ArrayOfMaps, BloomFilter, CgroupArray, Devmap, DevmapHash, Hash, HashOfMaps, LpmTrie, LruHash,
        PerfEventArray, ProgArray, Queue, ReuseportSockarray, Ringbuf, Sockhash, Sockmap, Stack, StackTrace,
        UserRingbuf, Xskmap,
    };
    vec![
        family("hash", Hash, 16, 1000, 16_384, 0, 0),
        family("hash, no_prealloc, full", Hash, 8, 200, 65_536, NO_PREALLOC, 65_536),
        family("lru_hash", LruHash, 8, 64, 131_072, 0, 0),
        family("array", Array, 4, 1000, 16_384, 0, 0),
        family("cgroup_array", CgroupArray, 4, 4, 1 << 21, 0, 0),
        family("prog_array", ProgArray, 4, 4, 1 << 21, 0, 0),
        family("perf_event_array", PerfEventArray, 4, 4, 1 << 21, 0, 0),
        family("array_of_maps", ArrayOfMaps, 4, 4, 1 << 21, 0, 0),
        family("hash_of_maps", HashOfMaps, 8, 4, 131_072, 0, 0),
        family("lpm_trie, full", LpmTrie, 8, 8, 65_536, NO_PREALLOC, 65_536),
        family("queue", Queue, 0, 1000, 16_384, 0, 0),
        family("stack", Stack, 0, 1000, 16_384, 0, 0),
        family("stack_trace", StackTrace, 4, 1016, 16_384, 0, 0),
        family("bloom_filter", BloomFilter, 0, 8, 1 << 25, 0, 0),
        family("ringbuf", Ringbuf, 0, 0, 16 << 20, 0, 0),
        family("user_ringbuf", UserRingbuf, 0, 0, 16 << 20, 0, 0),
        family("devmap", Devmap, 4, 4, 1 << 21, 0, 0),
        family("devmap_hash", DevmapHash, 4, 4, 1 << 21, 0, 0),
        family("sockmap", Sockmap, 4, 4, 1 << 21, 0, 0),
        family("sockhash", Sockhash, 4, 4, 1 << 20, 0, 0),
        family("xskmap", Xskmap, 4, 4, 1 << 21, 0, 0),
        family("reuseport_sockarray", ReuseportSockarray, 4, 4, 1 << 21, 0, 0),
    ]
}

/// The strings of interned ones: preallocated, and as many as there is room for.
fn dictionaries(machine: &Machine) -> [Family; 2] {
    const ENTRIES: u64 = 16_384;
    let strings = |settings| dictionary::maps(ENTRIES, settings, machine)[0].0;
    [
        Family { name: "interned strings", shape: strings(""), elements: 0 },
        Family { name: "interned, no_prealloc", shape: strings("flags = [\"no_prealloc\"]"), elements: ENTRIES },
    ]
}

#[test]
fn kernel_takes_what_is_reckoned() {
    let Some(machine) = machine() else { return };
    let _alone = alone();
    let Some(group) = Group::enter() else {
        support::skipped("no memory controller counts what this process takes");
        return;
    };
    let counter = Counter::of_group(&group);
    let mut wrong = Vec::new();
    for family in families().into_iter().chain(dictionaries(&machine)) {
        let parts = parts(&family.shape, &machine, family.elements).expect("this kernel has these types");
        let expected: u64 = parts.iter().map(|part| part.bytes).sum();
        if !near(&counter, &family, expected) {
            wrong.push(family.name);
        }
    }
    assert_eq!(wrong, Vec::<&str>::new(), "more than two percent off");
}

#[test]
fn kernel_takes_per_cpu_values_as_reckoned() {
    let Some(machine) = machine() else { return };
    let _alone = alone();
    let shape = MapShape { entries: 65_536, ..MapShape::new(MapType::PercpuArray, 4, 128) };
    let parts = parts(&shape, &machine, 0).expect("this kernel has these types");
    let values = parts.iter().filter(|part| matches!(part.of, Use::Values | Use::Copies));
    let expected: u64 = values.map(|part| part.bytes).sum();
    // All are kept: the allocator keeps chunks of what was freed, which the next map would get for nothing.
    let mut kept = vec![create::create(&shape).expect("this kernel has these types")];
    let counter = Counter::per_cpu();
    let taken = median(|| {
        let before = counter.read();
        kept.push(create::create(&shape).expect("this kernel has these types"));
        counter.read().saturating_sub(before)
    });
    assert!(is_near("percpu_array, values", expected, taken), "more than two percent off");
}

/// One test at a time: each would count the maps of the other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a map takes what was reckoned.
fn near(counter: &Counter, family: &Family, expected: u64) -> bool {
    (0..TRIES).any(|_| is_near(family.name, expected, median(|| measure(counter, family, expected))))
}

/// Whether what was taken is within two percent of what was reckoned.
fn is_near(name: &str, expected: u64, taken: u64) -> bool {
    println!("{name:<26} {expected:>11} reckoned {taken:>11} taken {:+.2} %", percent(expected, taken));
    expected.abs_diff(taken) * 50 <= taken
}

fn percent(reckoned: u64, taken: u64) -> f64 {
    (reckoned as f64 / taken.max(1) as f64 - 1.0) * 100.0
}

/// The middle one of several measurements.
fn median(measure: impl FnMut() -> u64) -> u64 {
    let mut taken: Vec<u64> = std::iter::repeat_with(measure).take(TIMES).collect();
    taken.sort_unstable();
    taken[TIMES / 2]
}

fn measure(counter: &Counter, family: &Family, expected: u64) -> u64 {
    let before = counter.read();
    let map = create::create(&family.shape).expect("this kernel has these types");
    fill(&map, family);
    let taken = counter.read().saturating_sub(before);
    drop(map);
    counter.wait_for(before + expected / 500);
    taken
}

fn fill(map: &Map, family: &Family) {
    let elements = map.elements().expect("a known type");
    let value = vec![1; elements.value_len()];
    for number in 0..u32::try_from(family.elements).expect("small") {
        let key = match family.shape.ty {
            MapType::LpmTrie => [32_u32.to_ne_bytes(), (number << 8).to_be_bytes()].concat(),
            _ => u64::from(number).to_ne_bytes().to_vec(),
        };
        elements.update(&key, &value).expect("there is room");
    }
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
