//! What a spec has otherwise than its lock.
//!
//! The lock is a witness like an object, and [`compare`](crate::compare::compare) holds it against the spec. What objects
//! know nothing of, such as the difference of a time and a number, is found here, fact by fact; so nothing that the lock
//! says can be otherwise unseen.

use std::collections::HashSet;

use super::{
    Lock, Locked, facts,
    observe::{Names, observe},
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
    /// each.
    #[must_use]
    pub fn stale(&self, base: &Layouts, profiles: &[Layouts], name: &str) -> Vec<Difference> {
        let current = Lock::of(base, profiles);
        let mut differences = Vec::new();
        if self.version != current.version {
            let (expected, found) = (Value::from(u64::from(current.version)), Value::from(u64::from(self.version)));
            let span = base.model.version.span;
            differences.push(Difference { span, ..difference("lock-stale", "version", expected, found, name) });
        }
        let none = &base.model.profile;
        for layouts in std::iter::once(base).chain(profiles) {
            let profile = layouts.model.profile.as_ref().filter(|_| layouts.model.profile != *none);
            let witness = profile.map_or_else(|| name.to_owned(), |profile| format!("{name} (profile {profile})"));
            let profile = profile.map(String::as_str);
            let found = match (self.under(profile), current.under(profile)) {
                (Some(locked), Some(current)) => section(layouts, current, locked, &witness),
                _ => vec![difference(
                    "lock-missing",
                    profile.unwrap_or_default(),
                    "a profile".into(),
                    MISSING.into(),
                    name,
                )],
            };
            let told: HashSet<_> = differences.iter().map(key).collect();
            differences.extend(found.into_iter().filter(|found| !told.contains(&key(found))));
        }
        let gone = self.profiles.iter().filter(|(name, _)| current.under(Some(name)).is_none());
        differences.extend(gone.map(|(gone, _)| {
            difference("lock-extra", gone, "the spec has no such profile".into(), "a profile".into(), name)
        }));
        differences
    }
}

const MISSING: &str = "missing";

/// What a difference is about, under whichever profile. The numbers may be others under each.
fn key(difference: &Difference) -> (&'static str, String, Option<String>) {
    (difference.rule.id, difference.what.clone(), difference.field.clone())
}

/// A difference of no type or map in particular.
fn difference(rule: &str, what: &str, expected: Value, found: Value, witness: &str) -> Difference {
    Difference {
        rule: Rule::from_id(rule).expect("the rules of locks are in the table"),
        what: what.to_owned(),
        field: None,
        expected,
        found,
        span: None,
        witness: witness.to_owned(),
        place: String::new(),
    }
}

/// Differences without a profile, or under one.
fn section(layouts: &Layouts, current: &[Locked], locked: &[Locked], witness: &str) -> Vec<Difference> {
    let names = Names::of(layouts);
    let observed = observe(layouts, &names, witness, locked);
    let mut differences = compare(layouts, &observed).differs;
    let of_map = |difference: &Difference| difference.rule.id.starts_with("map-");
    let told: HashSet<(bool, String)> = differences.iter().map(|found| (of_map(found), found.what.clone())).collect();
    for now in current {
        let find = |locked: &&Locked| is_same(&locked.definition, &now.definition);
        let about = |rule, expected, found, place| Difference {
            span: span(&layouts.model, &now.definition),
            place,
            ..difference(rule, &now.definition.name, expected, found, witness)
        };
        match locked.iter().find(find) {
            None => {
                differences.push(about("lock-missing", summary(&now.definition).into(), MISSING.into(), String::new()))
            }
            Some(before) if !told.contains(&(now.definition.is_map(), now.definition.name.clone())) => {
                let place = format!("line {}", before.line);
                let found = facts::otherwise(&before.definition, &now.definition);
                differences.extend(found.into_iter().map(|fact| Difference {
                    field: fact.field,
                    ..about("lock-stale", fact.now.into(), fact.locked.into(), place.clone())
                }));
            }
            Some(_) => {}
        }
    }
    let is_gone = |locked: &&Locked| !current.iter().any(|now| is_same(&locked.definition, &now.definition));
    differences.extend(locked.iter().filter(is_gone).map(|gone| Difference {
        place: format!("line {}", gone.line),
        ..difference(
            "lock-extra",
            &gone.definition.name,
            "the spec has no such definition".into(),
            summary(&gone.definition).into(),
            witness,
        )
    }));
    differences
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
    let article = if word.starts_with(['e', 'u']) { "an" } else { "a" };
    let word = if word == "extern" { "extern type" } else { word };
    match (&definition.body, definition.size()) {
        (Body::Values(values), _) if values.flags => format!("flags in a {}", values.repr.info().name),
        (_, Some(size)) => format!("{article} {word} of {size} bytes"),
        (_, None) => format!("{article} {word}"),
    }
}
