//! One definition as a lock has it, and as the spec has it now, fact by fact.

use super::write;
use crate::{
    definition::{Body, Definition, Field, Map, Part, Record, Values},
    wakeup::Wakeup,
};

/// One thing that is otherwise.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Otherwise {
    /// The field, value or parameter; none if it is about the whole.
    pub(super) field: Option<String>,
    /// What the lock says.
    pub(super) locked: String,
    /// What the spec says.
    pub(super) now: String,
}

/// A fact: what it is of, what it is about, and what it says.
type Fact = (Option<String>, &'static str, String);

/// Everything that is otherwise. Empty only if both are equal.
pub(super) fn otherwise(locked: &Definition, now: &Definition) -> Vec<Otherwise> {
    let (before, after) = (facts(locked), facts(now));
    let find = |facts: &[Fact], fact: &Fact| facts.iter().find(|other| is_same(other, fact)).cloned();
    let changed = after.iter().filter_map(|fact| {
        let (field, about, value) = fact;
        match find(&before, fact) {
            Some((_, _, old)) if old == *value => None,
            Some((_, _, old)) => Some(told(field, format!("{about} {old}"), format!("{about} {value}"))),
            None => Some(told(field, format!("no {about}"), format!("{about} {value}"))),
        }
    });
    let gone = before.iter().filter(|fact| find(&after, fact).is_none());
    changed
        .chain(gone.map(|(field, about, old)| told(field, format!("{about} {old}"), format!("no {about}"))))
        .collect()
}

fn is_same(a: &Fact, b: &Fact) -> bool {
    (&a.0, a.1) == (&b.0, b.1)
}

fn told(field: &Option<String>, locked: String, now: String) -> Otherwise {
    Otherwise { field: field.clone(), locked, now }
}

fn facts(definition: &Definition) -> Vec<Fact> {
    let mut facts = vec![(None, "kind", definition.word().to_owned())];
    match &definition.body {
        Body::Record(def) => record(&mut facts, def),
        Body::Values(def) => values(&mut facts, def),
        Body::Extern(def) => {
            facts.push((None, "size", def.size.to_string()));
            facts.push((None, "align", def.align.to_string()));
            facts.push((None, "C type", def.c_type.clone()));
        }
        Body::Map(def) => map(&mut facts, def),
    }
    facts
}

fn record(facts: &mut Vec<Fact>, record: &Record) {
    facts.push((None, "size", record.size.to_string()));
    facts.push((None, "align", record.align.to_string()));
    facts.extend(record.tag.iter().map(|(field, value)| (None, "tag", format!("{field} = {value}"))));
    record.fields.iter().for_each(|def| field(facts, def));
    order(facts, record.fields.iter().map(|field| &field.name));
}

fn field(facts: &mut Vec<Fact>, field: &Field) {
    let (offset, size) = write::place(field);
    let mut add = |about, value| facts.push((Some(field.name.clone()), about, value));
    add("offset", offset);
    add("size", size);
    add("type", field.ty.to_string());
    if let Some(tag) = &field.tag {
        add("tag", tag.clone());
    }
    if !field.when.is_empty() {
        add("when", field.when.join(", "));
    }
    if let Some((of, node)) = &field.contains {
        add("contents", format!("{of}.{node}"));
    }
}

fn values(facts: &mut Vec<Fact>, values: &Values) {
    facts.push((None, "repr", values.repr.info().name.to_owned()));
    facts.extend(values.values.iter().map(|(name, value)| (Some(name.clone()), "value", value.to_string())));
    order(facts, values.values.iter().map(|(name, _)| name));
}

fn map(facts: &mut Vec<Fact>, map: &Map) {
    let part = |part: &Part| format!("{} of {}", part.ty, bytes(part.size));
    facts.push((None, "type", map.kind.name.to_owned()));
    let parameters = [
        ("key", map.key.as_ref().map(part)),
        ("value", map.value.as_ref().map(part)),
        ("max_entries", map.max_entries.map(|number| number.to_string())),
        ("flags", (map.flags != 0).then(|| write::flags(map.flags))),
        ("pinning", map.pinned_by_name.then(|| "by_name".to_owned())),
        ("numa_node", map.numa_node.map(|number| number.to_string())),
        ("map_extra", map.map_extra.map(|number| number.to_string())),
        ("wakeup", (map.wakeup != Wakeup::Always).then(|| map.wakeup.to_string())),
        ("events", (!map.events.is_empty()).then(|| map.events.join(", "))),
        ("inner", map.inner.clone()),
    ];
    facts.extend(parameters.into_iter().filter_map(|(name, value)| Some((None, name, value?))));
}

/// The order of names, which is otherwise where nothing else is: members of a union, say.
fn order<'a>(facts: &mut Vec<Fact>, names: impl Iterator<Item = &'a String>) {
    let names: Vec<&str> = names.map(String::as_str).collect();
    facts.push((None, "order", names.join(", ")));
}

/// `1 byte`, `16 bytes`
pub(super) fn bytes(count: u64) -> String {
    format!("{count} byte{}", if count == 1 { "" } else { "s" })
}
