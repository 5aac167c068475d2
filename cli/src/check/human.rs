//! What a check found, for people: each difference at its line of the spec, then a summary.

use bpf_layout_check::{Outcome, styled};
use bpf_layout_spec::{
    compare::{Thing, ThingKind},
    source::Sources,
};

pub(super) fn text(outcome: &Outcome, sources: &Sources, objects: usize) -> String {
    let mut text = styled(&outcome.differences, sources);
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
    match outcome.differences.len() {
        0 => text + &agree + "\n",
        differences => text + &format!("{}; {agree}\n", count(differences, "difference", "")),
    }
}

fn named(thing: &Thing) -> String {
    match thing.kind {
        ThingKind::Type => format!("`{}`", thing.name),
        ThingKind::Map => format!("map `{}`", thing.name),
    }
}

/// `1 object`, `2 objects`; with a word before a number that is more than one.
fn count(number: usize, noun: &str, before_many: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{before_many}{number} {noun}s") }
}
