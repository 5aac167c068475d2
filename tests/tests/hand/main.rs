//! The hand test: somebody changes `PATH = 512` to `256` in a copy of the example and runs `cargo build`. Header, BPF
//! object, Rust types, maps and live events must all follow, though nothing else was edited.

mod copy;
mod live;

use std::{fs, path::Path, process::Command, thread};

use bpf_layout_oracle::{
    btf,
    facts::{Fact, Facts, What},
    tools, types,
};
use serde_json::Value;

use crate::{
    copy::{Built, Copy, times},
    live::{Tracer, program_with_path_of},
};

/// Fields of type `str[PATH]`, of what is known of a call while it is under way.
const PATHS: [&str; 3] = ["cwd", "exepath", "file"];

/// A path longer than 256 and shorter than 512 bytes.
const PATH_LENGTH: usize = 300;

/// The numbers that depend on `PATH`.
struct Sizes {
    call: i128,
    paths: Vec<i128>,
}

/// From the BTF of the object that clang has made.
fn sizes_in_object(built: &Built) -> Sizes {
    let records = btf::read(&built.out_dir.join("exec.bpf.o")).unwrap_or_else(|error| panic!("{error}"));
    let mut facts = Facts::default();
    types::state(&records["exec_in_flight"], "exec_in_flight", &mut facts);
    let number = |member: &str, what| {
        let fact = Fact { ty: "exec_in_flight".into(), member: member.into(), what };
        facts.get(&fact).unwrap_or_else(|| panic!("BTF does not say {fact}"))
    };
    Sizes { call: number("", What::Size), paths: PATHS.iter().map(|path| number(path, What::BitSize) / 8).collect() }
}

/// From a program that rustc has made of the same generated types as the example.
fn sizes_in_rust(built: &Built) -> Sizes {
    let output = Command::new(&built.probe).output().expect("the probe can be started");
    let said: Value = serde_json::from_slice(&output.stdout).expect("the probe prints JSON");
    let number = |name: &str| i128::from(said[name].as_u64().unwrap_or_else(|| panic!("no {name} in {said}")));
    assert_eq!(number("path"), number("cwd"), "PATH_LEN is the length of a path");
    Sizes { call: number("call"), paths: PATHS.iter().map(|path| number(path)).collect() }
}

/// From the object and from Rust, which must agree.
fn sizes(built: &Built) -> Sizes {
    let (object, rust) = (sizes_in_object(built), sizes_in_rust(built));
    assert_eq!(object.call, rust.call, "size of the struct in the object and in Rust");
    assert_eq!(object.paths, rust.paths, "sizes of the paths in the object and in Rust");
    object
}

/// Changes `PATH` and nothing else.
fn edit(copy: &Copy) {
    let text = fs::read_to_string(copy.spec()).expect("the copy has a spec");
    assert_eq!(text.matches("\nPATH = 512").count(), 1, "layouts.toml has `PATH = 512` once");
    fs::write(copy.spec(), text.replace("\nPATH = 512", "\nPATH = 256")).expect("the copy can be edited");
}

/// Whether the tracer works here; if not, says why, or fails where the kernel is required.
fn tracer(built: &Built) -> Option<Tracer> {
    Tracer::start(&built.program)
        .inspect_err(|said| {
            assert!(!tools::required("BPF_LAYOUT_REQUIRE_KERNEL"), "the example cannot trace here:\n{said}");
            eprintln!("skipped what needs the kernel: {said}");
        })
        .ok()
}

/// What the kernel and a live event say of a build whose paths have `path` bytes.
fn check_live(built: &Built, sizes: &Sizes, path: usize, program: &Path) {
    let Some(tracer) = tracer(built) else { return };
    let maps = tracer.maps();
    let execs = maps.iter().find(|map| map.name == "execs").expect("the kernel has the map of calls under way");
    assert_eq!(i128::from(execs.value_size), sizes.call, "value of the map `execs`");
    assert_eq!(execs.max_entries, 1024, "capacity EXECS");

    let event = tracer.event_of(program);
    let file = event["file"].as_str().expect("the path that was executed");
    let cut: Vec<&str> = event["truncated"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    if path > PATH_LENGTH {
        assert_eq!(Path::new(file), program);
        assert!(!cut.contains(&"file"), "{event}");
    } else {
        // The mark of a cut string takes its last byte, the NUL the one before.
        assert_eq!(file, &program.to_string_lossy()[..path - 2]);
        assert!(cut.contains(&"file"), "{event}");
    }
}

#[test]
fn kernel_and_rust_follow_one_edited_number() {
    let copy = Copy::new();
    let scratch = tempfile::tempdir().expect("a folder for a program with a long path");
    let program = program_with_path_of(scratch.path(), PATH_LENGTH);

    let built = copy.build();
    let before = sizes(&built);
    assert_eq!(before.paths, [512; 3]);
    check_live(&built, &before, 512, &program);
    let files = copy.files();

    edit(&copy);
    let built = build_twice_at_once(&copy);
    let after = sizes(&built);
    assert_eq!(after.paths, [256; 3]);
    assert_eq!(before.call - after.call, 3 * 256, "three paths are 256 bytes shorter each");
    check_live(&built, &after, 256, &program);

    let edited: Vec<_> = copy.files().into_iter().filter(|(path, text)| files.get(path) != Some(text)).collect();
    assert_eq!(edited.len(), 1, "one file was edited");
    assert_eq!(edited[0].0, copy.spec());
    assert_nothing_is_rebuilt_for_nothing(&copy);
}

/// Two builds at once in one target folder: both must succeed, and agree on what they made.
fn build_twice_at_once(copy: &Copy) -> Built {
    let (one, other) = thread::scope(|scope| {
        let other = scope.spawn(|| copy.build());
        (copy.build(), other.join().expect("the other build succeeds"))
    });
    assert_eq!(one.out_dir, other.out_dir);
    one
}

/// A build after no edit does nothing; one after `touch layouts.toml` rewrites nothing that was generated.
fn assert_nothing_is_rebuilt_for_nothing(copy: &Copy) {
    let built = copy.build();
    assert!(!built.anything_rebuilt, "a build without an edit rebuilt something");
    let before = times(&built.out_dir);
    let generated = |name: &str| built.out_dir.join(name);
    let text = fs::read(copy.spec()).expect("the copy has a spec");
    fs::write(copy.spec(), text).expect("the copy can be written");
    let after = times(&copy.build().out_dir);
    for name in ["layouts.h", "layouts.rs"] {
        assert_eq!(before.get(&generated(name)), after.get(&generated(name)), "{name} was written again");
        assert!(before.contains_key(&generated(name)), "{name} was generated");
    }
}
