//! `literal-length`, `literal-mask` and `stale-literal`: numbers that are used with fields.

use std::collections::HashSet;

use bpf_layout_spec::{model::ConstId, source::Span};

use super::{
    LITERAL_LENGTH, LITERAL_MASK, Rule, STALE_LITERAL,
    repeat::{Repeat, Stale, in_words, repeat, stale},
};
use crate::{
    constants::is_of_the_system,
    finding::Finding,
    unit::Unit,
    usage::{Purpose, Use},
};

/// Lengths written as numbers.
pub(super) fn literal_lengths(unit: &Unit<'_>) -> Vec<Finding> {
    literals(unit, &LITERAL_LENGTH, |usage| usage.purpose != Purpose::Mask)
}

/// Masks written as numbers.
pub(super) fn literal_masks(unit: &Unit<'_>) -> Vec<Finding> {
    literals(unit, &LITERAL_MASK, |usage| usage.purpose == Purpose::Mask)
}

fn literals(unit: &Unit<'_>, rule: &'static Rule, concerns: fn(&Use<'_>) -> bool) -> Vec<Finding> {
    let uses = unit.uses().filter(|usage| concerns(usage) && !is_own_constant(unit, usage));
    uses.filter_map(|usage| Some(literal(unit, rule, usage, &repeat(unit.facts, usage)?))).collect()
}

/// A constant of the source's own is told where it is defined, by `shadow-define`.
fn is_own_constant(unit: &Unit<'_>, usage: &Use<'_>) -> bool {
    let own = |name: &str| unit.constants.of(name).next().is_some();
    usage.number.name.is_some_and(|name| own(name) && !is_of_the_system(name))
}

fn literal(unit: &Unit<'_>, rule: &'static Rule, usage: &Use<'_>, repeat: &Repeat) -> Finding {
    let field = unit.facts.field_at(repeat.field);
    let what = repeat.what(unit.facts, usage);
    let message = format!("`{}` is {what} of `{}`", unit.written(usage.span), field.path());
    let finding = Finding::new(rule, usage.span, message).help(format!("write {}", in_words(repeat.write.as_deref())));
    explained(unit, finding, usage, repeat.constant)
        .of(&field.record.name.spec, Some(&field.field.name.spec))
        .numbers(repeat.length, usage.number.value)
}

/// Adds the variable that leads to the field, and the line of the spec.
fn explained(unit: &Unit<'_>, finding: Finding, usage: &Use<'_>, constant: ConstId) -> Finding {
    let constant = unit.facts.model().constant(constant);
    let finding = match &usage.through {
        Some((span, variable)) if usage.purpose == Purpose::Array => {
            finding.also(*span, format!("`{variable}` is copied here"))
        }
        Some((span, variable)) => finding.also(*span, format!("`{variable}` is used with it here")),
        None => finding,
    };
    finding.also(constant.name.span, format!("`{}` is {}", constant.name.spec, constant.value))
}

/// Numbers that are used as a length and are not the field's. What is right for one of the fields that a number is used
/// with is not stale for another.
pub(super) fn stale_literals(unit: &Unit<'_>) -> Vec<Finding> {
    let right: HashSet<Span> =
        unit.uses().filter(|usage| repeat(unit.facts, usage).is_some()).map(|usage| usage.span).collect();
    let candidates = unit.uses().filter(|usage| !right.contains(&usage.span));
    candidates.filter_map(|usage| Some(behind(unit, usage, &stale(unit.facts, usage)?))).collect()
}

fn behind(unit: &Unit<'_>, usage: &Use<'_>, stale: &Stale) -> Finding {
    let field = unit.facts.field_at(stale.field);
    let (path, length, value) = (field.path(), stale.length, usage.number.value);
    let written = unit.written(usage.span);
    let message = match usage.purpose {
        Purpose::Size { .. } | Purpose::Array => {
            format!("`{written}` is not the length of `{path}`, which is {length}")
        }
        Purpose::Index => format!("index `{written}` is beyond the end of `{path}`, which has {length} elements"),
        Purpose::Mask => {
            format!("`{written}` is the mask of a length of {}, and that of `{path}` is {length}", value + 1)
        }
        Purpose::Bound | Purpose::Modulus | Purpose::Part | Purpose::Argument => {
            format!("`{written}` is beyond the length of `{path}`, which is {length}")
        }
    };
    let finding =
        Finding::new(&STALE_LITERAL, usage.span, message).label(consequence(usage, length)).help(instead(usage, stale));
    let definition = usage.number.name.and_then(|name| unit.constants.of(name).next());
    let finding = match definition {
        Some(definition) => finding.also(definition.span, format!("`{}` is {value}", definition.name)),
        None => finding,
    };
    explained(unit, finding, usage, stale.constant)
        .of(&field.record.name.spec, Some(&field.field.name.spec))
        .numbers(length, value)
}

/// What to write instead of a wrong number.
fn instead(usage: &Use<'_>, stale: &Stale) -> String {
    let Some(write) = stale.write.as_deref() else { return format!("write {}", in_words(None)) };
    match usage.purpose {
        Purpose::Mask if !stale.length.is_power_of_two() => {
            format!("compare with `{write}` instead: no mask fits a length that is no power of two")
        }
        Purpose::Mask if !write.contains(' ') => format!("write `{write}_MASK`"),
        Purpose::Mask => format!("write `({write} - 1)`"),
        Purpose::Index => format!("write `{write} - 1`"),
        _ => format!("write `{write}`"),
    }
}

/// What the wrong number does.
fn consequence(usage: &Use<'_>, length: u64) -> String {
    match (usage.purpose, usage.number.value < length) {
        (Purpose::Array, _) => String::new(),
        (_, true) => "leaves a part of it unused".to_owned(),
        (_, false) => "reaches beyond it".to_owned(),
    }
}
