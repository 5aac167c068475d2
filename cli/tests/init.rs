//! `init`: what it writes works as it stands, and nothing is lost.

mod common;

use std::{fs, process::Command};

use common::{names, run};
use tempfile::TempDir;

#[test]
fn writes_a_spec_that_loads_without_a_word_and_generates() {
    let folder = TempDir::new().expect("a temporary folder");
    let ran = run(folder.path(), &["init"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    let first = "wrote layouts.toml, and layouts.schema.json, by which editors complete and check it\n\nNext:\n";
    assert!(ran.out.starts_with(first), "{}", ran.out);
    assert_eq!(names(folder.path()), ["layouts.schema.json", "layouts.toml"]);

    for profile in ["", "lean"] {
        let ran = run(folder.path(), &["generate", "--out-dir", "out", "--profile", profile]);
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "profile {profile:?}");
        assert_eq!(names(&folder.path().join("out")), ["layouts.h", "layouts.rs"]);
        let checked = Command::new("cc")
            .args(["-std=c11", "-Wall", "-Wextra", "-Wpadded", "-Werror", "-fsyntax-only", "-x", "c"])
            .arg(folder.path().join("out/layouts.h"))
            .status()
            .expect("rustc needs a C compiler to link, so there is one");
        assert!(checked.success(), "profile {profile:?}");
    }
}

#[test]
fn the_next_steps_that_it_names_work() {
    let folder = TempDir::new().expect("a temporary folder");
    let ran = run(folder.path(), &["init", "--spec", "sub/my.toml"]);
    let steps: Vec<&str> = ran.out.lines().filter_map(|line| line.trim().strip_prefix("cargo ")).collect();
    assert_eq!(steps.len(), 2, "{}", ran.out);
    for step in steps {
        let words: Vec<&str> = step.split(' ').collect();
        let ran = run(folder.path(), &words);
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{step}");
    }
}

/// Editors look for it beside the spec.
#[test]
fn the_schema_that_the_spec_names_stands_beside_it() {
    let folder = TempDir::new().expect("a temporary folder");
    assert_eq!(run(folder.path(), &["init", "--spec", "sub/my.toml"]).status, 0);
    let spec = fs::read_to_string(folder.path().join("sub/my.toml")).expect("readable");
    let named = spec.lines().next().and_then(|line| line.strip_prefix("#:schema ./")).expect("the first line names it");
    let schema = fs::read_to_string(folder.path().join("sub").join(named)).expect("it is there");
    assert_eq!(schema, run(folder.path(), &["schema"]).out);
}

#[test]
fn never_replaces_a_file_unless_forced() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("layouts.toml");
    fs::write(&path, "mine").expect("writable");

    let ran = run(folder.path(), &["init"]);
    assert_eq!(ran.status, 2);
    assert_eq!(
        ran.err,
        "error: `layouts.toml` exists already\n  = help: keep it, or replace it with `cargo bpf-layout init --force`\n"
    );
    assert_eq!(fs::read_to_string(&path).expect("readable"), "mine");
    assert_eq!(names(folder.path()), ["layouts.toml"]);

    let schema = folder.path().join("layouts.schema.json");
    fs::write(&schema, "mine, too").expect("writable");
    fs::remove_file(&path).expect("it is there");
    assert_eq!(run(folder.path(), &["init"]).status, 0);
    assert_eq!(fs::read_to_string(&schema).expect("readable"), "mine, too");

    assert_eq!(run(folder.path(), &["init", "--force"]).status, 0);
    assert!(fs::read_to_string(&path).expect("readable").contains("spec = 1"));
    assert!(fs::read_to_string(&schema).expect("readable").contains("json-schema.org"));
}
