//! Maps, with all their parameters.

use bpf_layout_spec::{
    compare::{ObservedMap, ObservedPart, ObservedType},
    kernel::{Entries as Counts, MAP_FLAGS, MAP_KINDS, MapKind, Part},
    scalar::Scalar,
};

use crate::{
    draft::{Entries, Map},
    drafter::Drafter,
    found::{MapHint, Spelling},
    reach, tag,
    written::{Base, Written, written},
};

/// Drafts every map, one that others hold before these.
pub(crate) fn draft(drafter: &mut Drafter<'_, '_>) {
    let found = drafter.found;
    for (index, map) in found.observed.maps.iter().enumerate() {
        let hint = found.map_hint(index);
        if is_scratch(drafter, map) {
            continue;
        }
        let name = drafter.map_name(map.name);
        let inner = map.inner.as_deref().map(|inner| {
            let name = drafter.map_name(&format!("{}_inner", map.name));
            let mut drafted = one(drafter, index, inner, &MapHint::default(), name.clone());
            drafted.is_inner = true;
            drafted.doc = Some(format!("What `{}` holds.", map.name));
            drafter.draft.maps.push(drafted);
            name
        });
        let drafted = Map { inner, ..one(drafter, index, map, hint, name) };
        drafter.draft.maps.push(drafted);
    }
}

/// Whether a map is one that generated headers define beside their structs, in which programs build what their stack has no room
/// for: the spec that is written brings it by itself.
fn is_scratch(drafter: &Drafter<'_, '_>, map: &ObservedMap<'_>) -> bool {
    let record = map.name.strip_prefix("__").and_then(|name| name.strip_suffix("_scratch"));
    let shape = map.value.as_ref().and_then(|value| value.shape.as_ref());
    let Some(ObservedType::Record(value)) =
        shape.and_then(reach::element).and_then(|ty| drafter.found.observed.types.get(ty))
    else {
        return false;
    };
    record == Some(value.name)
}

fn one(drafter: &Drafter<'_, '_>, index: usize, map: &ObservedMap<'_>, hint: &MapHint<'_>, name: String) -> Map {
    let kind = MAP_KINDS.iter().find(|kind| Some(u64::from(kind.id)) == map.kind);
    let mut comments = Vec::new();
    let refused = drafter.changes.refused.get(&index).cloned().or_else(|| match (kind, map.kind) {
        (Some(_), _) => None,
        (None, Some(id)) => Some(format!("the language has no maps of type {id}")),
        (None, None) => Some("the object does not say of which type it is".to_owned()),
    });
    let key = part_of(drafter, "key", map.key.as_ref(), &hint.key, kind, &mut comments);
    let value = part_of(drafter, "value", map.value.as_ref(), &hint.value, kind, &mut comments);
    let flags = flags(map.flags.unwrap_or(0), &mut comments);
    if map.map_extra_unknown {
        comments.push("map_extra has a value that the object does not tell".to_owned());
    }
    let events = events(drafter, index, hint, &mut comments);
    Map {
        map: index,
        is_inner: false,
        name,
        c: None,
        doc: hint.doc.clone(),
        refused,
        kind: kind.map_or_else(|| map.kind.unwrap_or(0).to_string(), |kind| kind.name.to_owned()),
        key,
        value,
        max_entries: entries(drafter, index, map, hint, kind, &mut comments),
        flags,
        pinned: map.pinned_by_name == Some(true),
        numa_node: map.numa_node.filter(|_| map.flags.unwrap_or(0) & numa_flag() != 0),
        map_extra: map.map_extra.filter(|extra| *extra != 0),
        events,
        inner: None,
        comments,
    }
}

fn numa_flag() -> u64 {
    MAP_FLAGS.iter().find(|flag| flag.name == "numa_node").map_or(0, |flag| flag.bit.into())
}

