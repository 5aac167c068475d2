//! Words that the tables for people and for pull requests share.

use bpf_layout_memory::text::grouped;
use bpf_layout_spec::{
    breaking::{Finding, Relation},
    diff::{Aspect, Change, Detail, Side, Subject, Value},
};

/// The parts of the output, in order, with the subjects of each.
pub(super) const SECTIONS: &[(&str, &[Subject])] = &[
    ("Lengths and capacities", &[Subject::Length, Subject::Capacity]),
    ("Types", &[Subject::Type]),
    ("Maps", &[Subject::Map, Subject::Budget]),
];

/// `added`, `removed` or `changed`.
pub(super) const fn how(change: &Change) -> &'static str {
    match (&change.old, &change.new) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    }
}

/// A value with its unit: `4,096 B`, `str[16]`; `-` for none.
pub(super) fn value(aspect: Aspect, side: Option<&Side>) -> String {
    let Some(side) = side else { return "-".into() };
    match &side.value {
        Value::Text(text) => text.clone(),
        Value::Number(number) => match aspect.unit() {
            Some(unit) => format!("{} {unit}", signed(*number, "")),
            None => signed(*number, ""),
        },
    }
}

/// A number with commas; `plus` before one above zero.
pub(super) fn signed(number: i128, plus: &str) -> String {
    let sign = match number {
        ..=-1 => "-",
        0 => "",
        1.. => plus,
    };
    match u64::try_from(number.unsigned_abs()) {
        Ok(small) => format!("{sign}{}", grouped(small)),
        Err(_) => number.to_string(),
    }
}

/// What an aspect is called beside a name.
pub(super) fn noun(aspect: Aspect) -> String {
    match aspect {
        Aspect::Offset => "at byte".into(),
        Aspect::Bit => "at bit".into(),
        Aspect::MaxEntries => "max_entries".into(),
        other => other.id().replace('_', " "),
    }
}

/// Details in groups, one for the whole and one for each field or value, in the order in which these first appear.
pub(super) fn groups(details: &[Detail]) -> Vec<(Option<&str>, Vec<&Detail>)> {
    let mut groups: Vec<(Option<&str>, Vec<&Detail>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for detail in details {
        let of = detail.of.as_deref();
        let place = *places.entry(of).or_insert(groups.len());
        if place == groups.len() {
            groups.push((of, Vec::new()));
        }
        groups[place].1.push(detail);
    }
    groups
}

/// What a finding means for each relation, in the order of [`Relation::ALL`]; nothing where it means nothing for any.
pub(super) fn verdicts(finding: &Finding) -> Option<[&'static str; 4]> {
    let words = Relation::ALL.map(|relation| finding.verdicts.of(relation).word());
    words.iter().any(|word| *word != "-").then_some(words)
}

/// What became of a field or value whose details these are. A field that is there in both has its type or its place
/// changed, but never both from or to nothing.
pub(super) fn presence(details: &[&Detail]) -> &'static str {
    let main = details.iter().find(|detail| matches!(detail.aspect, Aspect::Type | Aspect::Value));
    match main.map(|detail| (&detail.old, &detail.new)) {
        Some((None, _)) => "added",
        Some((_, None)) => "removed",
        _ => "changed",
    }
}

/// `str[16] -> str[32], size 16 B -> 32 B`; of what was `added` or `removed`, only the side that there is.
pub(super) fn sentence(details: &[&Detail], how: &str) -> String {
    let one = |detail: &&Detail| {
        let side = |side: &Option<Side>| value(detail.aspect, side.as_ref());
        let values = match (&detail.old, &detail.new, how) {
            (old, None, "removed") => side(old),
            (None, new, "added") => side(new),
            (old, new, _) => format!("{} -> {}", side(old), side(new)),
        };
        match detail.aspect {
            Aspect::Type | Aspect::Value | Aspect::Kind => values,
            other => format!("{} {values}", noun(other)),
        }
    };
    details.iter().map(one).collect::<Vec<_>>().join(", ")
}
