//! What a build says of `layouts.lock`.

mod common;

use std::fs;

use bpf_layout_codegen::{Builder, Error, Lock, Output};
use bpf_layout_spec::lock;
use tempfile::TempDir;

use crate::common::SPEC;

/// A folder with a spec.
fn folder() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join("layouts.toml"), SPEC).expect("writable");
    folder
}

fn write_lock(folder: &TempDir) {
    let spec = folder.path().join("layouts.toml");
    let (base, profiles) = lock::load_all(&spec).expect("it is valid");
    let text = lock::Lock::of(&base.layouts, &profiles).text("layouts.toml");
    fs::write(folder.path().join("layouts.lock"), text).expect("writable");
}

fn build(folder: &TempDir, lock: Option<Lock>) -> Result<Output, Error> {
    let builder = Builder::new(folder.path().join("layouts.toml")).out_dir(folder.path().join("out"));
    match lock {
        Some(lock) => builder.lock(lock),
        None => builder,
    }
    .build()
}

fn warnings(folder: &TempDir, lock: Option<Lock>) -> String {
    let output = build(folder, lock).unwrap_or_else(|error| panic!("{error}"));
    output.warnings.join("\n").replace(&folder.path().display().to_string(), "DIR")
}

fn error(folder: &TempDir) -> String {
    let error = build(folder, Some(Lock::Deny)).expect_err("it is denied");
    error.to_string().replace(&folder.path().display().to_string(), "DIR")
}

#[test]
fn a_lock_that_is_up_to_date_is_watched_and_not_mentioned() {
    let folder = folder();
    write_lock(&folder);
    for lock in [None, Some(Lock::Deny)] {
        let output = build(&folder, lock).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(output.warnings, [""; 0]);
        assert_eq!(output.inputs, ["layouts.toml", "layouts.lock"].map(|name| folder.path().join(name)));
    }
    let output = build(&folder, Some(Lock::Ignore)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(output.inputs, [folder.path().join("layouts.toml")]);
}

#[test]
fn a_stale_lock_is_a_warning_an_error_or_nothing() {
    let folder = folder();
    write_lock(&folder);
    fs::write(folder.path().join("layouts.toml"), SPEC.replace("\"pid\", type = \"u32\"", "\"pid\", type = \"u64\""))
        .expect("writable");
    let expected = "DIR/layouts.lock is stale: `open` has 68 bytes in DIR/layouts.lock, DIR/layouts.toml says 72 bytes, \
                    and 2 more\n  = help: run `cargo bpf-layout lock --spec DIR/layouts.toml`";
    assert_eq!(warnings(&folder, None), expected);
    assert_eq!(error(&folder), expected);
    assert_eq!(warnings(&folder, Some(Lock::Ignore)), "");
}

#[test]
fn a_missing_lock_is_an_error_only_where_it_is_denied() {
    let folder = folder();
    assert_eq!(warnings(&folder, None), "");
    let expected = "there is no `DIR/layouts.lock`\n  = help: run `cargo bpf-layout lock --spec DIR/layouts.toml`";
    assert_eq!(error(&folder), expected);
}

#[test]
fn a_damaged_lock_is_named_with_its_line() {
    let folder = folder();
    fs::write(folder.path().join("layouts.lock"), "lock 1\n<<<<<<< HEAD\n").expect("writable");
    assert!(warnings(&folder, None).starts_with("DIR/layouts.lock:2:1: this is a merge conflict\n  = help: "));
}
