//! Structs, events and unions.

use super::{Facts, tag_text};
use crate::{
    compare::type_text,
    diff::{Aspect, Value},
    layout::{Layouts, Member},
    model::{Field, Record, RecordKind, Type, TypeDef, TypeId},
};

pub(super) fn kind(record: &Record) -> &'static str {
    match record.kind {
        RecordKind::Struct => "struct",
        RecordKind::Event { .. } => "event",
        RecordKind::Union => "union",
    }
}

pub(super) fn record(facts: &mut Facts, layouts: &Layouts, id: TypeId, record: &Record) {
    if let RecordKind::Event { tag: Some(tag) } = &record.kind {
        let field = &record.fields[tag.field].name.spec;
        facts.text(Aspect::Tag, Some(format!("{field} = {}", tag_text(&layouts.model, &tag.value))));
    }
    members(facts, layouts, id, 0);
}

/// The fields of a record that starts at byte `base` of the outermost one.
fn members(facts: &mut Facts, layouts: &Layouts, id: TypeId, base: u64) {
    let TypeDef::Record(record) = layouts.model.ty(id) else { return };
    for member in &layouts.of(id).members {
        match member {
            Member::Field { field, offset, size, .. } => {
                let field = &record.fields[*field];
                match field.ty {
                    Type::Def(inner) if field.anonymous => members(facts, layouts, inner, base + offset),
                    _ => {
                        start(facts, layouts, record, field, base + offset);
                        number(facts, Aspect::Size, field, *size);
                    }
                }
            }
            Member::Bits(run) => {
                for bits in &run.bits {
                    let Some(field) = bits.field.map(|field| &record.fields[field]) else { continue };
                    start(facts, layouts, record, field, base + bits.bit_offset / 8);
                    number(facts, Aspect::Bit, field, bits.bit_offset % 8);
                    number(facts, Aspect::Bits, field, bits.width.into());
                }
            }
            // Where padding lies follows from everything else.
            Member::Padding { .. } => {}
        }
    }
}

/// What every field has.
fn start(facts: &mut Facts, layouts: &Layouts, record: &Record, field: &Field, offset: u64) {
    let mut text = |aspect, text| facts.push(aspect, Some(&field.name.spec), Value::Text(text), field.ty_span);
    text(Aspect::Type, type_text(&layouts.model, &field.ty));
    if let Some(tag) = field.tag {
        text(Aspect::Tag, record.fields[tag].name.spec.to_string());
    }
    if !field.when.is_empty() {
        let when: Vec<String> = field.when.iter().map(|value| tag_text(&layouts.model, value)).collect();
        text(Aspect::When, when.join(", "));
    }
    if let Some((of, node)) = field.contains.as_deref() {
        text(Aspect::Contains, format!("{of}.{node}"));
    }
    number(facts, Aspect::Offset, field, offset);
}

fn number(facts: &mut Facts, aspect: Aspect, field: &Field, number: u64) {
    facts.push(aspect, Some(&field.name.spec), Value::Number(number.into()), field.name.span);
}
