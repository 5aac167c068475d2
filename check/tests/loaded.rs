//! Maps as a kernel tells of them: what loading makes of a map, and what an older kernel does not say.

mod support;

use bpf_layout_btf::{Btf, Object, TypeId};
use bpf_layout_check::{Host, LoadedMap, LoadedObject, LoadedOutcome, check_loaded};
use bpf_layout_spec::{Loaded, model::MapId};
use support::{Compiler, compile, folder, has_tool, spec};

const CLANG: Compiler = ("clang", &["--target=bpf", "-g", "-O2"]);
const HOST: Host = Host { cpus: 3, page_size: 65_536 };

const MAPS: &str = r#"spec = 1
[struct.pair]
fields = [{ name = "a", type = "u32" }, { name = "b", type = "u32" }]
[event.seen]
fields = [{ name = "a", type = "u32" }]
[map.plain]
type = "hash"
key = "u32"
value = "u64"
max_entries = 1000
[map.pairs]
type = "hash"
key = "u32"
value = "pair"
max_entries = 1000
[map.recent]
type = "lru_hash"
key = "u32"
value = "u64"
max_entries = 1000
flags = ["no_common_lru"]
[map.ring]
type = "ringbuf"
max_entries = 4096
events = ["seen"]
[map.perf]
type = "perf_event_array"
[map.devices]
type = "devmap"
value = "u32"
max_entries = 16
[map.filter]
type = "bloom_filter"
value = "u32"
max_entries = 10
map_extra = 3
[map.outer]
type = "array_of_maps"
max_entries = 4
inner = "plain"
[map.store]
type = "task_storage"
value = "u32"
flags = ["no_prealloc"]
[map.common]
type = "lru_hash"
key = "u32"
value = "u64"
max_entries = 1000
"#;

/// A map as the kernel would tell of it, had loading changed nothing.
fn loaded(spec: &Loaded, name: &str) -> LoadedMap {
    let maps = &spec.layouts.model.maps;
    let index = maps.iter().position(|map| map.name.spec == name).expect("a map of the spec");
    let map = &maps[index];
    let size =
        |ty: &Option<_>| ty.as_ref().map_or(0, |ty| u32::try_from(spec.layouts.size_align(ty).0).expect("small"));
    LoadedMap {
        map: MapId(u32::try_from(index).expect("few maps")),
        kind: map.kind.id,
        key_size: size(&map.key),
        value_size: size(&map.value),
        max_entries: map.max_entries.as_ref().map_or(0, |count| u32::try_from(count.value).expect("32 bits")),
        map_flags: map.flags.iter().fold(0, |flags, flag| flags | flag.bit),
        map_extra: Some(map.map_extra.unwrap_or(0)),
        key: TypeId::VOID,
        value: TypeId::VOID,
        place: format!("map id {index}"),
    }
}

/// What comes of one map without BTF.
fn check(spec: &Loaded, map: LoadedMap) -> LoadedOutcome {
    check_loaded(&spec.layouts, &[LoadedObject { maps: vec![map], ..LoadedObject::default() }], HOST)
}

/// What differs, and what was resized, each in a few words.
fn told(found: &LoadedOutcome) -> Vec<String> {
    let differences = found.outcome.differences.iter();
    let differences = differences.map(|found| format!("{} {} / {}", found.rule.id, found.expected, found.found));
    differences
        .chain(found.resized.iter().map(|found| format!("resized {} / {}", found.expected, found.found)))
        .collect()
}

#[test]
fn entries_are_what_loading_makes_of_them() {
    let spec = spec(MAPS);
    for (map, entries, expected) in [
        ("plain", 1000, None),
        ("plain", 999, Some("resized 1000 / 999")),
        // As many for each of three CPUs.
        ("recent", 1002, None),
        ("recent", 1005, Some("resized 1002 / 1005")),
        ("common", 1000, None),
        ("common", 1002, Some("resized 1000 / 1002")),
        ("ring", 65_536, None),
        ("ring", 131_072, Some("resized 65536 / 131072")),
        ("perf", 3, None),
        ("perf", 64, Some("resized 3 / 64")),
        ("store", 0, None),
    ] {
        let found = check(&spec, LoadedMap { max_entries: entries, ..loaded(&spec, map) });
        assert_eq!(told(&found), Vec::from_iter(expected.map(str::to_owned)), "{map} with {entries}");
    }
}

