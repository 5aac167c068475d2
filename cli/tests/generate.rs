//! `generate`: whole files, written only when they change, and nothing left behind when that fails.

mod common;

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    thread,
    time::{Duration, SystemTime},
};

use common::{Mounted, SPEC, can_mount, command, folder, names, run};

const GENERATE: &[&str] = &["generate", "--out-dir", "out"];

fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).expect("the file exists").modified().expect("times of modification exist")
}

#[test]
fn files_that_do_not_change_are_not_touched() {
    let folder = folder();
    let ran = run(folder.path(), GENERATE);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    assert_eq!(ran.out, "wrote     out/layouts.h\nwrote     out/layouts.rs\n");
    let files = ["layouts.h", "layouts.rs"].map(|name| folder.path().join("out").join(name));
    let before = files.each_ref().map(|path| (modified(path), fs::read(path).expect("readable")));

    thread::sleep(Duration::from_millis(20));
    let ran = run(folder.path(), GENERATE);
    assert_eq!(ran.out, "unchanged out/layouts.h\nunchanged out/layouts.rs\n");
    assert_eq!(files.each_ref().map(|path| (modified(path), fs::read(path).expect("readable"))), before);
    assert_eq!(names(&folder.path().join("out")), ["layouts.h", "layouts.rs"]);
}

#[test]
fn check_writes_nothing_and_says_what_would_change() {
    let folder = folder();
    let check = [GENERATE, &["--check"]].concat();
    let ran = run(folder.path(), &check);
    assert_eq!(ran.status, 1);
    assert_eq!(ran.out, "missing     out/layouts.h\nmissing     out/layouts.rs\n");
    assert_eq!(names(folder.path()), ["layouts.toml"]);

    run(folder.path(), GENERATE);
    assert_eq!(run(folder.path(), &check).status, 0);

    fs::write(folder.path().join("layouts.toml"), SPEC.replace("PATH = 64", "PATH = 128")).expect("writable");
    let ran = run(folder.path(), &check);
    assert_eq!(ran.status, 1);
    assert_eq!(ran.out, "out of date out/layouts.h\nout of date out/layouts.rs\n");
}

#[test]
fn the_profile_comes_from_the_option_or_the_environment() {
    let folder = folder();
    let header = || fs::read_to_string(folder.path().join("out/layouts.h")).expect("readable");
    run(folder.path(), GENERATE);
    let plain = header();
    run(folder.path(), &[GENERATE, &["--profile", "long"]].concat());
    let long = header();
    assert!(plain.contains("64") && long.contains("4096") && !plain.contains("4096"));

    command(folder.path(), GENERATE).env("BPF_LAYOUT_PROFILE", "").output().expect("it runs");
    assert_eq!(header(), plain);
    command(folder.path(), GENERATE).env("BPF_LAYOUT_PROFILE", "long").output().expect("it runs");
    assert_eq!(header(), long);

    let ran = run(folder.path(), &[GENERATE, &["--profile", "lnog"]].concat());
    assert_eq!(ran.status, 2);
    assert!(ran.err.starts_with("error[unknown-name]: ") && ran.err.contains("`long`"), "{}", ran.err);
    assert_eq!(header(), long);
}

#[test]
fn an_invalid_spec_is_shown_and_nothing_is_written() {
    let folder = folder();
    fs::write(folder.path().join("layouts.toml"), SPEC.replace("\"u32\" }", "\"u31\" }")).expect("writable");
    let ran = run(folder.path(), GENERATE);
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert!(ran.err.starts_with("error[unknown-type]: "), "{}", ran.err);
    assert!(ran.err.contains(" --> layouts.toml:7:"), "{}", ran.err);
    assert_eq!(names(folder.path()), ["layouts.toml"]);
}

#[test]
fn the_spec_is_found_in_folders_above() {
    let folder = folder();
    let deep = folder.path().join("a/b");
    fs::create_dir_all(&deep).expect("folders");
    let ran = run(&deep, GENERATE);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    assert_eq!(names(&deep.join("out")), ["layouts.h", "layouts.rs"]);
}

