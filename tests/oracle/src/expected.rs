//! What our own layout engine says, in the names of C and in those of Rust.

use bpf_layout_spec::{
    layout::{BitRun, Bits, Layouts, Member},
    model::{Field, Model, Record, RecordKind, Type, TypeDef, TypeId},
};

use crate::{
    facts::{Facts, What},
    naive::{self, Dialect},
};

/// How C writes a record's type: `struct file_event`.
#[must_use]
pub fn c_type(record: &Record) -> String {
    let keyword = if record.kind == RecordKind::Union { "union" } else { "struct" };
    format!("{keyword} {}", record.name.c)
}

/// Records that have a name in C.
pub fn named_records(model: &Model) -> impl Iterator<Item = (TypeId, &Record)> {
    model.records().filter(|(_, record)| !record.anonymous)
}

/// Our numbers by C's names. Members of unnamed members count as the record's own, as in C.
#[must_use]
pub fn in_c(layouts: &Layouts) -> Facts {
    let mut facts = Facts::default();
    for (id, record) in named_records(&layouts.model) {
        let layout = layouts.of(id);
        facts.state(&record.name.c, "", What::Size, layout.size);
        facts.state(&record.name.c, "", What::Align, layout.align);
        state_members(layouts, id, &record.name.c, 0, &mut facts);
    }
    for (name, value) in c_values(&layouts.model) {
        facts.state("", name, What::Value, value);
    }
    facts
}

/// Our numbers for what [`naive`] C can say: no padding, no constants, no record that only we can write.
#[must_use]
pub fn in_naive_c(layouts: &Layouts, dialect: Dialect) -> Facts {
    let expressible = naive::expressible(layouts, dialect);
    let mut facts = Facts::default();
    for (fact, value) in in_c(layouts).iter() {
        if expressible.contains_key(fact.ty.as_str()) && !fact.member.starts_with("_pad") {
            facts.state(&fact.ty, &fact.member, fact.what, value);
        }
    }
    facts
}

fn state_members(layouts: &Layouts, id: TypeId, ty: &str, base: u64, facts: &mut Facts) {
    let TypeDef::Record(record) = layouts.model.ty(id) else { return };
    for member in &layouts.of(id).members {
        match member {
            Member::Padding { index, offset, len } => {
                facts.place(ty, &format!("_pad{index}"), base + offset * 8, len * 8);
            }
            Member::Bits(run) => state_bits(run, record, ty, base, facts),
            Member::Field { field, offset, size, .. } => match &record.fields[*field] {
                Field { anonymous: true, ty: Type::Def(inner), .. } => {
                    state_members(layouts, *inner, ty, base + offset * 8, facts);
                }
                field => facts.place(ty, &field.name.c, base + offset * 8, size * 8),
            },
        }
    }
}

/// The bitfields of a run that C has a name for: in a union, what a bitfield leaves over of its byte has none.
pub fn nameable<'a>(record: &'a Record, run: &'a BitRun) -> impl Iterator<Item = &'a Bits> {
    run.bits.iter().filter(|bits| bits.field.is_some() || record.kind != RecordKind::Union)
}

fn state_bits(run: &BitRun, record: &Record, ty: &str, base: u64, facts: &mut Facts) {
    for bits in nameable(record, run) {
        let name = match bits.field {
            Some(field) => record.fields[field].name.c.to_string(),
            None => format!("_pad{}", bits.pad_index),
        };
        facts.place_bitfield(ty, &name, base + bits.bit_offset, bits.width.into());
    }
}

/// Constants, variants and flags by C's names.
pub fn c_values(model: &Model) -> impl Iterator<Item = (&str, i128)> {
    let constants = model.constants.iter().map(|constant| (constant.name.c.as_str(), constant.value.into()));
    let variants = model.types.iter().flat_map(|def| match def {
        TypeDef::Enum(def) => def.variants.as_slice(),
        TypeDef::Flags(def) => def.bits.as_slice(),
        TypeDef::Record(_) | TypeDef::Extern(_) => &[],
    });
    constants.chain(variants.map(|variant| (variant.name.c.as_str(), variant.value)))
}

/// Our numbers by Rust's names. Unnamed members are types of their own; bitfields lie in `_bits` members; what is in a
/// union cannot be asked for by name.
#[must_use]
pub fn in_rust(layouts: &Layouts) -> Facts {
    let mut facts = Facts::default();
    for (id, record) in layouts.model.records() {
        let (layout, ty) = (layouts.of(id), record.rust_struct());
        facts.state(&ty, "", What::Size, layout.size);
        facts.state(&ty, "", What::Align, layout.align);
        for (member, offset) in rust_members(layouts, id, record) {
            facts.state(&ty, &member, What::BitOffset, offset * 8);
        }
    }
    for (ty, name, value) in rust_values(&layouts.model) {
        facts.state(ty, name, What::Value, value);
    }
    facts
}

fn rust_members(layouts: &Layouts, id: TypeId, record: &Record) -> Vec<(String, u64)> {
    if record.kind == RecordKind::Union {
        return Vec::new();
    }
    let member = |member: &Member| match member {
        Member::Padding { index, offset, .. } => (format!("_pad{index}"), *offset),
        Member::Bits(run) => (format!("_bits{}", run.index), run.offset),
        Member::Field { field, offset, .. } => (record.fields[*field].name.rust.to_string(), *offset),
    };
    layouts.of(id).members.iter().map(member).collect()
}

/// Constants (with an empty type), variants and flags by Rust's names.
pub fn rust_values(model: &Model) -> impl Iterator<Item = (&str, &str, i128)> {
    let constants = model.constants.iter().map(|constant| ("", constant.name.rust.as_str(), constant.value.into()));
    let variants = model.types.iter().flat_map(|def| {
        let variants = match def {
            TypeDef::Enum(def) => def.variants.as_slice(),
            TypeDef::Flags(def) => def.bits.as_slice(),
            TypeDef::Record(_) | TypeDef::Extern(_) => &[],
        };
        let ty = def.name().rust.as_str();
        variants.iter().map(move |variant| (ty, variant.name.rust.as_str(), variant.value))
    });
    constants.chain(variants)
}
