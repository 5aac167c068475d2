//! Changes for programs. The shape of this JSON is an interface, documented in docs/cli.md: keys are added, never
//! changed.

use bpf_layout_spec::{
    breaking::{Finding, Relation},
    diff::{Change, Detail, Side, Subject, Value},
};
use serde::Serialize;

use super::{
    Outcome,
    costs::{Full, Pair},
    words::how,
};
use crate::report::json::sizes;

#[derive(Serialize)]
struct Document<'a> {
    old: Spec<'a>,
    new: Spec<'a>,
    cpus: u64,
    kernel: &'a str,
    page_size: u64,
    sizes: &'static str,
    exact: bool,
    same: bool,
    changes: Vec<Changed<'a>>,
    compatibility: Vec<Compatibility<'a>>,
    maps: Vec<Map<'a>>,
    total: Costs,
    total_empty: Empty,
}

#[derive(Serialize)]
struct Spec<'a> {
    spec: &'a str,
    profile: Option<&'a str>,
}

#[derive(Serialize)]
struct Changed<'a> {
    subject: &'static str,
    name: &'a str,
    change: &'static str,
    old_at: Option<String>,
    new_at: Option<String>,
    details: Vec<Found<'a>>,
}

/// What a rule about breaking changes found: `"ok"`, `"breaks"`, or `null` for each relation.
#[derive(Serialize)]
struct Compatibility<'a> {
    rule: &'static str,
    on: String,
    message: &'a str,
    new_userspace: Option<&'static str>,
    old_userspace: Option<&'static str>,
    pinned_map: Option<&'static str>,
    shared_buffer: Option<&'static str>,
}

#[derive(Serialize)]
struct Found<'a> {
    aspect: &'static str,
    of: Option<&'a str>,
    old: Option<Fact<'a>>,
    new: Option<Fact<'a>>,
}

/// A number where an aspect counts something, a text otherwise.
#[derive(Serialize)]
#[serde(untagged)]
enum Fact<'a> {
    Number(i128),
    Text(&'a str),
}

#[derive(Serialize)]
struct Map<'a> {
    name: &'a str,
    #[serde(flatten)]
    costs: Costs,
}

#[derive(Serialize)]
struct Costs {
    old: Option<Figures<u64>>,
    new: Option<Figures<u64>>,
    difference: Figures<i128>,
}

#[derive(Serialize)]
struct Empty {
    old: Option<Bytes<u64>>,
    new: Option<Bytes<u64>>,
    difference: Bytes<i128>,
}

#[derive(Serialize)]
struct Bytes<T> {
    memlock: T,
    real: T,
}

#[derive(Serialize)]
struct Figures<T> {
    memlock_full: T,
    real_full: T,
}

/// One document with a newline at its end.
pub(super) fn text(outcome: &Outcome) -> String {
    let machine = &outcome.machine;
    let document = Document {
        old: spec(&outcome.old),
        new: spec(&outcome.new),
        cpus: machine.cpus,
        kernel: &machine.kernel.name,
        page_size: machine.page_size,
        sizes: sizes(&machine.kernel.source),
        exact: outcome.exact,
        same: outcome.changes.is_empty(),
        changes: outcome.changes.iter().map(|change| changed(outcome, change)).collect(),
        compatibility: outcome.findings.iter().map(compatibility).collect(),
        maps: outcome.costs.maps.iter().map(|map| Map { name: &map.name, costs: costs(&map.costs) }).collect(),
        total: costs(&outcome.costs.total),
        total_empty: empty(&outcome.costs.empty),
    };
    serde_json::to_string_pretty(&document).expect("strings and numbers always serialise") + "\n"
}

fn spec(side: &super::Side) -> Spec<'_> {
    Spec { spec: &side.label, profile: side.loaded.layouts.model.profile.as_deref() }
}

fn changed<'a>(outcome: &Outcome, change: &'a Change) -> Changed<'a> {
    Changed {
        subject: match change.subject {
            Subject::Length => "length",
            Subject::Capacity => "capacity",
            Subject::Type => "type",
            Subject::Map => "map",
            Subject::Budget => "budget",
        },
        name: &change.name,
        change: how(change),
        old_at: change.old.map(|span| outcome.old.loaded.sources.place(span)),
        new_at: change.new.map(|span| outcome.new.loaded.sources.place(span)),
        details: change.details.iter().map(found).collect(),
    }
}

fn compatibility(finding: &Finding) -> Compatibility<'_> {
    let word = |relation| Some(finding.verdicts.of(relation).word()).filter(|word| *word != "-");
    Compatibility {
        rule: finding.rule.id,
        on: finding.on(),
        message: &finding.message,
        new_userspace: word(Relation::NewUserspace),
        old_userspace: word(Relation::OldUserspace),
        pinned_map: word(Relation::PinnedMap),
        shared_buffer: word(Relation::SharedBuffer),
    }
}

fn found(detail: &Detail) -> Found<'_> {
    Found {
        aspect: detail.aspect.id(),
        of: detail.of.as_deref(),
        old: detail.old.as_ref().map(fact),
        new: detail.new.as_ref().map(fact),
    }
}

fn fact(side: &Side) -> Fact<'_> {
    match &side.value {
        Value::Number(number) => Fact::Number(*number),
        Value::Text(text) => Fact::Text(text),
    }
}

fn empty(pair: &Pair) -> Empty {
    let bytes = |full: Full| Bytes { memlock: full.memlock, real: full.real };
    Empty {
        old: pair.old.map(bytes),
        new: pair.new.map(bytes),
        difference: Bytes { memlock: pair.difference(|full| full.memlock), real: pair.difference(|full| full.real) },
    }
}

fn costs(pair: &Pair) -> Costs {
    let figures = |full: Full| Figures { memlock_full: full.memlock, real_full: full.real };
    Costs {
        old: pair.old.map(figures),
        new: pair.new.map(figures),
        difference: Figures {
            memlock_full: pair.difference(|full| full.memlock),
            real_full: pair.difference(|full| full.real),
        },
    }
}
