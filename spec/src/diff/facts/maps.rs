//! Maps.

use super::{Facts, Thing};
use crate::{
    compare::type_text,
    diff::{Aspect, Subject, Value},
    layout::Layouts,
    model::{Group, Map, Model, Type},
    source::Span,
    wakeup::Wakeup,
};

pub(super) fn map(layouts: &Layouts, map: &Map) -> Thing {
    let model = &layouts.model;
    let mut facts = Facts::new(map.name.span);
    facts.text(Aspect::Kind, Some(map.kind.name));
    part(&mut facts, layouts, map.key.as_ref(), (Aspect::KeyType, Aspect::KeySize), map.key_span);
    part(&mut facts, layouts, map.value.as_ref(), (Aspect::ValueType, Aspect::ValueSize), map.value_span);
    facts.number(Aspect::MaxEntries, map.max_entries.as_ref().map(|count| count.value));
    facts.text(Aspect::Flags, flags(map));
    facts.text(Aspect::Pinning, map.pinned_by_name.then_some("by_name"));
    facts.number(Aspect::NumaNode, map.numa_node.map(u64::from));
    facts.number(Aspect::MapExtra, map.map_extra);
    facts.text(Aspect::Wakeup, (map.wakeup != Wakeup::Always).then(|| map.wakeup.to_string()));
    facts.text(Aspect::Events, events(layouts, map));
    facts.text(Aspect::Inner, map.inner.map(|inner| model.map(inner).name.spec.as_str()));
    facts.number(Aspect::Budget, map.budget);
    Thing { subject: Subject::Map, name: map.name.spec.to_string(), span: map.name.span, facts: facts.facts }
}

/// Type and size of the key or value.
fn part(facts: &mut Facts, layouts: &Layouts, ty: Option<&Type>, (name, size): (Aspect, Aspect), span: Span) {
    let Some(ty) = ty else { return };
    facts.push(name, None, Value::Text(type_text(&layouts.model, ty)), span);
    facts.push(size, None, Value::Number(layouts.size_align(ty).0.into()), span);
}

/// A group of maps, by a name that no `[budget]` has.
pub(super) fn group(model: &Model, group: &Group) -> Thing {
    let mut facts = Facts::new(group.span);
    let mut maps: Vec<&str> = group.maps.iter().map(|&id| model.map(id).name.spec.as_str()).collect();
    maps.sort_unstable();
    facts.text(Aspect::Maps, Some(maps.join(", ")));
    facts.number(Aspect::Budget, group.budget);
    Thing { subject: Subject::Budget, name: format!("group.{}", group.name), span: group.span, facts: facts.facts }
}

/// In the order of their bits, since that of the file means nothing.
fn flags(map: &Map) -> Option<String> {
    let mut flags: Vec<_> = map.flags.iter().map(|flag| (flag.bit, flag.name)).collect();
    flags.sort_unstable();
    let names: Vec<&str> = flags.into_iter().map(|(_, name)| name).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Sorted, likewise.
fn events(layouts: &Layouts, map: &Map) -> Option<String> {
    let mut names: Vec<&str> = map.events.iter().map(|&id| layouts.model.ty(id).name().spec.as_str()).collect();
    names.sort_unstable();
    (!names.is_empty()).then(|| names.join(", "))
}
