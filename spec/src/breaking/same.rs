//! Whether two types, one of each version, give the same bytes the same meaning, whatever they are called.

use crate::{
    compare::flat,
    layout::Layouts,
    model::{Enum, Record, RecordKind, Type, TypeDef, TypeId, VariableKind, Variant},
    scalar::{Scalar, ScalarClass},
};

/// A type of one of the two versions.
#[derive(Clone, Copy)]
pub(super) struct Typed<'a> {
    pub(super) layouts: &'a Layouts,
    pub(super) ty: &'a Type,
}

/// What is left of a type without its name.
#[derive(PartialEq, Eq)]
enum Plain<'a> {
    Int {
        size: u32,
        signed: bool,
    },
    BigEndian {
        size: u32,
    },
    Bool,
    Bytes(u64),
    Str(u64),
    /// By what it is of: how long it may be is the writer's concern, a record says how long it is.
    Variable(std::mem::Discriminant<VariableKind>),
    Other(&'a Type),
}

/// Whether both give the same bytes the same meaning: `u64` and `ktime` do, `u64` and `i64` do not. An enum is the same
/// as the integer that holds it, but not as an enum with other values.
pub(super) fn same(old: Typed<'_>, new: Typed<'_>) -> bool {
    match (plain(old), plain(new)) {
        (Plain::Other(Type::Array(left, count)), Plain::Other(Type::Array(right, other))) => {
            count.value == other.value && same(Typed { ty: left, ..old }, Typed { ty: right, ..new })
        }
        (Plain::Other(Type::Def(left)), Plain::Other(Type::Def(right))) => {
            same_definitions((old.layouts, *left), (new.layouts, *right))
        }
        (Plain::Other(Type::Def(id)), Plain::Int { size, signed }) => is_repr(old.layouts, *id, size, signed),
        (Plain::Int { size, signed }, Plain::Other(Type::Def(id))) => is_repr(new.layouts, *id, size, signed),
        (left, right) => left == right,
    }
}

fn plain(Typed { layouts: _, ty }: Typed<'_>) -> Plain<'_> {
    match ty {
        Type::Scalar(scalar) => scalar_bytes(*scalar),
        Type::Str(count) => Plain::Str(count.value),
        Type::Bytes(count) => Plain::Bytes(count.value),
        Type::Variable(variable) => Plain::Variable(std::mem::discriminant(&variable.kind)),
        Type::Array(element, count) if **element == Type::Scalar(Scalar::U8) => Plain::Bytes(count.value),
        Type::Array(..) | Type::Def(_) | Type::Kernel(_) | Type::Kptr(..) => Plain::Other(ty),
    }
}

fn scalar_bytes(scalar: Scalar) -> Plain<'static> {
    let info = scalar.info();
    match (scalar, info.class) {
        (Scalar::Ipv4, _) => Plain::BigEndian { size: info.size },
        (Scalar::Ipv6 | Scalar::Mac, _) => Plain::Bytes(info.size.into()),
        (_, ScalarClass::BigEndian) => Plain::BigEndian { size: info.size },
        (_, ScalarClass::Bool) => Plain::Bool,
        (_, ScalarClass::Signed) => Plain::Int { size: info.size, signed: true },
        (_, ScalarClass::Unsigned | ScalarClass::Semantic) => Plain::Int { size: info.size, signed: false },
    }
}

/// Whether the definition is an enum or flags held by this integer.
fn is_repr(layouts: &Layouts, id: TypeId, size: u32, signed: bool) -> bool {
    let repr = match layouts.model.ty(id) {
        TypeDef::Enum(def) => def.repr,
        TypeDef::Flags(def) => def.repr,
        TypeDef::Record(_) | TypeDef::Extern(_) => return false,
    };
    scalar_bytes(repr) == Plain::Int { size, signed }
}

fn same_definitions(old: (&Layouts, TypeId), new: (&Layouts, TypeId)) -> bool {
    match (old.0.model.ty(old.1), new.0.model.ty(new.1)) {
        (TypeDef::Enum(left), TypeDef::Enum(right)) => left.repr == right.repr && same_values(left, right),
        (TypeDef::Flags(left), TypeDef::Flags(right)) => {
            left.repr == right.repr && values(&left.bits) == values(&right.bits)
        }
        (TypeDef::Record(left), TypeDef::Record(right)) => same_records((old, left), (new, right)),
        (TypeDef::Extern(left), TypeDef::Extern(right)) => {
            (left.size, left.align, &left.c_type) == (right.size, right.align, &right.c_type)
        }
        _ => false,
    }
}

fn same_values(old: &Enum, new: &Enum) -> bool {
    values(&old.variants) == values(&new.variants)
}

/// Sorted, since the order in the file means nothing.
fn values(variants: &[Variant]) -> Vec<(i128, &str)> {
    let mut values: Vec<_> = variants.iter().map(|variant| (variant.value, variant.name.spec.as_str())).collect();
    values.sort_unstable();
    values
}

fn same_records(
    ((old, old_id), left): ((&Layouts, TypeId), &Record),
    ((new, new_id), right): ((&Layouts, TypeId), &Record),
) -> bool {
    let is_union = |record: &Record| record.kind == RecordKind::Union;
    if old.of(old_id).size != new.of(new_id).size || is_union(left) != is_union(right) {
        return false;
    }
    let (left, right) = (flat::of_spec(old, old_id, left), flat::of_spec(new, new_id, right));
    left.len() == right.len()
        && left.iter().zip(&right).all(|(left, right)| {
            left.field.name.spec == right.field.name.spec
                && (left.bit_offset, left.bit_size) == (right.bit_offset, right.bit_size)
                && same(Typed { layouts: old, ty: &left.field.ty }, Typed { layouts: new, ty: &right.field.ty })
        })
}
