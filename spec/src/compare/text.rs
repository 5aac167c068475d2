//! Types in words, both sides in those of the spec as far as they have any.

use super::{Observed, ObservedType, Shape, Sign};
use crate::model::{Flags, Model, Type, VariableKind};

/// The tag of the enum that C has for flags. It starts with `__` because the kernel has structs of such names.
#[must_use]
pub fn flags_tag(def: &Flags) -> String {
    format!("__{}", def.name.c)
}

/// The struct that C has in place of a field of variable length.
pub const DESCRIPTOR: &str = "bpf_layout_tail";

/// A type of the spec, with lengths as numbers.
pub(crate) fn type_text(model: &Model, ty: &Type) -> String {
    match ty {
        Type::Scalar(scalar) => scalar.info().name.to_owned(),
        Type::Str(count) => format!("str[{}]", count.value),
        Type::Bytes(count) => format!("bytes[{}]", count.value),
        Type::Variable(variable) => match &variable.kind {
            VariableKind::Str => format!("str[..{}]", variable.limit.value),
            VariableKind::Bytes => format!("bytes[..{}]", variable.limit.value),
            VariableKind::Strs(several) => format!("str[..{}][..{}]", variable.limit.value, several.value),
        },
        Type::Array(..) => array_text(model, ty),
        Type::Def(id) => match model.interned(*id) {
            Some(intern) => format!("intern[{}]", intern.name.spec),
            None => model.ty(*id).name().spec.to_string(),
        },
        Type::Kernel(field) => field.info().name.to_owned(),
        Type::Kptr(kind, target) => format!("{}[{target}]", kind.name()),
    }
}

/// The innermost type, then the lengths from the outermost on, as in C.
fn array_text(model: &Model, ty: &Type) -> String {
    let (mut element, mut lengths) = (ty, String::new());
    while let Type::Array(inner, count) = element {
        lengths += &if element.is_open() { "[]".to_owned() } else { format!("[{}]", count.value) };
        element = inner;
    }
    type_text(model, element) + &lengths
}

/// A type of a witness.
pub(super) fn shape_text(observed: &Observed<'_>, shape: &Shape) -> String {
    match shape {
        Shape::Int { bool: true, size: 1, .. } => "bool".to_owned(),
        Shape::Int { big_endian: true, size, .. } => format!("be{}", size.saturating_mul(8)),
        Shape::Int { sign: Sign::Signed, size, .. } => format!("i{}", size.saturating_mul(8)),
        Shape::Int { size, .. } => format!("u{}", size.saturating_mul(8)),
        Shape::Float(size) => format!("a floating point number of {size} bytes"),
        Shape::Pointer(_) => "a pointer".to_owned(),
        Shape::Array(element, len) => format!("{}[{len}]", shape_text(observed, element)),
        Shape::Def(index) => match observed.types.get(*index) {
            Some(ObservedType::Record(record)) => {
                let keyword = if record.union { "union" } else { "struct" };
                named(keyword, record.name)
            }
            Some(ObservedType::Enum(def)) => named("enum", def.name),
            None => "a type of its own".to_owned(),
        },
        Shape::Other(text) => (*text).to_owned(),
    }
}

fn named(keyword: &str, name: &str) -> String {
    if name.is_empty() { format!("an unnamed {keyword}") } else { format!("{keyword} {name}") }
}
