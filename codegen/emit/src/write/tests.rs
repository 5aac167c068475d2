use std::{os::unix::fs::PermissionsExt as _, thread, time::SystemTime};

use tempfile::TempDir;

use super::*;

fn output(folder: &TempDir, name: &str, contents: &str) -> Output {
    Output { path: folder.path().join(name), contents: contents.into() }
}

fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).expect("the file exists").modified().expect("times of modification exist")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn writes_what_changed_and_nothing_else() {
    let folder = TempDir::new().expect("a temporary folder");
    let (header, rust) = (output(&folder, "deep/l.h", "one"), output(&folder, "deep/l.rs", "two"));
    let both = [header.clone(), rust.clone()];
    assert_eq!(changed(&both).expect("comparable"), [&header.path, &rust.path]);
    assert_eq!(write_if_changed(&both).expect("writable"), [&header.path, &rust.path]);
    let before = modified(&header.path);

    let newer = [header.clone(), output(&folder, "deep/l.rs", "three")];
    assert_eq!(changed(&newer).expect("comparable"), [&rust.path]);
    assert_eq!(write_if_changed(&newer).expect("writable"), [&rust.path]);
    assert_eq!(modified(&header.path), before);
    assert_eq!(fs::read_to_string(&rust.path).expect("readable"), "three");
    assert_eq!(names(&folder.path().join("deep")), ["l.h", "l.rs"]);
}

#[test]
fn if_one_cannot_be_written_none_is() {
    let folder = TempDir::new().expect("a temporary folder");
    let good = output(&folder, "a.h", "old");
    write_if_changed(std::slice::from_ref(&good)).expect("writable");
    // A link to nothing looks like a folder that is missing, and cannot be made one.
    std::os::unix::fs::symlink("nowhere", folder.path().join("link")).expect("a link");
    let outputs = [output(&folder, "a.h", "new"), output(&folder, "link/b.rs", "new")];
    let error = write_if_changed(&outputs).expect_err("a link to nothing is no folder");
    assert!(error.to_string().starts_with("cannot create the folder `"), "{error}");
    assert_eq!(fs::read_to_string(&good.path).expect("readable"), "old");
    assert_eq!(names(folder.path()), ["a.h", "link"]);
}

#[test]
fn a_folder_in_the_place_of_a_file_is_an_error() {
    let folder = TempDir::new().expect("a temporary folder");
    fs::create_dir(folder.path().join("a.h")).expect("a folder");
    let error = write_if_changed(&[output(&folder, "a.h", "new")]).expect_err("it is a folder");
    assert!(error.to_string().starts_with("cannot read `"), "{error}");
}

#[test]
fn a_symbolic_link_stays_one() {
    let folder = TempDir::new().expect("a temporary folder");
    let real = output(&folder, "real.h", "old");
    write_if_changed(std::slice::from_ref(&real)).expect("writable");
    let link = output(&folder, "link.h", "new");
    std::os::unix::fs::symlink(&real.path, &link.path).expect("a link");
    write_if_changed(std::slice::from_ref(&link)).expect("writable");
    assert!(fs::symlink_metadata(&link.path).expect("it exists").is_symlink());
    assert_eq!(fs::read_to_string(&real.path).expect("readable"), "new");
}

#[test]
fn a_read_only_file_is_replaced_as_its_folder_allows() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = output(&folder, "a.h", "old");
    write_if_changed(std::slice::from_ref(&file)).expect("writable");
    fs::set_permissions(&file.path, fs::Permissions::from_mode(0o444)).expect("permissions");
    write_if_changed(&[output(&folder, "a.h", "new")]).expect("the folder is writable");
    assert_eq!(fs::read_to_string(&file.path).expect("readable"), "new");
}

#[test]
fn readers_and_many_writers_see_whole_files() {
    let folder = TempDir::new().expect("a temporary folder");
    let texts: Vec<String> = (0..4).map(|writer| format!("{writer}").repeat(100_000)).collect();
    write_if_changed(&[output(&folder, "a.h", &texts[0])]).expect("writable");
    thread::scope(|scope| {
        for text in &texts {
            scope.spawn(|| {
                for _ in 0..10 {
                    write_if_changed(&[output(&folder, "a.h", text)]).expect("writable");
                }
            });
        }
        for _ in 0..500 {
            let read = fs::read_to_string(folder.path().join("a.h")).expect("always there");
            assert!(texts.contains(&read), "a torn file of {} bytes", read.len());
        }
    });
    assert_eq!(names(folder.path()), ["a.h"]);
}
