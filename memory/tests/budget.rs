//! Budgets on the case of Inspektor Gadget: what is over, and the ways back under it.

use std::path::Path;

use bpf_layout_memory::{
    Machine, Report, Use,
    budget::{Budgets, Scope},
    bundled, fields_of,
};
use bpf_layout_spec::{Loaded, Options, load_with, model::MapId};

const SPEC: &str = r#"spec = 1

[lengths]
COMM = 16
PATH = 4096

[capacities]
SOCKETS = 16384

[struct.socket_key]
fields = [{ name = "netns", type = "u32" }, { name = "family", type = "u16" }, { name = "proto", type = "u8" },
          { name = "port", type = "u16" }]

[struct.socket_value]
fields = [
  { name = "mntns", type = "u64" }, { name = "pid_tgid", type = "u64" }, { name = "uid_gid", type = "u64" },
  { name = "task", type = "str[COMM]" }, { name = "ptask", type = "str[COMM]" }, { name = "sock", type = "u64" },
  { name = "ppid", type = "u64" }, { name = "flags", type = "u64" },
  { name = "cwd", type = "str[PATH]" }, { name = "exepath", type = "str[PATH]" },
]

[map.gadget_sockets]
type = "hash"
key = "socket_key"
value = "socket_value"
max_entries = "SOCKETS"
budget = "BUDGET"
"#;

fn load(spec: &str) -> Loaded {
    load_with(Path::new("layouts.toml"), &mut |_| Ok(spec.into()), &Options::default()).expect("a valid spec")
}

fn machine(cpus: u64) -> Machine {
    let kernel = bundled().into_iter().find(|kernel| kernel.name == "6.16.12+deb13-amd64").expect("in the table");
    Machine::new(kernel, cpus)
}

/// The messages of a spec that is checked on 4 CPUs.
fn errors(spec: &str) -> String {
    let loaded = load(spec);
    let budgets = Budgets::check(&loaded.layouts, &machine(4)).unwrap();
    budgets.errors(&loaded.layouts.model, &loaded.sources)
}

#[test]
fn what_is_over_says_how_to_get_back() {
    let found = errors(&SPEC.replace("BUDGET", "20 MiB"));
    let expected = "\
error: `gadget_sockets` costs 136,873,504 bytes when full, 115.9 MB over the budget of 20 MiB
  --> layouts.toml:22:6
  = note: reckoned for 4 possible CPUs, with the struct sizes of the kernel 6.16.12+deb13-amd64
  = help: SOCKETS 16384 -> 2048 saves 119.7 MB
  = help: PATH 4096 -> 512 saves 117.5 MB
  = help: SOCKETS 16384 -> 4096 and PATH 4096 -> 2048 together save 119.4 MB
  = help: `flags = [\"no_prealloc\"]` takes 329.1 kB until entries are used; full, it really takes 268.8 MB
";
    assert_eq!(found, expected);
}

#[test]
fn every_way_is_true() {
    let spec = SPEC.replace("BUDGET", "20 MiB");
    let loaded = load(&spec);
    let budgets = Budgets::check(&loaded.layouts, &machine(4)).unwrap();
    assert!(!budgets.hold());
    for way in &budgets.over[0].ways {
        let mut changed = spec.clone();
        assert!(!way.changes.is_empty());
        for change in &way.changes {
            changed = changed
                .replace(&format!("{} = {}", change.name, change.from), &format!("{} = {}", change.name, change.to));
        }
        assert_ne!(changed, spec);
        let loaded = load(&changed);
        let report = Report::new(&loaded.layouts, &machine(4)).unwrap();
        assert_eq!(report.totals().memlock_full, way.after, "{}", way.text());
        assert_eq!(budgets.over[0].memlock_full - way.after, way.saves);
        assert_eq!(Budgets::check(&loaded.layouts, &machine(4)).unwrap().hold(), way.enough);
    }
}

#[test]
fn no_number_alone_is_enough() {
    let other = "[map.other]\ntype = \"array\"\nkey = \"u32\"\nvalue = \"socket_value\"\nmax_entries = 40\n\n";
    let spec = SPEC.replace("[map.gadget_sockets]", &format!("{other}[map.gadget_sockets]"));
    let found = errors(&spec.replace("budget = \"BUDGET\"", "[budget]\ntotal = \"300 KiB\""));
    assert!(found.contains("error: all maps together cost "), "{found}");
    assert!(found.contains("together save"), "{found}");
    assert!(found.contains("which is not enough alone"), "{found}");
}

