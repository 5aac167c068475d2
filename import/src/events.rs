//! Of which types the records are that programs hand to userspace. No object says so: a call has a map, an address and a size.
//! What is at hand is the size, the line of C, and which types the object keeps without any other use.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bpf_layout_btf::{Btf, Kind, MapDef, OutputCall, Type, TypeId};

use crate::{Note, object::innermost};

/// Structs of one size among which a record's is looked for. In hostile data there may be as many as there are bytes.
const MAX_CANDIDATES: usize = 512;
/// Lines of C by which calls are told apart, likewise.
const MAX_CALLS: usize = 4096;

/// Words in the names of types that records are commonly of.
const EVENT_WORDS: &[&str] = &["event", "evt", "msg", "message", "record", "sample", "notification"];

/// Map types that programs build large records in.
const PERCPU_ARRAY: u32 = 6;

/// What speaks for a type, from the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Evidence {
    /// The line of the call names it.
    in_line: bool,
    /// A global variable is there to keep it in BTF.
    anchored: bool,
    /// Its name says that it is an event.
    called_event: bool,
    /// It is the value of a per-CPU array, where records are built that the stack has no room for.
    scratch: bool,
}

/// The types of the records that go through each map, as far as one can be told. What cannot is noted.
pub(crate) fn guess<'a>(
    btf: &Btf<'a>,
    maps: &[MapDef<'a>],
    calls: &[OutputCall<'a>],
    anchors: &[TypeId],
    is_foreign: &dyn Fn(&Type<'a>) -> bool,
    notes: &mut Vec<Note>,
) -> BTreeMap<String, Vec<TypeId>> {
    let guesser = Guesser::new(btf, maps, anchors, is_foreign);
    let mut by_map: BTreeMap<&str, Vec<&OutputCall<'a>>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for call in calls {
        let Some(map) = call.map else { continue };
        let text = call.line.map_or("", |line| line.text);
        if seen.len() < MAX_CALLS && seen.insert((map, call.size, text)) {
            by_map.entry(map).or_default().push(call);
        }
    }
    let mut found = BTreeMap::new();
    for (map, calls) in by_map {
        let mut types: Vec<TypeId> = Vec::new();
        let mut said = Vec::new();
        for call in calls {
            match guesser.of_call(call) {
                Ok(ty) if types.contains(&ty) => {}
                Ok(ty) => types.push(ty),
                Err(message) if said.contains(&message) => {}
                Err(message) => said.push(message),
            }
        }
        notes.extend(said.into_iter().map(|message| Note { subject: map.to_owned(), message }));
        found.insert(map.to_owned(), types);
    }
    found
}

/// A struct that a record may be of.
struct Candidate<'a> {
    /// The struct, or the typedef that names it.
    id: TypeId,
    name: &'a str,
    evidence: Evidence,
}

struct Guesser<'a> {
    by_size: BTreeMap<u64, Vec<Candidate<'a>>>,
}

impl<'a> Guesser<'a> {
    fn new(btf: &Btf<'a>, maps: &[MapDef<'a>], anchors: &[TypeId], is_foreign: &dyn Fn(&Type<'a>) -> bool) -> Self {
        let typedefs = btf.types().filter(|ty| ty.kind() == Kind::Typedef);
        let typedefs: HashMap<TypeId, Type<'a>> = typedefs.map(|alias| (alias.target(), alias)).collect();
        let values = maps.iter().filter(|map| map.kind == Some(PERCPU_ARRAY)).filter_map(|map| map.value);
        let scratch: BTreeSet<TypeId> = values.filter_map(|ty| Some(innermost(btf, ty)?.id())).collect();
        let anchors: BTreeSet<TypeId> = anchors.iter().filter_map(|ty| Some(innermost(btf, *ty)?.id())).collect();
        let mut by_size: BTreeMap<u64, Vec<Candidate<'a>>> = BTreeMap::new();
        for ty in btf.types().filter(|ty| ty.kind() == Kind::Struct && !is_foreign(ty)) {
            let named = if ty.name().is_empty() { typedefs.get(&ty.id()).copied() } else { Some(ty) };
            let (Some(named), Some(size)) = (named, ty.size().filter(|size| *size > 0)) else { continue };
            let lower = named.name().to_ascii_lowercase();
            let evidence = Evidence {
                in_line: false,
                anchored: anchors.contains(&ty.id()),
                called_event: EVENT_WORDS.iter().any(|word| lower.contains(word)),
                scratch: scratch.contains(&ty.id()),
            };
            let candidates = by_size.entry(size).or_default();
            if candidates.len() < MAX_CANDIDATES {
                candidates.push(Candidate { id: named.id(), name: named.name(), evidence });
            }
        }
        Guesser { by_size }
    }

    /// The type of the record that a call hands over, or why it cannot be told.
    fn of_call(&self, call: &OutputCall<'a>) -> Result<TypeId, String> {
        let text = call.line.map_or("", |line| line.text);
        let rated = |candidate: &Candidate<'a>| {
            let evidence = Evidence { in_line: has_word(text, candidate.name), ..candidate.evidence };
            (evidence, candidate.id, candidate.name)
        };
        let mut rated: Vec<(Evidence, TypeId, &str)> = match call.size {
            Some(size) => self.by_size.get(&size.into()).into_iter().flatten().map(rated).collect(),
            // Without a size only what the line names tells.
            None => self.by_size.values().flatten().map(rated).filter(|(evidence, ..)| evidence.in_line).collect(),
        };
        let Some(best) = rated.iter().map(|(evidence, ..)| *evidence).max() else {
            return Err(format!("{}: the object does not say of which type they are", said(call)));
        };
        rated.retain(|(evidence, ..)| *evidence == best);
        match rated.as_slice() {
            [(_, ty, _)] => Ok(*ty),
            several => {
                let names: Vec<&str> = several.iter().map(|(.., name)| *name).take(8).collect();
                Err(format!("{}: they may be any of {}", said(call), names.join(", ")))
            }
        }
    }
}

/// The records of a call, in words.
fn said(call: &OutputCall<'_>) -> String {
    let size = call.size.map_or_else(|| "of no fixed size".to_owned(), |size| format!("of {size} bytes"));
    match call.line {
        Some(line) => format!("carries records {size} ({}:{})", line.file, line.line),
        None => format!("carries records {size} ({}() in {})", call.helper, call.function),
    }
}

/// Whether a line of C has this word.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(is_part);
        let after = text[at + word.len()..].chars().next().is_some_and(is_part);
        !before && !after
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole() {
        assert!(has_word("bpf_ringbuf_reserve(&rb, sizeof(struct event), 0)", "event"));
        assert!(!has_word("e = bpf_ringbuf_reserve(&events, sizeof(*e), 0)", "event"));
        assert!(!has_word("my_event", "event") && has_word("event", "event"));
    }
}