#[test]
fn flags_are_those_of_the_spec_and_what_the_kernel_adds() {
    let spec = spec(MAPS);
    const NO_PREALLOC: u32 = 1;
    const RDONLY_PROG: u32 = 1 << 7;
    for (map, flags, expected) in [
        ("devices", RDONLY_PROG, None),
        ("devices", 0, None),
        ("plain", RDONLY_PROG, Some("map-flags 0x0 / 0x80 (rdonly_prog)")),
        ("plain", NO_PREALLOC, Some("map-flags 0x0 / 0x1 (no_prealloc)")),
    ] {
        let found = check(&spec, LoadedMap { map_flags: flags, ..loaded(&spec, map) });
        assert_eq!(told(&found), Vec::from_iter(expected.map(str::to_owned)), "{map} with {flags:#x}");
    }
}

#[test]
fn what_an_older_kernel_does_not_say_is_no_difference() {
    let spec = spec(MAPS);
    let filter = loaded(&spec, "filter");
    assert_eq!(told(&check(&spec, LoadedMap { map_extra: None, ..filter.clone() })), Vec::<String>::new());
    assert_eq!(told(&check(&spec, LoadedMap { map_extra: Some(5), ..filter })), ["map-extra 3 / 5"]);
}

#[test]
fn what_cannot_be_known_without_btf_is_unknown() {
    let spec = spec(MAPS);
    for (map, unknown) in [
        ("plain", vec![]),
        ("pairs", vec!["pairs: no BTF that is loaded has its types, so that only sizes could be compared"]),
        ("ring", vec!["seen: no program that uses its map has it in its BTF"]),
        ("outer", vec!["outer: no BTF that is loaded says what maps it holds"]),
    ] {
        let mut map = loaded(&spec, map);
        if map.kind == 12 {
            // The kernel knows the maps that it holds by a number.
            (map.key_size, map.value_size) = (4, 4);
        }
        let outcome = check(&spec, map).outcome;
        let found: Vec<String> =
            outcome.unknown.iter().map(|(_, thing, why)| format!("{}: {why}", thing.name)).collect();
        assert_eq!((outcome.differences, found), (vec![], unknown.into_iter().map(str::to_owned).collect()));
    }
    let found = check(&spec, LoadedMap { kind: 1, ..loaded(&spec, "outer") });
    assert_eq!(
        told(&found),
        ["map-type array_of_maps / hash", "map-inner a map that holds maps / a map that holds none"]
    );
}

/// A program with maps as libbpf reads them: `pairs` of so many entries, a queue, and maps of maps of these values.
fn program(entries: u32, inner_value: &str) -> String {
    format!(
        "#include <linux/types.h>\n#include <bpf/bpf_helpers.h>\n\
         struct pair {{ unsigned a, b; }};\n\
         struct {{ __uint(type, 27); __uint(max_entries, 4096); }} ring SEC(\".maps\");\n\
         struct {{ __uint(type, 22); __uint(max_entries, 8); __type(value, struct pair); }} waiting SEC(\".maps\");\n\
         struct {{ __uint(type, 1); __uint(max_entries, {entries}); __type(key, unsigned); __type(value, struct pair); }} \
         pairs SEC(\".maps\");\n\
         struct plain {{ __uint(type, 1); __uint(max_entries, 1000); __type(key, unsigned); __type(value, {inner_value}); }};\n\
         struct {{ __uint(type, 12); __uint(max_entries, 4); __type(key, unsigned); __array(values, struct plain); }} \
         outer SEC(\".maps\");\n"
    )
}

