//! Structs, from records.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Type, ext::IdentExt as _, spanned::Spanned as _};

use super::{
    Variables,
    attribute::Policy,
    input::{Access, By, Field, From},
};

/// `Ok(Self { … })`
pub(super) fn made(fields: &[Field], source: &Type, variables: &Variables) -> TokenStream {
    let fields = fields.iter().map(|field| {
        let (name, made) = (&field.name, made_field(field, source, variables));
        quote! { #name: #made }
    });
    quote! { ::core::result::Result::Ok(Self { #(#fields),* }) }
}

/// `Ok(Self(…))`
pub(super) fn newtype(ty: &Type, Variables { layout, context, .. }: &Variables) -> TokenStream {
    let convert = quote_spanned! { ty.span() => <#ty as ::bpf_layout::FromLayout<_>>::from_layout_with };
    quote! { #convert(#layout, #context).map(Self) }
}

fn made_field(field: &Field, source: &Type, variables: &Variables) -> TokenStream {
    let From::Value { access, by } = &field.from else {
        return quote_spanned! { field.ty.span() => ::core::default::Default::default() };
    };
    let read = read(access, variables);
    let place = place(field, access, source);
    match by {
        By::Trait(policy) => converted(field, access, &read, &place, policy, variables),
        By::Prefix(len, policy) => prefix(field, &read, &place, len, policy, variables),
        By::With(function) => quote! { #function(#read) },
        By::TryWith(function) => quote! { #place.made(#function(#read))? },
    }
}

/// What is converted: a reference, or what an accessor gives.
fn read(access: &Access, Variables { layout, .. }: &Variables) -> TokenStream {
    match access {
        Access::Field(name) => {
            let field = with_span(layout, name.span());
            quote! { &#field.#name }
        }
        Access::Accessor(name) => quote! { #layout.#name() },
        Access::Whole => quote! { #layout },
    }
}

/// Where an error happened.
fn place(field: &Field, access: &Access, source: &Type) -> TokenStream {
    let (Access::Field(name) | Access::Accessor(name)) = access else {
        let name = field.name.unraw().to_string();
        return quote! { ::bpf_layout::__private::convert::Field::of::<#source>(#name) };
    };
    let name = name.unraw().to_string();
    quote! { ::bpf_layout::__private::convert::Field::of::<#source>(#name) }
}

/// By the trait. The spans put what the compiler says of it to the type that the user wrote.
fn converted(
    field: &Field,
    access: &Access,
    read: &TokenStream,
    place: &TokenStream,
    policy: &Policy,
    Variables { context, .. }: &Variables,
) -> TokenStream {
    let (ty, context) = (&field.ty, policy.changed(context));
    if matches!(access, Access::Accessor(_)) {
        let given = given(ty, &quote! { &#read }, &context);
        return quote! { #place.located(#given)? };
    }
    let convert = quote_spanned! { ty.span() => convert::<#ty, _> };
    quote! { #place.#convert(#read, #context)? }
}

/// Converts what an accessor gave or a variant holds into `ty`; the expression is a reference to it.
pub(super) fn given(ty: &Type, reference: &TokenStream, context: &TokenStream) -> TokenStream {
    quote_spanned! { ty.span() => {
        #[allow(unused_imports)]
        use ::bpf_layout::__private::convert::ConvertValue as _;
        let made: ::core::result::Result<#ty, ::bpf_layout::FromLayoutError> =
            ::bpf_layout::__private::convert::Given(#reference).convert(#context);
        made
    } }
}

fn prefix(
    field: &Field,
    read: &TokenStream,
    place: &TokenStream,
    len: &Ident,
    policy: &Policy,
    Variables { layout, context, .. }: &Variables,
) -> TokenStream {
    let (ty, context) = (&field.ty, policy.changed(context));
    let convert = quote_spanned! { ty.span() => convert_prefix::<#ty, _> };
    let of = with_span(layout, len.span());
    quote! { #place.#convert(#read, &#of.#len, #context)? }
}

/// The same variable, where the user named what is read of it.
fn with_span(variable: &Ident, span: Span) -> Ident {
    Ident::new(&variable.to_string(), variable.span().located_at(span))
}
