//! That the random specs have in them everything that they are meant to have: a generator that quietly stops making
//! bitfields proves nothing about bitfields.

use std::{collections::BTreeSet, path::Path};

use bpf_layout_oracle::specs;
use bpf_layout_random::bundle;

use bpf_layout_spec::{
    layout::{Layouts, Member},
    model::{Field, Record, RecordKind, Type, TypeDef, VariableKind},
    scalar::SCALARS,
};

/// Everything that is seen anywhere in the random specs.
fn seen() -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let text = bundle(1, 0..240);
    for profile in [None, Some("lean")] {
        let layouts =
            specs::parse(&text, Path::new("random.toml"), profile).unwrap_or_else(|errors| panic!("{errors}"));
        for (id, record) in layouts.model.records() {
            look_at_record(&layouts, record, &mut seen);
            look_at_members(&layouts.of(id).members, &mut seen);
            if layouts.of(id).needs_packed() {
                seen.insert("a record that C must pack".to_owned());
            }
        }
        for def in &layouts.model.types {
            match def {
                TypeDef::Enum(def) => {
                    if def.variants.iter().any(|variant| variant.same_as.is_some()) {
                        seen.insert(format!("enum of {} with a second name of a value", def.repr.info().name));
                    }
                    seen.insert(format!("enum of {}", def.repr.info().name))
                }
                TypeDef::Flags(def) => seen.insert(format!("flags of {}", def.repr.info().name)),
                TypeDef::Extern(_) => seen.insert("extern".to_owned()),
                TypeDef::Record(_) => false,
            };
        }
    }
    seen
}

fn look_at_record(layouts: &Layouts, record: &Record, seen: &mut BTreeSet<String>) {
    let kind = match (&record.kind, record.anonymous) {
        (RecordKind::Union, true) => "unnamed union",
        (RecordKind::Union, false) => "union",
        (RecordKind::Event { tag: Some(_) }, _) => "tagged event",
        (RecordKind::Event { tag: None }, _) => "event",
        (RecordKind::Struct, true) => "unnamed struct",
        (RecordKind::Struct, false) => "struct",
    };
    seen.insert(kind.to_owned());
    if let Some(packed) = record.packed {
        seen.insert(format!("packed = {packed}"));
    }
    if record.align.is_some() {
        seen.insert("align of a record".to_owned());
    }
    let is_alike = |one: &Field, other: &Field| {
        one.name.spec != other.name.spec && one.name.spec.eq_ignore_ascii_case(&other.name.spec)
    };
    if record.fields.iter().any(|one| record.fields.iter().any(|other| is_alike(one, other))) {
        seen.insert("names that differ only in case".to_owned());
    }
    if record.anonymous && record.packed.is_some() {
        seen.insert("unnamed struct that is packed".to_owned());
    }
    record.fields.iter().for_each(|field| look_at_field(layouts, record, field, seen));
}

fn look_at_field(layouts: &Layouts, record: &Record, field: &Field, seen: &mut BTreeSet<String>) {
    let facts = [
        (field.omitted, "omitted field"),
        (field.optional && !field.omitted, "optional field that is there"),
        (field.offset.is_some(), "fixed offset"),
        (field.align.is_some(), "align of a field"),
        (field.tag.is_some() && !field.anonymous, "tagged union"),
        (field.tag.is_some() && field.anonymous, "tagged unnamed union"),
        (field.name.c != field.name.spec && !field.anonymous, "name escaped in C"),
        (field.name.rust != field.name.spec && !field.anonymous, "name escaped in Rust"),
        (field.doc.is_some(), "doc"),
    ];
    seen.extend(facts.iter().filter(|(is, _)| *is).map(|(_, what)| (*what).to_owned()));
    look_at_type(layouts, &field.ty, 0, seen);
    if let (Some(width), (size, _)) = (field.bits, layouts.size_align(&field.ty)) {
        let edge = if u64::from(width) == size * 8 { "as wide as its type" } else { "narrower than its type" };
        seen.insert(format!("bitfield {edge}"));
        if record.packed == Some(1) {
            seen.insert("bitfield in a packed record".to_owned());
        }
    }
}

