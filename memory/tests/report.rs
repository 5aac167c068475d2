//! Whole specs: what libbpf makes of their maps, and what all of them cost together.

mod support;

use std::path::Path;

use bpf_layout_memory::{Machine, Report, Use, bundled, memlock, possible_cpus};
use bpf_layout_spec::{Loaded, Options, load, load_with};
use support::create;

fn parse(spec: &str) -> Loaded {
    load_with(Path::new("layouts.toml"), &mut |_| Ok(spec.into()), &Options::default()).expect("a valid spec")
}

fn machine(name: &str, cpus: u64) -> Machine {
    Machine::new(bundled().into_iter().find(|kernel| kernel.name == name).expect("in the table"), cpus)
}

#[test]
fn libbpf_rounds_before_the_kernel_does() {
    let loaded = parse(
        r#"
spec = 1
[map.ring]
type = "ringbuf"
max_entries = 4096
[map.perf]
type = "perf_event_array"
[map.recent]
type = "lru_hash"
key = "u32"
value = "u32"
max_entries = 100
flags = ["no_common_lru"]
[map.table]
type = "hash_of_maps"
key = "u32"
max_entries = 8
inner = "row"
[map.row]
type = "array"
key = "u32"
value = "u64"
max_entries = 1000
"#,
    );
    let report = Report::new(&loaded.layouts, &machine("7.3.4+deb13-arm64-16k", 3)).unwrap();
    let model = &loaded.layouts.model;
    let of = |name| report.maps.iter().find(|map| model.map(map.id).name.spec == name).unwrap();
    assert_eq!(of("ring").entries, 16_384, "a ring buffer is no smaller than a page");
    assert_eq!(of("perf").entries, 3, "one entry a CPU");
    assert_eq!((of("recent").shape.entries, of("recent").entries), (100, 102), "as many on each CPU");
    assert_eq!((of("table").shape.value, of("row").shape.value), (4, 8));

    let (table, row) = (&of("table").cost, &of("row").cost);
    let inner = table.parts.iter().find(|part| part.of == Use::Inner).unwrap();
    assert_eq!(inner.bytes, 8 * row.real_full, "a map in each slot");
    assert!(table.real_full > inner.bytes && table.memlock_full < row.memlock_full);

    let totals = report.totals();
    let sum =
        |figure: fn(&bpf_layout_memory::Cost) -> u64| report.maps.iter().map(|map| figure(&map.cost)).sum::<u64>();
    assert_eq!(totals.memlock, sum(|cost| cost.memlock));
    assert_eq!(totals.real_full, sum(|cost| cost.real_full));
    assert!(report.is_exact());
}

#[test]
fn rooms_of_compact_events_are_reckoned() {
    let loaded = parse(
        r#"
spec = 1
[event.fixed]
fields = [{ name = "path", type = "str[64]" }]
[event.opened]
fields = [{ name = "pid", type = "u32" }, { name = "path", type = "str[..1000]" }]
[event.packet]
rooms = 4
fields = [{ name = "path", type = "str[..1000]" }]
"#,
    );
    let model = &loaded.layouts.model;
    let report = Report::new(&loaded.layouts, &machine("6.12.107+deb13-amd64", 8)).unwrap();
    let found: Vec<_> =
        report.rooms.iter().map(|room| (room.name(model), room.shape.entries, room.shape.value)).collect();
    let expected = [("__opened_event_scratch", 1, 1032), ("__packet_event_scratch", 4, 1032)];
    assert_eq!(found, expected.map(|(name, entries, bytes)| (name.to_owned(), entries, bytes)));
    let [one, four] = [0, 1].map(|index| &report.rooms[index].cost);
    assert!(one.memlock > 8 * 1032 && four.memlock > 4 * 8 * 1032, "{one:?} {four:?}");
    assert_eq!(report.totals().memlock_full, one.memlock_full + four.memlock_full);
}

/// The maps of this project's own tools, created as they will be.
#[test]
fn kernel_reports_what_the_spec_will_cost() {
    let Some(kernel) = support::running_kernel() else { return };
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../layouts.toml");
    let loaded = load(&spec, &Options::default()).expect("a valid spec");
    let machine = Machine::new(kernel, possible_cpus().expect("the machine has CPUs"));
    let report = Report::new(&loaded.layouts, &machine).unwrap();
    assert!(!report.maps.is_empty());
    let maps = report.maps.iter().map(|map| (&map.shape, &map.cost));
    for (shape, cost) in maps.chain(report.rooms.iter().map(|room| (&room.shape, &room.cost))) {
        match create::create(shape) {
            Ok(loaded) => assert_eq!(create::reported(&loaded), cost.memlock, "{shape:?}"),
            Err(error) => return support::skipped(&format!("no map can be created: {error}")),
        }
        assert_eq!(memlock(shape, &machine, 0), Ok(cost.memlock));
    }
}
