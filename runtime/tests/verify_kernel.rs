//! Objects that were built from one version of a spec, opened by programs that were built from another.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use bpf_layout::{
    Fingerprints,
    libbpf::{
        Error,
        libbpf_rs::{Linker, ObjectBuilder, OpenObject, libbpf_sys},
        verify,
    },
};
use bpf_layout_emit::c;
use bpf_layout_spec::{
    Options, fingerprint,
    layout::Layouts,
    model::{MapId, TypeId},
};
use support::kernel;
use tempfile::TempDir;

const SPEC: &str = r#"spec = 1
version = 2

[event.open]
fields = [
  { name = "time", type = "ktime" },
  { name = "pid",  type = "u32" },
]

[map.events]
type = "ringbuf"
max_entries = "256 KiB"
events = ["open"]

[map.opens]
type = "hash"
key = "u32"
value = "u64"
max_entries = 16
"#;

/// The spec before a field came: version 1.
fn older() -> String {
    SPEC.replace("version = 2", "version = 1").replace("  { name = \"pid\",  type = \"u32\" },\n", "")
}

const PROGRAM: &str = r#"
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "layouts.h"

static const volatile int first = 3;
DEFINE_EVENTS_MAP;
DEFINE_OPENS_MAP;

char LICENSE[] SEC("license") = "GPL";

SEC("socket")
int ENTER(void *ctx)
{
	struct open_event *event = open_event_reserve(&events);

	if (!event)
		return first;
	bpf_ringbuf_submit(event, 0);
	return 0;
}
"#;

fn layouts(spec: &str) -> Layouts {
    let read = &mut |_: &Path| Ok(spec.to_owned());
    let loaded = bpf_layout_spec::load_with(Path::new("layouts.toml"), read, &Options::default());
    loaded.unwrap_or_else(|failure| panic!("{:?}", failure.diagnostics)).layouts
}

/// What the module generated from this spec has as `FINGERPRINTS`.
fn expected(spec: &str) -> Fingerprints {
    let layouts = layouts(spec);
    let computed = fingerprint::Fingerprints::of(&layouts);
    let model = &layouts.model;
    let name = |name: &str| -> &'static str { String::leak(name.to_owned()) };
    let types = (0..).map(TypeId).zip(&model.types).map(|(id, def)| (name(&def.name().c), computed.ty(id).0));
    let maps = (0..).map(MapId).zip(&model.maps).map(|(id, map)| (name(&map.name.c), computed.map(id).0));
    Fingerprints::new("layouts", model.version.number, Vec::leak(types.collect()), Vec::leak(maps.collect()))
}

/// Compiles a program in a folder of its own with the header of this spec.
fn build(spec: &str, program: &str, options: &[&str]) -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("bpf")).expect("a folder");
    for (name, text) in libbpf_sys::API_HEADERS {
        fs::write(path("bpf").join(name), text).expect("writable");
    }
    fs::write(path("layouts.h"), c::header(&layouts(spec))).expect("writable");
    fs::write(path("one.bpf.c"), program).expect("writable");
    let host = format!("/usr/include/{}-linux-gnu", std::env::consts::ARCH);
    let output = Command::new("clang")
        .args(["--target=bpf", "-g", "-O2", "-Wall", "-Werror", "-idirafter", &host, "-I.", "-c", "one.bpf.c"])
        .args(options)
        .current_dir(folder.path())
        .output()
        .expect("clang runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let object = path("one.bpf.o");
    (folder, object)
}

fn open(object: &Path) -> OpenObject {
    ObjectBuilder::default().open_file(object).unwrap_or_else(|error| panic!("{error}"))
}

/// Whether there is a clang, and BPF may be used.
fn can() -> bool {
    let has = Command::new("clang").arg("--version").output().is_ok();
    if !has {
        assert!(std::env::var_os("BPF_LAYOUT_REQUIRE_TOOLS").is_none(), "clang is missing and was required");
        eprintln!("skipped: there is no clang");
    }
    has && kernel()
}

fn program(enter: &str) -> String {
    PROGRAM.replace("ENTER", enter)
}

#[test]
fn kernel_loads_what_was_built_from_the_same_spec() {
    if !can() {
        return;
    }
    let (_folder, object) = build(SPEC, &program("enter"), &[]);
    let object = open(&object);
    verify(&object, &expected(SPEC)).unwrap_or_else(|error| panic!("{error}"));
    // The kernel takes the table and the tags.
    object.load().unwrap_or_else(|error| panic!("{error:#}"));
}

#[test]
fn kernel_objects_of_another_version_are_refused_and_the_older_side_is_named() {
    if !can() {
        return;
    }
    let differ = "`open_event`, map `events` differ";
    for (built_from, ours, expected_text) in [
        (&*older(), SPEC, "the object is older: version 1, this program has 2"),
        (SPEC, &*older(), "this program is older: version 1, the object has 2"),
    ] {
        let (_folder, object) = build(built_from, &program("enter"), &[]);
        let error = verify(&open(&object), &expected(ours)).expect_err("a field is missing on one side");
        let text = error.to_string();
        assert!(text.contains(differ) && text.contains(expected_text), "{text}");
        assert!(!text.contains("opens"), "that map is the same: {text}");
    }
}

#[test]
fn kernel_objects_without_fingerprints_are_refused_by_another_name() {
    if !can() {
        return;
    }
    let (_folder, object) = build(SPEC, &program("enter"), &["-DBPF_LAYOUT_NO_FINGERPRINTS"]);
    let object = open(&object);
    let error = verify(&object, &expected(SPEC)).expect_err("it has none");
    assert!(matches!(error, Error::NoFingerprints { spec: "layouts" }), "{error}");
    object.load().unwrap_or_else(|error| panic!("{error:#}"));
}

#[test]
fn kernel_linked_objects_are_refused_if_any_part_is_stale() {
    if !can() {
        return;
    }
    // The second file has neither maps nor a program of its own.
    let second = "#include \"layouts.h\"\n\nint two = 2;\n";
    for (spec, stale) in [(SPEC, false), (&*older(), true)] {
        let (folder, one) = build(SPEC, &program("enter"), &[]);
        let (_other, two) = build(spec, second, &[]);
        let linked = folder.path().join("linked.o");
        let mut linker = Linker::new(&linked).expect("a linker");
        linker.add_file(&one).expect("an object");
        linker.add_file(&two).expect("an object");
        linker.link().expect("they fit together");
        let object = open(&linked);
        match verify(&object, &expected(SPEC)) {
            Ok(()) => assert!(!stale),
            Err(error) => assert!(stale && error.to_string().contains("the object is older: version 1"), "{error}"),
        }
        object.load().unwrap_or_else(|error| panic!("{error:#}"));
    }
}

#[test]
fn kernel_comparing_takes_microseconds() {
    if !can() {
        return;
    }
    let (_folder, object) = build(SPEC, &program("enter"), &[]);
    let (object, expected) = (open(&object), expected(SPEC));
    let times = 1000;
    let started = Instant::now();
    for _ in 0..times {
        verify(&object, &expected).unwrap_or_else(|error| panic!("{error}"));
    }
    let each = started.elapsed() / times;
    println!("verify: {each:?}");
    assert!(each.as_millis() < 5, "{each:?}");
}
