//! Handwritten structs for every record of the root spec and of the goldens, and mutants of them: every field of another
//! type, size, sign or byte order, renamed, removed, moved, with another one before it, and whole structs aligned, packed or
//! named otherwise. What is right must compile; each mutant must fail, at the line that was changed.
//!
//! All mutants are modules of one crate, so that rustc runs once. It ends after reporting all errors, and each error says
//! in which module it is.
#![forbid(unsafe_code)]

mod common;
#[path = "support/structs.rs"]
mod structs;

use std::{collections::BTreeMap, fs, path::PathBuf};

use bpf_layout_spec::{Options, load};
use common::{Package, workspace};
use structs::{Struct, Text, mutants, structs};

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

/// A package with these specs, and the module that each generates.
fn package(
    name: &'static str,
    specs: &BTreeMap<String, PathBuf>,
    text: &mut Text,
) -> (Package, Vec<(String, Vec<Struct>)>) {
    let package = Package::new(name);
    text.line("#![forbid(unsafe_code)]");
    text.line("#![allow(dead_code)]");
    let mut all = Vec::new();
    for (spec, path) in specs {
        package.write(&format!("specs/{spec}.toml"), &fs::read_to_string(path).expect("readable"));
        text.line(&format!("pub mod {spec}_spec {{ bpf_layout::include_layouts!(\"specs/{spec}.toml\"); }}"));
        let loaded = load(path, &Options::default()).expect("the spec is valid");
        all.push((spec.clone(), structs(&bpf_layout_emit::rust::module(&loaded.layouts))));
    }
    (package, all)
}

#[test]
fn every_record_can_be_written_by_hand() {
    let mut text = Text::default();
    let (package, all) = package("derived-right", &specs(), &mut text);
    let mut written = 0;
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

/// Lines of errors in the crate's own source.
fn error_lines(json: &str) -> Vec<(usize, String)> {
    let messages = json.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let messages = messages.map(|message| message["message"].clone()).filter(|message| message["level"] == "error");
    let mut lines = Vec::new();
    for message in messages {
        for span in message["spans"].as_array().into_iter().flatten().filter(|span| span["is_primary"] == true) {
            assert_eq!(span["file_name"], "src/lib.rs", "{message}");
            let line = span["line_start"].as_u64().and_then(|line| usize::try_from(line).ok());
            lines.push((line.expect("a line"), message["message"].as_str().unwrap_or_default().to_owned()));
        }
    }
    lines
}

#[test]
fn every_mutant_is_caught_where_it_was_changed() {
    let mut text = Text::default();
    let specs: BTreeMap<_, _> = specs().into_iter().filter(|(name, _)| MUTATED.contains(&name.as_str())).collect();
    let (package, all) = package("derived-mutants", &specs, &mut text);
    let (mut tried, mut right) = (Vec::new(), Vec::new());
    for (spec, structs) in &all {
        for original in structs {
            right.push(text.module(spec, original, original));
            for mutant in mutants(original, structs) {
                let lines = text.module(spec, original, &mutant.text);
                tried.push((
                    format!("{spec}: {} of `{}`", mutant.what, original.spec),
                    lines.clone(),
                    mutant.at.lines(&lines),
                ));
            }
        }
    }
    package.write("src/lib.rs", &text.text);
    let output = package.cargo(&["check", "--message-format=json"], &[]);
    assert!(!output.status.success(), "mutants compile");
    let errors = error_lines(&String::from_utf8_lossy(&output.stdout));

    let at = |line: usize| errors.iter().filter(move |(error, _)| *error == line).map(|(_, message)| message);
    let missed: Vec<_> = tried
        .iter()
        .filter(|(_, _, expected)| !expected.iter().any(|line| at(*line).next().is_some()))
        .map(|(what, lines, _)| (what, lines.all().flat_map(at).collect::<Vec<_>>()))
        .collect();
    let accused: Vec<_> = right.iter().flat_map(|lines| lines.all()).flat_map(at).collect();
    let elsewhere: Vec<_> = errors
        .iter()
        .filter(|(line, _)| !tried.iter().any(|(_, lines, _)| lines.all().any(|inside| inside == *line)))
        .collect();
    println!("{} mutants, {} caught, {} false alarms", tried.len(), tried.len() - missed.len(), accused.len());
    assert!(tried.len() > 250, "{}", tried.len());
    assert!(missed.is_empty(), "{missed:#?}");
    assert!(accused.is_empty() && elsewhere.is_empty(), "{accused:#?} {elsewhere:#?}");
}

/// Whose structs are mutated.
const MUTATED: &[&str] = &["root", "packed", "tagged"];