#[test]
fn definitions_of_the_object_tell_what_the_kernel_does_not() {
    if !has_tool("clang") {
        return;
    }
    let spec = spec(&format!("{MAPS}[map.waiting]\ntype = \"queue\"\nvalue = \"pair\"\nmax_entries = 8\n"));
    let folder = folder();
    let check = |program: &str, map: LoadedMap| {
        let bytes = compile(CLANG, folder.path(), "maps", program).expect("it compiles");
        let object = Object::parse(&bytes).expect("an object");
        let objects = [LoadedObject { btf: Some(object.btf()), place: "BTF id 1".into(), maps: vec![map] }];
        let found = check_loaded(&spec.layouts, &objects, HOST);
        let unknown = found.outcome.unknown.iter().map(|(_, thing, why)| format!("{}: {why}", thing.name));
        told(&found).into_iter().chain(unknown).collect::<Vec<_>>()
    };
    // libbpf gives the kernel no types of a queue.
    let waiting = loaded(&spec, "waiting");
    assert_eq!(check(&program(1000, "unsigned long long"), waiting.clone()), [""; 0]);
    let renamed = program(1000, "unsigned long long").replace(" waiting SEC", " idle SEC");
    let untyped = "waiting: no BTF that is loaded has its types, so that only sizes could be compared";
    assert_eq!(check(&renamed, waiting), [untyped]);

    let pairs = loaded(&spec, "pairs");
    let few = LoadedMap { max_entries: 500, ..pairs.clone() };
    assert_eq!(check(&program(1000, "unsigned long long"), few.clone()), ["resized 1000 / 500"]);
    assert_eq!(check(&program(500, "unsigned long long"), few), ["map-max-entries 1000 / 500"]);
    let neither = LoadedMap { max_entries: 700, ..pairs.clone() };
    assert_eq!(check(&program(500, "unsigned long long"), neither), ["resized 1000 / 700"]);
    assert_eq!(check(&program(500, "unsigned long long"), pairs), [""; 0]);

    let outer = LoadedMap { key_size: 4, value_size: 4, ..loaded(&spec, "outer") };
    assert_eq!(check(&program(1000, "unsigned long long"), outer.clone()), [""; 0]);
    assert_eq!(check(&program(1000, "unsigned"), outer), ["map-value 8 / 4"]);
}

#[test]
fn differences_name_the_kernel() {
    let spec = spec(MAPS);
    let found = check(&spec, LoadedMap { map_extra: Some(5), ..loaded(&spec, "filter") });
    let [difference] = &found.outcome.differences[..] else { panic!("{found:?}") };
    assert_eq!((&*difference.witness, &*difference.place), ("the running kernel", "map id 6"));
}

#[test]
fn types_that_do_not_exist_are_survived() {
    let spec = spec(MAPS);
    if !has_tool("clang") {
        return;
    }
    let bytes = compile(CLANG, folder().path(), "small", "int small;\n").expect("it compiles");
    let object = Object::parse(&bytes).expect("an object");
    let map = LoadedMap { key: TypeId(u32::MAX), value: TypeId(u32::MAX), ..loaded(&spec, "pairs") };
    let objects = [LoadedObject { btf: Some(object.btf()), place: "BTF id 1".into(), maps: vec![map] }];
    let found = told(&check_loaded(&spec.layouts, &objects, HOST));
    assert_eq!(found, ["map-key u32 / a type that leads nowhere", "map-value pair / a type that leads nowhere"]);
}

#[test]
fn enums_of_64_bits_are_known_in_the_form_that_older_kernels_take() {
    if !has_tool("clang") {
        return;
    }
    let spec = spec(
        "spec = 1\n[enum.big]\nrepr = \"u64\"\nvariants = [{ name = \"large\", value = 0x100000000 }]\n\
         [struct.holder]\nfields = [{ name = \"big\", type = \"big\" }]\n",
    );
    // What libbpf makes of the enum has one member for each value, all of them of a type that C cannot name so.
    let program = "union big {\n\tunsigned long long BIG_LARGE;\n};\nstruct holder {\n\tunion big big;\n} holder;\n";
    let bytes = compile(CLANG, folder().path(), "enum64", program).expect("it compiles");
    let (written, replaced) = (b"unsigned long long", b"enum64_placeholder");
    let at = bytes.windows(written.len()).rposition(|window| window == written).expect("the name of the type");
    let check = |bytes: &[u8]| {
        let object = Object::parse(bytes).expect("an object");
        let btf: &Btf<'_> = object.btf();
        let objects = [LoadedObject { btf: Some(btf), place: "BTF id 1".into(), maps: Vec::new() }];
        let outcome = check_loaded(&spec.layouts, &objects, HOST).outcome;
        (outcome.differences.len(), outcome.agrees.len())
    };
    assert_eq!(check(&bytes), (1, 0));
    let mut sanitized = bytes.clone();
    sanitized[at..at + written.len()].copy_from_slice(replaced);
    assert_eq!(check(&sanitized), (0, 1));
}
