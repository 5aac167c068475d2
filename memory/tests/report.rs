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

/// The maps of this project's own tools, created as they will be.
#[test]
fn kernel_reports_what_the_spec_will_cost() {
    let Some(kernel) = support::running_kernel() else { return };
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../layouts.toml");
    let loaded = load(&spec, &Options::default()).expect("a valid spec");
    let machine = Machine::new(kernel, possible_cpus().expect("the machine has CPUs"));
    let report = Report::new(&loaded.layouts, &machine).unwrap();
    assert!(!report.maps.is_empty());
    for map in &report.maps {
        match create::create(&map.shape) {
            Ok(loaded) => assert_eq!(create::reported(&loaded), map.cost.memlock, "{:?}", map.shape),
            Err(error) => return support::skipped(&format!("no map can be created: {error}")),
        }
        assert_eq!(memlock(&map.shape, &machine, 0), Ok(map.cost.memlock));
    }
}
