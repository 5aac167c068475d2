//! The generated Rust, compared with `tests/golden/<case>/layouts.rs` and, by profile, `layouts.<profile>.rs`, and
//! compiled against the runtime with all of its features and with none.
//!
//! `BPF_LAYOUT_BLESS=1` rewrites the golden files.

mod support;

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use bpf_layout_emit::rust;

/// One generated module and where its golden file lies.
struct Module {
    /// `optional_lean`
    name: String,
    path: PathBuf,
    text: String,
}

fn modules() -> Vec<Module> {
    let of = |header: support::Header| Module {
        name: format!("{}_{}", header.case, header.layouts.model.profile.as_deref().unwrap_or("plain")),
        path: header.path.with_extension("rs"),
        text: rust::module(&header.layouts),
    };
    support::headers().into_iter().map(of).collect()
}

#[test]
fn modules_are_as_before() {
    let bless = support::is_set("BPF_LAYOUT_BLESS");
    let mut stale = Vec::new();
    for module in modules() {
        let before = fs::read_to_string(&module.path).unwrap_or_default();
        if before != module.text && bless {
            fs::write(&module.path, &module.text).expect("golden files can be written");
        } else if before != module.text {
            let same = before.lines().zip(module.text.lines()).take_while(|(before, after)| before == after).count();
            stale.push(format!("{}:{}", module.path.display(), same + 1));
        }
    }
    assert!(stale.is_empty(), "differ from this line (BPF_LAYOUT_BLESS=1 rewrites them):\n{}", stale.join("\n"));
}

#[test]
fn no_golden_module_is_left_over() {
    let expected: BTreeSet<PathBuf> = modules().into_iter().map(|module| module.path).collect();
    let root = support::golden_root();
    let folders = fs::read_dir(&root).expect("a folder").map(|entry| entry.expect("an entry").path());
    let files = folders.filter(|path| path.is_dir()).flat_map(|folder| fs::read_dir(folder).expect("a folder"));
    let paths = files.map(|entry| entry.expect("an entry").path());
    let left_over: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|e| e == "rs") && !expected.contains(path)).collect();
    assert!(left_over.is_empty(), "no spec makes these: {left_over:?}");
}

#[test]
fn the_same_spec_gives_the_same_module() {
    for (first, second) in modules().iter().zip(&modules()) {
        assert_eq!(first.text, second.text);
    }
}

#[test]
fn rustfmt_leaves_modules_alone() {
    if !support::has_tool("rustfmt") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    for module in modules() {
        let path = folder.path().join(format!("{}.rs", module.name));
        fs::write(&path, &module.text).expect("a writable file");
        let mut command = Command::new("rustfmt");
        support::run_silently(command.args(["--check", "--edition", "2024"]).arg(&path));
    }
}

#[test]
fn modules_compile_without_features_of_the_runtime() {
    check("none", &[], &["check"]);
}

#[test]
fn modules_compile_and_please_clippy_with_every_feature_of_the_runtime() {
    check("all", &["serde", "zerocopy", "bytemuck"], &["clippy"]);
}

/// Lets cargo check a `no_std` crate that holds every module and allows nothing.
fn check(name: &str, features: &[&str], command: &[&str]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("rust-golden-{name}"));
    fs::create_dir_all(folder.join("src")).expect("a writable folder");
    let manifest = format!(
        "[package]\nname = \"golden\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies.bpf-layout]\n\
         path = {:?}\ndefault-features = false\nfeatures = {features:?}\n",
        root.join("runtime")
    );
    fs::write(folder.join("Cargo.toml"), manifest).expect("a writable file");
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).expect("the lock file");
    fs::write(folder.join("src/lib.rs"), crate_of_all()).expect("a writable file");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(command).args(["--quiet", "--offline", "--target-dir"]).arg(folder.join("target"));
    cargo.env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS").current_dir(&folder);
    support::run_silently(&mut cargo);
}

fn crate_of_all() -> String {
    let mut text = "//! Every golden module.\n#![no_std]\n#![no_implicit_prelude]\n#![forbid(unsafe_code)]\n\
        #![deny(warnings, missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]\n"
        .to_owned();
    for Module { name, text: module, .. } in modules() {
        write!(text, "\nmod {name} {{\n{module}}}\n").expect("strings can be written to");
    }
    text
}
