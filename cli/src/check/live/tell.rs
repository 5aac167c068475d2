//! What came of it, for every format.

use std::collections::BTreeSet;

use bpf_layout_check::{LoadedOutcome, Resized, styled_loaded};
use bpf_layout_spec::{
    Loaded,
    compare::{Thing, ThingKind},
    model::{MapId, Model},
};

use super::objects::Gathered;
use crate::check::{
    objects::{count, found, named},
    section::{self, At, Live, LiveMap, Note, Section, Unknown},
};

pub(super) fn section(loaded: &Loaded, gathered: Gathered<'_>, compared: &LoadedOutcome, everything: bool) -> Section {
    let model = &loaded.layouts.model;
    let notes: Vec<Note> = compared.resized.iter().map(|resized| note(resized, loaded)).collect();
    let not_loaded = if everything { not_loaded(model, &gathered.maps) } else { Vec::new() };
    let unknown = gathered.unknown.into_iter().chain(compared.outcome.unknown.iter().map(unknown)).collect();
    let live = Live {
        resized: compared.resized.iter().map(|resized| resized_map(resized, model)).collect(),
        unknown,
        maps: gathered.maps.into_iter().map(|(_, map)| map).collect(),
        not_loaded,
    };
    Section {
        human: human(loaded, compared, &notes, &live),
        found: compared.outcome.differences.iter().map(|difference| found(difference, &loaded.sources)).collect(),
        notes,
        live: Some(live),
        ..Section::default()
    }
}

fn unknown((_, thing, why): &(String, Thing, &'static str)) -> Unknown {
    Unknown { what: named(thing), why: (*why).to_owned() }
}

fn note(resized: &Resized, loaded: &Loaded) -> Note {
    let map = loaded.layouts.model.map(resized.map);
    let message = format!(
        "map `{}` was resized at load: {} entries instead of {} ({})",
        map.name.spec, resized.found, resized.expected, resized.place
    );
    Note { title: "map-resized", message, at: At::span(&loaded.sources, map.name.span) }
}

fn resized_map(resized: &Resized, model: &Model) -> section::Resized {
    section::Resized {
        name: model.map(resized.map).name.spec.to_string(),
        expected: resized.expected,
        found: resized.found,
        place: resized.place.clone(),
    }
}

/// The maps that no loaded one is. Those that others hold have no names of their own in the kernel.
fn not_loaded(model: &Model, maps: &[(MapId, LiveMap)]) -> Vec<String> {
    let loaded: BTreeSet<MapId> = maps.iter().map(|(id, _)| *id).collect();
    let held: BTreeSet<MapId> = model.maps.iter().filter_map(|map| map.inner).collect();
    let absent = (0..).map(MapId).zip(&model.maps).filter(|(id, _)| !loaded.contains(id) && !held.contains(id));
    absent.map(|(_, map)| map.name.spec.to_string()).collect()
}

/// Each difference at its line of the spec, then what is to be known, then what was compared, then a summary.
fn human(loaded: &Loaded, compared: &LoadedOutcome, notes: &[Note], live: &Live) -> String {
    let mut text = styled_loaded(&compared.outcome.differences, &loaded.sources);
    if !text.is_empty() {
        text.push('\n');
    }
    for note in notes {
        text += &format!("note: {}\n", note.message);
    }
    for Unknown { what, why } in &live.unknown {
        text += &format!("unknown: {what}: {why}\n");
    }
    if !live.not_loaded.is_empty() {
        let names: Vec<String> = live.not_loaded.iter().map(|name| format!("`{name}`")).collect();
        text += &format!("not loaded: {}\n", names.join(", "));
    }
    text + &compared_maps(live) + &summary(compared)
}

fn compared_maps(live: &Live) -> String {
    let maps: Vec<String> = live.maps.iter().map(|map| format!("`{}` (map id {})", map.name, map.id)).collect();
    if maps.is_empty() { String::new() } else { format!("compared: {}\n", maps.join(", ")) }
}

fn summary(compared: &LoadedOutcome) -> String {
    let outcome = &compared.outcome;
    let types = outcome.agrees.iter().filter(|thing| thing.kind == ThingKind::Type).count();
    let (types, maps) = (count(types, "type", ""), count(outcome.agrees.len() - types, "map", ""));
    let agree = format!("{types} and {maps} agree with the running kernel\n");
    match outcome.differences.len() {
        0 => agree,
        differences => format!("{}; {agree}", count(differences, "difference", "")),
    }
}
