//! What crosses the boundary to userspace and is not in the spec, or not as it says: keys and values of maps, and records
//! that go through ring buffers and perf buffers.
//!
//! A map or buffer that the spec does not have is a warning: whether userspace reads it, no object can tell. Who knows
//! that it does not, says so under `[outside]`.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use super::{
    Difference, Observed, ObservedMap, ObservedPart, ObservedRecord, ObservedType, Rule, Shape, SourceLine, Value,
    room_name,
};
use crate::{
    kernel::MAP_KINDS,
    layout::Layouts,
    model::{Map, OutsideKind, TypeDef, TypeId},
    source::Span,
};

/// A call that hands a record to userspace.
#[derive(Clone, Debug)]
pub struct ObservedOutput<'a> {
    /// The map that the record goes through.
    pub map: &'a str,
    /// Bytes of the record; `None` if the witness cannot tell.
    pub size: Option<u64>,
    /// Whether it is this size on every way to the call; on some, otherwise.
    pub always: bool,
    /// The line of C.
    pub source: Option<SourceLine>,
    /// Where in the witness.
    pub place: String,
}

/// Map types whose values are structs of the kernel, which userspace has from its headers.
const VALUES_OF_THE_KERNEL: &[&str] = &["devmap", "devmap_hash", "cpumap", "insn_array"];

/// Sizes that a message lists before it only counts.
const LISTED: usize = 4;

/// Holds the maps of a witness, and the calls by which it hands records to userspace, against what the spec has.
#[must_use]
pub fn boundary(layouts: &Layouts, observed: &Observed<'_>, outputs: &[ObservedOutput<'_>]) -> Vec<Difference> {
    let side = Side::new(layouts, observed);
    let mut found = Vec::new();
    for map in observed.maps.iter().filter(|map| !side.maps.contains(map.name)) {
        side.unlisted_structs(map, &mut found);
    }
    let mut buffers: BTreeMap<&str, Vec<&ObservedOutput<'_>>> = BTreeMap::new();
    for output in outputs {
        buffers.entry(output.map).or_default().push(output);
    }
    for (name, outputs) in buffers {
        match layouts.model.maps.iter().find(|map| map.name.c == name) {
            Some(map) if !map.events.is_empty() => side.wrong_sizes(map, &outputs, &mut found),
            map if !layouts.model.is_outside(OutsideKind::Map, name) => {
                side.unlisted_buffer(name, map, &outputs, &mut found)
            }
            _ => {}
        }
    }
    found
}

/// The witness, and what the spec has or knows of.
struct Side<'a> {
    layouts: &'a Layouts,
    observed: &'a Observed<'a>,
    /// Names of maps that need not be told.
    maps: BTreeSet<&'a str>,
    /// Names of structs that need not be told.
    structs: BTreeSet<Cow<'a, str>>,
}

impl<'a> Side<'a> {
    fn new(layouts: &'a Layouts, observed: &'a Observed<'a>) -> Self {
        let model = &layouts.model;
        let outside =
            |kind| model.outside.iter().filter(move |outside| outside.kind == kind).map(|outside| &*outside.name);
        let records = model.records().filter(|(_, record)| !record.anonymous).map(|(_, record)| &*record.name.c);
        let rooms = model.records().filter(|(_, record)| record.is_compact()).map(|(_, record)| room_name(record));
        let externs = model.types.iter().filter_map(extern_name);
        Side {
            layouts,
            observed,
            maps: model.maps.iter().map(|map| &*map.name.c).chain(outside(OutsideKind::Map)).collect(),
            structs: (records.chain(externs).chain(outside(OutsideKind::Struct)).map(Cow::Borrowed))
                .chain(rooms.map(Cow::Owned))
                .collect(),
        }
    }

    fn difference(&self, id: &str, what: &str, expected: Value, found: Value, place: &str) -> Option<Difference> {
        Some(Difference {
            rule: Rule::from_id(id)?,
            what: what.to_owned(),
            field: None,
            expected,
            found,
            span: None,
            witness: self.observed.witness.clone(),
            place: place.to_owned(),
            source: None,
        })
    }

    /// Keys and values of a map that are structs which the spec does not have.
    fn unlisted_structs(&self, map: &ObservedMap<'_>, found: &mut Vec<Difference>) {
        let kind = MAP_KINDS.iter().find(|kind| Some(u64::from(kind.id)) == map.kind);
        let inner = map.inner.as_deref();
        for (field, part) in [
            ("key", map.key.as_ref()),
            (
                "value",
                map.value.as_ref().filter(|_| !kind.is_some_and(|kind| VALUES_OF_THE_KERNEL.contains(&kind.name))),
            ),
            ("inner.key", inner.and_then(|inner| inner.key.as_ref())),
            ("inner.value", inner.and_then(|inner| inner.value.as_ref())),
        ] {
            let record = part.and_then(|part| record_of(self.observed, part));
            let Some(record) = record.filter(|record| !self.structs.contains(record.name)) else { continue };
            let difference = self.difference(
                "unlisted-struct",
                map.name,
                "not in the spec".into(),
                described(record).into(),
                &map.place,
            );
            found.extend(difference.map(|difference| Difference { field: Some(field.to_owned()), ..difference }));
        }
    }

