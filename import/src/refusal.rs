//! Writing until the language takes it.
//!
//! A source may have what the language refuses: a map that the kernel would refuse as well, two names that become one in
//! Rust, a lock where none may be. What was refused is written in another way, or as a comment, with what the language says
//! of it; all else stays.

use std::{io, path::Path};

use bpf_layout_spec::{
    Failure, Options,
    diag::{Code, Diagnostic, Severity},
    layout::Layouts,
};

use crate::{
    Error, Imported, Note, c_names,
    draft::{Body, Draft, Entry},
    drafter::{self, Changes},
    found::Found,
    numbers,
    toml::{self, Part, Text},
};

/// After so many attempts the source is taken for one that cannot be written. Each changes everything that was refused in the
/// one before.
const MAX_ATTEMPTS: usize = 64;

pub(crate) fn write(found: &Found<'_>, title: &str) -> Result<Imported, Error> {
    let mut changes = Changes::default();
    let mut last = String::new();
    for _ in 0..MAX_ATTEMPTS {
        let mut draft = drafter::draft(found, &changes);
        numbers::name(found, &mut draft, &changes.constants);
        if draft.definitions.is_empty() && draft.maps.is_empty() {
            return Err(Error::Nothing);
        }
        let text = toml::text(&draft, title);
        let failure = match load(&text.toml) {
            Ok(layouts) => {
                let text = c_names::keep(found, &mut draft, &layouts, title);
                return Ok(imported(draft, text));
            }
            Err(failure) => failure,
        };
        let errors = failure.diagnostics.iter().filter(|found| found.code.severity() == Severity::Error);
        last = errors.clone().next().map(said).unwrap_or_default();
        let mut changed = false;
        for error in errors {
            changed |= change(found, &draft, &text, error, &mut changes);
        }
        if !changed {
            break;
        }
    }
    Err(Error::Refused(last))
}

pub(crate) fn load(text: &str) -> Result<Layouts, Failure> {
    let read = &mut |_: &Path| -> io::Result<String> { Ok(text.to_owned()) };
    bpf_layout_spec::load_with(Path::new("layouts.toml"), read, &Options::default()).map(|loaded| loaded.layouts)
}

/// A diagnostic in one sentence.
fn said(diagnostic: &Diagnostic) -> String {
    let label = diagnostic.primary.as_ref().map(|label| label.text.as_str()).unwrap_or_default();
    if label.is_empty() { diagnostic.message.clone() } else { format!("{} ({label})", diagnostic.message) }
}

/// Changes what an error is about. Whether there is something to change.
fn change(found: &Found<'_>, draft: &Draft, text: &Text, error: &Diagnostic, changes: &mut Changes) -> bool {
    let Some(span) = error.primary.as_ref().map(|label| label.span) else { return false };
    let at = span.start as usize;
    let part = text.parts.iter().find(|(range, _)| range.contains(&at)).map(|(_, part)| *part);
    let token = text.toml.get(at..span.end as usize).unwrap_or_default().trim_matches('"');
    match (part, error.code) {
        (Some(Part::Definition(index)), Code::ClashingName | Code::DuplicateName | Code::ReservedName) => {
            rename(found, draft, index, token, changes) || opaque(draft, index, error, changes)
        }
        (Some(Part::Map(index)), Code::ClashingName | Code::DuplicateName | Code::ReservedName) => {
            let map = &draft.maps[index];
            let was = found.observed.maps.get(map.map).map_or("", |map| map.name);
            let free = changes.renamed.insert(was.to_owned(), format!("{}_map", map.name)).is_none();
            free || refuse(draft, index, error, changes)
        }
        (Some(Part::Definition(index)), Code::Tag | Code::MapLimit) if has_events(draft, index) => {
            without_events(draft, index, error, changes)
        }
        (Some(Part::Definition(index)), _) => opaque(draft, index, error, changes),
        (Some(Part::Map(index)), _) => refuse_part(draft, index, token, error, changes),
        (None, _) => {
            let is_constant = draft.lengths.iter().chain(&draft.capacities).any(|constant| constant.name == token);
            is_constant && changes.constants.insert(token.to_owned())
        }
    }
}

