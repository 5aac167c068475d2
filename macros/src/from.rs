//! `#[derive(FromLayout)]`: conversions from what the spec defines into types of the program.
//!
//! ```text
//! DeriveInput ── input, fields, variants ──▶ Input ── structs, enums ──▶ impl FromLayout
//! ```
//!
//! Pure syntax: it reads no spec and knows no type. What it writes names the fields, methods, constants and variants that
//! generated code has by the names the user gave, with the user's spans, and leaves each conversion to the trait
//! `FromLayout`, so that the compiler reports what does not fit at the user's field.

mod attribute;
mod enums;
mod fields;
mod input;
mod structs;
mod variants;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{DeriveInput, Type};

use input::{Body, Input};

/// The implementations, or every mistake as an error of its own.
pub(crate) fn expand(input: DeriveInput) -> TokenStream {
    let mut problems = Problems::default();
    let input = Input::read(input, &mut problems);
    match (problems.0, input) {
        (Some(error), _) => error.into_compile_error(),
        (None, Some(input)) => input.sources.iter().map(|source| implementation(&input, source)).collect(),
        (None, None) => TokenStream::new(),
    }
}

/// What is wrong with the input, all of it.
#[derive(Default)]
struct Problems(Option<syn::Error>);

impl Problems {
    fn add(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            none => *none = Some(error),
        }
    }

    fn at(&mut self, span: Span, message: impl std::fmt::Display) {
        self.add(syn::Error::new(span, message));
    }
}

/// The variables of generated functions, which nothing that the user wrote can name.
struct Variables {
    layout: Ident,
    context: Ident,
    value: Ident,
}

impl Variables {
    fn new() -> Self {
        let variable = |name| Ident::new(name, Span::mixed_site());
        Variables { layout: variable("__layout"), context: variable("__context"), value: variable("__value") }
    }
}

fn implementation(input: &Input, source: &Type) -> TokenStream {
    let variables = Variables::new();
    let Variables { layout, context, .. } = &variables;
    let name = &input.name;
    let policy = input.policy.apply(context);
    let made = match &input.body {
        Body::Struct(fields) => structs::made(fields, source, &variables),
        Body::Newtype(ty) => structs::newtype(ty, &variables),
        Body::Values(variants, other) => enums::values(name, source, variants, other.as_ref(), &variables),
        Body::Members(variants, other) => enums::members(name, source, variants, other.as_ref(), &variables),
    };
    quote! {
        #[automatically_derived]
        impl ::bpf_layout::FromLayout<#source> for #name {
            fn from_layout_with(
                #layout: &#source,
                #context: &::bpf_layout::convert::Context,
            ) -> ::core::result::Result<Self, ::bpf_layout::FromLayoutError> {
                #policy
                #made
            }
        }

        #[automatically_derived]
        impl ::core::convert::TryFrom<&#source> for #name {
            type Error = ::bpf_layout::FromLayoutError;

            fn try_from(#layout: &#source) -> ::core::result::Result<Self, Self::Error> {
                ::bpf_layout::FromLayout::from_layout(#layout)
            }
        }
    }
}
