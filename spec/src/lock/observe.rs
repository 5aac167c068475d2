//! A lock as a witness for the comparer.

use std::collections::HashMap;

use super::Locked;
use crate::{
    compare::{
        DESCRIPTOR, Observed, ObservedEnum, ObservedMap, ObservedMember, ObservedPart, ObservedRecord, ObservedType,
        Shape, Sign, flags_tag,
    },
    definition::{Base, Body, Definition, Field, Map, Part, Record, RecordWord, Type, Values},
    kernel::KERNEL_FIELDS,
    layout::Layouts,
    model::{self, TypeDef},
    scalar::{Scalar, ScalarClass},
};

/// What a lock says, in the names that C has where the spec still has them.
pub(super) fn observe<'a>(layouts: &'a Layouts, names: &'a Names, witness: &str, locked: &'a [Locked]) -> Observed<'a> {
    let reader = Reader { layouts, names, locked, index: index(locked) };
    let mut types: Vec<ObservedType<'a>> = locked.iter().filter_map(|locked| reader.ty(locked)).collect();
    types.extend(KERNEL_FIELDS.iter().map(|info| {
        ObservedType::Record(ObservedRecord {
            name: info.name,
            alias: false,
            union: false,
            size: info.size.into(),
            members: Vec::new(),
            place: String::new(),
        })
    }));
    // Behind the kernel's fields: see `Reader::shape`.
    types.push(ObservedType::Record(ObservedRecord {
        name: DESCRIPTOR,
        alias: false,
        union: false,
        size: model::Variable::SIZE,
        members: Vec::new(),
        place: String::new(),
    }));
    let maps = locked.iter().filter_map(|locked| reader.map(locked)).collect();
    Observed { witness: witness.to_owned(), types, by_gcc: false, maps }
}

/// Tags that flags have in C, by their names in the spec.
pub(super) struct Names(HashMap<String, String>);

impl Names {
    pub(super) fn of(layouts: &Layouts) -> Self {
        let tags = layouts.model.types.iter().filter_map(|def| match def {
            TypeDef::Flags(def) => Some((def.name.spec.to_string(), flags_tag(def))),
            TypeDef::Record(_) | TypeDef::Enum(_) | TypeDef::Extern(_) => None,
        });
        Names(tags.collect())
    }
}

/// Where the types of a lock will stand among those observed: records and enums, in order.
fn index(locked: &[Locked]) -> HashMap<&str, usize> {
    let observed = locked.iter().filter(|locked| matches!(locked.definition.body, Body::Record(_) | Body::Values(_)));
    observed.enumerate().map(|(index, locked)| (locked.definition.name.as_str(), index)).collect()
}

struct Reader<'a> {
    layouts: &'a Layouts,
    names: &'a Names,
    locked: &'a [Locked],
    index: HashMap<&'a str, usize>,
}

