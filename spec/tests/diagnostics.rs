//! Every code has a page, a folder of examples, and examples that bring forth that code and no other error.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bpf_layout_spec::{
    Options,
    diag::{Code, Diagnostic, Severity},
    load,
};

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Specs that show a code; `_something.toml` is there for others to include.
fn examples(code: Code) -> Vec<PathBuf> {
    let folder = root("tests/diagnostics").join(code.id());
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    let included = |file: &Path| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('_'));
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml") && !included(file));
    files.sort();
    files
}

fn found(file: &Path) -> Vec<Diagnostic> {
    match load(file, &Options::default()) {
        Ok(loaded) => loaded.warnings,
        Err(failure) => failure.diagnostics,
    }
}

#[test]
fn examples_show_their_code_and_no_other_error() {
    for &code in Code::ALL {
        let files = examples(code);
        assert!(!files.is_empty(), "no example of {}", code.id());
        for file in files {
            let found = found(&file);
            let shown: Vec<String> =
                found.iter().map(|found| format!("{}: {}", found.code.id(), found.message)).collect();
            let shown = shown.join("\n");
            assert!(found.iter().any(|found| found.code == code), "{}:\n{shown}", file.display());
            let others =
                found.iter().filter(|found| found.code != code && found.code.severity() == Severity::Error).count();
            assert_eq!(others, 0, "{}:\n{shown}", file.display());
        }
    }
}

#[test]
fn every_code_has_a_page() {
    for code in Code::ALL {
        let page = root("docs/diagnostics").join(code.id()).with_extension("md");
        let text = fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        assert!(text.starts_with(&format!("# {}\n\n{}\n", code.id(), code.summary())), "{}", page.display());
    }
}

#[test]
fn nothing_else_lies_in_the_folders() {
    for folder in ["tests/diagnostics", "docs/diagnostics"] {
        for entry in fs::read_dir(root(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let known = Code::ALL.iter().any(|code| code.id() == name) || name == "README";
            assert!(known, "{} belongs to no code", path.display());
        }
    }
}

#[test]
fn messages_are_sentences_without_a_full_stop() {
    for &code in Code::ALL {
        for found in examples(code).iter().flat_map(|file| found(file)) {
            assert!(!found.message.ends_with('.'), "{}", found.message);
            assert!(!found.message.starts_with(char::is_uppercase), "{}", found.message);
            assert!(!found.message.contains('\n'), "{}", found.message);
        }
    }
}
