//! Two specs side by side: what the new one has otherwise than the old one, as data.
//!
//! Each length, capacity, type and map is read as a list of facts (its size, the offset of a field, a flag), and facts
//! of one name are compared. Things are matched by their names in the spec, so that a new name is one thing removed and
//! another added. Documentation, the order of definitions and how a number is written are no facts. Members of unnamed
//! structs and unions count as those of the record around them, as in C.

mod aspect;
mod facts;

use std::{cmp::Reverse, collections::HashMap};

pub use aspect::Aspect;

use self::facts::{Fact, Thing};
use crate::{layout::Layouts, source::Span};

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A constant of `[lengths]`.
    Length,
    /// A constant of `[capacities]`.
    Capacity,
    /// A struct, event, union, enum, flags or extern type.
    Type,
    /// A map.
    Map,
    /// `[budget]`, or a group of maps that share one.
    Budget,
}

/// Something that was added, removed or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is.
    pub subject: Subject,
    /// Its name in the spec; `budget` for `[budget]`, `group.NAME` for a group.
    pub name: String,
    /// Where the old spec defines it; `None` if it was added.
    pub old: Option<Span>,
    /// Where the new spec defines it; `None` if it was removed.
    pub new: Option<Span>,
    /// What is otherwise. If the whole was added or removed, what is known of the whole, without its fields and values.
    pub details: Vec<Detail>,
}

/// One fact that is otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// Which fact.
    pub aspect: Aspect,
    /// The field, or the value of an enum or of flags, that it is a fact of; `None` for the whole.
    pub of: Option<String>,
    /// In the old spec; `None` if it has no such fact.
    pub old: Option<Side>,
    /// In the new spec; `None` if it has no such fact.
    pub new: Option<Side>,
}

/// A fact in one of the two specs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// What the spec says.
    pub value: Value,
    /// Where it says so.
    pub span: Span,
}

/// A number where the aspect counts something ([`Aspect::unit`]), otherwise a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Bytes, bits, entries, or the value of an enum.
    Number(i128),
    /// A type, a name, or several names.
    Text(String),
}

impl Change {
    /// The fact of the whole with this aspect.
    #[must_use]
    pub fn detail(&self, aspect: Aspect) -> Option<&Detail> {
        self.details.iter().find(|detail| detail.aspect == aspect && detail.of.is_none())
    }

    /// By how much its size or value grew or shrank, whichever way; nothing counts as zero.
    fn weight(&self) -> u128 {
        let aspect = if self.subject == Subject::Type { Aspect::Size } else { Aspect::Value };
        let number = |side: &Option<Side>| match side.as_ref().map(|side| &side.value) {
            Some(Value::Number(number)) => *number,
            _ => 0,
        };
        self.detail(aspect).map_or(0, |detail| number(&detail.old).abs_diff(number(&detail.new)))
    }
}

/// Everything that is otherwise in `new`: lengths, capacities, types, maps, the budget. Within each, the largest
/// difference of size or value comes first, and what is equally large in the order of the new spec, then of the old.
#[must_use]
pub fn diff(old: &Layouts, new: &Layouts) -> Vec<Change> {
    let mut changes = pairs(facts::things(old), facts::things(new));
    changes.sort_by_key(|change| (change.subject, Reverse(change.weight())));
    changes
}

/// Things of one kind and name beside one another, those that only the old spec has at the end.
fn pairs(old: Vec<Thing>, new: Vec<Thing>) -> Vec<Change> {
    let by_name: HashMap<(Subject, String), usize> =
        old.iter().enumerate().map(|(index, thing)| ((thing.subject, thing.name.clone()), index)).collect();
    let mut old: Vec<Option<Thing>> = old.into_iter().map(Some).collect();
    let mut changes = Vec::new();
    for thing in new {
        let before = by_name.get(&(thing.subject, thing.name.clone())).and_then(|&index| old[index].take());
        changes.extend(change(before, Some(thing)));
    }
    changes.extend(old.into_iter().flatten().filter_map(|thing| change(Some(thing), None)));
    changes
}

fn change(old: Option<Thing>, new: Option<Thing>) -> Option<Change> {
    let (subject, name) = old.as_ref().or(new.as_ref()).map(|thing| (thing.subject, thing.name.clone()))?;
    let spans = (old.as_ref().map(|thing| thing.span), new.as_ref().map(|thing| thing.span));
    let whole = old.is_none() || new.is_none();
    let facts = |thing: Option<Thing>| thing.map_or_else(Vec::new, |thing| thing.facts);
    let mut details = details(facts(old), facts(new));
    if whole {
        details.retain(|detail| detail.of.is_none());
    }
    (whole || !details.is_empty()).then_some(Change { subject, name, old: spans.0, new: spans.1, details })
}

/// Facts of one aspect and name that are not the same in both, those that only the old spec has at the end.
fn details(old: Vec<Fact>, new: Vec<Fact>) -> Vec<Detail> {
    let by_key: HashMap<(Aspect, Option<String>), usize> =
        old.iter().enumerate().map(|(index, fact)| ((fact.aspect, fact.of.clone()), index)).collect();
    let mut old: Vec<Option<Fact>> = old.into_iter().map(Some).collect();
    let mut details = Vec::new();
    for fact in new {
        let before = by_key.get(&(fact.aspect, fact.of.clone())).and_then(|&index| old[index].take());
        if before.as_ref().is_some_and(|before| before.side.value == fact.side.value) {
            continue;
        }
        let old = before.map(|before| before.side);
        details.push(Detail { aspect: fact.aspect, of: fact.of, old, new: Some(fact.side) });
    }
    let gone = old.into_iter().flatten();
    details.extend(gone.map(|fact| Detail { aspect: fact.aspect, of: fact.of, old: Some(fact.side), new: None }));
    details
}

#[cfg(test)]
mod tests;
