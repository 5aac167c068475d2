//! Maps.
//!
//! A typed map refuses one whose type, or size of key or value, is not that of the spec, and looks at nothing else
//! (`compare` in `runtime/src/libbpf/handle.rs`). libbpf uses a pinned map again if its type, sizes of key and value,
//! `max_entries`, flags and `map_extra` are what the object says, and otherwise does not load the object
//! (`map_is_reuse_compat` in `tools/lib/bpf/libbpf.c`).

use super::{
    context::{Pair, sides},
    draft::Draft,
    same::{Typed, same},
    types::names,
    verdict::{Reads, Relation, Verdict, Verdicts},
};
use crate::{
    diff::{Aspect, Detail, Side, Value},
    model::{Map, RecordKind, Type, TypeDef},
    wakeup::Wakeup,
};

const NOT_REUSED: &str = "libbpf refuses to use the pinned map again, and does not load the object";
const OTHER_INNER: &str =
    "the kernel refuses an inner map that is not like the one that the pinned map was created with";

/// What goes wrong for a userspace with the other version's object, and for a map that survives.
#[derive(Default)]
struct Broken<'a> {
    new_userspace: Option<&'a str>,
    old_userspace: Option<&'a str>,
    pinned: Option<&'a str>,
}

impl<'a> Broken<'a> {
    fn userspace(reason: &'a str) -> Self {
        Broken { new_userspace: Some(reason), old_userspace: Some(reason), pinned: None }
    }

    /// What was pinned by the old version cannot be used by the new one.
    fn reuse(self) -> Self {
        Broken { pinned: Some(NOT_REUSED), ..self }
    }

    fn verdicts(self, pair: &Pair<'_>) -> Verdicts {
        let surviving = &pair.cx.surviving;
        let pinned = if surviving.is_pinned(pair.name()) {
            Some(self.pinned)
        } else if surviving.is_inner(pair.name()) {
            Some(self.pinned.map(|_| OTHER_INNER))
        } else {
            None
        };
        let is_buffer = [pair.cx.old.map(pair.name()), pair.cx.new.map(pair.name())];
        let is_buffer = is_buffer.into_iter().flatten().any(|map| map.kind.carries_events);
        let shared = is_buffer.then_some(self.new_userspace.or(self.old_userspace));
        Verdicts::new([Some(self.new_userspace), Some(self.old_userspace), pinned, shared])
    }
}

/// The detail, if the map is in both versions.
fn detail<'a>(pair: &Pair<'a>, aspect: Aspect) -> Option<&'a Detail> {
    pair.detail(aspect).filter(|_| pair.in_both())
}

/// A draft about a detail of the map, with advice if that survives an upgrade.
fn drafted(pair: &Pair<'_>, detail: &Detail, what: &str, verdicts: Verdicts) -> Draft {
    let (old, new) = sides(detail);
    let draft =
        pair.draft(format!("{what} of the map `{}` is {new} instead of {old}", pair.name()), verdicts).at(detail);
    if matches!(draft.verdicts.of(Relation::PinnedMap), Verdict::Breaks(_)) && pair.cx.surviving.is_pinned(pair.name())
    {
        let name = pair.name();
        return draft.help(format!(
            "give it another name, `{name}_v2`, so that it is pinned beside the old one, which the upgrade removes"
        ));
    }
    draft
}

pub(super) fn removed(pair: &Pair<'_>) -> Vec<Draft> {
    if pair.change.new.is_some() {
        return Vec::new();
    }
    let pinned = pair.cx.old.map(pair.name()).is_some_and(|map| map.pinned_by_name);
    let stale = "what is pinned stays, and the new version neither reads nor writes it";
    let verdicts = Verdicts::new([
        Some(None),
        Some(Some("the new object does not have the map")),
        pinned.then_some(Some(stale)),
        None,
    ]);
    let message = format!("the map `{}` was removed", pair.name());
    vec![pair.draft(message, verdicts).help("keep it, unused, until no userspace of the old version is left")]
}

pub(super) fn added(pair: &Pair<'_>) -> Vec<Draft> {
    if pair.change.old.is_some() {
        return Vec::new();
    }
    let verdicts = Verdicts::new([Some(Some("the old object does not have the map")), Some(None), None, None]);
    let message = format!("the map `{}` was added", pair.name());
    vec![pair.draft(message, verdicts).help("let the new userspace go on without it where the object does not have it")]
}

pub(super) fn kind(pair: &Pair<'_>) -> Vec<Draft> {
    let Some(detail) = detail(pair, Aspect::Kind) else { return Vec::new() };
    let verdicts = Broken::userspace("a map of another type is refused").reuse().verdicts(pair);
    vec![drafted(pair, detail, "the type", verdicts)]
}

pub(super) fn key(pair: &Pair<'_>) -> Vec<Draft> {
    part(pair, (Aspect::KeyType, Aspect::KeySize), "the key", |map| map.key.as_ref())
}

