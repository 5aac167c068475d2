//! Every seed of every fuzz target that reads files, by any compiler: what was found once is not found again.

mod seeds;

use std::fs;

use bpf_layout_fuzz::targets;
use seeds::{files, replays, root};

replays! { READERS: spec commands versions lock audit objects import header rust sources }

#[test]
fn every_target_has_a_program_for_libfuzzer() {
    let programs = files(&root().join("fuzz/fuzz_targets"));
    let mut names: Vec<_> = programs.iter().map(|path| path.file_stem().expect("a name").to_string_lossy()).collect();
    let mut expected: Vec<_> = targets().map(|target| target.name).collect();
    names.sort();
    expected.sort();
    assert_eq!(names, expected);
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).expect("readable");
    for name in expected {
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"")), "{name}");
    }
}
