//! Enums and flags: names and values.

use super::{
    Finding, ObservedEnum, Rule, Sign, Value,
    rules::{Check, RULES},
};
use crate::{
    model::{Name, Variant},
    scalar::{Scalar, ScalarClass},
    source::Span,
};

/// What enums and flags have in common.
pub(super) struct Set<'a> {
    pub(super) name: &'a Name,
    /// As generated C tags it.
    pub(super) tag: String,
    pub(super) repr: Scalar,
    pub(super) values: &'a [Variant],
}

impl Set<'_> {
    /// The tags that it may have in C: that of generated headers, and the plain name.
    pub(super) fn tags(&self) -> Vec<&str> {
        let mut tags = vec![self.tag.as_str()];
        if self.tag != self.name.c {
            tags.push(&self.name.c);
        }
        tags
    }

    /// Whether generated C has an enum of it: values that need 64 bits are macros, which no object knows.
    pub(super) fn is_in_c(&self) -> bool {
        self.values.iter().any(|variant| self.is_enumerator(variant))
    }

    fn is_enumerator(&self, variant: &Variant) -> bool {
        if self.repr.info().class == ScalarClass::Signed {
            i32::try_from(variant.value).is_ok()
        } else {
            u32::try_from(variant.value).is_ok()
        }
    }

    /// Whether fields are declared with the enum itself, since C gives it the same integer as the spec does.
    fn is_natural(&self) -> bool {
        let negative = self.values.iter().any(|variant| variant.value < 0);
        self.tag == self.name.c && matches!((self.repr, negative), (Scalar::U32, false) | (Scalar::I32, true))
    }
}

/// An enum as both sides have it.
pub(super) struct Pair<'a> {
    pub(super) set: &'a Set<'a>,
    pub(super) found: &'a ObservedEnum<'a>,
    /// Whether GCC wrote it.
    pub(super) by_gcc: bool,
}

impl Pair<'_> {
    fn found_values(&self) -> &[(&str, i128)] {
        self.found.values.as_deref().unwrap_or_default()
    }

    fn found_value(&self, variant: &Variant) -> Option<i128> {
        self.found_values().iter().find(|(name, _)| *name == variant.name.c).map(|(_, value)| self.read(*value))
    }

    /// Whether both have a value of one name, so that they are likely meant to be the same.
    pub(super) fn is_related(&self) -> bool {
        self.set.values.iter().any(|variant| self.found_value(variant).is_some())
    }

    /// Why the witness does not know about some values, if there are such.
    pub(super) fn unknown(&self) -> Option<&'static str> {
        if self.found.values.is_none() {
            Some("its values have 64 bits, of which clang before 15 writes only 32")
        } else if self.set.values.iter().any(|variant| self.is_left_out(variant)) {
            Some("its values beyond 2147483647 are missing, and GCC before 13 leaves such values out")
        } else {
            None
        }
    }

    /// Whether a value is missing because it is beyond `INT_MAX`, which GCC 12 takes for no value at all. A writer that
    /// has one such value has them all.
    fn is_left_out(&self, variant: &Variant) -> bool {
        let beyond = |value: i128| value > i32::MAX.into();
        self.by_gcc
            && self.set.is_enumerator(variant)
            && beyond(variant.value)
            && !self.found_values().iter().any(|(_, value)| beyond(*value))
    }

    /// A value as the spec's `repr` has it, where the witness does not know of signs.
    fn read(&self, found: i128) -> i128 {
        let negative = self.found.sign == Sign::Unknown
            && self.set.repr.info().class == ScalarClass::Signed
            && (i128::from(i32::MAX) + 1..=i128::from(u32::MAX)).contains(&found);
        if negative { found - (1 << 32) } else { found }
    }
}

/// Applies every rule for enums.
pub(super) fn apply(pair: &Pair<'_>, add: &mut dyn FnMut(&'static Rule, Vec<Finding>)) {
    for rule in RULES {
        if let Check::Enum(check) = rule.check {
            add(rule, check(pair));
        }
    }
}

fn finding(field: Option<&str>, expected: impl Into<Value>, found: impl Into<Value>, span: Span) -> Finding {
    Finding { field: field.map(str::to_owned), expected: expected.into(), found: found.into(), span }
}

pub(super) fn size(pair: &Pair<'_>) -> Vec<Finding> {
    let expected = u64::from(pair.set.repr.info().size);
    if !pair.set.is_natural() || expected == pair.found.size {
        return Vec::new();
    }
    vec![finding(None, expected, pair.found.size, pair.set.name.span)]
}

pub(super) fn value(pair: &Pair<'_>) -> Vec<Finding> {
    let wrong = pair.set.values.iter().filter_map(|variant| {
        let found = pair.found_value(variant).filter(|found| *found != variant.value)?;
        let (expected, found) = (Value::Number(variant.value), Value::Number(found));
        Some(finding(Some(&variant.name.c), expected, found, variant.name.span))
    });
    wrong.collect()
}

pub(super) fn missing(pair: &Pair<'_>) -> Vec<Finding> {
    if pair.found.values.is_none() {
        return Vec::new();
    }
    let missing = pair.set.values.iter().filter(|variant| {
        pair.set.is_enumerator(variant) && pair.found_value(variant).is_none() && !pair.is_left_out(variant)
    });
    missing
        .map(|variant| finding(Some(&variant.name.c), Value::Number(variant.value), "missing", variant.name.span))
        .collect()
}

pub(super) fn extra(pair: &Pair<'_>) -> Vec<Finding> {
    let known = |name: &str| pair.set.values.iter().any(|variant| variant.name.c == name);
    let extra = pair.found_values().iter().filter(|(name, _)| !known(name));
    extra
        .map(|(name, value)| finding(Some(name), "no such value", Value::Number(pair.read(*value)), pair.set.name.span))
        .collect()
}
