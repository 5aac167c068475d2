//! What a spec has otherwise than its lock.
//!
//! The lock is a witness like an object, and [`compare`](crate::compare::compare) holds it against the spec. What objects
//! know nothing of, such as the difference of a time and a number, is found here, fact by fact; so no lock passes that
//! says anything else.

use std::collections::HashSet;

use super::{
    Lock, Locked, facts,
    observe::{Names, observe, place},
};
use crate::{
    compare::{Difference, Rule, Value, compare},
    definition::{Body, Definition},
    layout::Layouts,
    model::{Model, TypeDef},
    source::Span,
};

impl Lock {
    /// Everything that the spec has otherwise, without a profile and under each. `name` is what the lock is called in
    /// messages, and the spec is given as for [`Lock::of`]. What is otherwise without a profile is not told again under
    /// each. The order of definitions alone makes no difference.
    #[must_use]
    pub fn stale(&self, base: &Layouts, profiles: &[Layouts], name: &str) -> Vec<Difference> {
        let current = Lock::of(base, profiles);
        let mut differences = self.version_difference(base, name);
        let under = profiles.iter().map(|layouts| (layouts.model.profile.as_deref(), layouts));
        for (profile, layouts) in std::iter::once((None, base)).chain(under) {
            let witness = profile.map_or_else(|| name.to_owned(), |profile| format!("{name} (profile {profile})"));
            let found = match (self.under(profile), current.under(profile)) {
                (Some(locked), Some(current)) => Section { layouts, current, locked, witness: &witness }.differences(),
                _ => vec![difference(MISSING, profile.unwrap_or_default(), ("a profile", "missing"), name)],
            };
            let told: HashSet<_> = differences.iter().map(key).collect();
            differences.extend(found.into_iter().filter(|found| !told.contains(&key(found))));
        }
        let gone = self.profiles.iter().filter(|(name, _)| current.under(Some(name)).is_none());
        let sides = ("the spec has no such profile", "a profile");
        differences.extend(gone.map(|(gone, _)| difference(EXTRA, gone, sides, name)));
        differences
    }

    fn version_difference(&self, base: &Layouts, name: &str) -> Vec<Difference> {
        let version = base.model.version;
        if self.version == version.number {
            return Vec::new();
        }
        let sides = (Value::from(u64::from(version.number)), Value::from(u64::from(self.version)));
        vec![Difference { span: version.span, ..difference(STALE, "version", sides, name) }]
    }
}

/// Rules of [`RULES`](crate::compare::RULES).
const MISSING: &str = "lock-missing";
const EXTRA: &str = "lock-extra";
const STALE: &str = "lock-stale";

/// What a difference is about, under whichever profile. The numbers may be others under each.
fn key(difference: &Difference) -> (&'static str, String, Option<String>) {
    (difference.rule.id, difference.what.clone(), difference.field.clone())
}

/// A difference of no type or map in particular; of the two sides, the spec's comes first.
fn difference<T: Into<Value>>(rule: &str, what: &str, (expected, found): (T, T), witness: &str) -> Difference {
    Difference {
        rule: Rule::from_id(rule).expect("the rules of locks are in the table"),
        what: what.to_owned(),
        field: None,
        expected: expected.into(),
        found: found.into(),
        span: None,
        source: None,
        witness: witness.to_owned(),
        place: String::new(),
    }
}

/// Both sides, without a profile or under one.
struct Section<'a> {
    layouts: &'a Layouts,
    current: &'a [Locked],
    locked: &'a [Locked],
    witness: &'a str,
}

impl Section<'_> {
    fn differences(&self) -> Vec<Difference> {
        let mut differences = self.by_rules();
        let of_map = |difference: &Difference| difference.rule.id.starts_with("map-");
        let told: HashSet<_> = differences.iter().map(|found| (of_map(found), found.what.clone())).collect();
        for now in self.current {
            match self.locked.iter().find(|locked| is_same(&locked.definition, &now.definition)) {
                None => differences.push(self.missing(&now.definition)),
                Some(_) if told.contains(&(now.definition.is_map(), now.definition.name.clone())) => {}
                Some(locked) => differences.extend(self.otherwise(locked, &now.definition)),
            }
        }
        let known = |locked: &&Locked| self.current.iter().any(|now| is_same(&locked.definition, &now.definition));
        differences.extend(self.locked.iter().filter(|locked| !known(locked)).map(|gone| self.extra(gone)));
        differences
    }

    /// What the rules find that objects are compared by.
    fn by_rules(&self) -> Vec<Difference> {
        let names = Names::of(self.layouts);
        compare(self.layouts, &observe(self.layouts, &names, self.witness, self.locked)).differs
    }

    fn missing(&self, now: &Definition) -> Difference {
        let sides = (summary(now), "missing".to_owned());
        Difference { span: span(&self.layouts.model, now), ..difference(MISSING, &now.name, sides, self.witness) }
    }

    /// What those rules do not compare.
    fn otherwise(&self, locked: &Locked, now: &Definition) -> Vec<Difference> {
        let facts = facts::otherwise(&locked.definition, now).into_iter();
        let tell = |fact: facts::Otherwise| Difference {
            field: fact.field,
            span: span(&self.layouts.model, now),
            place: place(locked),
            ..difference(STALE, &now.name, (fact.now, fact.locked), self.witness)
        };
        facts.map(tell).collect()
    }

    fn extra(&self, gone: &Locked) -> Difference {
        let sides = ("the spec has no such definition".to_owned(), summary(&gone.definition));
        Difference { place: place(gone), ..difference(EXTRA, &gone.definition.name, sides, self.witness) }
    }
}

fn is_same(a: &Definition, b: &Definition) -> bool {
    a.name == b.name && a.is_map() == b.is_map()
}

fn span(model: &Model, definition: &Definition) -> Option<Span> {
    let name = &definition.name;
    let ty = || model.types.iter().map(TypeDef::name).find(|found| found.spec == *name);
    let map = || model.maps.iter().map(|map| &map.name).find(|found| found.spec == *name);
    if definition.is_map() { map() } else { ty() }.map(|name| name.span)
}

/// What it is, in a few words.
fn summary(definition: &Definition) -> String {
    let word = definition.word();
    let article = if word.starts_with('e') { "an" } else { "a" };
    let word = if word == "extern" { "extern type" } else { word };
    match (&definition.body, definition.size()) {
        (Body::Values(values), _) if values.flags => format!("flags in a {}", values.repr.info().name),
        (_, Some(size)) => format!("{article} {word} of {}", facts::bytes(size)),
        (_, None) => format!("{article} {word}"),
    }
}
