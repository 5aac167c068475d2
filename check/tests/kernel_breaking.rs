//! What the rules about breaking changes say of pinned maps, on the kernel that runs: a map is pinned by the object of an
//! old spec, and the object of a new one is loaded over it.

mod support;

use std::{
    os::fd::{AsFd as _, AsRawFd as _},
    path::{Path, PathBuf},
};

use bpf_layout_spec::{
    Loaded,
    breaking::{Relation, Verdict, compare},
};
use libbpf_rs::{MapCore as _, MapFlags, MapHandle, MapType, Object, ObjectBuilder, libbpf_sys};
use support::{Compiler, compile, folder, has_tool, program, spec};

const CLANG: Compiler = ("clang", &["--target=bpf", "-g", "-O2"]);

fn options() -> libbpf_sys::bpf_map_create_opts {
    let sz = size_of::<libbpf_sys::bpf_map_create_opts>() as libbpf_sys::size_t;
    libbpf_sys::bpf_map_create_opts { sz, ..Default::default() }
}

/// Whether BPF may be used and maps be pinned. If not, says so, and fails where the environment says that it must be.
fn kernel() -> bool {
    let made = MapHandle::create(MapType::Array, None::<&str>, 4, 4, 1, &options());
    let obstacle = match made {
        Err(error) => error.to_string(),
        Ok(_) if !Path::new("/sys/fs/bpf").is_dir() => "there is no /sys/fs/bpf".to_owned(),
        Ok(_) => return true,
    };
    let required = std::env::var_os("BPF_LAYOUT_REQUIRE_KERNEL").is_some_and(|value| value == "1");
    assert!(!required, "BPF is not permitted here ({obstacle}), and BPF_LAYOUT_REQUIRE_KERNEL is set");
    eprintln!("skipped: BPF is not permitted here: {obstacle}");
    false
}

/// Pins below a folder of the BPF file system, and removes them at the end.
struct Pins(PathBuf);

impl Pins {
    fn new(name: &str) -> Pins {
        let pins = PathBuf::from(format!("/sys/fs/bpf/bpf-layout-{name}-{}", std::process::id()));
        std::fs::create_dir(&pins).expect("the BPF file system is writable");
        Pins(pins)
    }
}

impl Drop for Pins {
    fn drop(&mut self) {
        let entries = std::fs::read_dir(&self.0).into_iter().flatten().flatten();
        entries.for_each(|entry| drop(std::fs::remove_file(entry.path())));
        drop(std::fs::remove_dir(&self.0));
    }
}

