//! `--object`: what was built against the spec.

use std::{env, fs, path::Path};

use bpf_layout_check::{self as check, Outcome, sentence};
use bpf_layout_emit::render;
use bpf_layout_spec::{
    Loaded,
    compare::{Difference, SourceLine, Thing, ThingKind},
    diag::Severity,
    source::Sources,
};

use super::{
    rules::UNKNOWN,
    section::{At, Found, InObject, Note, Section},
};
use crate::{args::Check, failure::Failure};

pub(super) fn check(options: &Check, loaded: &Loaded) -> Result<Section, Failure> {
    let names: Vec<String> = options.object.iter().map(|path| path.display().to_string()).collect();
    let contents = options.object.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let objects = names.iter().map(String::as_str).zip(contents.iter().map(Vec::as_slice));
    let mut outcome =
        check::check(&loaded.layouts, objects).map_err(|error| Failure::Other(format!("error: {error}\n")))?;
    for source in outcome.differences.iter_mut().filter_map(|difference| difference.source.as_mut()) {
        source.file = seen_from_here(&source.file);
    }
    Ok(Section {
        human: human(options, &outcome, &loaded.sources),
        found: outcome.differences.iter().map(|difference| found(difference, &loaded.sources)).collect(),
        not_in_object: outcome.not_in_object.iter().map(|thing| thing.name.clone()).collect(),
        notes: outcome.unknown.iter().map(|unknown| note(unknown, &loaded.sources)).collect(),
        unknown: outcome.unknown.iter().map(unknown).collect(),
        ..Section::default()
    })
}

/// What an object has and cannot be believed about, for programs.
fn unknown((object, thing, why): &(String, Thing, &'static str)) -> InObject {
    InObject { what: thing.name.clone(), why: (*why).to_owned(), place: object.clone() }
}

/// The same for those who read notes, at the line of the spec.
fn note((object, thing, why): &(String, Thing, &'static str), sources: &Sources) -> Note {
    let message = format!("{} in {object} could not be compared: {why}", named(thing));
    Note { title: UNKNOWN, message, at: At::span(sources, thing.span) }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| {
        Failure::new(
            format_args!("cannot read `{}`: {error}", path.display()),
            "`--object` takes a BPF object that was built",
        )
    })
}

/// Compilers write whole paths; people, workflows and editors want those from the folder they are in.
fn seen_from_here(file: &str) -> String {
    let here = env::current_dir().unwrap_or_default();
    Path::new(file).strip_prefix(here).map_or_else(|_| file.to_owned(), |path| path.display().to_string())
}

/// A difference as every gate tells what it has found.
pub(super) fn found(difference: &Difference, sources: &Sources) -> Found {
    let spec = difference.span.map(|span| At::span(sources, span));
    let mut places = difference.source.as_ref().map(at).into_iter().chain(spec);
    Found {
        code: difference.rule.id,
        summary: difference.rule.summary,
        severity: difference.rule.severity,
        message: sentence(difference, sources),
        what: difference.what.clone(),
        field: difference.field.clone(),
        expected: Some(difference.expected.clone()),
        found: Some(difference.found.clone()),
        at: places.next(),
        also: places.collect(),
        witness: Some(place(difference)),
    }
}

/// The witness, and where in it.
fn place(difference: &Difference) -> String {
    match difference.place.as_str() {
        "" => difference.witness.clone(),
        place => format!("{}: {place}", difference.witness),
    }
}

/// A line of C, its file as seen from here.
fn at(source: &SourceLine) -> At {
    // Compilers count bytes.
    let before = source.text.get(..(source.column as usize).saturating_sub(1)).unwrap_or_default();
    let line = usize::try_from(source.line).unwrap_or(usize::MAX);
    At { file: source.file.clone(), line, column: before.chars().count() + 1 }
}

/// Each difference at its line of the spec, then a summary.
fn human(options: &Check, outcome: &Outcome, sources: &Sources) -> String {
    let objects = options.object.len();
    let mut findings = check::findings(&outcome.differences, sources);
    for finding in &mut findings {
        finding.severity = super::severity(options, finding.id, finding.severity);
    }
    let mut text = render::styled_findings(&findings, sources);
    if !text.is_empty() {
        text.push('\n');
    }
    for (object, thing, why) in &outcome.unknown {
        text += &format!("unknown: {} in {object}: {why}\n", named(thing));
    }
    if !outcome.not_in_object.is_empty() {
        let names: Vec<String> = outcome.not_in_object.iter().map(named).collect();
        text += &format!("not in {}: {}\n", count(objects, "object", "any of "), names.join(", "));
    }
    let types = outcome.agrees.iter().filter(|thing| thing.kind == ThingKind::Type).count();
    let agree = format!(
        "{} and {} agree with {}",
        count(types, "type", ""),
        count(outcome.agrees.len() - types, "map", ""),
        count(objects, "object", "")
    );
    let is_warning =
        |found: &&Difference| super::severity(options, found.rule.id, found.rule.severity) == Severity::Warning;
    let warnings = outcome.differences.iter().filter(is_warning).count();
    let counts = [(outcome.differences.len() - warnings, "difference"), (warnings, "warning")];
    let counts = counts.iter().filter(|(number, _)| *number > 0).map(|(number, noun)| count(*number, noun, ""));
    let found = counts.collect::<Vec<_>>().join(" and ");
    if found.is_empty() { text + &agree + "\n" } else { text + &format!("{found}; {agree}\n") }
}

pub(super) fn named(thing: &Thing) -> String {
    match thing.kind {
        ThingKind::Type => format!("`{}`", thing.name),
        ThingKind::Map => format!("map `{}`", thing.name),
    }
}

/// `1 object`, `2 objects`; with a word before a number that is more than one.
pub(super) fn count(number: usize, noun: &str, before_many: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{before_many}{number} {noun}s") }
}
