//! `check --against`: what a newer spec breaks of an older one.

mod common;

use std::{fs, path::Path, process::Command};

use common::{SPEC, folder, golden, run};
use tempfile::TempDir;

const OLD: &str = include_str!("golden/against-old.toml");
const NEW: &str = include_str!("golden/against-new.toml");

/// A folder with both versions.
fn versions() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join("old.toml"), OLD).expect("writable");
    fs::write(folder.path().join("layouts.toml"), NEW).expect("writable");
    folder
}

fn git(folder: &Path, arguments: &[&str]) {
    let ran = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("git runs");
    assert!(ran.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// A repository whose one commit has `text` as `tool/layouts.toml`.
fn repository(text: &str) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    fs::create_dir(folder.path().join("tool")).expect("writable");
    fs::write(folder.path().join("tool/layouts.toml"), text).expect("writable");
    git(folder.path(), &["init", "--quiet"]);
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "--quiet", "--message", "first"]);
    folder
}

#[test]
fn both_sides_are_shown_with_who_is_broken() {
    let folder = versions();
    for (format, name) in [("human", "against.txt"), ("json", "against.json"), ("github", "against.github.txt")] {
        let ran = run(folder.path(), &["check", "--against", "old.toml", "--format", format]);
        assert_eq!((ran.status, ran.err.as_str()), (1, ""), "{format}");
        golden(name, &ran.out);
    }
}

#[test]
fn only_relations_that_are_asked_for_count() {
    let folder = versions();
    let check = |relations: &str| run(folder.path(), &["check", "--against", "old.toml", "--relations", relations]);
    let pinned = check("pinned-map");
    assert_eq!(pinned.status, 1);
    assert!(pinned.out.contains("error[map-max-entries-changed]"), "{}", pinned.out);
    assert!(!pinned.out.contains("error[field-moved]"), "{}", pinned.out);
    assert!(pinned.out.contains("not among --relations: `exec.pid` moved"), "{}", pinned.out);
    let buffer = check("shared-buffer,old-userspace");
    assert!(!buffer.out.contains("error[map-max-entries-changed]"), "{}", buffer.out);
    assert!(buffer.out.contains("error[field-moved]"), "{}", buffer.out);
    let wrong = check("pinned");
    assert_eq!((wrong.status, wrong.out.as_str()), (2, ""));
    assert!(
        wrong.err.contains("expected one of new-userspace, old-userspace, pinned-map, shared-buffer"),
        "{}",
        wrong.err
    );
}

#[test]
fn what_breaks_nobody_is_status_0() {
    let folder = folder();
    let ran = run(folder.path(), &["check", "--against", "layouts.toml"]);
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (0, "no changes against layouts.toml\n", ""));
    fs::write(folder.path().join("old.toml"), SPEC.replace("max_entries = 16", "max_entries = 8")).expect("writable");
    let ran = run(folder.path(), &["check", "--against", "old.toml"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    let expected = "compatible: `max_entries` of the map `values` is 16 instead of 8 [map-max-entries-changed]\n\
                    1 compatible change against old.toml\n";
    assert_eq!(ran.out, expected);
    let json = run(folder.path(), &["check", "--against", "old.toml", "--format", "json"]);
    assert!(json.out.starts_with("{\n  \"ok\": true,\n  \"differences\": [],"), "{}", json.out);
}

#[test]
fn a_revision_alone_means_the_same_file_there() {
    let folder = repository(&SPEC.replace("type = \"u32\" }", "type = \"u64\" }"));
    let tool = folder.path().join("tool");
    fs::write(tool.join("layouts.toml"), SPEC).expect("writable");
    let cases = [
        (tool.as_path(), &["check", "--against", "HEAD"][..], "HEAD:tool/layouts.toml:"),
        (folder.path(), &["check", "--spec", "tool/layouts.toml", "--against", "main"], "main:tool/layouts.toml:"),
        (tool.as_path(), &["check", "--against", "HEAD:tool/layouts.toml"], "HEAD:tool/layouts.toml:"),
        (Path::new("/"), &["check", "--against", "HEAD", "--spec"], "HEAD:tool/layouts.toml:"),
    ];
    for (from, arguments, shown) in cases {
        let spec = tool.join("layouts.toml").display().to_string();
        let arguments: Vec<&str> =
            arguments.iter().copied().chain((arguments.last() == Some(&"--spec")).then_some(spec.as_str())).collect();
        let ran = run(from, &arguments);
        assert_eq!((ran.status, ran.err.as_str()), (1, ""), "{arguments:?}");
        assert!(ran.out.contains(shown) && ran.out.contains("error[field-size-changed]: `value.pid`"), "{}", ran.out);
    }
    git(folder.path(), &["commit", "--quiet", "--all", "--message", "second"]);
    let same = run(&tool, &["check", "--against", "main"]);
    assert_eq!((same.status, same.out.as_str()), (0, "no changes against main\n"));
    let before = run(&tool, &["check", "--against", "HEAD~1"]);
    assert_eq!(before.status, 1);
}

#[test]
fn the_older_side_has_the_same_profile_unless_it_names_one() {
    let folder = folder();
    let same = run(folder.path(), &["check", "--profile", "long", "--against", "layouts.toml"]);
    assert_eq!((same.status, same.out.as_str()), (0, "no changes against layouts.toml\n"));
    let long = run(folder.path(), &["check", "--against", "layouts.toml#long"]);
    assert_eq!(long.status, 1);
    assert!(long.out.contains("`value.path` has 64 bytes instead of 4096 bytes"), "{}", long.out);
}

#[test]
fn what_cannot_be_compared_is_status_2() {
    let folder = repository(SPEC);
    let tool = folder.path().join("tool");
    for (against, said) in [
        ("nothing", "no revision of this git repository"),
        ("HEAD:gone.toml", "gone.toml"),
        ("HEAD:", "`HEAD:` names no file"),
        ("layouts.toml#lnog", "did you mean `long`?"),
        ("#long", "names no spec"),
        ("--help:x", "no revision of this git repository"),
    ] {
        let ran = run(&tool, &["check", &format!("--against={against}")]);
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{against}");
        assert!(ran.err.contains(said), "{against}: {}", ran.err);
    }
    let alone = run(&tool, &["check", "--relations", "pinned-map"]);
    assert_eq!(alone.status, 2);
}
