//! What the spec says of a field, as a `SpecField` of `bpf_layout::__private::prove::derived`.

use bpf_layout_spec::{
    Loaded,
    layout::{BitRun, Layouts, Member},
    model::{Field, RecordKind, Type, TypeDef, TypeId},
};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{meaning, rust_type};

/// What the spec says of a field, and what to say if it is otherwise.
pub(super) struct Expectation {
    /// Name in the table, as the generated type has it.
    pub(super) name: String,
    /// An `Expected`.
    expected: TokenStream,
    /// Bytes.
    size: u64,
    /// What to say of a field that the spec does not have by this name.
    pub(super) refusal: Option<String>,
    /// File and line of the spec.
    at: String,
    /// Its type as the spec writes it.
    says: String,
    offset: u64,
    /// The Rust types that it may have.
    write: String,
    /// What to do if it lies elsewhere.
    pub(super) hint: String,
    /// A name for padding behind it.
    pub(super) pad: String,
}

impl Expectation {
    pub(super) fn field(spec: &Loaded, field: &Field, offset: u64, at: String) -> Self {
        Expectation {
            name: field.name.rust.to_string(),
            size: spec.layouts.size_align(&field.ty).0,
            says: type_text(spec, field),
            offset,
            write: rust_type::choices(spec, &field.ty),
            ..Self::unplaced(at, expected(&spec.layouts, &field.ty))
        }
    }

    pub(super) fn bits(run: &BitRun, at: String) -> Self {
        Expectation {
            name: format!("_bits{}", run.index),
            write: format!("`bpf_layout::Bits<{0}>` or `[u8; {0}]`", run.len),
            ..Self::bytes("BitRun", "bitfields", run.offset, run.len, at)
        }
    }

    pub(super) fn padding(index: u32, offset: u64, len: u64, at: String) -> Self {
        Expectation {
            name: format!("_pad{index}"),
            write: format!("`bpf_layout::Pad<{len}>` or `[u8; {len}]`"),
            ..Self::bytes("Padding", "padding", offset, len, at)
        }
    }

    fn bytes(variant: &str, says: &str, offset: u64, len: u64, at: String) -> Self {
        let shape = meaning::sized(variant, len);
        Expectation { says: says.to_owned(), offset, size: len, ..Self::unplaced(at, meaning_of(&shape)) }
    }

    /// Of a field that the spec does not have, which is then refused.
    pub(super) fn nothing(at: String) -> Self {
        Self::unplaced(at, TokenStream::new())
    }

    fn unplaced(at: String, expected: TokenStream) -> Self {
        Expectation {
            name: "_".to_owned(),
            expected,
            size: 0,
            refusal: None,
            at,
            says: String::new(),
            offset: 0,
            write: String::new(),
            hint: String::new(),
            pad: "_pad".to_owned(),
        }
    }

    /// An `Expected`.
    fn expected(&self) -> TokenStream {
        let size = Literal::u64_unsuffixed(self.size);
        match &self.refusal {
            None => self.expected.clone(),
            Some(message) if self.size == 0 => {
                quote! { ::bpf_layout::__private::prove::derived::Expected::Nothing(#message) }
            }
            Some(message) => quote! { ::bpf_layout::__private::prove::derived::Expected::Misnamed(#message, #size) },
        }
    }

    /// A `SpecField`.
    pub(super) fn tokens(&self) -> TokenStream {
        let Expectation { at, says, write, hint, pad, .. } = self;
        let expected = self.expected();
        let offset = Literal::u64_unsuffixed(self.offset);
        quote! {
            ::bpf_layout::__private::prove::derived::SpecField {
                at: #at,
                says: #says,
                offset: #offset,
                expected: #expected,
                write: #write,
                hint: #hint,
                pad: #pad,
            }
        }
    }
}

/// Of what a newtype wraps that is an enum or flags of the spec.
pub(super) fn names(spec: &Loaded, id: TypeId) -> Expectation {
    let def = spec.layouts.model.ty(id);
    let repr = match def {
        TypeDef::Enum(def) => def.repr.info().rust,
        TypeDef::Flags(def) => def.repr.info().rust,
        TypeDef::Record(_) | TypeDef::Extern(_) => "",
    };
    Expectation {
        says: repr.to_owned(),
        write: format!("`{repr}`"),
        ..Expectation::unplaced(spec.sources.line(def.name().span), expected(&spec.layouts, &Type::Def(id)))
    }
}

/// An `Expected`.
fn expected(layouts: &Layouts, ty: &Type) -> TokenStream {
    if let Some(shape) = meaning::shape(layouts, ty) {
        return meaning_of(&shape);
    }
    let (size, _) = layouts.size_align(ty);
    let size = Literal::u64_unsuffixed(size);
    let path = quote! { ::bpf_layout::__private::prove::derived::Expected };
    match ty {
        Type::Array(element, count) => {
            let (element, count) = (expected(layouts, element), Literal::u64_unsuffixed(count.value));
            quote! { #path::Array(&#element, #count) }
        }
        Type::Def(id) => match layouts.model.ty(*id) {
            TypeDef::Record(record) if record.kind == RecordKind::Union => {
                let name = record.name.spec.as_str();
                quote! { #path::Union { name: #name, size: #size } }
            }
            TypeDef::Record(record) => {
                let (name, offsets) = (record.name.spec.as_str(), offsets(layouts, *id));
                quote! { #path::Record { name: #name, size: #size, offsets: &[#(#offsets),*] } }
            }
            TypeDef::Extern(_) | TypeDef::Enum(_) | TypeDef::Flags(_) => quote! { #path::Any(#size) },
        },
        Type::Scalar(_) | Type::Str(_) | Type::Bytes(_) | Type::Variable(_) | Type::Kernel(_) | Type::Kptr(..) => {
            quote! { #path::Any(#size) }
        }
    }
}

fn meaning_of(shape: &TokenStream) -> TokenStream {
    quote! { ::bpf_layout::__private::prove::derived::Expected::Meaning(#shape) }
}

/// Where the members of a record lie, padding and runs of bitfields included.
fn offsets(layouts: &Layouts, id: TypeId) -> impl Iterator<Item = Literal> {
    layouts.of(id).members.iter().map(|member| match member {
        Member::Field { offset, .. } | Member::Padding { offset, .. } => Literal::u64_unsuffixed(*offset),
        Member::Bits(run) => Literal::u64_unsuffixed(run.offset),
    })
}

/// The type as the spec writes it, aliases and lengths by their names.
fn type_text(spec: &Loaded, field: &Field) -> String {
    match &field.ty {
        Type::Def(id) if field.anonymous => spec.layouts.model.ty(*id).name().spec.to_string(),
        _ => spec.sources.text(field.ty_span).trim_matches(['"', '\'']).trim().to_owned(),
    }
}

/// `1 byte`, `3 bytes`
pub(super) fn bytes(count: u64) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}