pub(super) fn value(pair: &Pair<'_>) -> Vec<Draft> {
    part(pair, (Aspect::ValueType, Aspect::ValueSize), "the value", |map| map.value.as_ref())
}

fn part(pair: &Pair<'_>, (ty, size): (Aspect, Aspect), what: &str, of: impl Fn(&Map) -> Option<&Type>) -> Vec<Draft> {
    if let Some(detail) = detail(pair, size) {
        let verdicts = Broken::userspace("a map whose key or value has another size is refused").reuse().verdicts(pair);
        return vec![drafted(pair, detail, what, verdicts)];
    }
    let Some(detail) = detail(pair, ty) else { return Vec::new() };
    let (old, new) = (pair.cx.old.map(pair.name()), pair.cx.new.map(pair.name()));
    let types = old.and_then(&of).zip(new.and_then(&of));
    let is_same = types.is_some_and(|(old, new)| {
        same(Typed { layouts: pair.cx.old.layouts, ty: old }, Typed { layouts: pair.cx.new.layouts, ty: new })
    });
    let reason = "the same bytes are another type to the other version";
    let broken = if is_same { Broken::default() } else { Broken { pinned: Some(reason), ..Broken::userspace(reason) } };
    vec![drafted(pair, detail, what, broken.verdicts(pair))]
}

/// Userspace asks the map itself how many entries it has.
pub(super) fn max_entries(pair: &Pair<'_>) -> Vec<Draft> {
    let Some(detail) = detail(pair, Aspect::MaxEntries) else { return Vec::new() };
    let broken = if is_any_inner(pair) { Broken::default() } else { Broken::default().reuse() };
    vec![drafted(pair, detail, "`max_entries`", broken.verdicts(pair))]
}

/// Whether the map is only an inner one, of a type whose inner maps may have any number of entries: all but arrays,
/// unless they have the flag (`bpf_map_meta_equal`, `array_map_meta_equal`).
fn is_any_inner(pair: &Pair<'_>) -> bool {
    let may = |map: &Map| !map.kind.name.ends_with("array") || map.flags.iter().any(|flag| flag.name == "inner_map");
    let versions = [pair.cx.old.map(pair.name()), pair.cx.new.map(pair.name())];
    !pair.cx.surviving.is_pinned(pair.name()) && versions.into_iter().flatten().all(may)
}

