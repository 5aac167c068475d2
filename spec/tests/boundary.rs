//! What crosses the boundary and is not in the spec, by witnesses made by hand.

use std::path::Path;

use bpf_layout_spec::{
    Loaded, Options,
    compare::{
        Difference, Observed, ObservedMap, ObservedMember, ObservedOutput, ObservedPart, ObservedRecord, ObservedType,
        Shape, Sign, SourceLine, boundary, twins,
    },
    diag::Severity,
};

const SPEC: &str = r#"spec = 1

[extern.address]
size = 16
align = 4
c = "struct sockaddr_in"

[struct.state]
fields = [{ name = "x", type = "u32" }]

[event.open]
tag = { kind = 1 }
fields = [{ name = "kind", type = "u32" }, { name = "pid", type = "u32" }]

[event.close]
tag = { kind = 2 }
fields = [{ name = "kind", type = "u32" }, { name = "uid", type = "u32" }, { name = "time", type = "u64" }]

[map.states]
type = "hash"
key = "u32"
value = "state"
max_entries = 16

[map.opened]
type = "ringbuf"
max_entries = 4096
events = ["open"]

[map.both]
type = "perf_event_array"
events = ["open", "close"]

[map.anything]
type = "ringbuf"
max_entries = 4096

[outside]
map.starts = "from entry to exit of a call"
map.debug = "read by a developer"
struct.task = "kept by another tool"
"#;

const U32: Shape = Shape::Int { size: 4, sign: Sign::Unsigned, bool: false, big_endian: false };

fn spec() -> Loaded {
    let read = &mut |_: &Path| Ok(SPEC.to_owned());
    bpf_layout_spec::load_with(Path::new("layouts.toml"), read, &Options::default()).expect("it is valid")
}

fn record<'a>(name: &'a str, size: u64, members: Vec<ObservedMember<'a>>) -> ObservedType<'a> {
    ObservedType::Record(ObservedRecord { name, alias: false, union: false, size, members, place: "here".to_owned() })
}

fn part(shape: Shape) -> Option<ObservedPart> {
    Some(ObservedPart { size: None, shape: Some(shape) })
}

/// A hash map with this value.
fn map(name: &str, value: Shape) -> ObservedMap<'_> {
    ObservedMap {
        name,
        kind: Some(1),
        key: part(U32),
        value: part(value),
        place: "there".to_owned(),
        ..Default::default()
    }
}

fn observed<'a>(types: Vec<ObservedType<'a>>, maps: Vec<ObservedMap<'a>>) -> Observed<'a> {
    Observed { witness: "witness".to_owned(), types, maps, ..Observed::default() }
}

fn output(map: &str, size: Option<u64>, line: u32) -> ObservedOutput<'_> {
    let source = SourceLine { file: "x.c".to_owned(), line, column: 2, text: "\toutput();".to_owned() };
    ObservedOutput { map, size, always: true, source: Some(source), place: format!("call of line {line}") }
}

fn told(differences: &[Difference]) -> Vec<String> {
    let tell = |found: &Difference| {
        let field = found.field.as_deref().unwrap_or("-");
        let line = found.source.as_ref().map_or(0, |source| source.line);
        format!("{} {}.{field}: {} / {}, line {line}", found.rule.id, found.what, found.expected, found.found)
    };
    differences.iter().map(tell).collect()
}

#[test]
fn structs_of_maps_that_the_spec_does_not_have_are_told() {
    let types = || {
        vec![
            record("conn", 48, Vec::new()),
            record("state", 4, Vec::new()),
            record("sockaddr_in", 16, Vec::new()),
            record("task", 8, Vec::new()),
            record("", 1, Vec::new()),
        ]
    };
    let inner = ObservedMap { inner: Some(Box::new(map("", Shape::Def(0)))), ..map("outer", U32) };
    let maps = vec![
        map("conns", Shape::Array(Box::new(Shape::Def(0)), 4)),
        ObservedMap { key: part(Shape::Def(4)), ..map("keyed", U32) },
        inner,
        map("known", Shape::Def(1)),
        map("foreign", Shape::Def(2)),
        map("tasks", Shape::Def(3)),
        map("plain", U32),
        map("starts", Shape::Def(0)),
        map("states", Shape::Def(0)),
        ObservedMap { kind: Some(14), ..map("devices", Shape::Def(0)) },
    ];
    let found = boundary(&spec().layouts, &observed(types(), maps), &[]);
    assert_eq!(
        told(&found),
        [
            "unlisted-struct conns.value: not in the spec / struct conn of 48 bytes, line 0",
            "unlisted-struct keyed.key: not in the spec / an unnamed struct of 1 byte, line 0",
            "unlisted-struct outer.inner.value: not in the spec / struct conn of 48 bytes, line 0",
        ]
    );
    assert!(found.iter().all(|found| found.rule.severity == Severity::Warning && found.span.is_none()));
    assert_eq!(found[0].place, "there");
}

#[test]
fn sizes_of_records_are_those_of_events() {
    let loaded = spec();
    let outputs = [
        output("opened", Some(8), 1),
        output("opened", Some(12), 2),
        output("opened", Some(12), 2),
        output("opened", None, 3),
        output("both", Some(16), 4),
        output("both", Some(8), 5),
        output("both", Some(24), 6),
        ObservedOutput { always: false, ..output("opened", Some(12), 7) },
    ];
    let found = boundary(&loaded.layouts, &observed(Vec::new(), Vec::new()), &outputs);
    assert_eq!(
        told(&found),
        [
            "event-size both.-: 8 bytes (`open`) or 16 bytes (`close`) / 24, line 6",
            "event-size opened.-: 8 / 12, line 2",
            "branch-event-size opened.-: 8 / 12, line 7"
        ]
    );
    let severities: Vec<Severity> = found.iter().map(|found| found.rule.severity).collect();
    assert_eq!(severities, [Severity::Error, Severity::Error, Severity::Warning]);
    let spans: Vec<&str> = found.iter().filter_map(|found| found.span).map(|span| loaded.sources.text(span)).collect();
    assert_eq!(spans, ["both", "open", "open"]);
}

