//! `report`, on kernels of the bundled table, so that the figures are the same everywhere.

mod common;
#[path = "common/objects.rs"]
mod objects;

use std::{fs, path::Path};

use common::{Ran, golden, has_clang, run};
use tempfile::TempDir;

/// The maps of Inspektor Gadget before their memory was cut, and others of every kind of cost.
const SPEC: &str = include_str!("golden/report.toml");

const KERNEL: &str = "6.16.12+deb13-amd64";

fn folder(spec: &str) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join("layouts.toml"), spec).expect("writable");
    folder
}

fn report(folder: &Path, more: &[&str]) -> Ran {
    run(folder, &[&["report", "--kernel", KERNEL], more].concat())
}

#[test]
fn the_table_is_for_people() {
    let folder = folder(SPEC);
    let ran = report(folder.path(), &["--cpus", "4"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    golden("report.txt", &ran.out);
    // Warnings are sentences, as long as the names in them.
    for line in ran.out.lines().filter(|line| !line.starts_with("warning")) {
        assert!(line.chars().count() <= 100, "over 100 columns: {line}");
    }
    assert!(ran.out.contains("136,873,504"), "what the kernel reported to Inspektor Gadget");
}

#[test]
fn machines_stand_side_by_side() {
    let folder = folder(SPEC);
    let ran = report(folder.path(), &["--cpus", "2,64"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    golden("report-cpus.txt", &ran.out);
}

#[test]
fn json_is_for_programs() {
    let folder = folder(SPEC);
    let ran = report(folder.path(), &["--cpus", "4", "--format", "json"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    golden("report.json", &ran.out);
    let json: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    for figure in ["memlock", "memlock_full", "real", "real_full"] {
        let maps = json["maps"].as_array().expect("maps");
        let sum: u64 = maps.iter().map(|map| map[figure].as_u64().expect("a number")).sum();
        assert_eq!(json["total"][figure].as_u64(), Some(sum), "{figure}");
    }
    let several = report(folder.path(), &["--cpus", "1,2,3", "--format", "json"]);
    let several: serde_json::Value = serde_json::from_str(&several.out).expect("JSON");
    let cpus: Vec<_> = several.as_array().expect("an array").iter().map(|one| one["cpus"].as_u64()).collect();
    assert_eq!(cpus, [Some(1), Some(2), Some(3)]);
}

/// What `audit` saw takes the place of what advice would assume.
#[test]
fn audits_are_relied_upon() {
    let folder = folder(SPEC);
    let row = r#"{"id":1,"name":"gadget_sockets","map":"gadget_sockets","type":"hash","key_size":12,"value_size":8272,
        "max_entries":16384,"map_flags":0,"memlock":1,"predicted":1,"real":1,
        "in_use":{"last":40,"peak":50,"samples":2,"complete":true},"strings":[],"skipped":null}"#;
    let machine = r#"{"kernel":"6.1","cpus":4,"page_size":4096,"runs":1}"#;
    let document = format!(
        r#"{{"audit":1,"machines":[{machine}],"spec":null,"profile":null,"maps":[{row}],"proposals":[],"notes":[]}}"#
    );
    fs::write(folder.path().join("seen.json"), document).expect("writable");
    let ran = report(folder.path(), &["--cpus", "4", "--audit", "seen.json"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    for expected in ["audit has seen 100 at most", "`[intern.PATH]` of 200 entries", "if no more than one in 8"] {
        let flowing = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flowing.contains(expected), "{expected} is not in {}", ran.out);
    }
    let ran = report(folder.path(), &["--audit", "missing.json"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("`missing.json`"), "{}", ran.err);
}

#[test]
fn over_a_budget_is_status_1() {
    let budgeted = format!("{SPEC}\n[budget]\ntotal = \"24 MiB\"\ncpus = 4\n");
    let budgeted = budgeted.replace("max_entries = \"SOCKETS\"", "max_entries = \"SOCKETS\"\nbudget = \"20 MiB\"");
    let folder = folder(&budgeted);
    let ran = report(folder.path(), &["--cpus", "2"]);
    assert_eq!(ran.status, 1);
    golden("report-budget.txt", &ran.err);
    let docs = include_str!("../../docs/memory.md");
    let (first, _) = ran.err.split_once("error: all").expect("two budgets are exceeded");
    assert!(docs.contains(first), "docs/memory.md shows something else than\n{first}");
    assert!(ran.out.contains("20 MiB"), "the table shows the budget: {}", ran.out);

    let json = report(folder.path(), &["--cpus", "2", "--format", "json"]);
    assert_eq!(json.status, 1);
    let json: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    let over = json["over_budget"].as_array().expect("an array");
    let names: Vec<_> = over.iter().map(|over| over["map"].as_str()).collect();
    assert_eq!(names, [Some("gadget_sockets"), None]);
    assert_eq!(over[0]["cpus"].as_u64(), Some(4), "budgets are the spec's, whatever --cpus says");

    let within = budgeted.replace("PATH = 4096", "PATH = 512").replace("FSNOTIFY = 10240", "FSNOTIFY = 1024");
    fs::write(folder.path().join("layouts.toml"), within).expect("writable");
    let ran = report(folder.path(), &["--cpus", "2"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
}

#[test]
fn a_group_over_its_budget_is_status_1() {
    let group = "\n[group.enricher]\nmaps = [\"gadget_sockets\", \"enriched_fsnotify_events\"]\nbudget = \"100 MiB\"\n";
    let folder = folder(&format!("{SPEC}{group}"));
    let ran = report(folder.path(), &["--cpus", "4"]);
    assert_eq!(ran.status, 1);
    assert!(ran.err.contains("the maps of group `enricher` together cost 181,4"), "{}", ran.err);
    assert!(ran.err.contains("SOCKETS 16384 -> 4096 saves 102.6 MB"), "{}", ran.err);
    let line = ran.out.lines().find(|line| line.starts_with("group enricher")).expect("a line of the table");
    assert!(line.ends_with("100 MiB"), "{line}");
    let json = report(folder.path(), &["--cpus", "4", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(json["over_budget"][0]["group"].as_str(), Some("enricher"));
    assert_eq!(json["over_budget"][0]["map"].as_str(), None);
    assert_eq!(json["groups"][0]["memlock_full"], json["over_budget"][0]["memlock_full"]);
}

#[test]
fn the_running_kernel_is_the_default() {
    let folder = folder(SPEC);
    let ran = run(folder.path(), &["report"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").expect("a release");
    let expected = if Path::new("/sys/kernel/btf/vmlinux").exists() { release.trim() } else { "bundled table" };
    assert!(ran.out.contains(expected), "{}", ran.out);
}

#[test]
fn a_btf_file_is_a_kernel() {
    const BTF: &str = "/sys/kernel/btf/vmlinux";
    let folder = folder(SPEC);
    let not_btf = run(folder.path(), &["report", "--kernel", "layouts.toml"]);
    assert_eq!((not_btf.status, not_btf.out.as_str()), (2, ""));
    assert!(not_btf.err.contains("cannot read the BTF"), "{}", not_btf.err);
    if !Path::new(BTF).exists() {
        assert!(std::env::var_os("BPF_LAYOUT_REQUIRE_KERNEL").is_none(), "no BTF of the kernel, and it was required");
        eprintln!("skipped: this kernel has no BTF");
        return;
    }
    let by_file = run(folder.path(), &["report", "--kernel", BTF, "--format", "json"]);
    let running = run(folder.path(), &["report", "--format", "json"]);
    let maps = |ran: &Ran| serde_json::from_str::<serde_json::Value>(&ran.out).expect("JSON")["maps"].clone();
    assert_eq!(maps(&by_file), maps(&running));
}

#[test]
fn what_cannot_be_done_is_status_2() {
    let folder = folder(SPEC);
    for (arguments, message) in [
        (&["--kernel", "6.16.12+deb13-amd63"][..], "did you mean `6.16.12+deb13-amd64`?"),
        (&["--cpus", "0"], "--cpus"),
        (&["--cpus", "many"], "--cpus"),
        (&["--page-size", "5000"], "power of two"),
    ] {
        let ran = run(folder.path(), &[&["report"], arguments].concat());
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.err.contains(message), "{}", ran.err);
    }
}

#[test]
fn a_type_that_the_kernel_lacks_is_status_2() {
    let folder = folder("spec = 1\n[map.seen]\ntype = \"bloom_filter\"\nvalue = \"u64\"\nmax_entries = 8\n");
    let ran = run(folder.path(), &["report", "--kernel", "5.10.0-32-amd64"]);
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("has no maps of type `bloom_filter`, which `seen` is"), "{}", ran.err);
    let storage = "type = \"task_storage\"\nkey = \"u32\"\nvalue = \"u64\"\nflags = [\"no_prealloc\"]\n";
    fs::write(folder.path().join("layouts.toml"), format!("spec = 1\n[map.tasks]\n{storage}")).expect("writable");
    let ran = run(folder.path(), &["report", "--kernel", "5.10.0-32-amd64"]);
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("has no maps of type `task_storage`"), "{}", ran.err);
}

#[test]
fn no_maps_cost_nothing() {
    let folder = folder("spec = 1\n[struct.a]\nfields = [{ name = \"x\", type = \"u8\" }]\n");
    let ran = report(folder.path(), &["--cpus", "2"]);
    assert_eq!((ran.status, ran.out.as_str()), (0, "`layouts.toml` defines no maps\n"));
}

/// Two maps of the spec, and one that is the program's own: a per-CPU array of one value of 600 bytes.
const PROGRAM: &str = "struct {\n\t__uint(type, 2);\n\t__uint(max_entries, 1);\n} settings SEC(\".maps\");\n\
                       struct {\n\t__uint(type, 27);\n\t__uint(max_entries, 4096);\n} packets SEC(\".maps\");\n\
                       struct {\n\t__uint(type, 6);\n\t__uint(max_entries, 1);\n\t__type(key, unsigned int);\n\
                       \t__type(value, char[600]);\n} __scratch SEC(\".maps\");\n";

#[test]
fn objects_are_added_up() {
    if !has_clang() {
        return;
    }
    let folder = folder(SPEC);
    objects::compile(folder.path(), "tracer", PROGRAM);
    let json = |more: &[&str]| -> serde_json::Value {
        let ran = report(folder.path(), &[&["--cpus", "4", "--format", "json"], more].concat());
        assert_eq!((ran.status, ran.err.as_str()), (0, ""));
        serde_json::from_str(&ran.out).expect("JSON")
    };
    let found = json(&["--object", "tracer.bpf.o"]);
    let object = &found["objects"][0];
    assert_eq!(object["name"], "tracer.bpf.o");
    assert_eq!(object["maps"], serde_json::json!(["settings", "packets"]));
    assert_eq!(object["other_maps"], serde_json::json!(["__scratch"]));
    // kernel/bpf/arraymap.c: array_map_mem_usage, with `struct bpf_array` of this kernel, 264 bytes.
    let scratch = 264 + 8 + 600 * 4;
    let of = |name: &str| {
        let maps = found["maps"].as_array().expect("maps");
        maps.iter().find(|map| map["name"] == name).expect("the map")["memlock_full"].as_u64().expect("a number")
    };
    assert_eq!(object["memlock_full"].as_u64(), Some(of("settings") + of("packets") + scratch));

    let both = ["--cpus", "4", "--object", "tracer.bpf.o", "--object", "tracer.bpf.o"];
    let table = report(folder.path(), &both);
    assert_eq!(table.out.lines().filter(|line| line.starts_with("object tracer.bpf.o")).count(), 2, "{}", table.out);
    let side_by_side = report(folder.path(), &["--cpus", "2,64", "--object", "tracer.bpf.o"]);
    assert!(side_by_side.out.contains("object tracer.bpf.o"), "{}", side_by_side.out);
    let page = report(folder.path(), &["--cpus", "4", "--format", "html", "--object", "tracer.bpf.o"]);
    assert!(page.out.contains("object tracer.bpf.o"));
}

#[test]
fn objects_that_cannot_be_read_are_status_2() {
    let folder = folder(SPEC);
    let ran = report(folder.path(), &["--object", "missing.bpf.o"]);
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("cannot read `missing.bpf.o`"), "{}", ran.err);
    fs::write(folder.path().join("text.bpf.o"), "no object").expect("writable");
    let ran = report(folder.path(), &["--object", "text.bpf.o"]);
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("`text.bpf.o`"), "{}", ran.err);
}