fn look_at_type(layouts: &Layouts, ty: &Type, dimensions: u32, seen: &mut BTreeSet<String>) {
    match ty {
        Type::Scalar(scalar) => seen.insert(scalar.info().name.to_owned()),
        Type::Str(_) => seen.insert("str".to_owned()),
        Type::Bytes(_) => seen.insert("bytes".to_owned()),
        Type::Variable(variable) => seen.insert(match variable.kind {
            VariableKind::Str => "str of variable length".to_owned(),
            VariableKind::Bytes => "bytes of variable length".to_owned(),
            VariableKind::Strs(_) => "strings of variable length".to_owned(),
        }),
        Type::Array(element, _) if ty.is_open() => {
            look_at_type(layouts, element, dimensions, seen);
            seen.insert("array of no length".to_owned())
        }
        Type::Array(element, _) => {
            look_at_type(layouts, element, dimensions + 1, seen);
            seen.insert(format!("array of {} dimensions", dimensions + 1))
        }
        Type::Def(id) => match layouts.model.ty(*id) {
            TypeDef::Record(inner) if dimensions > 0 => seen.insert(format!("array of {:?}", inner.kind)),
            TypeDef::Record(inner) if inner.packed.is_some() => seen.insert("member that is packed".to_owned()),
            _ => false,
        },
        Type::Kernel(field) => seen.insert(field.info().name.to_owned()),
        Type::Kptr(..) => seen.insert("kptr".to_owned()),
    };
}

fn look_at_members(members: &[Member], seen: &mut BTreeSet<String>) {
    for member in members {
        match member {
            Member::Padding { len, .. } if *len >= 8 => seen.insert("wide padding".to_owned()),
            Member::Padding { .. } => seen.insert("padding".to_owned()),
            Member::Bits(run) if run.bits.iter().any(|bits| bits.field.is_none()) => {
                seen.insert("unnamed bits".to_owned())
            }
            Member::Bits(_) => seen.insert("run of bits without a gap".to_owned()),
            Member::Field { offset, align, .. } if offset % u64::from(*align) != 0 => {
                seen.insert("unaligned field".to_owned())
            }
            Member::Field { .. } => false,
        };
    }
}

#[test]
fn random_specs_have_everything_they_are_meant_to_have() {
    let seen = seen();
    let mut wanted: Vec<String> = SCALARS.iter().map(|info| info.name.to_owned()).collect();
    for repr in ["u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64"] {
        wanted.push(format!("enum of {repr}"));
        wanted.push(format!("enum of {repr} with a second name of a value"));
    }
    for repr in ["u8", "u16", "u32", "u64"] {
        wanted.push(format!("flags of {repr}"));
    }
    for packed in [1, 2, 4, 8] {
        wanted.push(format!("packed = {packed}"));
    }
    for dimensions in 1..=6 {
        wanted.push(format!("array of {dimensions} dimensions"));
    }
    wanted.extend(MEANT.iter().map(|what| (*what).to_owned()));
    let missing: Vec<&String> = wanted.iter().filter(|what| !seen.contains(*what)).collect();
    assert!(missing.is_empty(), "the random specs have no {missing:?}; they have {seen:#?}");
}

const MEANT: &[&str] = &[
    "a record that C must pack",
    "align of a field",
    "align of a record",
    "array of Struct",
    "array of no length",
    "array of Union",
    "bpf_spin_lock",
    "bpf_timer",
    "bitfield as wide as its type",
    "bitfield in a packed record",
    "bitfield narrower than its type",
    "bytes",
    "bytes of variable length",
    "doc",
    "event",
    "extern",
    "fixed offset",
    "kptr",
    "member that is packed",
    "name escaped in C",
    "name escaped in Rust",
    "names that differ only in case",
    "omitted field",
    "optional field that is there",
    "padding",
    "run of bits without a gap",
    "str",
    "str of variable length",
    "strings of variable length",
    "struct",
    "tagged event",
    "tagged union",
    "tagged unnamed union",
    "unaligned field",
    "union",
    "unnamed bits",
    "unnamed struct",
    "unnamed struct that is packed",
    "unnamed union",
    "wide padding",
];
