//! Rust types as help shows them.

use bpf_layout_spec::{
    Loaded,
    model::{Type, TypeDef, VariableKind},
    scalar::ScalarClass,
};

/// The type that generated code has: `bpf_layout::Str<16>`.
pub(super) fn of(spec: &Loaded, ty: &Type) -> String {
    match ty {
        Type::Scalar(scalar) => path(scalar.info().rust),
        Type::Str(count) => format!("bpf_layout::Str<{}>", count.value),
        Type::Bytes(count) => format!("[u8; {}]", count.value),
        Type::Variable(variable) => {
            let limit = variable.limit.value;
            match &variable.kind {
                VariableKind::Str => format!("bpf_layout::VarStr<{limit}>"),
                VariableKind::Bytes => format!("bpf_layout::VarBytes<{limit}>"),
                VariableKind::Strs(several) => format!("bpf_layout::VarStrs<{limit}, {}>", several.value),
            }
        }
        Type::Array(element, count) => format!("[{}; {}]", of(spec, element), count.value),
        Type::Def(id) => spec.layouts.model.ty(*id).name().rust.to_string(),
        Type::Kernel(field) => path(field.info().rust),
        Type::Kptr(..) => "bpf_layout::KernelPtr".to_owned(),
    }
}

/// Every type that a field may have, for a message that ends in "write …".
pub(super) fn choices(spec: &Loaded, ty: &Type) -> String {
    let plain = format!("`{}`", of(spec, ty));
    let (size, _) = spec.layouts.size_align(ty);
    let bytes = format!("`[u8; {size}]`");
    match ty {
        Type::Scalar(scalar) => match (scalar.info().class, scalar.info().align) {
            (ScalarClass::Unsigned | ScalarClass::Signed, _) => plain,
            (ScalarClass::Bool, _) => format!("{plain} or `u8`"),
            (ScalarClass::Semantic, 8) => format!("{plain} or `u64`"),
            (ScalarClass::BigEndian | ScalarClass::Semantic, _) => format!("{plain} or {bytes}"),
        },
        Type::Str(_) | Type::Kernel(_) => format!("{plain} or {bytes}"),
        Type::Bytes(_) | Type::Variable(_) => plain,
        Type::Kptr(..) => format!("{plain} or `u64`"),
        Type::Array(element, count) => format!("an array of {}, each {}", count.value, choices(spec, element)),
        Type::Def(id) => match spec.layouts.model.ty(*id) {
            TypeDef::Enum(def) => format!("the generated {plain}, `{0}`, or a newtype of `{0}`", def.repr.info().rust),
            TypeDef::Flags(def) => format!("the generated {plain}, `{0}`, or a newtype of `{0}`", def.repr.info().rust),
            TypeDef::Record(record) if record.kind == bpf_layout_spec::model::RecordKind::Union => {
                format!("the generated {plain}, or {bytes}")
            }
            TypeDef::Record(record) => {
                format!("the generated {plain}, or a struct with `#[bpf_layout(name = \"{}\")]`", record.name.spec)
            }
            TypeDef::Extern(_) => format!("{bytes}, or another type of that size"),
        },
    }
}

/// `bpf_layout::Be16` for `::bpf_layout::Be16`.
fn path(path: &str) -> String {
    path.trim_start_matches("::").to_owned()
}
