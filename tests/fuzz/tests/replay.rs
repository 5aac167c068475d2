//! Every seed of every fuzz target, by any compiler: what was found once is not found again.

#[path = "../../../spec/tests/support/patience.rs"]
mod patience;

use std::{
    fs,
    path::{Path, PathBuf},
};

use bpf_layout_fuzz::{TARGETS, Target};
use patience::timed;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file in a folder and those in it, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() { waiting.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// The files of other folders that a target starts from: `fuzz/also.txt` has them.
fn also(name: &str) -> Vec<PathBuf> {
    let text = fs::read_to_string(root().join("fuzz/also.txt")).expect("readable");
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap_or_default();
    line.split_whitespace().flat_map(|folder| files(&root().join(folder))).collect()
}

fn replay(target: &Target) {
    let seeds = files(&root().join("fuzz/seeds").join(target.name));
    assert!(!seeds.is_empty(), "`{}` has seeds", target.name);
    for path in seeds.into_iter().chain(also(target.name)) {
        println!("{}", path.display());
        let seed = fs::read(&path).expect("a readable seed");
        timed(|| (target.run)(&seed));
    }
}

macro_rules! replays {
    ($($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                replay(bpf_layout_fuzz::target(stringify!($name)));
            }
        )+

        #[test]
        fn every_target_is_replayed() {
            assert!(TARGETS.iter().map(|target| target.name).eq([$(stringify!($name)),+]));
        }
    };
}

replays! { spec commands versions lock audit objects import header rust parsers compact conversions skew sources }

#[test]
fn every_target_has_a_program_for_libfuzzer() {
    let programs = files(&root().join("fuzz/fuzz_targets"));
    let mut names: Vec<_> = programs.iter().map(|path| path.file_stem().expect("a name").to_string_lossy()).collect();
    let mut expected: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
    names.sort();
    expected.sort();
    assert_eq!(names, expected);
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).expect("readable");
    for name in expected {
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"")), "{name}");
    }
}
