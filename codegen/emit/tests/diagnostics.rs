//! What people see of each mistake: `tests/diagnostics/<code>/<case>.toml` is loaded, and what is rendered of it compared
//! with `<case>.stderr` beside it. `BPF_LAYOUT_BLESS=1` rewrites those.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use bpf_layout_emit::render;
use bpf_layout_spec::{Options, diag::Code};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/diagnostics")
}

/// Every file below the folder, sorted.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path);
        }
    }
    found
}

/// What a person would see. The spec is given by its path below `tests/diagnostics`, as messages show it.
fn rendered(path: &Path) -> String {
    let shown = path.strip_prefix(root()).expect("it lies below");
    let mut read = |wanted: &Path| fs::read_to_string(root().join(wanted));
    match bpf_layout_spec::load_with(shown, &mut read, &Options::default()) {
        Ok(loaded) => render::plain(&loaded.warnings, &loaded.sources),
        Err(failure) => render::plain(&failure.diagnostics, &failure.sources),
    }
}

/// Files that other specs include are named `_something.toml` and have no expectation of their own.
fn is_case(path: &Path) -> bool {
    let included = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('_'));
    path.extension().is_some_and(|extension| extension == "toml") && !included
}

#[test]
fn each_mistake_is_shown_as_expected() {
    let bless = env::var("BPF_LAYOUT_BLESS").is_ok_and(|value| value == "1");
    let files = files(&root());
    let cases: Vec<&PathBuf> = files.iter().filter(|path| is_case(path)).collect();
    assert!(cases.len() >= Code::ALL.len(), "{} cases for {} codes", cases.len(), Code::ALL.len());
    let mut failures = Vec::new();
    for case in cases {
        let expected = case.with_extension("stderr");
        let found = rendered(case);
        if bless {
            fs::write(&expected, &found).expect("the expectation can be written");
        }
        match fs::read_to_string(&expected) {
            Ok(text) if text == found => {}
            Ok(text) => failures.push(format!("{}:\nexpected:\n{text}\nfound:\n{found}", case.display())),
            Err(error) => failures.push(format!("{}: {error}", expected.display())),
        }
    }
    assert!(failures.is_empty(), "BPF_LAYOUT_BLESS=1 rewrites them\n{}", failures.join("\n"));
}

#[test]
fn each_folder_shows_its_code() {
    for code in Code::ALL {
        let folder = root().join(code.id());
        let cases: Vec<PathBuf> = files(&folder).into_iter().filter(|path| is_case(path)).collect();
        assert!(!cases.is_empty(), "{} has no case", folder.display());
        for case in cases {
            let text = rendered(&case);
            assert!(text.contains(&format!("[{}]: ", code.id())), "{}:\n{text}", case.display());
        }
    }
}

#[test]
fn nothing_stands_there_without_a_reason() {
    let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.id()).collect();
    for path in files(&root()) {
        let below = path.strip_prefix(root()).expect("it lies below");
        let folder = below.iter().next().and_then(|name| name.to_str()).expect("a folder");
        assert!(below.components().count() == 1 || codes.contains(folder), "{folder} is no code");
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("stderr") => assert!(path.with_extension("toml").exists(), "{} is an orphan", path.display()),
            Some("toml" | "md") => {}
            _ => panic!("{} belongs to nothing", path.display()),
        }
    }
}
