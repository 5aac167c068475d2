//! Layouts for programs. The shape of this JSON is an interface, documented in docs/cli.md: keys are added, never changed.

use bpf_layout_spec::layout::Layouts;
use serde::Serialize;

use super::{
    rows::{record, rows},
    select::Selection,
    types::longest,
};

#[derive(Serialize)]
struct Document<'a> {
    structs: Vec<Struct<'a>>,
}

#[derive(Serialize)]
struct Struct<'a> {
    name: &'a str,
    size: u64,
    align: u32,
    members: Vec<Member<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wire: Option<Wire>,
}

/// Bytes of a record with fields of variable length: none filled, as most are, all full.
#[derive(Serialize)]
struct Wire {
    smallest: u64,
    typical: u64,
    largest: u64,
}

#[derive(Serialize)]
struct Member<'a> {
    name: String,
    offset: u64,
    size: u64,
    #[serde(rename = "type")]
    ty: String,
    padding: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    bit_offset: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bits: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interned: Option<Interned<'a>>,
}

/// What an id stands for.
#[derive(Serialize)]
struct Interned<'a> {
    /// The map in which the string stands.
    map: &'a str,
    /// Bytes of the longest one, its NUL included.
    longest: u64,
}

/// The selected records as one JSON document with a newline at its end.
pub(super) fn text(layouts: &Layouts, selection: &Selection) -> String {
    let structs = selection.records.iter().map(|&id| {
        let layout = layouts.of(id);
        let members = rows(layouts, id).into_iter().map(|row| Member {
            name: row.name,
            offset: row.offset,
            size: row.size,
            ty: row.ty,
            padding: row.padding,
            bit_offset: row.bits.map(|bits| bits.bit_offset),
            bits: row.bits.map(|bits| bits.width),
            interned: row.interned.map(|intern| Interned {
                map: &layouts.model.map(intern.strings).name.spec,
                longest: longest(&layouts.model, intern),
            }),
        });
        Struct {
            name: &record(layouts, id).name.spec,
            size: layout.size,
            align: layout.align,
            members: members.collect(),
            wire: layouts.room(id).map(|room| Wire {
                smallest: room.smallest,
                typical: room.typical,
                largest: room.worst,
            }),
        }
    });
    let document = Document { structs: structs.collect() };
    let json = serde_json::to_string_pretty(&document).expect("strings and numbers always serialise");
    json + "\n"
}
