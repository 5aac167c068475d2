//! Structs, events and unions.

use super::{
    Finding, Observed, ObservedRecord, Rule, Value,
    flat::{self, FoundField, SpecField},
    members,
    rules::{Check, RULES},
    text::{shape_text, type_text},
};
use crate::{
    layout::Layouts,
    model::{Record, RecordKind, TypeId},
    source::Span,
};

/// A record as both sides have it.
pub(super) struct Pair<'a> {
    pub(super) layouts: &'a Layouts,
    pub(super) observed: &'a Observed<'a>,
    record: &'a Record,
    size: u64,
    found: &'a ObservedRecord<'a>,
    fields: Vec<SpecField<'a>>,
    found_fields: Vec<FoundField<'a>>,
}

impl<'a> Pair<'a> {
    pub(super) fn new(
        layouts: &'a Layouts,
        id: TypeId,
        record: &'a Record,
        observed: &'a Observed<'a>,
        index: usize,
        found: &'a ObservedRecord<'a>,
    ) -> Self {
        Pair {
            layouts,
            observed,
            record,
            size: layouts.of(id).size,
            found,
            fields: flat::of_spec(layouts, id, record),
            found_fields: flat::of_observed(observed, index),
        }
    }

    fn whole(&self, expected: impl Into<Value>, found: impl Into<Value>) -> Finding {
        Finding { field: None, expected: expected.into(), found: found.into(), span: self.record.name.span }
    }

    /// Whether both have a field of one name, so that they are likely meant to be the same.
    pub(super) fn is_related(&self) -> bool {
        self.fields.iter().any(|field| self.counterpart(field).is_some())
    }

    /// The member of the witness that a field is compared with.
    fn counterpart(&self, field: &SpecField<'_>) -> Option<&FoundField<'a>> {
        self.found_fields.iter().find(|found| found.member.name == field.field.name.c)
    }
}

/// Applies every rule for records and their members.
pub(super) fn apply(pair: &Pair<'_>, add: &mut dyn FnMut(&'static Rule, Vec<Finding>)) {
    for rule in RULES {
        if let Check::Record(check) = rule.check {
            add(rule, check(pair));
        }
    }
    for field in &pair.fields {
        if let Some(found) = pair.counterpart(field) {
            let pair = members::Pair::new(pair.layouts, pair.observed, field, found);
            members::apply(&pair, add);
        }
    }
}

pub(super) fn kind(pair: &Pair<'_>) -> Vec<Finding> {
    let word = |union| if union { "union" } else { "struct" };
    let expected = pair.record.kind == RecordKind::Union;
    if expected == pair.found.union { Vec::new() } else { vec![pair.whole(word(expected), word(pair.found.union))] }
}

pub(super) fn size(pair: &Pair<'_>) -> Vec<Finding> {
    if pair.size == pair.found.size { Vec::new() } else { vec![pair.whole(pair.size, pair.found.size)] }
}

pub(super) fn missing(pair: &Pair<'_>) -> Vec<Finding> {
    let missing = pair.fields.iter().filter(|field| pair.counterpart(field).is_none());
    missing
        .map(|field| {
            let ty = type_text(&pair.layouts.model, &field.field.ty);
            // Whatever else lies there is likely the same field by another name.
            let there = pair.found_fields.iter().find(|found| found.bit_offset == field.bit_offset && !found.in_union);
            let found =
                there.map_or("missing".to_owned(), |found| format!("missing (`{}` lies there)", found.member.name));
            Finding {
                field: Some(field.field.name.c.to_string()),
                expected: format!("{ty} at {}", place(field.bit_offset)).into(),
                found: found.into(),
                span: field.field.name.span,
            }
        })
        .collect()
}

pub(super) fn extra(pair: &Pair<'_>) -> Vec<Finding> {
    let extra = pair.found_fields.iter().filter(|found| !is_expected(pair, found) && !is_padding(found));
    extra
        .map(|found| {
            let ty = shape_text(pair.observed, &found.member.shape);
            Finding {
                field: Some(found.member.name.to_owned()),
                expected: "no such field".into(),
                found: format!("{ty} at {}", place(found.bit_offset)).into(),
                span: omitted_span(pair.record, found.member.name).unwrap_or(pair.record.name.span),
            }
        })
        .collect()
}

fn is_expected(pair: &Pair<'_>, found: &FoundField<'_>) -> bool {
    pair.fields.iter().any(|field| field.field.name.c == found.member.name)
}

/// Whether a member is there to fill a hole, by its name. Where it lies does not matter: if it took the place of a field,
/// that field is missing or has moved.
fn is_padding(found: &FoundField<'_>) -> bool {
    is_padding_name(found.member.name)
}

/// Whether a member of this name, which the spec does not have, is taken for padding: `pad`, `padding`, `reserved` or
/// `unused`, with any underscores and a number.
#[must_use]
pub fn is_padding_name(name: &str) -> bool {
    let name = name.trim_matches('_').trim_end_matches(|letter: char| letter.is_ascii_digit());
    matches!(name.trim_end_matches('_'), "" | "pad" | "padding" | "reserved" | "unused")
}

fn omitted_span(record: &Record, name: &str) -> Option<Span> {
    record.fields.iter().find(|field| field.name.c == name).map(|field| field.name.span)
}

/// A place that may lie within a byte.
fn place(bit_offset: u64) -> String {
    match bit_offset % 8 {
        0 => format!("byte {}", bit_offset / 8),
        bit => format!("byte {}, bit {bit}", bit_offset / 8),
    }
}
