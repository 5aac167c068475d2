//! Everybody's numbers against ours, for random specs, the root spec and the goldens, each in every profile.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
    thread,
};

use bpf_layout_oracle::{
    hearing::{Panel, assert_agreement},
    rust::Rustc,
    specs,
};
use bpf_layout_random::bundle;

/// Random specs, in one file, so that compilers start once for all of them. `cargo xtask oracle` tries as many as one likes.
const CASES: u64 = 100;
const SEED: u64 = 1;

/// Those that rustc is asked about, too; `bpf-layout-tests` compiles, and fills with marks, many more.
const CASES_IN_RUST: u64 = 10;

/// Everyone who is here but rustc.
fn compilers() -> Panel {
    Panel::installed(thread::available_parallelism().map_or(1, usize::from))
}

/// rustc with zerocopy's derives. The runtime is built once for all tests.
fn rustc() -> Panel {
    static RUSTC: OnceLock<Rustc> = OnceLock::new();
    let rustc = RUSTC.get_or_init(|| Rustc::with_runtime(true).unwrap_or_else(|error| panic!("{error}")));
    Panel::rustc(rustc.clone())
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A spec as it stands, and in each of its profiles.
fn check(panel: &Panel, spec: &Path) {
    assert_agreement(panel, spec, None);
    for profile in specs::layouts(spec, None).model.profiles {
        assert_agreement(panel, spec, Some(&profile));
    }
}

#[test]
fn everyone_agrees_on_the_root_spec() {
    check(&compilers().and(rustc()), &tests().join("../layouts.toml"));
}

#[test]
fn everyone_agrees_on_the_goldens() {
    let panel = compilers().and(rustc());
    let folders = fs::read_dir(tests().join("golden")).expect("there are goldens");
    let mut goldens: Vec<PathBuf> = folders.map(|folder| folder.expect("it is listed").path()).collect();
    goldens.sort();
    let specs: Vec<PathBuf> =
        goldens.iter().map(|folder| folder.join("layouts.toml")).filter(|spec| spec.is_file()).collect();
    assert!(specs.len() > 10, "{} goldens", specs.len());
    specs.iter().for_each(|spec| check(&panel, spec));
}

#[test]
fn everyone_agrees_on_random_specs() {
    let panel = compilers();
    let folder = tempfile::tempdir().expect("a folder for specs");
    let spec = folder.path().join("random.toml");
    fs::write(&spec, bundle(SEED, 0..CASES)).expect("the folder can be written");
    check(&panel, &spec);
    let spec = folder.path().join("rust.toml");
    fs::write(&spec, bundle(SEED, 0..CASES_IN_RUST)).expect("the folder can be written");
    check(&rustc(), &spec);
}
