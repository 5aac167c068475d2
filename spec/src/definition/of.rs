//! From a spec to its definitions.

use super::{Base, Body, Definition, Extern, Field, Map, Part, Record, RecordWord, Type, Values};
use crate::{
    layout::{Layouts, Member},
    model::{self, RecordKind, TagValue, TypeDef, TypeId, VariableKind, Variant},
    scalar::Scalar,
};

/// Every type that has a name, then every map, each before those that are made of it.
#[must_use]
pub fn definitions(layouts: &Layouts) -> Vec<Definition> {
    let unnamed = |def: &TypeDef| matches!(def, TypeDef::Record(record) if record.anonymous);
    let ids = (0..).map(TypeId).zip(&layouts.model.types);
    let types = ids.filter(|(_, def)| !unnamed(def)).map(|(id, _)| ty(layouts, id));
    types.chain(layouts.model.maps.iter().map(|def| map(layouts, def))).collect()
}

/// One type. An unnamed record is one by itself here.
///
/// # Panics
/// If the id came from another model.
#[must_use]
pub fn ty(layouts: &Layouts, id: TypeId) -> Definition {
    let def = layouts.model.ty(id);
    let body = match def {
        TypeDef::Record(def) => Body::Record(record(layouts, id, def)),
        TypeDef::Enum(def) => Body::Values(values(false, def.repr, &def.variants)),
        TypeDef::Flags(def) => Body::Values(values(true, def.repr, &def.bits)),
        TypeDef::Extern(def) => Body::Extern(Extern { size: def.size, align: def.align, c_type: def.c_type.clone() }),
    };
    Definition { name: def.name().spec.to_string(), body }
}

fn values(flags: bool, repr: Scalar, variants: &[Variant]) -> Values {
    let values = variants.iter().map(|variant| (variant.name.spec.to_string(), variant.value)).collect();
    Values { flags, repr, values }
}

fn record(layouts: &Layouts, id: TypeId, def: &model::Record) -> Record {
    let (word, tag) = match &def.kind {
        RecordKind::Struct => (RecordWord::Struct, None),
        RecordKind::Union => (RecordWord::Union, None),
        RecordKind::Event { tag } => (RecordWord::Event, tag.as_ref()),
    };
    let tag = tag.map(|tag| (def.fields[tag.field].name.spec.to_string(), tag_text(layouts, &tag.value)));
    let mut fields = Vec::with_capacity(def.fields.len());
    add_fields(layouts, id, def, 0, &mut fields);
    let layout = layouts.of(id);
    Record { word, size: layout.size, align: layout.align, tag, fields }
}

/// The fields of a record that starts at bit `base` of the one that has a name.
fn add_fields(layouts: &Layouts, id: TypeId, def: &model::Record, base: u64, fields: &mut Vec<Field>) {
    for member in &layouts.of(id).members {
        match member {
            Member::Field { field, offset, size, .. } => {
                let field = &def.fields[*field];
                let bit_offset = base + offset * 8;
                match unnamed(layouts, field) {
                    Some((id, inner)) => add_fields(layouts, id, inner, bit_offset, fields),
                    None => fields.push(self::field(layouts, def, field, (bit_offset, size * 8, false))),
                }
            }
            Member::Bits(run) => fields.extend(run.bits.iter().filter_map(|bits| {
                let place = (base + bits.bit_offset, u64::from(bits.width), true);
                Some(self::field(layouts, def, &def.fields[bits.field?], place))
            })),
            Member::Padding { .. } => {}
        }
    }
}

fn unnamed<'a>(layouts: &'a Layouts, field: &model::Field) -> Option<(TypeId, &'a model::Record)> {
    match (&field.ty, field.anonymous) {
        (model::Type::Def(id), true) => match layouts.model.ty(*id) {
            TypeDef::Record(record) => Some((*id, record)),
            TypeDef::Enum(_) | TypeDef::Flags(_) | TypeDef::Extern(_) => None,
        },
        _ => None,
    }
}

fn field(
    layouts: &Layouts,
    def: &model::Record,
    field: &model::Field,
    (bit_offset, bit_size, bitfield): (u64, u64, bool),
) -> Field {
    Field {
        name: field.name.spec.to_string(),
        bit_offset,
        bit_size,
        bitfield,
        ty: type_of(layouts, &field.ty),
        tag: field.tag.map(|tag| def.fields[tag].name.spec.to_string()),
        when: field.when.iter().map(|value| tag_text(layouts, value)).collect(),
        contains: field.contains.as_deref().map(|(of, node)| (of.to_string(), node.to_string())),
    }
}

/// A tag's value as the spec writes it.
fn tag_text(layouts: &Layouts, value: &TagValue) -> String {
    match value {
        TagValue::Number(number) => number.to_string(),
        TagValue::Variant(id, index) => match layouts.model.ty(*id) {
            TypeDef::Enum(def) => def.variants[*index].name.spec.to_string(),
            TypeDef::Flags(def) => def.bits[*index].name.spec.to_string(),
            // Tags are integers or enums.
            TypeDef::Record(_) | TypeDef::Extern(_) => index.to_string(),
        },
    }
}

fn type_of(layouts: &Layouts, ty: &model::Type) -> Type {
    let (mut element, mut dimensions) = (ty, Vec::new());
    while let model::Type::Array(inner, count) = element {
        dimensions.push(count.value);
        element = inner;
    }
    let base = match element {
        model::Type::Scalar(scalar) => Base::Scalar(*scalar),
        model::Type::Str(count) => Base::Str(count.value),
        model::Type::Bytes(count) => Base::Bytes(count.value),
        model::Type::Variable(variable) => up_to(variable),
        model::Type::Def(id) => Base::Named(layouts.model.ty(*id).name().spec.to_string()),
        model::Type::Kernel(field) => Base::Kernel(*field),
        model::Type::Kptr(kind, target) => Base::Kptr(*kind, target.clone()),
        // The loop above ends at what is no array.
        model::Type::Array(inner, _) => return type_of(layouts, inner),
    };
    Type { base, dimensions }
}

fn up_to(variable: &model::Variable) -> Base {
    let limit = variable.limit.value;
    match &variable.kind {
        VariableKind::Str => Base::UpToStr(limit),
        VariableKind::Bytes => Base::UpToBytes(limit),
        VariableKind::Strs(several) => Base::UpToStrs(limit, several.value),
    }
}

/// One map.
#[must_use]
pub fn map(layouts: &Layouts, def: &model::Map) -> Definition {
    let part = |ty: &model::Type| Part { ty: type_of(layouts, ty), size: layouts.size_align(ty).0 };
    let mut events: Vec<String> = def.events.iter().map(|id| layouts.model.ty(*id).name().spec.to_string()).collect();
    events.sort_unstable();
    let body = Body::Map(Map {
        kind: def.kind,
        key: def.key.as_ref().map(part),
        value: def.value.as_ref().map(part),
        max_entries: def.max_entries.as_ref().map(|count| count.value),
        flags: def.flags.iter().fold(0, |bits, flag| bits | flag.bit),
        pinned_by_name: def.pinned_by_name,
        numa_node: def.numa_node,
        map_extra: def.map_extra,
        wakeup: def.wakeup,
        events,
        inner: def.inner.map(|id| layouts.model.map(id).name.spec.to_string()),
    });
    Definition { name: def.name.spec.to_string(), body }
}
