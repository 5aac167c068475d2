//! `lock`, and `check --lock`.

mod common;

use std::{fs, path::Path};

use common::{SPEC, folder, names, run};

fn lock(folder: &Path) -> String {
    fs::read_to_string(folder.join("layouts.lock")).expect("the lock")
}

/// Changes a file that has the text.
fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).expect("readable");
    assert!(text.contains(from), "{from} is not in\n{text}");
    fs::write(path, text.replacen(from, to, 1)).expect("writable");
}

#[test]
fn it_lies_beside_the_spec_and_is_not_written_twice() {
    let folder = folder();
    let ran = run(folder.path(), &["lock"]);
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (0, "wrote     layouts.lock\n", ""));
    let text = lock(folder.path());
    assert!(text.contains("\nstruct value\n  size 68\n") && text.contains("\nprofile long\n"), "{text}");
    let modified = || fs::metadata(folder.path().join("layouts.lock")).and_then(|it| it.modified()).expect("a time");
    let before = modified();
    // A profile of the environment changes nothing: a lock has them all.
    let mut again = common::command(folder.path(), &["lock"]);
    let again: common::Ran = again.env("BPF_LAYOUT_PROFILE", "long").output().expect("it runs").into();
    assert_eq!((again.status, again.out.as_str()), (0, "unchanged layouts.lock\n"));
    assert_eq!(modified(), before);
    assert_eq!(names(folder.path()), ["layouts.lock", "layouts.toml"]);
}

#[test]
fn it_is_written_where_it_is_asked_for() {
    let folder = folder();
    let ran = run(folder.path(), &["lock", "--spec", "layouts.toml", "--out", "a/b.lock"]);
    assert_eq!((ran.status, ran.out.as_str()), (0, "wrote     a/b.lock\n"));
    let ran = run(folder.path(), &["check", "--lock", "a/b.lock"]);
    assert_eq!((ran.status, ran.out.as_str()), (0, "a/b.lock is up to date\n"));
}

#[test]
fn a_spec_that_is_not_valid_is_status_2_and_leaves_the_lock() {
    let folder = folder();
    run(folder.path(), &["lock"]);
    let before = lock(folder.path());
    edit(&folder.path().join("layouts.toml"), "\"u32\"", "\"u31\"");
    for task in [&["lock"][..], &["check", "--lock"]] {
        let ran = run(folder.path(), task);
        assert_eq!((ran.status, ran.out.as_str()), (2, ""));
        assert!(ran.err.contains("error[unknown-type]"), "{}", ran.err);
    }
    assert_eq!(lock(folder.path()), before);
}

#[test]
fn a_stale_lock_is_status_1_and_told_at_the_line_of_the_spec() {
    let folder = folder();
    run(folder.path(), &["lock"]);
    let ran = run(folder.path(), &["check", "--lock", "--spec", "layouts.toml"]);
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (0, "layouts.lock is up to date\n", ""));

    let spec = SPEC.replace("{ name = \"path\"", "{ name = \"time\", type = \"ktime\" }, { name = \"path\"");
    fs::write(folder.path().join("layouts.toml"), spec).expect("writable");
    let ran = run(folder.path(), &["check", "--lock"]);
    assert_eq!((ran.status, ran.err.as_str()), (1, ""));
    for expected in [
        "error[missing-field]: `value.time` is missing in layouts.lock, layouts.toml says ktime at byte 8",
        "error[field-offset]: `value.path` starts at byte 4 in layouts.lock, layouts.toml says byte 16",
        "--> layouts.toml:7:",
        "= note: in the lock: line 5",
        "differences: layouts.lock is stale\n  = help: write it again with `cargo bpf-layout lock`",
    ] {
        assert!(ran.out.contains(expected), "{expected} is not in\n{}", ran.out);
    }
    assert!(!ran.out.contains("(profile long)"), "it is the same change under the profile\n{}", ran.out);

    let ran = run(folder.path(), &["check", "--lock", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!((ran.status, &json["ok"]), (1, &false.into()));
    let codes: Vec<_> = json["differences"].as_array().expect("a list").iter().map(|it| it["code"].clone()).collect();
    assert!(codes.contains(&"missing-field".into()) && codes.contains(&"map-value".into()), "{codes:?}");

    run(folder.path(), &["lock"]);
    assert_eq!(run(folder.path(), &["check", "--lock"]).status, 0);
}

#[test]
fn a_change_of_one_profile_is_told_with_its_name() {
    let folder = folder();
    run(folder.path(), &["lock"]);
    edit(&folder.path().join("layouts.toml"), "lengths.PATH = 4096", "lengths.PATH = 2048");
    let ran = run(folder.path(), &["check", "--lock"]);
    let expected = "`value.path` has 4096 elements in layouts.lock (profile long), layouts.toml says 2048 elements";
    assert!(ran.status == 1 && ran.out.contains(expected), "{}", ran.out);
}

#[test]
fn a_lock_that_cannot_be_read_is_status_2_and_says_what_to_do() {
    let folder = folder();
    let ran = run(folder.path(), &["check", "--lock"]);
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert_eq!(
        ran.err,
        "error: there is no `layouts.lock`\n  = help: write it with `cargo bpf-layout lock`, and commit it\n"
    );
    run(folder.path(), &["lock"]);
    edit(&folder.path().join("layouts.lock"), "max_entries 16", "max_entries 17");
    let ran = run(folder.path(), &["check", "--lock"]);
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("error[lock]: `values` was edited: its fingerprint is "), "{}", ran.err);
    assert!(ran.err.contains("--> layouts.lock:14:15"), "{}", ran.err);
    edit(&folder.path().join("layouts.lock"), "lock 1", "lock 7");
    let ran = run(folder.path(), &["check", "--lock"]);
    assert!(ran.status == 2 && ran.err.contains("this lock has format 7, and this release reads 1"), "{}", ran.err);
    edit(&folder.path().join("layouts.lock"), "lock 7", "=======\nlock 1");
    assert!(run(folder.path(), &["check", "--lock"]).err.contains("this is a merge conflict"));
}