    /// A buffer that the spec does not have, or says no events of.
    fn unlisted_buffer(
        &self,
        name: &str,
        map: Option<&Map>,
        outputs: &[&ObservedOutput<'_>],
        found: &mut Vec<Difference>,
    ) {
        let expected = if map.is_some() { "no events" } else { "not in the spec" };
        let sizes: BTreeSet<Option<u64>> = outputs.iter().map(|output| output.size).collect();
        let Some(first) = outputs.first() else { return };
        let difference =
            self.difference("unlisted-buffer", name, expected.into(), records_of(&sizes).into(), &first.place);
        found.extend(difference.map(|difference| Difference {
            span: map.map(|map| map.name.span),
            source: first.source.clone(),
            ..difference
        }));
    }

    /// Records whose size is that of no event of their buffer. One line of C may have become several calls.
    fn wrong_sizes(&self, map: &Map, outputs: &[&ObservedOutput<'_>], found: &mut Vec<Difference>) {
        let (expected, sizes, span) = self.events(map);
        let mut told = BTreeSet::new();
        for output in outputs {
            let Some(size) = output.size.filter(|size| !sizes.iter().any(|sizes| sizes.contains(size))) else {
                continue;
            };
            let line = output.source.as_ref().map(|source| (&source.file, source.line));
            if line.is_some() && !told.insert((line, size, output.always)) {
                continue;
            }
            let rule = if output.always { "event-size" } else { "branch-event-size" };
            let difference = self.difference(rule, &map.name.spec, expected.clone(), size.into(), &output.place);
            found.extend(difference.map(|difference| Difference {
                span: Some(span),
                source: output.source.clone(),
                ..difference
            }));
        }
    }

    /// The sizes of a buffer's events, as one tells them, and where the spec has them.
    fn events(&self, map: &Map) -> (Value, Vec<RangeInclusive<u64>>, Span) {
        let sized = |id: &TypeId| {
            let smallest = self.layouts.of(*id).size;
            (smallest..=self.layouts.largest(*id), self.layouts.model.ty(*id).name())
        };
        let events: Vec<_> = map.events.iter().map(sized).collect();
        let sizes = events.iter().map(|(sizes, _)| sizes.clone()).collect();
        match events.as_slice() {
            [(only, name)] if only.start() == only.end() => ((*only.start()).into(), sizes, name.span),
            [(only, name)] => (format!("{} bytes", span_of(only)).into(), sizes, name.span),
            _ => {
                let texts = events.iter().map(|(sizes, name)| format!("{} bytes (`{}`)", span_of(sizes), name.spec));
                (texts.collect::<Vec<_>>().join(" or ").into(), sizes, map.name.span)
            }
        }
    }
}

/// `24`, or `24 to 5432`.
fn span_of(sizes: &RangeInclusive<u64>) -> String {
    match (sizes.start(), sizes.end()) {
        (start, end) if start == end => start.to_string(),
        (start, end) => format!("{start} to {end}"),
    }
}

/// The name that C has for an extern type, without `struct` or `union`.
pub(super) fn extern_name(def: &TypeDef) -> Option<&str> {
    match def {
        TypeDef::Extern(def) => Some(def.c_type.trim_start_matches("struct ").trim_start_matches("union ")),
        TypeDef::Record(_) | TypeDef::Enum(_) | TypeDef::Flags(_) => None,
    }
}

/// The struct or union that a key or value is, or an array of.
fn record_of<'a>(observed: &'a Observed<'a>, part: &ObservedPart) -> Option<&'a ObservedRecord<'a>> {
    let mut shape = part.shape.as_ref()?;
    while let Shape::Array(element, _) = shape {
        shape = element;
    }
    match shape {
        Shape::Def(index) => match observed.types.get(*index)? {
            ObservedType::Record(record) => Some(record),
            ObservedType::Enum(_) => None,
        },
        _ => None,
    }
}

/// `struct conn of 48 bytes`.
fn described(record: &ObservedRecord<'_>) -> String {
    let keyword = if record.union { "union" } else { "struct" };
    let named = match (record.name, record.alias) {
        ("", _) => format!("an unnamed {keyword}"),
        (name, true) => name.to_owned(),
        (name, false) => format!("{keyword} {name}"),
    };
    format!("{named} of {} byte{}", record.size, if record.size == 1 { "" } else { "s" })
}

/// `records of 24, 32 bytes and others`.
fn records_of(sizes: &BTreeSet<Option<u64>>) -> String {
    let known: Vec<String> = sizes.iter().flatten().take(LISTED).map(u64::to_string).collect();
    if known.is_empty() {
        return "records of unknown size".to_owned();
    }
    let others = if known.len() < sizes.len() { " and others" } else { "" };
    format!("records of {} bytes{others}", known.join(", "))
}