#[test]
fn what_fits_is_silent() {
    let loaded = load(&SPEC.replace("BUDGET", "140 MiB"));
    let budgets = Budgets::check(&loaded.layouts, &machine(4)).unwrap();
    assert!(budgets.hold() && budgets.over.is_empty());
    assert!(Budgets::exist(&loaded.layouts.model));
    assert!(!Budgets::exist(&load(&SPEC.replace("budget = \"BUDGET\"\n", "")).layouts.model));
}

#[test]
fn what_is_really_taken_is_a_warning() {
    let spec = SPEC.replace("BUDGET", "140 MiB").replace("max_entries =", "flags = [\"no_prealloc\"]\nmax_entries =");
    let loaded = load(&spec);
    let budgets = Budgets::check(&loaded.layouts, &machine(4)).unwrap();
    assert!(budgets.hold());
    assert_eq!(budgets.over.len(), 1);
    assert_eq!(budgets.over[0].scope, Scope::Map(MapId(0)));
    let warnings = budgets.warnings(&loaded.layouts.model);
    assert!(warnings[0].contains("`gadget_sockets`") && warnings[0].contains("268.8 MB"), "{warnings:?}");
}

#[test]
fn cpus_are_the_specs() {
    let loaded = load(&(SPEC.replace("BUDGET", "140 MiB") + "[budget]\ncpus = 8\n"));
    assert_eq!(Budgets::cpus(&loaded.layouts.model), 8);
    assert_eq!(Budgets::cpus(&load(&SPEC.replace("BUDGET", "140 MiB")).layouts.model), 64);
}

#[test]
fn fields_cover_the_value() {
    let loaded = load(&SPEC.replace("BUDGET", "140 MiB"));
    let map = &loaded.layouts.model.maps[0];
    let fields = fields_of(&loaded.layouts, map.value.as_ref().unwrap());
    assert_eq!(fields.iter().map(|field| field.bytes).sum::<u64>(), 8272);
    assert_eq!((fields[0].path.as_str(), fields[0].bytes), ("cwd", 4096));
    let report = Report::new(&loaded.layouts, &machine(4)).unwrap();
    let values = report.maps[0].cost.parts.iter().find(|part| part.of == Use::Values).unwrap();
    assert_eq!(values.bytes, 8272 * 16_384);
}

/// Two maps of one length that share a budget, and one that is no part of it.
const GROUPED: &str = r#"spec = 1
[lengths]
PATH = 1024
[capacities]
SOCKETS = 4096
[map.sockets]
type = "hash"
key = "u64"
value = "str[PATH]"
max_entries = "SOCKETS"
[map.owners]
type = "hash"
key = "u64"
value = "str[PATH]"
max_entries = 1024
[map.other]
type = "array"
key = "u32"
value = "u64"
max_entries = 1000000
[group.enricher]
maps = ["owners", "sockets"]
budget = "4 MiB"
[budget]
cpus = 4
"#;

#[test]
fn maps_of_a_group_share_a_budget() {
    let loaded = load(GROUPED);
    let model = &loaded.layouts.model;
    assert!(Budgets::exist(model));
    let report = Report::new(&loaded.layouts, &machine(4)).unwrap();
    let together: u64 = report.maps[..2].iter().map(|map| map.cost.memlock_full).sum();
    let budgets = Budgets::check(&loaded.layouts, &machine(4)).unwrap();
    let [over] = budgets.over.as_slice() else { panic!("{:?}", budgets.over) };
    assert_eq!((over.scope, over.memlock_full), (Scope::Group(0), together));
    let text = budgets.errors(model, &loaded.sources);
    assert!(text.starts_with("error: the maps of group `enricher` together cost "), "{text}");
    assert!(text.contains("--> layouts.toml:21:8"), "where the group is named: {text}");
    assert!(!text.contains("other"), "what is in no group cannot help it: {text}");

    // Every way is done, and brings what it says.
    for (change, from) in [("PATH", 1024), ("SOCKETS", 4096)] {
        let way = over.ways.iter().find(|way| way.changes.len() == 1 && way.changes[0].name == change);
        let way = way.unwrap_or_else(|| panic!("no way by {change}: {:?}", over.ways));
        let changed = GROUPED.replace(&format!("{change} = {from}"), &format!("{change} = {}", way.changes[0].to));
        let after = Report::new(&load(&changed).layouts, &machine(4)).unwrap().totals_of(&model.groups[0].maps);
        assert_eq!((after.memlock_full, together - after.memlock_full), (way.after, way.saves), "{change}");
        assert_eq!(Budgets::check(&load(&changed).layouts, &machine(4)).unwrap().hold(), way.enough, "{change}");
    }
    assert!(over.ways.iter().any(|way| way.enough), "{:?}", over.ways);
    assert_eq!(errors(&GROUPED.replace("4 MiB", "40 MiB")), "");
}
