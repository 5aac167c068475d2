//! Structs, from records.
//!
//! Tokens have the spans of what the user wrote, so that the compiler's messages stand there: at the field's name if the
//! record has no such field, at its type if the conversion does not exist, at the function if that does not fit.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Type, ext::IdentExt as _, spanned::Spanned as _};

use super::{
    Variables,
    attribute::Policy,
    fields::{Access, By, Field, From},
};

/// `Ok(Self { … })`
pub(super) fn made(fields: &[Field], source: &Type, variables: &Variables) -> TokenStream {
    let fields = fields.iter().map(|Field { name, ty, from }| {
        let value = match from {
            From::Default => quote_spanned! { ty.span() => ::core::default::Default::default() },
            From::Value { access, by } => Value { name, ty, access, source, variables }.made(by),
        };
        quote! { #name: #value }
    });
    quote! { ::core::result::Result::Ok(Self { #(#fields),* }) }
}

/// `Ok(Self(…))`
pub(super) fn newtype(ty: &Type, Variables { layout, context, .. }: &Variables) -> TokenStream {
    let convert = quote_spanned! { ty.span() => <#ty as ::bpf_layout::FromLayout<_>>::from_layout_with };
    quote! { #convert(#layout, #context).map(Self) }
}

/// A value of the record, on its way into a field.
struct Value<'a> {
    name: &'a Ident,
    ty: &'a Type,
    access: &'a Access,
    source: &'a Type,
    variables: &'a Variables,
}

impl Value<'_> {
    fn made(&self, by: &By) -> TokenStream {
        let (read, place) = (self.read(), self.place());
        match by {
            By::Trait(policy) => self.converted(policy),
            By::Prefix(len, policy) => self.prefix(len, policy),
            By::With(function) => quote_spanned! { function.span() => #function(#read) },
            By::TryWith(function) => quote_spanned! { function.span() => #place.made(#function(#read))? },
        }
    }

    /// A reference to it, or what an accessor gives.
    fn read(&self) -> TokenStream {
        let layout = &self.variables.layout;
        match self.access {
            Access::Field(name) => {
                let record = with_span(layout, name.span());
                quote_spanned! { name.span() => &#record.#name }
            }
            Access::Accessor(name) => quote_spanned! { name.span() => #layout.#name() },
            Access::Whole => quote! { #layout },
        }
    }

    /// Where an error happens.
    fn place(&self) -> TokenStream {
        let name = match self.access {
            Access::Field(name) | Access::Accessor(name) => name,
            Access::Whole => self.name,
        };
        let (source, name) = (self.source, name.unraw().to_string());
        quote! { ::bpf_layout::__private::convert::Field::of::<#source>(#name) }
    }

    fn converted(&self, policy: &Policy) -> TokenStream {
        let (ty, read, place) = (self.ty, self.read(), self.place());
        let context = policy.changed(&self.variables.context);
        if let Access::Accessor(_) = self.access {
            let given = given(ty, &quote! { &#read }, &context);
            return quote! { #place.located(#given)? };
        }
        let convert = quote_spanned! { ty.span() => convert::<#ty, _> };
        quote! { #place.#convert(#read, #context)? }
    }

    /// The first elements, as many as the field `len` says.
    fn prefix(&self, len: &Ident, policy: &Policy) -> TokenStream {
        let (ty, read, place) = (self.ty, self.read(), self.place());
        let context = policy.changed(&self.variables.context);
        let convert = quote_spanned! { ty.span() => convert_prefix::<#ty, _> };
        let record = with_span(&self.variables.layout, len.span());
        let count = quote_spanned! { len.span() => ::bpf_layout::convert::Number::number(&#record.#len) };
        quote! { #place.#convert(#read, #count, #context)? }
    }
}

/// Converts what an accessor gave or a variant holds into `ty`; the expression is a reference to it.
pub(super) fn given(ty: &Type, reference: &TokenStream, context: &TokenStream) -> TokenStream {
    quote_spanned! { ty.span() => {
        #[allow(unused_imports)]
        use ::bpf_layout::__private::convert::{ConvertOption as _, ConvertValue as _};
        let made: ::core::result::Result<#ty, ::bpf_layout::FromLayoutError> =
            (&::bpf_layout::__private::convert::Given(#reference)).convert(#context);
        made
    } }
}

/// The same variable, where the user named what is read of it.
fn with_span(variable: &Ident, span: Span) -> Ident {
    Ident::new(&variable.to_string(), variable.span().located_at(span))
}
