//! One name, two layouts: what each of several witnesses says by itself may be right and still not go together.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Difference, Observed, ObservedRecord, ObservedType, Rule, Shape, Value,
    boundary::extern_name,
    flat::{self, FoundField},
};
use crate::{
    kernel::KERNEL_FIELDS,
    layout::Layouts,
    model::{OutsideKind, Record},
};

/// One record of one witness.
struct Witnessed<'a> {
    observed: &'a Observed<'a>,
    index: usize,
    record: &'a ObservedRecord<'a>,
}

/// Structs and unions of which two witnesses, or one twice, say different things. Asked are those of the spec, and those
/// that are keys or values of a map or contained in one; others never leave the program. What the spec has under
/// `[outside]` is nobody's to ask.
#[must_use]
pub fn twins(layouts: &Layouts, observed: &[Observed<'_>]) -> Vec<Difference> {
    let Some(rule) = Rule::from_id("two-layouts") else { return Vec::new() };
    let names = shared_names(layouts, observed);
    // A typedef and a struct of one name are two things in C.
    let mut first: BTreeMap<(&str, bool), Witnessed<'_>> = BTreeMap::new();
    let mut differences = Vec::new();
    for observed in observed {
        for (index, ty) in observed.types.iter().enumerate() {
            let ObservedType::Record(record) = ty else { continue };
            if !names.contains(record.name) {
                continue;
            }
            let found = Witnessed { observed, index, record };
            match first.get(&(record.name, record.alias)) {
                None => {
                    first.insert((record.name, record.alias), found);
                }
                Some(first) => differences.extend(difference(layouts, rule, first, &found)),
            }
        }
    }
    differences
}

fn shared_names<'a>(layouts: &'a Layouts, observed: &'a [Observed<'a>]) -> BTreeSet<&'a str> {
    let of_spec = layouts.model.records().filter(|(_, record)| !record.anonymous).map(|(_, record)| &*record.name.c);
    let mut names: BTreeSet<&str> = of_spec.collect();
    for observed in observed {
        add_names_in_maps(layouts, observed, &mut names);
    }
    // What other headers define, those of kernels among them, may be defined in several ways.
    let model = &layouts.model;
    let outside =
        model.outside.iter().filter(|outside| outside.kind == OutsideKind::Struct).map(|outside| &*outside.name);
    let kernels = KERNEL_FIELDS.iter().map(|field| field.name);
    for name in model.types.iter().filter_map(extern_name).chain(outside).chain(kernels) {
        names.remove(name);
    }
    names
}

/// Structs that are keys or values of maps, and those that these contain.
fn add_names_in_maps<'a>(layouts: &Layouts, observed: &'a Observed<'a>, names: &mut BTreeSet<&'a str>) {
    let maps = observed.maps.iter().filter(|map| !layouts.model.is_outside(OutsideKind::Map, map.name));
    let maps = maps.flat_map(|map| [Some(map), map.inner.as_deref()]).flatten();
    let shapes = maps.flat_map(|map| map.key.iter().chain(&map.value)).filter_map(|part| part.shape.as_ref());
    let (mut waiting, mut seen): (Vec<&Shape>, _) = (shapes.collect(), BTreeSet::new());
    while let Some(shape) = waiting.pop() {
        match shape {
            Shape::Array(element, _) => waiting.push(element),
            Shape::Def(index) if seen.insert(*index) => {
                if let Some(ObservedType::Record(record)) = observed.types.get(*index) {
                    names.extend(Some(record.name).filter(|name| !name.is_empty()));
                    waiting.extend(record.members.iter().map(|member| &member.shape));
                }
            }
            _ => {}
        }
    }
}

fn difference(layouts: &Layouts, rule: &'static Rule, a: &Witnessed<'_>, b: &Witnessed<'_>) -> Option<Difference> {
    let (field, expected, found) = contrast(a, b)?;
    let spec = layouts.model.records().map(|(_, record)| record).find(|record| record.name.c == a.record.name);
    let span = spec.map(|record| field_span(record, field.as_deref()));
    Some(Difference {
        rule,
        what: spec.map_or_else(|| a.record.name.to_owned(), |record| record.name.spec.to_string()),
        field,
        expected: Value::Text(format!("{expected} in {} ({})", a.observed.witness, a.record.place)),
        found: Value::Text(found),
        span,
        witness: b.observed.witness.clone(),
        place: b.record.place.clone(),
        source: None,
    })
}

fn field_span(record: &Record, field: Option<&str>) -> crate::source::Span {
    let field = record.fields.iter().find(|candidate| Some(candidate.name.c.as_str()) == field);
    field.map_or(record.name.span, |field| field.name.span)
}

/// The first thing that two records of one name do not have in common: a field, or the whole, and both sides in words.
fn contrast<'a>(a: &Witnessed<'a>, b: &Witnessed<'a>) -> Option<(Option<String>, String, String)> {
    let (ours, theirs) = (flat::of_observed(a.observed, a.index), flat::of_observed(b.observed, b.index));
    let places = |fields: &[FoundField<'a>]| -> BTreeMap<&'a str, (u64, u64)> {
        fields.iter().map(|field| (field.member.name, (field.bit_offset, field.member.bit_size))).collect()
    };
    let (our_places, their_places) = (places(&ours), places(&theirs));
    let find = |name: &str| (our_places.get(name).copied(), their_places.get(name).copied());
    let mut names = ours.iter().chain(&theirs).map(|field| (field.member.name, find(field.member.name)));
    if let Some((name, (our, their))) = names.find(|(_, (our, their))| our != their) {
        return Some((Some(name.to_owned()), place(our), place(their)));
    }
    let whole = |record: &ObservedRecord<'_>| {
        format!("a {} of {} bytes", if record.union { "union" } else { "struct" }, record.size)
    };
    let (a, b) = (whole(a.record), whole(b.record));
    (a != b).then_some((None, a, b))
}

fn place(place: Option<(u64, u64)>) -> String {
    match place {
        None => "missing".to_owned(),
        Some((offset, size)) if offset % 8 == 0 && size % 8 == 0 => {
            format!("at byte {}, {} bytes", offset / 8, size / 8)
        }
        Some((offset, size)) => format!("at bit {offset}, {size} bits"),
    }
}