impl<'a> Reader<'a> {
    fn spec(&self, name: &str) -> Option<&'a TypeDef> {
        self.layouts.model.types.iter().find(|def| def.name().spec == name)
    }

    fn definition(&self, name: &str, map: bool) -> Option<&'a Definition> {
        let found = |locked: &&Locked| locked.definition.name == name && locked.definition.is_map() == map;
        self.locked.iter().find(found).map(|locked| &locked.definition)
    }

    fn ty(&self, locked: &'a Locked) -> Option<ObservedType<'a>> {
        let name = &locked.definition.name;
        let spec = self.spec(name);
        let c_name = match spec {
            Some(TypeDef::Flags(_)) => self.names.0[name].as_str(),
            Some(def) => def.name().c.as_str(),
            None => name,
        };
        let place = place(locked);
        match &locked.definition.body {
            Body::Record(record) => Some(ObservedType::Record(self.record(c_name, record, spec, place))),
            Body::Values(values) => Some(ObservedType::Enum(enumeration(c_name, values, spec, place))),
            Body::Extern(_) | Body::Map(_) => None,
        }
    }

    fn record(
        &self,
        name: &'a str,
        record: &'a Record,
        spec: Option<&'a TypeDef>,
        place: String,
    ) -> ObservedRecord<'a> {
        let mut names = HashMap::new();
        if let Some(TypeDef::Record(spec)) = spec {
            add_names(self.layouts, spec, &mut names);
        }
        let members = record.fields.iter().map(|field| self.member(field, &names)).collect();
        let union = record.word == RecordWord::Union;
        ObservedRecord { name, alias: false, union, size: record.size, members, place }
    }

    fn member(&self, field: &'a Field, names: &HashMap<&str, &'a str>) -> ObservedMember<'a> {
        ObservedMember {
            name: names.get(field.name.as_str()).copied().unwrap_or(&field.name),
            bit_offset: field.bit_offset,
            bit_size: field.bit_size,
            bitfield: field.bitfield,
            shape: self.shape(&field.ty),
        }
    }

    fn shape(&self, ty: &Type) -> Shape {
        let base = match &ty.base {
            Base::Scalar(scalar) => scalar_shape(*scalar),
            Base::Str(length) | Base::Bytes(length) => bytes(*length),
            Base::UpToStr(_) | Base::UpToBytes(_) | Base::UpToStrs(..) => {
                Shape::Def(self.index.len() + KERNEL_FIELDS.len())
            }
            Base::Kptr(..) => Shape::Pointer(8),
            Base::Kernel(field) => Shape::Def(self.index.len() + *field as usize),
            Base::Named(name) => match self.index.get(name.as_str()) {
                Some(index) => Shape::Def(*index),
                None => bytes(self.definition(name, false).and_then(Definition::size).unwrap_or_default()),
            },
        };
        ty.dimensions.iter().rev().fold(base, |element, length| Shape::Array(Box::new(element), *length))
    }

    fn map(&self, locked: &'a Locked) -> Option<ObservedMap<'a>> {
        let Body::Map(map) = &locked.definition.body else { return None };
        let name = &locked.definition.name;
        let spec = self.layouts.model.maps.iter().find(|spec| spec.name.spec == *name);
        let inner = map.inner.as_ref().and_then(|inner| match &self.definition(inner, true)?.body {
            Body::Map(inner) => Some(Box::new(self.parameters("", inner, String::new()))),
            _ => None,
        });
        let name = spec.map_or(name.as_str(), |spec| &spec.name.c);
        Some(ObservedMap { inner, ..self.parameters(name, map, place(locked)) })
    }

    fn parameters(&self, name: &'a str, map: &'a Map, place: String) -> ObservedMap<'a> {
        let part = |part: &Part| ObservedPart { size: Some(part.size), shape: Some(self.shape(&part.ty)) };
        ObservedMap {
            name,
            kind: Some(map.kind.id.into()),
            key: map.key.as_ref().map(part),
            value: map.value.as_ref().map(part),
            max_entries: map.max_entries,
            flags: Some(map.flags.into()),
            numa_node: map.numa_node.map(u64::from),
            pinned_by_name: Some(map.pinned_by_name),
            map_extra: map.map_extra,
            place,
            ..ObservedMap::default()
        }
    }
}

/// What C calls the fields of a record, and those of unnamed members, by their names in the spec.
fn add_names<'a>(layouts: &'a Layouts, record: &'a model::Record, names: &mut HashMap<&'a str, &'a str>) {
    for field in &record.fields {
        names.insert(&field.name.spec, &field.name.c);
        if let (true, model::Type::Def(id)) = (field.anonymous, &field.ty)
            && let TypeDef::Record(inner) = layouts.model.ty(*id)
        {
            add_names(layouts, inner, names);
        }
    }
}

fn enumeration<'a>(name: &'a str, values: &'a Values, spec: Option<&'a TypeDef>, place: String) -> ObservedEnum<'a> {
    let variants = match spec {
        Some(TypeDef::Enum(def)) => def.variants.as_slice(),
        Some(TypeDef::Flags(def)) => def.bits.as_slice(),
        _ => &[],
    };
    let c_name = |name: &'a String| {
        variants.iter().find(|variant| variant.name.spec == *name).map_or(name.as_str(), |variant| &variant.name.c)
    };
    let info = values.repr.info();
    let sign = if info.class == ScalarClass::Signed { Sign::Signed } else { Sign::Unsigned };
    let values = values.values.iter().map(|(name, value)| (c_name(name), *value)).collect();
    ObservedEnum { name, size: info.size.into(), sign, values: Some(values), place }
}

fn scalar_shape(scalar: Scalar) -> Shape {
    let info = scalar.info();
    if scalar == Scalar::Ptr {
        return Shape::Pointer(info.size.into());
    }
    if info.c_array > 1 {
        return bytes(info.c_array.into());
    }
    Shape::Int {
        size: info.size.into(),
        sign: if info.class == ScalarClass::Signed { Sign::Signed } else { Sign::Unsigned },
        bool: info.class == ScalarClass::Bool,
        big_endian: info.class == ScalarClass::BigEndian || scalar == Scalar::Ipv4,
    }
}

/// So many bytes, of which nothing more is said.
fn bytes(length: u64) -> Shape {
    Shape::Array(Box::new(Shape::Int { size: 1, sign: Sign::Unknown, bool: false, big_endian: false }), length)
}

/// Where the lock has a definition.
pub(super) fn place(locked: &Locked) -> String {
    format!("line {}", locked.line)
}
