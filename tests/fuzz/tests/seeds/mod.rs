//! Seeds: what fuzz targets start from, and everything that was ever found.

#[path = "../../../../spec/tests/support/patience.rs"]
mod patience;

use std::{
    fs,
    path::{Path, PathBuf},
};

use bpf_layout_fuzz::Target;
use patience::timed;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file in a folder and those in it, in order.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
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

/// Gives a target its seeds.
pub(crate) fn replay(target: &Target) {
    let seeds = files(&root().join("fuzz/seeds").join(target.name));
    assert!(!seeds.is_empty(), "`{}` has seeds", target.name);
    for path in seeds.into_iter().chain(also(target.name)) {
        println!("{}", path.display());
        let seed = fs::read(&path).expect("a readable seed");
        timed(|| (target.run)(&seed));
    }
}

/// A test for each of these targets, which are all of a table.
macro_rules! replays {
    ($all:ident: $($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                seeds::replay(bpf_layout_fuzz::target(stringify!($name)));
            }
        )+

        #[test]
        fn every_target_is_replayed() {
            assert!(bpf_layout_fuzz::$all.iter().map(|target| target.name).eq([$(stringify!($name)),+]));
        }
    };
}

pub(crate) use replays;
