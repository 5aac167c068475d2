//! One member that both sides have.

use super::{
    Finding, Observed, Rule, Value,
    flat::{FoundField, SpecField},
    rules::{Check, RULES},
    shape::{Mismatch, bits_mismatch, mismatch},
};
use crate::layout::Layouts;

/// A member as both sides have it.
pub(super) struct Pair<'a> {
    field: &'a SpecField<'a>,
    found: &'a FoundField<'a>,
    mismatch: Option<Mismatch>,
    /// Whether its place is counted in bits: it is a bitfield on one side at least.
    bits: bool,
}

impl<'a> Pair<'a> {
    pub(super) fn new(
        layouts: &Layouts,
        observed: &Observed<'_>,
        field: &'a SpecField<'a>,
        found: &'a FoundField<'a>,
    ) -> Self {
        let bits = field.bitfield || found.member.bitfield;
        let shape = &found.member.shape;
        let mismatch = if bits {
            bits_mismatch(layouts, observed, &field.field.ty, shape)
        } else {
            mismatch(layouts, observed, &field.field.ty, shape)
        };
        Pair { field, found, mismatch, bits }
    }

    fn finding(&self, expected: impl Into<Value>, found: impl Into<Value>) -> Option<Finding> {
        let name = &self.field.field.name;
        Some(Finding {
            field: Some(name.c.to_string()),
            expected: expected.into(),
            found: found.into(),
            span: name.span,
        })
    }
}

/// Applies every rule for members.
pub(super) fn apply(pair: &Pair<'_>, add: &mut dyn FnMut(&'static Rule, Vec<Finding>)) {
    for rule in RULES {
        if let Check::Member(check) = rule.check {
            add(rule, check(pair).into_iter().collect());
        }
    }
}

pub(super) fn offset(pair: &Pair<'_>) -> Option<Finding> {
    let (expected, found) = (pair.field.bit_offset, pair.found.bit_offset);
    if pair.bits || expected == found { None } else { pair.finding(expected / 8, found / 8) }
}

pub(super) fn bit_offset(pair: &Pair<'_>) -> Option<Finding> {
    let (expected, found) = (pair.field.bit_offset, pair.found.bit_offset);
    if !pair.bits || expected == found { None } else { pair.finding(expected, found) }
}

pub(super) fn bit_width(pair: &Pair<'_>) -> Option<Finding> {
    let (expected, found) = (pair.field.bit_size, pair.found.member.bit_size);
    if !pair.bits || expected == found { None } else { pair.finding(expected, found) }
}

pub(super) fn size(pair: &Pair<'_>) -> Option<Finding> {
    match &pair.mismatch {
        Some(Mismatch::Size { expected, found }) => pair.finding(*expected, *found),
        _ => None,
    }
}

pub(super) fn length(pair: &Pair<'_>) -> Option<Finding> {
    match &pair.mismatch {
        Some(Mismatch::Length { expected, found }) => pair.finding(*expected, *found),
        _ => None,
    }
}

pub(super) fn sign(pair: &Pair<'_>) -> Option<Finding> {
    match &pair.mismatch {
        Some(Mismatch::Sign { expected, found }) => pair.finding(expected.clone(), found.clone()),
        _ => None,
    }
}

pub(super) fn ty(pair: &Pair<'_>) -> Option<Finding> {
    match &pair.mismatch {
        Some(Mismatch::Type { expected, found }) => pair.finding(expected.clone(), found.clone()),
        _ => None,
    }
}
