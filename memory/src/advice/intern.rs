//! Long strings in the values of hash maps. Where few of them differ, an id in each value and each string once takes less.

use std::path::Path;

use bpf_layout_spec::{
    Options,
    layout::Layouts,
    load_with,
    model::{ConstId, Count, Expr, Map, MapId, Model, Type, TypeDef, TypeId},
    scalar::Scalar,
};

use super::{About, Proposal, largest_maps};
use crate::{
    map::MapType,
    report::{MapReport, Report},
    shrink::laid_out,
    text::grouped,
};

/// Shorter strings are hardly longer than what an entry of a dictionary has beside its string.
const SHORTEST: u64 = 64;
/// The longest that a dictionary takes.
const LONGEST: u64 = 4096;
/// What is assumed if nobody has looked: one in so many strings is another one.
const REPEATED: u64 = 8;

pub(super) fn proposals(layouts: &Layouts, report: &Report) -> Vec<Proposal> {
    let long = largest_maps(report).into_iter().flat_map(|found| lengths(layouts, found));
    long.filter_map(|long| proposal(layouts, &long)).collect()
}

/// Strings of one length in the values of a map.
struct Long {
    map: MapId,
    record: TypeId,
    /// Indices into its fields.
    fields: Vec<usize>,
    length: ConstId,
    /// All that the map has room for.
    strings: u64,
    /// Those that were seen in use at most.
    seen: Option<u64>,
}

/// By the name of a length, since a dictionary has the name of one.
fn lengths(layouts: &Layouts, found: &MapReport) -> Vec<Long> {
    let hash =
        matches!(found.shape.ty, MapType::Hash | MapType::LruHash | MapType::PercpuHash | MapType::LruPercpuHash);
    let (true, Some(Type::Def(record))) = (hash, &layouts.model.map(found.id).value) else { return Vec::new() };
    let TypeDef::Record(def) = layouts.model.ty(*record) else { return Vec::new() };
    if layouts.model.is_internal(*record) {
        return Vec::new();
    }
    let mut found_lengths: Vec<Long> = Vec::new();
    for (index, field) in def.fields.iter().enumerate().filter(|(_, field)| !field.omitted) {
        let Type::Str(Count { value: SHORTEST..=LONGEST, expr: Expr::Const(length) }) = field.ty else { continue };
        match found_lengths.iter_mut().find(|long| long.length == length) {
            Some(long) => long.fields.push(index),
            None => found_lengths.push(Long {
                map: found.id,
                record: *record,
                fields: vec![index],
                length,
                strings: 0,
                seen: None,
            }),
        }
    }
    for long in &mut found_lengths {
        let in_entries = |entries: u64| entries.saturating_mul(long.fields.len() as u64);
        (long.strings, long.seen) = (in_entries(found.entries), found.peak.map(in_entries));
    }
    found_lengths
}

fn proposal(layouts: &Layouts, long: &Long) -> Option<Proposal> {
    let length = layouts.model.constant(long.length);
    let name = &length.name.spec;
    // As many as were seen may all differ; there is room for twice that.
    let different = match long.seen {
        Some(seen) => seen.saturating_mul(2).clamp(1, long.strings.max(1)),
        None => (long.strings / REPEATED).max(1),
    };
    let mut model = layouts.model.clone();
    let names = long.fields.iter().map(|&field| intern(&mut model, long.record, field)).collect::<Option<Vec<_>>>()?;
    let there = model.interns.iter().any(|intern| intern.name.spec == *name);
    if !there {
        add_dictionary(&mut model, length.value, different)?;
    }
    let when = match long.seen {
        Some(seen) => format!("audit has seen {} at most, which may all differ:", grouped(seen)),
        None => format!("if no more than one in {REPEATED} is another one,"),
    };
    let text = format!(
        "has room for {} strings of {} bytes ({}); {when} `intern[{name}]`{}",
        grouped(long.strings),
        grouped(length.value),
        names.join(", "),
        if there { String::new() } else { format!(", with `[intern.{name}]` of {} entries", grouped(different)) }
    );
    Some(Proposal { about: About::Map(long.map), text, layouts: laid_out(model)? })
}

/// Makes a string a number as large as an id, and gives its name.
fn intern(model: &mut Model, record: TypeId, field: usize) -> Option<String> {
    let TypeDef::Record(record) = &mut model.types[record.0 as usize] else { return None };
    let field = &mut record.fields[field];
    field.ty = Type::Scalar(Scalar::U64);
    Some(field.name.spec.to_string())
}

/// Adds the maps of a dictionary, with room for so many strings.
fn add_dictionary(model: &mut Model, length: u64, entries: u64) -> Option<()> {
    let dictionary = dictionary(length, entries)?;
    for map in &dictionary.model.maps {
        // Its types are not of this model.
        let bytes = |ty: &Type| {
            let value = dictionary.size_align(ty).0;
            Type::Bytes(Count { value, expr: Expr::Literal(value) })
        };
        let (key, value) = (map.key.as_ref().map(bytes), map.value.as_ref().map(bytes));
        model.maps.push(Map { key, value, ..map.clone() });
    }
    Some(())
}

/// A spec that has a dictionary and nothing else.
fn dictionary(length: u64, entries: u64) -> Option<Layouts> {
    let spec = format!("spec = 1\n[lengths]\nTEXT = {length}\n[intern.TEXT]\nmax_entries = {entries}\n");
    let loaded = load_with(Path::new("dictionary.toml"), &mut |_| Ok(spec.clone()), &Options::default());
    loaded.ok().map(|loaded| loaded.layouts)
}
