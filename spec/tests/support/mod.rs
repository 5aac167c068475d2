//! The specs that several tests share.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use bpf_layout_spec::{Failure, Loaded, Options, layout::Layouts, lock};

/// The root spec, every golden spec, and those of this folder.
pub fn specs() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = |folder: PathBuf| {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        files.sort();
        files
    };
    let golden = files(here.join("../tests/golden")).into_iter().map(|case| case.join("layouts.toml"));
    let mut specs: Vec<PathBuf> = golden.filter(|path| path.exists()).collect();
    specs.push(here.join("../layouts.toml"));
    specs.extend(files(here.join("tests/specs")));
    assert!(specs.len() > 15, "{specs:?}");
    specs
}

/// A spec, and its layouts under every profile.
pub fn load_all(path: &Path) -> (Loaded, Vec<Layouts>) {
    lock::load_all(path).unwrap_or_else(|failure| panic!("{}: {:?}", path.display(), failure.diagnostics))
}

/// A spec by its text.
pub fn load(text: &str, profile: Option<&str>) -> Loaded {
    try_load(text, profile).unwrap_or_else(|failure| panic!("{:?}", failure.diagnostics))
}

/// A spec by its text, if it is one.
pub fn try_load(text: &str, profile: Option<&str>) -> Result<Loaded, Failure> {
    let options = Options { profile: profile.map(str::to_owned) };
    let read = &mut |_: &Path| Ok(text.to_owned());
    bpf_layout_spec::load_with(Path::new("layouts.toml"), read, &options)
}