#[test]
fn without_a_spec_it_says_how_to_get_one() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let ran = run(folder.path(), GENERATE);
    assert_eq!(ran.status, 2);
    assert!(ran.err.starts_with("error: there is no `layouts.toml` in `"), "{}", ran.err);
    assert!(ran.err.contains("cargo bpf-layout init"), "{}", ran.err);

    let ran = run(folder.path(), &[GENERATE, &["--spec", "other.toml"]].concat());
    assert_eq!(ran.status, 2);
    assert!(ran.err.starts_with("error[unreadable]: ") && ran.err.contains("other.toml"), "{}", ran.err);
}

#[test]
fn many_at_once_leave_whole_files() {
    let folder = folder();
    let profiles = ["", "long"];
    let expected = profiles.map(|profile| {
        run(folder.path(), &[GENERATE, &["--profile", profile]].concat());
        fs::read_to_string(folder.path().join("out/layouts.h")).expect("readable")
    });
    thread::scope(|scope| {
        for worker in 0..8 {
            let path = folder.path();
            scope.spawn(move || {
                for _ in 0..5 {
                    let ran = run(path, &[GENERATE, &["--profile", profiles[worker % 2]]].concat());
                    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
                }
            });
        }
        for _ in 0..50 {
            let header = fs::read_to_string(folder.path().join("out/layouts.h")).expect("always there");
            assert!(expected.contains(&header), "a torn header of {} bytes", header.len());
        }
    });
    assert_eq!(names(&folder.path().join("out")), ["layouts.h", "layouts.rs"]);
}

#[test]
fn a_read_only_folder_is_named_in_the_error() {
    let folder = folder();
    let out = folder.path().join("out");
    fs::create_dir(&out).expect("a folder");
    fs::set_permissions(&out, fs::Permissions::from_mode(0o555)).expect("permissions");
    if fs::write(out.join("probe"), "").is_ok() {
        eprintln!("skipped: this user may write anywhere; see a_read_only_mount_is_named_in_the_error_as_root");
        return;
    }
    let ran = run(folder.path(), GENERATE);
    assert_eq!(ran.status, 2);
    assert_eq!(ran.err, "error: cannot write `out/layouts.h`: Permission denied (os error 13)\n");
    assert_eq!(names(&out), [""; 0]);
}

#[test]
fn a_read_only_mount_is_named_in_the_error_as_root() {
    if !can_mount() {
        return;
    }
    let folder = folder();
    let out = folder.path().join("out");
    fs::create_dir(&out).expect("a folder");
    let _mounted = Mounted::new(&out, "ro").expect("mounting worked a moment ago");
    let ran = run(folder.path(), GENERATE);
    assert_eq!(ran.status, 2);
    assert_eq!(ran.err, "error: cannot write `out/layouts.h`: Read-only file system (os error 30)\n");
}

#[test]
fn a_full_disk_leaves_the_old_files_as_root() {
    if !can_mount() {
        return;
    }
    let folder = folder();
    let out = folder.path().join("out");
    fs::create_dir(&out).expect("a folder");
    let _mounted = Mounted::new(&out, "size=256k").expect("mounting worked a moment ago");
    run(folder.path(), GENERATE);
    let files = ["layouts.h", "layouts.rs"].map(|name| out.join(name));
    let before = files.each_ref().map(|path| fs::read(path).expect("readable"));

    // Leave one page: room for no new header, or for a header and not for the Rust types.
    fs::write(out.join("filler"), vec![0; 1 << 20]).expect_err("the disk is small");
    fs::File::options()
        .write(true)
        .open(out.join("filler"))
        .and_then(|file| {
            let length = file.metadata()?.len();
            file.set_len(length - 4096)
        })
        .expect("the filler can be cut");
    let ran = run(folder.path(), &[GENERATE, &["--profile", "long"]].concat());
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("No space left on device"), "{}", ran.err);
    assert_eq!(files.each_ref().map(|path| fs::read(path).expect("readable")), before);
    assert_eq!(names(&out), ["filler", "layouts.h", "layouts.rs"]);
}
