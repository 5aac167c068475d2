//! A spec that someone else has written, shown by every command that takes one.

use std::{cell::OnceCell, fs};

use tempfile::TempDir;

use crate::{assert_styled, lock::once};

thread_local! {
    pub(crate) static FOLDER: OnceCell<TempDir> = const { OnceCell::new() };
}

pub(crate) fn folder() -> TempDir {
    TempDir::new().expect("a temporary folder")
}

/// A kernel of the bundled table, so that output is the same on every machine.
pub(crate) const KERNEL: &[&str] = &["--kernel", "6.16.12+deb13-amd64", "--cpus", "4"];

/// Runs a command, and holds what it prints against its format.
pub(crate) fn command(arguments: &[&str], more: &[&str]) {
    let ran = cargo_bpf_layout::captured(arguments.iter().chain(more).copied());
    assert_styled(&ran.err);
    assert!(ran.done || !ran.err.is_empty(), "a command that cannot do it says why: {arguments:?} {more:?}");
    let is_json = more.contains(&"json") || more.contains(&"sarif");
    if is_json && ran.done {
        let parsed = serde_json::from_str::<serde_json::Value>(&ran.out);
        assert!(parsed.is_ok(), "{parsed:?}: {}", ran.out);
    }
    if !is_json {
        assert_styled(&ran.out);
    }
}

pub(crate) fn run(data: &[u8]) {
    once(&FOLDER, folder, |folder| {
        let path = folder.path().join("layouts.toml");
        fs::write(&path, data).expect("a writable folder");
        let path = path.to_str().expect("temporary folders have plain names");
        for format in ["human", "json"] {
            command(&["show", "--spec", path], &["--format", format]);
        }
        for format in ["table", "json", "html"] {
            let format = [KERNEL, &["--format", format]].concat();
            command(&["report", "--spec", path], &format);
        }
        command(&["check", "--spec", path, "--lock", "/dev/null"], &["--format", "json"]);
    });
}