/// Loads the object of a spec. Its pinned maps are used again, if there are any below `pins`.
fn load(name: &str, loaded: &Loaded, pins: &Pins) -> libbpf_rs::Result<Object> {
    let text = program(&loaded.layouts);
    let bytes = compile(CLANG, folder().path(), name, &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut open = ObjectBuilder::default().name(name)?.open_memory(&bytes)?;
    for mut map in open.maps_mut() {
        let map_name = map.name().to_string_lossy().into_owned();
        if loaded.layouts.model.maps.iter().any(|map| map.name.c == map_name && map.pinned_by_name) {
            map.set_pin_path(pins.0.join(&map_name))?;
        }
    }
    open.load()
}

/// Reasons for which the rules say that the pinned map breaks.
fn reasons(old: &Loaded, new: &Loaded) -> Vec<String> {
    let findings = compare(&old.layouts, &new.layouts);
    let broken = findings.iter().filter_map(|finding| match finding.verdicts.of(Relation::PinnedMap) {
        Verdict::Breaks(reason) => Some(reason.clone()),
        Verdict::Compatible | Verdict::Apart => None,
    });
    broken.collect()
}

const HASH: &str = "type = 'hash'\nkey = 'u32'\nvalue = 'value'\nmax_entries = 16\npinning = 'by_name'\n";
const BLOOM: &str = "type = 'bloom_filter'\nvalue = 'u32'\nmax_entries = 16\nmap_extra = 3\npinning = 'by_name'\n";
const RING: &str = "type = 'ringbuf'\nmax_entries = 4096\npinning = 'by_name'\n";

/// A map before, what is replaced in it, and by what.
const CASES: &[(&str, &str, &str)] = &[
    (HASH, "", ""),
    (HASH, "max_entries = 16", "max_entries = 32"),
    (HASH, "'u32'", "'u64'"),
    (HASH, "'u32'", "'be32'"),
    (HASH, "'value'", "'longer'"),
    (HASH, "'value'", "'same'"),
    (HASH, "'value'", "'padded'"),
    (HASH, "'hash'", "'lru_hash'"),
    (HASH, "pinning", "flags = ['no_prealloc']\npinning"),
    (HASH, "pinning", "flags = ['rdonly_prog']\npinning"),
    (HASH, "pinning", "budget = '1 MiB'\npinning"),
    (BLOOM, "map_extra = 3", "map_extra = 4"),
    (BLOOM, "max_entries = 16", "max_entries = 17"),
    (RING, "4096", "8192"),
    (RING, "", ""),
];

fn of_map(map: &str) -> Loaded {
    spec(&format!(
        "spec = 1
[struct.value]\nfields = [{{ name = 'a', type = 'u64' }}, {{ name = 'b', type = 'u32' }}]
[struct.longer]\nfields = [{{ name = 'a', type = 'u64' }}, {{ name = 'b', type = 'u32' }}, {{ name = 'c', type = 'u64' }}]
[struct.same]\nfields = [{{ name = 'a', type = 'u64' }}, {{ name = 'b', type = 'u32' }}]
[struct.padded]\nfields = [{{ name = 'a', type = 'u64' }}, {{ name = 'b', type = 'u32' }}, {{ name = 'c', type = 'u32' }}]
[map.kept]\n{map}"
    ))
}

#[test]
fn kernel_a_pinned_map_is_used_again_where_the_rules_say_so() {
    if !kernel() || !has_tool("clang") {
        return;
    }
    libbpf_rs::set_print(None);
    let (mut reused, mut refused) = (0, 0);
    for (index, (before, from, to)) in CASES.iter().enumerate() {
        let (old, new) = (of_map(before), of_map(&before.replacen(from, to, 1)));
        let pins = Pins::new(&format!("reuse-{index}"));
        drop(load("older", &old, &pins).expect("the old object loads"));
        let outcome = load("newer", &new, &pins);
        let said = reasons(&old, &new).iter().any(|reason| reason.starts_with("libbpf refuses"));
        assert_eq!(
            outcome.is_err(),
            said,
            "{to} for {from} in\n{before}\n{:?}\n{:?}",
            outcome.err(),
            reasons(&old, &new)
        );
        *(if said { &mut refused } else { &mut reused }) += 1;
    }
    println!("{reused} pinned maps used again, {refused} refused, each as the rules say");
    assert!(reused >= 5 && refused >= 8);
}

#[test]
fn kernel_entries_outlive_an_upgrade_that_the_rules_call_compatible() {
    if !kernel() || !has_tool("clang") {
        return;
    }
    let (old, new) = (of_map(HASH), of_map(&HASH.replace("'value'", "'same'")));
    assert_eq!(reasons(&old, &new), Vec::<String>::new());
    let pins = Pins::new("entries");
    let object = load("older", &old, &pins).expect("the old object loads");
    let map = object.maps().find(|map| map.name() == "kept").expect("the map");
    let value: Vec<u8> = (1..=12).chain([0; 4]).collect();
    map.update(&7u32.to_ne_bytes(), &value, MapFlags::ANY).expect("an entry");
    drop(object);
    let object = load("newer", &new, &pins).expect("the new object loads");
    let map = object.maps().find(|map| map.name() == "kept").expect("the map");
    assert_eq!(map.lookup(&7u32.to_ne_bytes(), MapFlags::ANY).expect("a lookup"), Some(value));
}

/// A map of maps, pinned, and what its inner maps are like.
fn of_inner(inner: &str) -> Loaded {
    spec(&format!(
        "spec = 1\n[map.inner]\n{inner}\n
[map.outer]\ntype = 'array_of_maps'\nkey = 'u32'\ninner = 'inner'\nmax_entries = 4\npinning = 'by_name'\n"
    ))
}

#[test]
fn kernel_inner_maps_are_taken_where_the_rules_say_so() {
    if !kernel() || !has_tool("clang") {
        return;
    }
    libbpf_rs::set_print(None);
    let inner = |kind: &str, value: &str, entries: u32| {
        format!("type = '{kind}'\nkey = 'u32'\nvalue = '{value}'\nmax_entries = {entries}\n")
    };
    for (index, (kind, value, entries, taken)) in [
        ("array", "u64", 4, true),
        ("array", "u64", 8, false),
        ("array", "u32", 4, false),
        ("hash", "u64", 8, true),
        ("hash", "u32", 4, false),
    ]
    .into_iter()
    .enumerate()
    {
        let (old, new) = (of_inner(&inner(kind, "u64", 4)), of_inner(&inner(kind, value, entries)));
        let pins = Pins::new(&format!("inner-{index}"));
        let object = load("older", &old, &pins).expect("the old object loads");
        let outer = object.maps().find(|map| map.name() == "outer").expect("the map");
        let map_type = if kind == "hash" { MapType::Hash } else { MapType::Array };
        let size = if value == "u64" { 8 } else { 4 };
        let fresh = MapHandle::create(map_type, Some("inner"), 4, size, entries, &options()).expect("a map");
        let fd = fresh.as_fd().as_raw_fd().to_ne_bytes();
        let outcome = outer.update(&0u32.to_ne_bytes(), &fd, MapFlags::ANY);
        assert_eq!(outcome.is_ok(), taken, "{kind} {value} {entries}: {outcome:?}");
        let said = reasons(&old, &new).iter().any(|reason| reason.starts_with("the kernel refuses an inner map"));
        assert_eq!(said, !taken, "{kind} {value} {entries}: {:?}", reasons(&old, &new));
    }
}