fn part_of(
    drafter: &Drafter<'_, '_>,
    what: &str,
    part: Option<&ObservedPart>,
    spelling: &Spelling<'_>,
    kind: Option<&MapKind>,
    comments: &mut Vec<String>,
) -> Option<Written> {
    let rule = kind.map_or(Part::Optional, |kind| if what == "key" { kind.key } else { kind.value });
    let Some(part) = part.filter(|part| part.size != Some(0)) else {
        return frames(what, kind).inspect(|_| {
            comments.push("the size of values is not in the source: whoever loads the map sets it".to_owned());
        });
    };
    let typed = part
        .shape
        .as_ref()
        .and_then(|shape| written(&drafter.found.observed, shape, spelling, what, &|ty| drafter.named(ty)));
    let is_u32 = |written: &Written| {
        matches!(written.base, Base::Scalar(Scalar::U32 | Scalar::I32)) && written.dimensions.is_empty()
    };
    match typed {
        Some(written) if rule == Part::U32 && !is_u32(&written) => {
            let was = written.comment.clone().unwrap_or_else(|| written.text());
            Some(Written { comment: Some(was), ..Written::scalar(Scalar::U32) }).filter(|_| written.size() == Some(4))
        }
        Some(written) => Some(written),
        None => {
            let size = part.size?;
            let guess = match size {
                4 => Written::scalar(Scalar::U32),
                8 => Written::scalar(Scalar::U64),
                _ => Written::bytes(size),
            };
            if rule != Part::U32 {
                comments.push(format!("the source gives the {what} a size, {size} bytes, and no type"));
            }
            Some(guess)
        }
    }
}

/// The most frames that the stacks of a map can have (`sysctl_perf_event_max_stack` by default).
const MAX_FRAMES: u64 = 127;

/// What the values of a map of stacks are, if the source does not say.
fn frames(what: &str, kind: Option<&MapKind>) -> Option<Written> {
    let stacks = what == "value" && kind.is_some_and(|kind| kind.name == "stack_trace");
    stacks.then(|| Written::scalar(Scalar::U64).times(MAX_FRAMES))
}

fn flags(bits: u64, comments: &mut Vec<String>) -> Vec<String> {
    let known = MAP_FLAGS.iter().filter(|flag| bits & u64::from(flag.bit) != 0);
    let left = known.clone().fold(bits, |left, flag| left & !u64::from(flag.bit));
    if left != 0 {
        comments.push(format!("flags {left:#x} are left out: the language has no names for them"));
    }
    known.map(|flag| flag.name.to_owned()).collect()
}

fn events(drafter: &Drafter<'_, '_>, index: usize, hint: &MapHint<'_>, comments: &mut Vec<String>) -> Vec<String> {
    let named = hint.events.iter().filter_map(|event| match drafter.named(*event)?.base {
        Base::Named(name) => Some(name),
        _ => None,
    });
    let mut names: Vec<String> = Vec::new();
    named.for_each(|name| {
        if !names.contains(&name) {
            names.push(name);
        }
    });
    match drafter.changes.without_events.get(&index) {
        Some(reason) => {
            let way_on = if names.len() > 1 {
                format!("; {}", tag::way_on(&drafter.found.observed, &hint.events))
            } else {
                String::new()
            };
            comments.push(format!("events = {names:?} is left out: {reason}{way_on}"));
            Vec::new()
        }
        None => names,
    }
}

fn entries(
    drafter: &Drafter<'_, '_>,
    index: usize,
    map: &ObservedMap<'_>,
    hint: &MapHint<'_>,
    kind: Option<&MapKind>,
    comments: &mut Vec<String>,
) -> Option<Entries> {
    let bytes = kind.is_some_and(|kind| kind.entries == Counts::RingBytes);
    if let Some((value, reason)) = drafter.changes.entries.get(&index) {
        comments.push(reason.clone());
        return Some(Entries { value: *value, expr: None, bytes });
    }
    let found = map.max_entries.filter(|entries| *entries != 0);
    if found.is_none() && kind.is_some_and(|kind| kind.max_entries == Part::Required) {
        comments.push("max_entries is not in the source: whoever loads the map sets it".to_owned());
        return Some(Entries { value: if bytes { 4096 } else { 1 }, expr: None, bytes });
    }
    found.map(|value| Entries { value, expr: hint.max_entries.clone(), bytes })
}