/// What a flag lets userspace do, or keeps it from.
#[derive(Clone, Copy)]
enum FlagEffect {
    /// Userspace can do with it what it cannot do without: for what.
    Allows(&'static str),
    /// Userspace cannot do with it what it can do without: for what.
    Forbids(&'static str),
    /// Userspace reads something else.
    Changes(&'static str),
}

const FLAG_EFFECTS: &[(&str, FlagEffect)] = &[
    ("mmapable", FlagEffect::Allows("the map cannot be mapped into memory without `mmapable`")),
    ("rdonly", FlagEffect::Forbids("userspace may not write to the map with `rdonly`")),
    ("wronly", FlagEffect::Forbids("userspace may not read from the map with `wronly`")),
    (
        "stack_build_id",
        FlagEffect::Changes("stacks are build ids and offsets with `stack_build_id`, addresses without"),
    ),
    ("rb_overwrite", FlagEffect::Changes("records are overwritten with `rb_overwrite`, dropped without")),
];

pub(super) fn flags(pair: &Pair<'_>) -> Vec<Draft> {
    let Some(detail) = detail(pair, Aspect::Flags) else { return Vec::new() };
    let (old, new) = (names(value_of(&detail.old)), names(value_of(&detail.new)));
    let mut broken = Broken::default().reuse();
    for &(flag, effect) in FLAG_EFFECTS {
        let (before, now) = (old.contains(&flag), new.contains(&flag));
        match (effect, before, now) {
            (FlagEffect::Allows(reason), false, true) | (FlagEffect::Forbids(reason), true, false) => {
                broken.new_userspace = Some(reason);
            }
            (FlagEffect::Allows(reason), true, false) | (FlagEffect::Forbids(reason), false, true) => {
                broken.old_userspace = Some(reason);
            }
            (FlagEffect::Changes(reason), false, true) | (FlagEffect::Changes(reason), true, false) => {
                broken.new_userspace = Some(reason);
                broken.old_userspace = Some(reason);
            }
            (_, false, false) | (_, true, true) => {}
        }
    }
    vec![drafted(pair, detail, "`flags`", broken.verdicts(pair))]
}

fn value_of(side: &Option<Side>) -> Option<&Value> {
    side.as_ref().map(|side| &side.value)
}

/// A map that is not pinned any more begins empty, and one that is pinned now had nothing to survive.
pub(super) fn pinning(pair: &Pair<'_>) -> Vec<Draft> {
    let Some(detail) = detail(pair, Aspect::Pinning) else { return Vec::new() };
    let lost = "what is pinned stays, and the new version begins with an empty map";
    let pinned = detail.new.is_none().then_some(Some(lost));
    vec![drafted(pair, detail, "`pinning`", Verdicts::new([Some(None), Some(None), pinned, None]))]
}

pub(super) fn extra(pair: &Pair<'_>) -> Vec<Draft> {
    let Some(detail) = detail(pair, Aspect::MapExtra) else { return Vec::new() };
    vec![drafted(pair, detail, "`map_extra`", Broken::default().reuse().verdicts(pair))]
}

/// libbpf does not look at the node of a pinned map.
pub(super) fn numa_node(pair: &Pair<'_>) -> Vec<Draft> {
    let Some(detail) = detail(pair, Aspect::NumaNode) else { return Vec::new() };
    vec![drafted(pair, detail, "`numa_node`", Broken::default().verdicts(pair))]
}

/// A reader that knows of the policy also looks by itself; one that does not sleeps until it is woken.
pub(super) fn wakeup(pair: &Pair<'_>) -> Vec<Draft> {
    let Some(detail) = detail(pair, Aspect::Wakeup) else { return Vec::new() };
    let late = "a reader that does not know that it is woken seldom sees records late";
    let broken = Broken {
        new_userspace: detail.new.is_none().then_some(late),
        old_userspace: detail.old.is_none().then_some(late),
        pinned: None,
    };
    let policy = |side: &Option<Side>| match value_of(side) {
        Some(Value::Text(policy)) => policy.clone(),
        _ => Wakeup::Always.to_string(),
    };
    let (old, new) = (policy(&detail.old), policy(&detail.new));
    let message = format!("`wakeup` of the map `{}` is `{new}` instead of `{old}`", pair.name());
    let draft = pair.draft(message, broken.verdicts(pair)).at(detail);
    let help = match (&detail.old, &detail.new) {
        (None, _) => "let the old userspace call `consume()` at short intervals before objects get the new policy",
        (_, None) => "let the new userspace call `consume()` at short intervals until no old object is left",
        _ => return vec![draft],
    };
    vec![draft.help(help)]
}

/// A map of maps remembers what it was created with.
pub(super) fn inner(pair: &Pair<'_>) -> Vec<Draft> {
    let Some(detail) = detail(pair, Aspect::Inner) else { return Vec::new() };
    let broken = Broken { pinned: Some(OTHER_INNER), ..Broken::default() };
    vec![drafted(pair, detail, "the inner map", broken.verdicts(pair))]
}

pub(super) fn budget(pair: &Pair<'_>) -> Vec<Draft> {
    let Some(detail) = detail(pair, Aspect::Budget) else { return Vec::new() };
    let (old, new) = sides(detail);
    vec![
        pair.draft(format!("the budget of the map `{}` is {new} instead of {old}", pair.name()), Verdicts::apart())
            .at(detail),
    ]
}

pub(super) fn event_added(pair: &Pair<'_>) -> Vec<Draft> {
    let Some((detail, old, new)) = events(pair) else { return Vec::new() };
    // With a tag, readers know that it is none of theirs: they count it as malformed and go on.
    let told = old.iter().chain(&new).all(|event| is_tagged(pair, event));
    let reads = if told {
        Reads::fine()
    } else {
        Reads::only_new("old readers take its records for the events that they know")
    };
    let added = new.iter().filter(|event| !old.contains(event));
    added.map(|event| event_draft(pair, detail, event, "travels through", &reads)).collect()
}

pub(super) fn event_removed(pair: &Pair<'_>) -> Vec<Draft> {
    let Some((detail, old, new)) = events(pair) else { return Vec::new() };
    let reads = Reads::only_old("new readers count records of old objects as malformed");
    let removed = old.iter().filter(|event| !new.contains(event));
    let help = "let the new userspace read it until no old object is left";
    removed.map(|event| event_draft(pair, detail, event, "no longer travels through", &reads).help(help)).collect()
}

/// The events that travel through a map, before and now.
fn events<'a>(pair: &Pair<'a>) -> Option<(&'a Detail, Vec<&'a str>, Vec<&'a str>)> {
    let detail = detail(pair, Aspect::Events)?;
    Some((detail, names(value_of(&detail.old)), names(value_of(&detail.new))))
}

fn event_draft(pair: &Pair<'_>, detail: &Detail, event: &str, what: &str, reads: &Reads) -> Draft {
    let message = format!("the event `{event}` {what} `{}`", pair.name());
    let exposure = pair.cx.exposures.of(event).in_buffers_only();
    pair.draft(message, reads.verdicts(&exposure)).at(detail).of(event)
}

/// Whether the event has a tag in each version that has the event.
fn is_tagged(pair: &Pair<'_>, event: &str) -> bool {
    let versions = [&pair.cx.old, &pair.cx.new];
    versions
        .into_iter()
        .filter_map(|version| Some(version.layouts.model.ty(version.ty(event)?)))
        .all(|def| matches!(def, TypeDef::Record(record) if matches!(record.kind, RecordKind::Event { tag: Some(_) })))
}