/// Gives a type, or a field of it, another name.
fn rename(found: &Found<'_>, draft: &Draft, index: usize, token: &str, changes: &mut Changes) -> bool {
    let definition = &draft.definitions[index];
    let Some(ty) = found.observed.types.get(definition.ty) else { return false };
    let own = match ty {
        bpf_layout_spec::compare::ObservedType::Record(record) => record.name,
        bpf_layout_spec::compare::ObservedType::Enum(def) => def.name,
    };
    if token == definition.name {
        let own = if own.is_empty() { &definition.name } else { own };
        return changes.renamed.insert(own.to_owned(), format!("{}_type", definition.name)).is_none();
    }
    let Body::Record(_, record) = &definition.body else { return false };
    let has = record.entries.iter().any(|entry| matches!(entry, Entry::Field(field) if field.name == token));
    has && changes.renamed.insert(format!("{}.{token}", definition.ty), format!("{token}_")).is_none()
}

fn opaque(draft: &Draft, index: usize, error: &Diagnostic, changes: &mut Changes) -> bool {
    changes.opaque.insert(draft.definitions[index].ty, said(error)).is_none()
}

fn has_events(draft: &Draft, index: usize) -> bool {
    let name = &draft.definitions[index].name;
    draft.maps.iter().any(|map| map.events.contains(name))
}

/// Leaves the events of the maps out that carry this one.
fn without_events(draft: &Draft, index: usize, error: &Diagnostic, changes: &mut Changes) -> bool {
    let name = &draft.definitions[index].name;
    let mut changed = false;
    for map in draft.maps.iter().filter(|map| map.events.contains(name)) {
        changed |= changes.without_events.insert(map.map, said(error)).is_none();
    }
    changed
}

/// Leaves out of a map what the language refuses, if it does without it, or else the map.
fn refuse_part(draft: &Draft, index: usize, token: &str, error: &Diagnostic, changes: &mut Changes) -> bool {
    let map = &draft.maps[index];
    let about_events =
        !map.events.is_empty() && (error.code == Code::Tag || map.events.iter().any(|event| event == token));
    if about_events && changes.without_events.insert(map.map, said(error)).is_none() {
        return true;
    }
    if let Some(entries) = map.max_entries.as_ref().filter(|entries| entries.bytes)
        && matches!(error.code, Code::NotPowerOfTwo | Code::MapLimit)
    {
        let fits = entries.value.next_power_of_two().max(4096);
        let reason = format!(
            "max_entries is {}, which no ring buffer has: whoever loads the map makes it larger",
            entries.value
        );
        return changes.entries.insert(map.map, (fits, reason)).is_none() || refuse(draft, index, error, changes);
    }
    refuse(draft, index, error, changes)
}

fn refuse(draft: &Draft, index: usize, error: &Diagnostic, changes: &mut Changes) -> bool {
    changes.refused.insert(draft.maps[index].map, said(error)).is_none()
}

fn imported(mut draft: Draft, text: Text) -> Imported {
    let (mut notes, mut fillers) = (Vec::new(), Vec::new());
    for definition in &mut draft.definitions {
        if let Body::Record(_, record) = &mut definition.body {
            record.each_field(&mut |field| {
                fillers.extend(field.filler.then(|| (definition.name.clone(), field.name.clone())));
            });
        }
    }
    for definition in &draft.definitions {
        notes.extend(definition.comments.iter().map(|message| Note::new(&definition.name, message)));
        if let Body::Record(_, record) = &definition.body {
            entry_notes(&definition.name, &record.entries, &mut notes);
        }
    }
    for map in &draft.maps {
        notes.extend(map.comments.iter().map(|message| Note::new(&map.name, message)));
        notes.extend(map.refused.iter().map(|reason| Note::new(&map.name, &format!("is left out: {reason}"))));
    }
    let types = draft.definitions.iter().map(|definition| (definition.ty, definition.name.clone())).collect();
    let maps = draft.maps.iter().filter(|map| map.refused.is_none() && !map.is_inner);
    let maps = maps.map(|map| (map.map, map.name.clone())).collect();
    Imported { toml: text.toml, notes, types, maps, fillers }
}

fn entry_notes(owner: &str, entries: &[Entry], notes: &mut Vec<Note>) {
    for entry in entries {
        match entry {
            Entry::Field(field) => {
                let subject = format!("{owner}.{}", field.name);
                notes.extend(field.ty.loss.iter().map(|loss| Note::new(&subject, loss)));
            }
            Entry::Comment(text) => notes.push(Note::new(owner, text)),
            Entry::Unnamed { record, .. } => entry_notes(owner, &record.entries, notes),
        }
    }
}

impl Note {
    fn new(subject: &str, message: &str) -> Self {
        Note { subject: subject.to_owned(), message: message.to_owned() }
    }
}
