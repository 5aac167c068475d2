//! What the kernel says that the maps of a running tool cost, beside what was predicted.

use std::{collections::BTreeMap, fs, path::Path};

use bpf_layout_memory::{KernelSizes, Machine, Report, possible_cpus};
use bpf_layout_spec::Options;

/// A map as `/proc/PID/fdinfo` describes it (`bpf_map_show_fdinfo`, kernel/bpf/syscall.c).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct LoadedMap {
    /// A number of `enum bpf_map_type`.
    kind: u64,
    /// Bytes of a key.
    key_size: u64,
    /// Bytes of a value.
    value_size: u64,
    /// As the kernel has it.
    max_entries: u64,
    /// Bits of `BPF_F_*`.
    flags: u64,
}

/// Every map that a process has a file descriptor of, with the bytes that the kernel reports.
fn loaded_maps(pid: u32) -> Vec<(LoadedMap, u64)> {
    let folder = format!("/proc/{pid}/fdinfo");
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
    // A descriptor may be closed while we look.
    let texts = entries.filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok());
    texts.filter_map(|text| parse(&text)).collect()
}

fn parse(text: &str) -> Option<(LoadedMap, u64)> {
    let fields: BTreeMap<&str, &str> = text.lines().filter_map(|line| line.split_once(":\t")).collect();
    let number = |name: &str| {
        let text = fields.get(name)?.trim();
        text.strip_prefix("0x").map_or_else(|| text.parse().ok(), |hex| u64::from_str_radix(hex, 16).ok())
    };
    let map = LoadedMap {
        kind: number("map_type")?,
        key_size: number("key_size")?,
        value_size: number("value_size")?,
        max_entries: number("max_entries")?,
        flags: number("map_flags")?,
    };
    Some((map, number("memlock")?))
}

/// What the maps of a spec should cost here, empty and full: bytes that the kernel reports.
fn predicted(spec: &Path, profile: Option<&str>) -> BTreeMap<LoadedMap, (String, u64, u64)> {
    let options = Options { profile: profile.map(str::to_owned) };
    let loaded = bpf_layout_spec::load(spec, &options).unwrap_or_else(|failure| panic!("{:?}", failure.diagnostics));
    let machine = Machine::new(KernelSizes::running(), possible_cpus().expect("this machine has CPUs"));
    let report = Report::new(&loaded.layouts, &machine).unwrap_or_else(|error| panic!("{error}"));
    let maps = report.maps.iter().map(|map| {
        let shape = LoadedMap {
            kind: map.shape.ty.id().into(),
            key_size: map.shape.key,
            value_size: map.shape.value,
            max_entries: map.entries,
            flags: map.shape.flags.into(),
        };
        (shape, (loaded.layouts.model.map(map.id).name.spec.clone(), map.cost.memlock, map.cost.memlock_full))
    });
    maps.collect()
}

/// Compares what the maps of a running tool cost with what was predicted for them: to the byte where it does not hang on
/// what is in them. Gives the names of the maps that were compared.
///
/// # Panics
/// If a map costs something else.
#[must_use]
pub fn compared(pid: u32, spec: &Path, profile: Option<&str>) -> Vec<String> {
    let predicted = predicted(spec, profile);
    let compare = |(map, memlock): (LoadedMap, u64)| {
        let (name, empty, full) = predicted.get(&map)?;
        assert!((*empty..=*full).contains(&memlock), "{name}: {memlock} B, predicted {empty} to {full} B");
        Some(name.clone())
    };
    loaded_maps(pid).into_iter().filter_map(compare).collect()
}
