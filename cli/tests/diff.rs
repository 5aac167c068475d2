//! `diff`, on a kernel of the bundled table, so that the figures are the same everywhere.

mod common;

use std::{fs, path::Path, process::Command};

use common::{Ran, SPEC, command, folder, golden, run};

const OLD: &str = include_str!("golden/diff-old.toml");
const NEW: &str = include_str!("golden/diff-new.toml");

fn diff(folder: &Path, arguments: &[&str]) -> Ran {
    run(folder, &[&["diff", "--kernel", "6.16.12+deb13-amd64", "--cpus", "4"], arguments].concat())
}

fn done(folder: &Path, arguments: &[&str]) -> String {
    let ran = diff(folder, arguments);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{arguments:?}");
    ran.out
}

/// Compares the three forms with goldens, and returns the JSON.
fn goldens(folder: &Path, sides: [&str; 2], name: &str) -> serde_json::Value {
    let human = done(folder, &sides);
    golden(&format!("{name}.txt"), &human);
    for line in human.lines() {
        assert!(line.chars().count() <= 100, "over 100 columns: {line}");
    }
    let markdown = done(folder, &[sides[0], sides[1], "--format", "markdown"]);
    golden(&format!("{name}.md"), &markdown);
    let json = done(folder, &[sides[0], sides[1], "--format", "json"]);
    golden(&format!("{name}.json"), &json);
    serde_json::from_str(&json).expect("JSON")
}

#[test]
fn profiles_of_the_projects_own_spec() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    let json = goldens(root, ["layouts.toml#before", "layouts.toml#after"], "diff-profiles");
    assert_eq!((&json["old"]["profile"], &json["same"]), (&"before".into(), &false.into()));
    let (old, new) = (&json["total"]["old"], &json["total"]["new"]);
    for figure in ["memlock_full", "real_full"] {
        let bytes = |side: &serde_json::Value| side[figure].as_i64().expect("a number");
        assert_eq!(json["total"]["difference"][figure].as_i64(), Some(bytes(new) - bytes(old)), "{figure}");
    }
}

/// A dictionary is told of as what it consists of, and its ids as the spec writes them.
#[test]
fn interned_strings_that_change() {
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/tests/interned");
    let sides = |change: &str| ["old.toml", "new.toml"].map(|side| format!("{change}/{side}"));
    let diff = |change: &str| {
        let [old, new] = sides(change);
        done(&specs, &[&old, &new])
    };
    let length = diff("length");
    for line in
        ["  ~ PATH  512 -> 256", "  ~ path_string  size 528 B -> 272 B", "  ~ path_strings  value size 528 B -> 272 B"]
    {
        assert!(length.lines().any(|found| found == line), "{line} is not in\n{length}");
    }
    let capacity = diff("capacity");
    assert!(capacity.contains("  ~ path_strings  max_entries 1,024 -> 2,048\n"), "{capacity}");
    let interned = diff("from-str");
    assert!(interned.contains("  ~ owner  size 528 B -> 24 B"), "{interned}");
    assert!(interned.contains("      ~ exe  str[512] -> intern[PATH], "), "{interned}");
}

#[test]
fn one_change_of_each_kind() {
    let folder = folder();
    fs::write(folder.path().join("old.toml"), OLD).expect("writable");
    fs::write(folder.path().join("new.toml"), NEW).expect("writable");
    let json = goldens(folder.path(), ["old.toml", "new.toml"], "diff-kinds");
    let changes = json["changes"].as_array().expect("changes");
    for change in ["added", "removed", "changed"] {
        for subject in ["length", "type", "map"] {
            let found = changes.iter().any(|one| one["change"] == change && one["subject"] == subject);
            assert!(found, "no {subject} that was {change}");
        }
    }
}

#[test]
fn the_same_spec_has_no_differences() {
    let folder = folder();
    let out = done(folder.path(), &["layouts.toml", "layouts.toml"]);
    assert_eq!(out, "layouts.toml -> layouts.toml\nno differences\n");
    let json = done(folder.path(), &["layouts.toml", "layouts.toml", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&json["same"], &json["total"]["difference"]["real_full"]), (&true.into(), &0.into()));
}

#[test]
fn what_cannot_be_read_is_said() {
    let folder = folder();
    for (side, said) in [
        ("layouts.toml#lnog", "did you mean `long`?"),
        ("missing.toml", "missing.toml"),
        ("layouts.toml#", "names no spec"),
        ("#long", "names no spec"),
    ] {
        for sides in [[side, "layouts.toml"], ["layouts.toml", side]] {
            let ran = diff(folder.path(), &sides);
            assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{sides:?}");
            assert!(ran.err.contains(said), "{}", ran.err);
        }
    }
}

fn git(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").args(identity).args(arguments).current_dir(folder).output().expect("git runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn revisions_bring_their_own_includes() {
    let folder = folder();
    let (top, sub) = (folder.path(), folder.path().join("sub"));
    fs::create_dir(&sub).expect("a folder");
    let write = |path: &str, text: &str| fs::write(top.join(path), text).expect("writable");
    write("sub/layouts.toml", &SPEC.replace("spec = 1\n", "spec = 1\ninclude = ['../common.toml']\n"));
    write("common.toml", "spec = 1\nlengths = { NAME = 8 }\n");
    git(top, &["init", "-q"]);
    git(top, &["add", "."]);
    git(top, &["commit", "-q", "-m", "first"]);
    write("common.toml", "spec = 1\nlengths = { NAME = 16 }\n");
    let from_top = done(top, &["HEAD:sub/layouts.toml", "sub/layouts.toml"]);
    assert!(from_top.contains("~ NAME  8 -> 16"), "{from_top}");
    let from_sub = done(&sub, &["HEAD:./layouts.toml#long", "layouts.toml#long"]);
    assert!(from_sub.contains("~ NAME  8 -> 16"), "{from_sub}");
    for (side, said) in [
        ("nowhere:layouts.toml", "no revision of this git repository"),
        ("--help:layouts.toml", "no revision of this git repository"),
        ("HEAD:gone.toml", "gone.toml"),
    ] {
        let ran = run(top, &["diff", "--cpus", "4", "--", side, "layouts.toml"]);
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{side}");
        assert!(ran.err.contains(said), "{}", ran.err);
    }
}

#[test]
fn revisions_take_git_and_a_repository() {
    let folder = folder();
    let sides = ["diff", "HEAD:layouts.toml", "layouts.toml"];
    let above = folder.path().parent().expect("a folder above");
    let outside: Ran =
        command(folder.path(), &sides).env("GIT_CEILING_DIRECTORIES", above).output().expect("it runs").into();
    assert_eq!((outside.status, outside.err.contains("not a git repository")), (2, true), "{}", outside.err);
    let without: Ran = command(folder.path(), &sides).env("PATH", "").output().expect("it runs").into();
    assert_eq!((without.status, without.err.contains("there is no command `git`")), (2, true), "{}", without.err);
}