#[test]
fn buffers_that_the_spec_says_nothing_of_are_told_once() {
    let outputs = [
        output("mine", Some(24), 1),
        output("mine", Some(8), 2),
        output("mine", None, 3),
        output("opaque", None, 4),
        output("anything", Some(8), 5),
        output("debug", Some(8), 6),
    ];
    let found = boundary(&spec().layouts, &observed(Vec::new(), Vec::new()), &outputs);
    assert_eq!(
        told(&found),
        [
            "unlisted-buffer anything.-: no events / records of 8 bytes, line 5",
            "unlisted-buffer mine.-: not in the spec / records of 8, 24 bytes and others, line 1",
            "unlisted-buffer opaque.-: not in the spec / records of unknown size, line 4",
        ]
    );
    assert!(found.iter().all(|found| found.rule.severity == Severity::Warning));
    assert_eq!(found[1].place, "call of line 1");
    let loaded = spec();
    let spans: Vec<&str> = found.iter().filter_map(|found| found.span).map(|span| loaded.sources.text(span)).collect();
    assert_eq!(spans, ["anything"], "only that one is in the spec");
}

#[test]
fn events_of_variable_length_have_sizes_from_the_smallest_to_the_largest() {
    let text = r#"spec = 1

[event.run]
tag = { kind = 1 }
fields = [{ name = "kind", type = "u32" }, { name = "path", type = "str[..16]" }]

[event.end]
tag = { kind = 2 }
fields = [{ name = "kind", type = "u32" }, { name = "times", type = "u64[2]" }]

[map.runs]
type = "ringbuf"
max_entries = 4096
events = ["run"]

[map.all]
type = "ringbuf"
max_entries = 4096
events = ["run", "end"]
"#;
    let read = &mut |_: &Path| Ok(text.to_owned());
    let loaded = bpf_layout_spec::load_with(Path::new("layouts.toml"), read, &Options::default()).expect("it is valid");
    let outputs = [
        output("runs", Some(8), 1),
        output("runs", Some(24), 2),
        output("runs", Some(4), 3),
        output("runs", Some(25), 4),
        output("all", Some(26), 5),
    ];
    let found = boundary(&loaded.layouts, &observed(Vec::new(), Vec::new()), &outputs);
    assert_eq!(
        told(&found),
        [
            "event-size all.-: 8 to 24 bytes (`run`) or 24 bytes (`end`) / 26, line 5",
            "event-size runs.-: 8 to 24 bytes / 4, line 3",
            "event-size runs.-: 8 to 24 bytes / 25, line 4",
        ]
    );
    let spans: Vec<&str> = found.iter().filter_map(|found| found.span).map(|span| loaded.sources.text(span)).collect();
    assert_eq!(spans, ["all", "run", "run"]);
}

#[test]
fn twins_are_sought_in_what_private_maps_hold_and_not_outside() {
    let witness = |name: &'static str, keyed: &'static str, bits: u64| {
        let member =
            |name: &'static str, shape| ObservedMember { name, bit_offset: 0, bit_size: bits, bitfield: false, shape };
        let types =
            vec![record("conn", 48, vec![member("at", Shape::Def(1))]), record(name, 8, vec![member("port", U32)])];
        observed(types, vec![map(keyed, Shape::Def(0))])
    };
    let compared = |name, keyed| twins(&spec().layouts, &[witness(name, keyed, 16), witness(name, keyed, 32)]);
    assert_eq!(
        told(&compared("endpoint", "conns")),
        [
            "two-layouts conn.at: at byte 0, 2 bytes in witness (here) / at byte 0, 4 bytes, line 0",
            "two-layouts endpoint.port: at byte 0, 2 bytes in witness (here) / at byte 0, 4 bytes, line 0",
        ]
    );
    assert_eq!(told(&compared("task", "conns")).len(), 1, "`task` is outside");
    assert_eq!(told(&compared("bpf_timer", "conns")).len(), 1, "the kernel's own fields are its own");
    assert_eq!(told(&compared("endpoint", "starts")), [""; 0], "`starts` is outside");
}

#[test]
fn what_is_outside_is_named_once_in_all_files() {
    let top = "spec = 1\ninclude = [\"a.toml\"]\n[outside]\nmap.starts = \"private\"\n";
    let included = "spec = 1\n[outside]\nmap.starts = \"private, too\"\nstruct.starts = \"another namespace\"\n";
    let read = &mut |path: &Path| Ok(if path.ends_with("a.toml") { included } else { top }.to_owned());
    let failure = bpf_layout_spec::load_with(Path::new("layouts.toml"), read, &Options::default());
    let found: Vec<String> =
        failure.expect_err("it stands twice").diagnostics.into_iter().map(|found| found.message).collect();
    assert_eq!(found, ["`map.starts` stands twice under `[outside]`"]);
    let outside = spec().layouts.model.outside;
    let names: Vec<(&str, &str)> = outside.iter().map(|outside| (&*outside.name, &*outside.reason)).collect();
    assert_eq!(
        names,
        [
            ("starts", "from entry to exit of a call"),
            ("debug", "read by a developer"),
            ("task", "kept by another tool")
        ]
    );
}
