//! The generated headers, compared with `tests/golden/<case>/layouts.h` and, by profile, `layouts.<profile>.h`.
//!
//! `BPF_LAYOUT_BLESS=1` rewrites them.

mod support;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

#[test]
fn headers_are_as_before() {
    let bless = support::is_set("BPF_LAYOUT_BLESS");
    let mut stale = Vec::new();
    for header in support::headers() {
        let before = fs::read_to_string(&header.path).unwrap_or_default();
        if before == header.text {
            continue;
        }
        if bless {
            fs::write(&header.path, &header.text).expect("golden files can be written");
        } else {
            stale.push(format!("{}: {}", header.path.display(), first_difference(&before, &header.text)));
        }
    }
    assert!(stale.is_empty(), "differ (BPF_LAYOUT_BLESS=1 rewrites them):\n{}", stale.join("\n"));
}

#[test]
fn no_golden_header_is_left_over() {
    let expected: BTreeSet<PathBuf> = support::headers().into_iter().map(|header| header.path).collect();
    let root = support::golden_root();
    let left_over: Vec<PathBuf> = files(&root)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "h") && !expected.contains(path))
        .collect();
    assert!(left_over.is_empty(), "no spec makes these: {left_over:?}");
}

#[test]
fn the_same_spec_gives_the_same_header() {
    let [first, second] = [support::headers(), support::headers()];
    for (first, second) in first.iter().zip(&second) {
        assert_eq!(first.text, second.text);
    }
}

#[test]
fn clang_format_leaves_headers_alone() {
    if !support::has_tool("clang-format") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let paths = support::write_headers(folder.path(), &support::headers());
    let style = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/.clang-format");
    let style = format!("--style=file:{}", style.display());
    let mut changed = Vec::new();
    for path in paths {
        let output = support::run(Command::new("clang-format").arg(&style).arg(&path));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let (before, after) =
            (fs::read_to_string(&path).expect("was written"), String::from_utf8_lossy(&output.stdout));
        if before != after {
            changed.push(format!("{}: {}", path.display(), first_difference(&before, &after)));
        }
    }
    assert!(changed.is_empty(), "clang-format changes:\n{}", changed.join("\n"));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a folder entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn first_difference(before: &str, after: &str) -> String {
    let mut lines = before.lines().zip(after.lines()).enumerate();
    match lines.find(|(_, (before, after))| before != after) {
        Some((index, (before, after))) => format!("line {}\n  was {before:?}\n  is  {after:?}", index + 1),
        None => format!("{} lines became {}", before.lines().count(), after.lines().count()),
    }
}
