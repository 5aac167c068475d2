//! Maps: their type, keys, values and parameters.

use super::{
    Finding, Observed, ObservedMap, ObservedPart, Rule, Value,
    rules::{Check, RULES},
    shape::{Mismatch, mismatch},
};
use crate::{
    kernel::{MAP_FLAGS, MAP_KINDS, Part},
    layout::Layouts,
    model::{Map, Type},
    scalar::Scalar,
    source::Span,
};

/// A map as both sides have it.
pub(super) struct Pair<'a> {
    pub(super) layouts: &'a Layouts,
    pub(super) observed: &'a Observed<'a>,
    pub(super) map: &'a Map,
    pub(super) found: &'a ObservedMap<'a>,
    /// What stands before the names of parameters: `inner.` for a map that another holds.
    pub(super) prefix: &'static str,
}

impl Pair<'_> {
    fn one(&self, field: &str, expected: impl Into<Value>, found: impl Into<Value>, span: Span) -> Vec<Finding> {
        let field = Some(format!("{}{field}", self.prefix));
        vec![Finding { field, expected: expected.into(), found: found.into(), span }]
    }

    /// A number that is none where it is not given, as it is for the kernel.
    fn number(&self, field: &str, expected: Option<u64>, found: Option<u64>) -> Vec<Finding> {
        if expected.unwrap_or(0) == found.unwrap_or(0) {
            return Vec::new();
        }
        let value = |number: Option<u64>| number.map_or(Value::from("not given"), Value::from);
        self.one(field, value(expected), value(found), self.map.name.span)
    }
}

/// Applies every rule for maps, to the map and to the one that it holds.
pub(super) fn apply(pair: &Pair<'_>, add: &mut dyn FnMut(&'static Rule, Vec<Finding>)) {
    for rule in RULES {
        if let Check::Map(check) = rule.check {
            add(rule, check(pair));
        }
    }
    if let (Some(inner), Some(found), "") = (pair.map.inner, &pair.found.inner, pair.prefix) {
        apply(&Pair { map: pair.layouts.model.map(inner), found, prefix: "inner.", ..*pair }, add);
    }
}

pub(super) fn kind(pair: &Pair<'_>) -> Vec<Finding> {
    let expected = u64::from(pair.map.kind.id);
    if pair.found.kind == Some(expected) {
        return Vec::new();
    }
    let name = |id: u64| MAP_KINDS.iter().find(|kind| u64::from(kind.id) == id).map(|kind| kind.name.to_owned());
    let found = pair.found.kind.map_or("not given".to_owned(), |id| name(id).unwrap_or_else(|| format!("type {id}")));
    pair.one("type", pair.map.kind.name, found, pair.map.name.span)
}

pub(super) fn key(pair: &Pair<'_>) -> Vec<Finding> {
    part(pair, "key", pair.map.key.as_ref(), pair.map.kind.key, pair.found.key.as_ref(), pair.map.key_span)
}

pub(super) fn value(pair: &Pair<'_>) -> Vec<Finding> {
    // The values of a map of maps are file descriptors, whose 4 bytes C may give or leave to libbpf (`parse_btf_map_def`).
    let rule = if pair.map.inner.is_some() { Part::U32 } else { pair.map.kind.value };
    part(pair, "value", pair.map.value.as_ref(), rule, pair.found.value.as_ref(), pair.map.value_span)
}

fn part(
    pair: &Pair<'_>,
    field: &str,
    ty: Option<&Type>,
    rule: Part,
    found: Option<&ObservedPart>,
    span: Span,
) -> Vec<Finding> {
    let found = found.filter(|part| part.size != Some(0));
    let ty = match (ty, rule, found) {
        (Some(ty), _, Some(_)) => ty,
        // libbpf and the kernel know the only size that it can have.
        (None, Part::U32, Some(_)) => &Type::Scalar(Scalar::U32),
        (Some(ty), _, None) => {
            return pair.one(field, pair.layouts.size_align(ty).0, "not given", span);
        }
        (None, _, Some(part)) => {
            let found = part.size.map_or(Value::from("given"), Value::from);
            return pair.one(field, "not given", found, span);
        }
        (None, _, None) => return Vec::new(),
    };
    let part = found.unwrap_or(&ObservedPart { size: None, shape: None }).clone();
    let expected = pair.layouts.size_align(ty).0;
    if let Some(size) = part.size.filter(|size| *size != expected) {
        return pair.one(field, expected, size, span);
    }
    match part.shape.and_then(|shape| mismatch(pair.layouts, pair.observed, ty, &shape)) {
        Some(Mismatch::Size { expected, found } | Mismatch::Length { expected, found }) => {
            pair.one(field, expected, found, span)
        }
        Some(Mismatch::Sign { expected, found } | Mismatch::Type { expected, found }) => {
            pair.one(field, expected, found, span)
        }
        None => Vec::new(),
    }
}

pub(super) fn max_entries(pair: &Pair<'_>) -> Vec<Finding> {
    pair.number("max_entries", pair.map.max_entries.as_ref().map(|count| count.value), pair.found.max_entries)
}

pub(super) fn flags(pair: &Pair<'_>) -> Vec<Finding> {
    let expected = pair.map.flags.iter().fold(0, |bits, flag| bits | u64::from(flag.bit));
    let found = pair.found.flags.unwrap_or(0);
    if expected == found { Vec::new() } else { pair.one("flags", names(expected), names(found), pair.map.name.span) }
}

/// Flags by name, with their bits as one number.
fn names(bits: u64) -> String {
    let known: Vec<&str> =
        MAP_FLAGS.iter().filter(|flag| bits & u64::from(flag.bit) != 0).map(|flag| flag.name).collect();
    let names = if known.is_empty() { String::new() } else { format!(" ({})", known.join(", ")) };
    format!("{bits:#x}{names}")
}

pub(super) fn numa_node(pair: &Pair<'_>) -> Vec<Finding> {
    pair.number("numa_node", pair.map.numa_node.map(u64::from), pair.found.numa_node)
}

pub(super) fn pinning(pair: &Pair<'_>) -> Vec<Finding> {
    let word = |pinned| if pinned { "by_name" } else { "none" };
    match pair.found.pinned_by_name {
        // libbpf pins no map that is held by another.
        Some(found) if pair.prefix.is_empty() && found != pair.map.pinned_by_name => {
            pair.one("pinning", word(pair.map.pinned_by_name), word(found), pair.map.name.span)
        }
        _ => Vec::new(),
    }
}

pub(super) fn map_extra(pair: &Pair<'_>) -> Vec<Finding> {
    if pair.found.map_extra_unknown {
        return Vec::new();
    }
    pair.number("map_extra", pair.map.map_extra, pair.found.map_extra)
}

pub(super) fn inner(pair: &Pair<'_>) -> Vec<Finding> {
    // What a held map holds is nobody's to say: libbpf takes no maps of maps of maps.
    let word = |holds| if holds { "a map that holds maps" } else { "a map that holds none" };
    let (expected, found) = (pair.map.inner.is_some(), pair.found.inner.is_some());
    if expected == found || pair.found.inner_unknown || !pair.prefix.is_empty() {
        return Vec::new();
    }
    pair.one("inner", word(expected), word(found), pair.map.name.span)
}
