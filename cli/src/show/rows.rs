//! A record's members as rows, for every way of printing them.

use bpf_layout_spec::{
    layout::{Bits, Layouts, Member},
    model::{Intern, Record, Type, TypeDef, TypeId},
};

use super::types::{interned, type_text};

/// One member as it lies in memory.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    /// As in the spec; `_pad0` for padding, `anon0` for an unnamed member.
    pub(crate) name: String,
    /// Bytes from the start of the record; for a bitfield, the byte that holds its first bit.
    pub(crate) offset: u64,
    /// Bytes; for a bitfield, those that its bits lie in.
    pub(crate) size: u64,
    /// As the spec writes it.
    pub(crate) ty: String,
    pub(crate) padding: bool,
    pub(crate) bits: Option<&'a Bits>,
    /// The dictionary in which the string stands, if it is an id of one, or an array of ids.
    pub(crate) interned: Option<&'a Intern>,
    /// The record of an unnamed member, whose own members belong to this record in C.
    pub(crate) anonymous: Option<TypeId>,
}

/// The record with this id.
///
/// # Panics
/// If the id is not that of a record; selections hold no others.
pub(crate) fn record(layouts: &Layouts, id: TypeId) -> &Record {
    match layouts.model.ty(id) {
        TypeDef::Record(record) => record,
        TypeDef::Enum(_) | TypeDef::Flags(_) | TypeDef::Extern(_) => unreachable!("only records are selected"),
    }
}

/// Every member of a record in order of offset, padding included.
pub(crate) fn rows(layouts: &Layouts, id: TypeId) -> Vec<Row<'_>> {
    let record = record(layouts, id);
    let mut rows = Vec::new();
    for member in &layouts.of(id).members {
        match member {
            Member::Field { field, offset, size, .. } => rows.push(field_row(layouts, record, *field, *offset, *size)),
            Member::Bits(run) => rows.extend(run.bits.iter().map(|bits| bits_row(record, bits))),
            Member::Padding { index, offset, len } => rows.push(Row {
                name: format!("_pad{index}"),
                offset: *offset,
                size: *len,
                ty: format!("bytes[{len}]"),
                padding: true,
                bits: None,
                interned: None,
                anonymous: None,
            }),
        }
    }
    rows
}

fn field_row<'a>(layouts: &'a Layouts, record: &Record, field: usize, offset: u64, size: u64) -> Row<'a> {
    let field = &record.fields[field];
    let anonymous = match field.ty {
        Type::Def(id) if field.anonymous => Some(id),
        _ => None,
    };
    Row {
        name: if field.anonymous { field.name.rust.to_string() } else { field.name.spec.to_string() },
        offset,
        size,
        ty: type_text(&layouts.model, &field.ty),
        padding: false,
        bits: None,
        interned: interned(&layouts.model, &field.ty),
        anonymous,
    }
}

fn bits_row<'a>(record: &Record, bits: &'a Bits) -> Row<'a> {
    let name = match bits.field {
        Some(field) => record.fields[field].name.spec.to_string(),
        None => format!("_pad{}", bits.pad_index),
    };
    let first_byte = bits.bit_offset / 8;
    let last_byte = (bits.bit_offset + u64::from(bits.width) - 1) / 8;
    Row {
        name,
        offset: first_byte,
        size: last_byte - first_byte + 1,
        ty: bits.unit.info().name.into(),
        padding: bits.field.is_none(),
        bits: Some(bits),
        interned: None,
        anonymous: None,
    }
}
