//! `map-literal`: maps that are written by hand beside those of the spec.

use bpf_layout_spec::{
    model::{ConstKind, Constant, Map},
    source::Span,
};

use super::{MAP_LITERAL, STALE_LITERAL, definitions::sounds_like};
use crate::{code::Code, file::File, finding::Finding, number::Number, unit::Unit};

/// A `max_entries` of a map definition.
struct Entries<'a> {
    number: Number<'a>,
    /// The map's name, and whether its key or value is a struct of the spec.
    map: &'a str,
    shared: bool,
    at: Span,
}

/// `__uint(max_entries, 16384)` in a map that has a name of the spec, or its number of entries from it.
pub(super) fn map_literals(unit: &Unit<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, code) in unit.files.iter().zip(unit.codes) {
        for entries in unit.numbers_of(code).filter_map(|number| entries(unit, file, code, number)) {
            let map = unit.facts.model().maps.iter().find(|map| map.name.c == entries.map);
            findings.extend(match map {
                Some(map) => Some(repeated(&entries, map)),
                None => capacity(unit, &entries).map(|constant| of_capacity(unit, &entries, constant)),
            });
        }
    }
    findings
}

/// The map whose `max_entries` a number is.
fn entries<'a>(unit: &Unit<'a>, file: &'a File, code: &Code<'a>, number: Number<'a>) -> Option<Entries<'a>> {
    /// More members than a map has.
    const LONGEST: usize = 200;
    let (open, argument) = code.meaningful_parent(number.start)?;
    if argument != 1 || code.before(open) != "__uint" || code.word(open + 1) != "max_entries" {
        return None;
    }
    let body = code.parent(open).filter(|&body| code.word(body) == "{")?;
    let close = code.partner(body)?;
    let members = (body..close).take(LONGEST).filter(|&at| code.word(at) == "struct");
    let shared = members.map(|at| code.word(at + 1)).any(|tag| unit.facts.record(tag).is_some());
    let at = file.span(&code.tokens[number.start], &code.tokens[number.end - 1]);
    code.is_word(close + 1).then(|| Entries { number, map: code.word(close + 1), shared, at })
}

/// A map that the spec has.
fn repeated(entries: &Entries<'_>, map: &Map) -> Finding {
    let (name, value) = (&map.name.spec, entries.number.value);
    let expected = map.max_entries.as_ref().map(|count| count.value);
    let finding = match expected {
        Some(expected) if expected != value => Finding::new(
            &STALE_LITERAL,
            entries.at,
            format!("map `{name}` has {value} entries here and {expected} in the spec"),
        ),
        _ => Finding::new(&MAP_LITERAL, entries.at, format!("map `{name}` is defined by hand, and in the spec")),
    };
    let finding = finding
        .also(map.name.span, "defined here")
        .help(format!("write `DEFINE_{}_MAP;` instead of the whole definition", map.name.upper))
        .of(name, Some("max_entries"));
    match expected {
        Some(expected) => finding.numbers(expected, value),
        None => finding,
    }
}

/// The capacity that a map of the source's own has its number of entries from, as far as that can be told: the map holds
/// structs of the spec, or is named after the capacity.
fn capacity<'a>(unit: &Unit<'a>, entries: &Entries<'_>) -> Option<&'a Constant> {
    let same = |constant: &&Constant| constant.value == entries.number.value && constant.value > 1;
    let named = |constant: &Constant| sounds_like(entries.map, &constant.name.spec, ConstKind::Capacity);
    let capacities: Vec<&Constant> = unit.facts.constants(ConstKind::Capacity).filter(same).collect();
    let shared = capacities.first().filter(|_| entries.shared);
    capacities.iter().find(|constant| named(constant)).or(shared).copied()
}

fn of_capacity(unit: &Unit<'_>, entries: &Entries<'_>, constant: &Constant) -> Finding {
    let written = unit.written(entries.at);
    Finding::new(
        &MAP_LITERAL,
        entries.at,
        format!("`{written}` entries of map `{}` are the capacity `{}`", entries.map, constant.name.spec),
    )
    .also(constant.name.span, format!("`{}` is {}", constant.name.spec, constant.value))
    .help(format!("write `{}`", constant.name.c))
    .of(&constant.name.spec, None)
    .numbers(constant.value, entries.number.value)
}
