//! Who may write `unsafe`: docs/internals.md says where and why; here it is held to that.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use support::{members, root};

/// Crates that have `unsafe` code, and the files of their sources that do.
const EXCEPTIONS: &[(&str, &[&str])] = &[
    (
        "runtime",
        &[
            "cell.rs",
            "clock.rs",
            "kernel.rs",
            "layout.rs",
            "libbpf/batch.rs",
            "libbpf/promptly.rs",
            "libbpf/verify.rs",
            "macros.rs",
            "macros/derived.rs",
            "macros/impls.rs",
            "macros/names.rs",
            "pod.rs",
            "scalar.rs",
            "text.rs",
            "variable.rs",
        ],
    ),
    ("live", &["sys.rs", "sys/access.rs", "sys/pages.rs"]),
    // Tests that call C.
    ("tests", &["marks.rs"]),
];

const FORBID: &str = "#![forbid(unsafe_code)]";

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for path in fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            match path.is_dir() {
                true => waiting.push(path),
                false if path.extension().is_some_and(|extension| extension == "rs") => found.push(path),
                false => {}
            }
        }
    }
    found.sort();
    found
}

/// Whether code, and no comment, says `unsafe` to open a block, a function, a trait or an implementation.
fn says_unsafe(text: &str) -> bool {
    let code = text.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
    let opens = |line: &str| {
        ["unsafe {", "unsafe impl", "unsafe fn", "unsafe trait", "unsafe extern"].iter().any(|word| line.contains(word))
    };
    code.into_iter().any(opens)
}

#[test]
fn every_other_crate_forbids_it() {
    for member in members() {
        if EXCEPTIONS.iter().any(|(name, _)| *name == member) {
            continue;
        }
        let roots = ["src/lib.rs", "src/main.rs"].map(|file| root().join(&member).join(file));
        let roots: Vec<_> = roots.into_iter().filter(|path| path.is_file()).collect();
        assert!(!roots.is_empty(), "{member} has a library or a program");
        for path in roots {
            let text = fs::read_to_string(&path).expect("readable");
            assert!(text.lines().any(|line| line == FORBID), "{} lacks {FORBID}", path.display());
        }
    }
}

#[test]
fn the_exceptions_have_it_where_they_may() {
    for (member, files) in EXCEPTIONS {
        let folder = root().join(member).join("src");
        for path in sources(&folder) {
            let name = path.strip_prefix(&folder).expect("it lies there").to_string_lossy().into_owned();
            let has = says_unsafe(&fs::read_to_string(&path).expect("readable"));
            let listed = files.contains(&name.as_str());
            assert_eq!(has, listed, "whether {member}/src/{name} has unsafe code, and whether it is listed here");
        }
    }
}
