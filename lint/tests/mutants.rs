//! This project's own programs, in which every name of a length or capacity is written as a number, one at a time: how
//! many of these numbers are found, and what else is said.

use std::{fs, path::Path};

use bpf_layout_lint::{Report, lint};
use bpf_layout_spec::{Loaded, Options, model::ConstKind};

/// The sources, each with every header of the folder beside it.
const SOURCES: &[&str] = &["exec.bpf.c", "sockets.bpf.c"];

const FOLDER: &str = "../bpf-src";

/// One name replaced by a number.
struct Mutant {
    file: String,
    text: String,
    /// Where the number stands.
    at: usize,
}

fn loaded() -> Loaded {
    bpf_layout_spec::load(Path::new("../layouts.toml"), &Options::default()).expect("the spec is valid")
}

/// The text of each file of the folder.
fn files() -> Vec<(String, String)> {
    let entries = fs::read_dir(FOLDER).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    let code = entries.filter(|path| path.extension().is_some_and(|extension| extension == "c" || extension == "h"));
    let mut files: Vec<_> = code
        .map(|path| {
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("it can be read"))
        })
        .collect();
    files.sort();
    files
}

/// Every place outside of comments where a generated name of a length stands, with `number` of its value in its place.
fn mutants(loaded: &Loaded, number: fn(u64) -> u64) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for (file, text) in files() {
        for constant in loaded.layouts.model.constants.iter().filter(|constant| constant.kind == ConstKind::Length) {
            let name = constant.name.c.as_str();
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            for (at, _) in text.match_indices(name) {
                let (before, after) = (&text[..at], &text[at + name.len()..]);
                let whole = !before.ends_with(word) && !after.starts_with(word);
                let comment = before.rfind("/*") > before.rfind("*/");
                if whole && !comment {
                    let number = number(constant.value).to_string();
                    mutants.push(Mutant { file: file.clone(), text: format!("{before}{number}{after}"), at });
                }
            }
        }
    }
    mutants
}

/// What is found in a copy of the folder in which one file is another.
fn lint_mutant(loaded: &Loaded, mutant: &Mutant) -> Report {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files() {
        let text = if name == mutant.file { &mutant.text } else { &text };
        fs::write(folder.path().join(name), text).expect("writable");
    }
    let sources: Vec<_> = SOURCES.iter().map(|source| folder.path().join(source)).collect();
    lint(loaded, &sources).expect("the sources can be read")
}

/// Mutants, those that are found, and findings elsewhere.
fn count(number: fn(u64) -> u64, rules: &[&str]) -> (usize, usize, usize) {
    let loaded = loaded();
    let (mut tried, mut caught, mut alarms) = (0, 0, 0);
    for mutant in mutants(&loaded, number) {
        let report = lint_mutant(&loaded, &mutant);
        let here = |finding: &&bpf_layout_lint::Finding| {
            let span = finding.at.span;
            let file = report.sources.get(span.file).path.file_name().is_some_and(|name| *name == *mutant.file);
            // A number of a macro is told at the macro's name.
            let line = mutant.text[..mutant.at].rfind('\n').map_or(0, |newline| newline + 1);
            file && (line..=mutant.at).contains(&(span.start as usize)) && rules.contains(&finding.rule.id)
        };
        let found = report.findings.iter().filter(here).count();
        tried += 1;
        caught += usize::from(found > 0);
        alarms += report.findings.len() - found;
        if found == 0 {
            let line = mutant.text[..mutant.at].matches('\n').count() + 1;
            println!(
                "not found: {}:{line}: {}",
                mutant.file,
                mutant.text.lines().nth(line - 1).unwrap_or_default().trim()
            );
        }
    }
    (tried, caught, alarms)
}

#[test]
fn numbers_instead_of_names_are_found() {
    let (tried, caught, alarms) = count(|value| value, &["literal-length", "literal-mask", "shadow-define"]);
    println!("{tried} names written as numbers: {caught} found, {alarms} false alarms");
    assert_eq!(alarms, 0);
    // The rest stands far from any field, where a number may be of anything: in `_Static_assert`, as the rounds of a loop, and
    // in functions that take a bare `char *`, which are read without their callers.
    assert!(tried >= 20 && caught * 3 >= tried * 2, "fewer than two in three are found");
}

#[test]
fn numbers_of_another_length_are_found_where_that_is_sure() {
    let (tried, caught, alarms) = count(|value| value * 8, &["stale-literal"]);
    println!("{tried} names written as eight times their number: {caught} found, {alarms} false alarms");
    assert_eq!(alarms, 0);
    // Besides these, what is not surely a mistake: a bound of what another line holds within the spec's name, as these
    // programs do twice for the verifier, and numbers that are assigned, compared for equality, or a part of a sum. There any
    // number may be meant, and no rule but this one, which has to be sure, looks at what is not the field's own number.
    assert!(tried >= 20 && caught * 7 >= tried, "fewer than one in seven are found");
}
