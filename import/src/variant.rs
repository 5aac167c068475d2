//! Variants of one project, as the preprocessor makes them: what they change, as a profile of one spec.

use std::collections::{BTreeSet, HashMap};

use bpf_layout_spec::compare::{Observed, ObservedType, Shape};

use crate::{Found, Note, found::Profile};

/// How deep unnamed members are followed.
const MAX_DEPTH: usize = 16;

/// A variant, as what it changes.
#[derive(Clone, Debug, Default)]
pub struct Varied {
    /// What a profile can say.
    pub profile: Profile,
    /// What it cannot.
    pub notes: Vec<Note>,
}

/// What `variant` changes of `base`: numbers of another value, and fields that it does not have.
#[must_use]
pub fn profile(name: &str, base: &Found<'_>, variant: &Found<'_>) -> Varied {
    let mut varied = Varied { profile: Profile { name: name.to_owned(), ..Profile::default() }, notes: Vec::new() };
    let values: HashMap<&str, u64> = variant.numbers.iter().map(|number| (&*number.name, number.value)).collect();
    for number in &base.numbers {
        if let Some(value) = values.get(&*number.name).filter(|value| **value != number.value) {
            varied.profile.numbers.insert(number.name.clone().into_owned(), *value);
        }
    }
    let theirs = records(&variant.observed);
    for (record, index) in records(&base.observed) {
        let Some(other) = theirs.get(record) else { continue };
        let (own, their) = (members(&base.observed, index), members(&variant.observed, *other));
        let missing = own.difference(&their).map(|member| (record.to_owned(), (*member).to_owned()));
        varied.profile.omits.extend(missing);
        varied.notes.extend(their.difference(&own).map(|member| Note {
            subject: format!("{record}.{member}"),
            message: format!(
                "is there in the variant `{name}` only: a profile can omit fields and cannot add them, so import with \
                              the defines that have most of them, and name the others as variants"
            ),
        }));
    }
    varied.notes.sort_by(|one, other| one.subject.cmp(&other.subject));
    varied
}

/// Records that have a name, by it.
fn records<'c>(observed: &'c Observed<'_>) -> HashMap<&'c str, usize> {
    let types = observed.types.iter().enumerate();
    let named = types.filter_map(|(index, ty)| match ty {
        ObservedType::Record(record) if !record.name.is_empty() => Some((record.name, index)),
        _ => None,
    });
    named.collect()
}

/// Names of members, those of unnamed ones among them.
fn members<'c>(observed: &'c Observed<'_>, index: usize) -> BTreeSet<&'c str> {
    let mut names = BTreeSet::new();
    let mut waiting = vec![(index, 0)];
    while let Some((index, depth)) = waiting.pop() {
        let Some(ObservedType::Record(record)) = observed.types.get(index) else { continue };
        for member in &record.members {
            match &member.shape {
                Shape::Def(inner) if member.name.is_empty() && depth < MAX_DEPTH => waiting.push((*inner, depth + 1)),
                _ => {
                    names.insert(member.name);
                }
            }
        }
    }
    names
}
