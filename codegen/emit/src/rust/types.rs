//! Types as Rust writes them.

use std::borrow::Cow;

use bpf_layout_spec::{
    layout::Layouts,
    model::{ConstKind, Count, Type, VariableKind},
};

use super::constants;

/// Where types and constants of the spec are found: `""`, or `"super::"` in a module below.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) layouts: &'a Layouts,
    pub(super) prefix: &'static str,
}

impl<'a> Scope<'a> {
    /// The module that everything is included into.
    pub(super) const fn top(layouts: &'a Layouts) -> Self {
        Scope { layouts, prefix: "" }
    }

    /// A type, where it is aligned.
    pub(super) fn ty(self, ty: &Type) -> Cow<'a, str> {
        let text = match ty {
            Type::Scalar(scalar) => return scalar.info().rust.into(),
            Type::Str(count) => ["::bpf_layout::Str<", &self.argument(count), ">"].concat(),
            Type::Bytes(count) => format!("[u8; {}]", self.length(count)),
            Type::Variable(variable) => {
                let limit = self.argument(&variable.limit);
                match &variable.kind {
                    VariableKind::Str => format!("::bpf_layout::VarStr<{limit}>"),
                    VariableKind::Bytes => format!("::bpf_layout::VarBytes<{limit}>"),
                    VariableKind::Strs(several) => {
                        format!("::bpf_layout::VarStrs<{limit}, {}>", self.argument(several))
                    }
                }
            }
            Type::Array(element, count) => format!("[{}; {}]", self.ty(element), self.length(count)),
            Type::Def(id) => {
                let name = &self.layouts.model.ty(*id).name().rust;
                if self.prefix.is_empty() {
                    return name.into();
                }
                [self.prefix, name].concat()
            }
            Type::Kernel(field) => return field.info().rust.into(),
            Type::Kptr(..) => return "::bpf_layout::KernelPtr".into(),
        };
        text.into()
    }

    /// A type at a place that is aligned to `align` only.
    pub(super) fn placed(self, ty: &Type, aligned: bool) -> Cow<'a, str> {
        let plain = self.ty(ty);
        if aligned {
            return plain;
        }
        let (size, _) = self.layouts.size_align(ty);
        format!("::bpf_layout::Unaligned<{plain}, {size}>").into()
    }

    fn length(self, count: &Count) -> String {
        constants::count(&self.layouts.model, self.prefix, ConstKind::Length, count)
    }

    /// A length as a generic argument, where expressions need braces.
    fn argument(self, count: &Count) -> String {
        let text = self.length(count);
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if plain { text } else { format!("{{ {text} }}") }
    }
}
