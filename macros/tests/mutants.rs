//! Handwritten structs for every record of the root spec and of the goldens, and mutants of them: every field of another
//! type, size, sign or byte order, renamed, removed, moved, with another one before it, and whole structs aligned, packed or
//! named otherwise. What is right must compile; each mutant must fail, at the line that was changed.
//!
//! All mutants are modules of few crates, one for each of two processors, so that rustc runs no more often. It ends after
//! reporting all errors, and each error says in which module it is.
#![forbid(unsafe_code)]

mod common;
#[path = "support/structs.rs"]
mod structs;

use std::{collections::BTreeMap, fs, path::PathBuf};

use bpf_layout_spec::{Options, load};
use common::{Package, workspace};
use structs::{Lines, Struct, Text, mutants, structs};

/// The root spec, and every golden.
fn specs() -> BTreeMap<String, PathBuf> {
    let root = workspace();
    let goldens = fs::read_dir(root.join("tests/golden")).expect("it is there");
    let goldens = goldens.map(|entry| entry.expect("it can be read").path().join("layouts.toml"));
    let name =
        |path: &PathBuf| path.parent().and_then(|folder| folder.file_name()).map(|name| name.to_string_lossy().into());
    let mut specs: BTreeMap<String, PathBuf> = goldens.filter_map(|path| Some((name(&path)?, path))).collect();
    assert!(specs.len() > 10, "{specs:?}");
    specs.insert("root".to_owned(), root.join("layouts.toml"));
    specs
}

/// A package with these specs, and the structs that each generates.
fn package(name: &'static str, specs: &BTreeMap<String, PathBuf>) -> (Package, Vec<(String, Vec<Struct>)>) {
    let package = Package::new(name);
    let mut all = Vec::new();
    for (spec, path) in specs {
        package.write(&format!("specs/{spec}.toml"), &fs::read_to_string(path).expect("readable"));
        let loaded = load(path, &Options::default()).expect("the spec is valid");
        all.push((spec.clone(), structs(&bpf_layout_emit::rust::module(&loaded.layouts))));
    }
    (package, all)
}

/// A crate of the package, with the modules that its specs generate.
fn crate_of(specs: &[(String, Vec<Struct>)]) -> Text {
    let mut text = Text::default();
    text.line("#![forbid(unsafe_code)]");
    text.line("#![allow(dead_code)]");
    for (spec, _) in specs {
        text.line(&format!("pub mod {spec}_spec {{ bpf_layout::include_layouts!(\"specs/{spec}.toml\"); }}"));
    }
    text
}

#[test]
fn every_record_can_be_written_by_hand() {
    let (package, all) = package("derived-right", &specs());
    let (mut text, mut written) = (crate_of(&all), 0);
    for (spec, structs) in &all {
        for right in structs {
            text.module(spec, right, right);
            written += 1;
        }
    }
    package.write("src/lib.rs", &text.text);
    let output = package.cargo(&["build"], &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(written > 40, "{written}");
    println!("{written} structs of {} specs are accepted", all.len());
}

/// Errors in the package's own sources: the file, the line, and what is said.
fn errors(json: &str) -> Vec<(String, usize, String)> {
    let messages = json.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let messages = messages.map(|message| message["message"].clone()).filter(|message| message["level"] == "error");
    let mut errors = Vec::new();
    for message in messages {
        for span in message["spans"].as_array().into_iter().flatten().filter(|span| span["is_primary"] == true) {
            let file = span["file_name"].as_str().filter(|file| CRATES.contains(file));
            let file = file.unwrap_or_else(|| panic!("{message}")).to_owned();
            let line = span["line_start"].as_u64().and_then(|line| usize::try_from(line).ok());
            errors.push((file, line.expect("a line"), message["message"].as_str().unwrap_or_default().to_owned()));
        }
    }
    errors
}

/// Of the package with mutants. rustc checks a crate by one thread.
const CRATES: [&str; 2] = ["src/bin/even.rs", "src/bin/odd.rs"];

/// A mutant in a crate: what it is, where it stands, and the lines at one of which an error is expected.
struct Tried {
    what: String,
    lines: Lines,
    expected: Vec<usize>,
}

#[test]
fn every_mutant_is_caught_where_it_was_changed() {
    let specs: BTreeMap<_, _> = specs().into_iter().filter(|(name, _)| MUTATED.contains(&name.as_str())).collect();
    let (package, all) = package("derived-mutants", &specs);
    let mut crates = CRATES.map(|_| (crate_of(&all), Vec::new(), Vec::new()));
    for (spec, structs) in &all {
        for original in structs {
            for (text, right, _) in &mut crates {
                right.push(text.module(spec, original, original));
            }
            for (index, mutant) in mutants(original, structs).into_iter().enumerate() {
                let (text, _, tried) = &mut crates[index % CRATES.len()];
                let lines = text.module(spec, original, &mutant.text);
                let what = format!("{spec}: {} of `{}`", mutant.what, original.spec);
                tried.push(Tried { what, expected: mutant.at.lines(&lines), lines });
            }
        }
    }
    for (file, (text, ..)) in CRATES.iter().zip(&mut crates) {
        text.line("fn main() {}");
        package.write(file, &text.text);
    }
    let output = package.cargo(&["check", "--bins", "--keep-going", "--message-format=json"], &[]);
    assert!(!output.status.success(), "mutants compile");
    let errors = errors(&String::from_utf8_lossy(&output.stdout));
    for (file, (_, right, tried)) in CRATES.iter().zip(&crates) {
        let errors: Vec<_> = errors.iter().filter(|(at, ..)| at == file).map(|(_, line, said)| (*line, said)).collect();
        judge(file, right, tried, &errors);
    }
}

/// Whether each mutant of a crate was caught where it was changed, and nothing else was accused.
fn judge(file: &str, right: &[Lines], tried: &[Tried], errors: &[(usize, &String)]) {
    let at = |line: usize| errors.iter().filter(move |(error, _)| *error == line).map(|(_, message)| *message);
    let missed: Vec<_> = tried
        .iter()
        .filter(|mutant| !mutant.expected.iter().any(|line| at(*line).next().is_some()))
        .map(|mutant| (&mutant.what, mutant.lines.all().flat_map(at).collect::<Vec<_>>()))
        .collect();
    let accused: Vec<_> = right.iter().flat_map(Lines::all).flat_map(at).collect();
    let elsewhere: Vec<_> = errors
        .iter()
        .filter(|(line, _)| !tried.iter().any(|mutant| mutant.lines.all().any(|inside| inside == *line)))
        .collect();
    let (mutants, caught) = (tried.len(), tried.len() - missed.len());
    println!("{file}: {mutants} mutants, {caught} caught, {} false alarms", accused.len());
    assert!(mutants > 250, "{mutants}");
    assert!(missed.is_empty(), "{missed:#?}");
    assert!(accused.is_empty() && elsewhere.is_empty(), "{accused:#?} {elsewhere:#?}");
}

/// Whose structs are mutated.
const MUTATED: &[&str] = &["root", "packed", "tagged"];
