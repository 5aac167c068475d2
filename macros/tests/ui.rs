//! What `#[derive(BpfLayout)]` says: one folder per rule under `ui/`, each case a file that somebody could have written and
//! the errors that rustc shows for it. `ui/pass` must compile and run.
//!
//! The cases are built in another folder, so that the spec is named by `BPF_LAYOUT_SPEC`. Variables can be set safely only for
//! a process that is started, so the test starts itself.
#![forbid(unsafe_code)]

use std::{env, fs, path::Path, process::Command};

#[test]
fn ui() {
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui/layouts.toml");
    let bless = env::var_os("BPF_LAYOUT_BLESS").map(|_| ("TRYBUILD", "overwrite"));
    let status = Command::new(env::current_exe().expect("it is running"))
        .args(["--exact", "cases", "--ignored", "--nocapture"])
        .env("BPF_LAYOUT_SPEC", spec)
        .env_remove("BPF_LAYOUT_PROFILE")
        .envs(bless)
        .status();
    assert!(status.expect("it can be started").success(), "see above");
}

#[test]
#[ignore = "started by `ui`"]
fn cases() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    let folders = fs::read_dir("tests/ui").expect("it is there").map(|entry| entry.expect("it can be read").path());
    let mut rules: Vec<_> = folders.filter(|path| path.is_dir() && !path.ends_with("pass")).collect();
    rules.sort();
    assert!(rules.len() > 15, "{rules:?}");
    rules.iter().for_each(|rule| cases.compile_fail(rule.join("*.rs")));
}
