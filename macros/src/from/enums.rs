//! Enums: of an enum of the spec's values, of a union's members, of a buffer's events.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Type, TypePath, spanned::Spanned as _};

use super::{
    Variables,
    structs::given,
    variants::{Member, Other, Unit},
};

/// A match over constants.
pub(super) fn values(
    name: &Ident,
    source: &Type,
    variants: &[Unit],
    other: Option<&Other>,
    Variables { layout, context, .. }: &Variables,
) -> TokenStream {
    let known = variants.iter().map(|Unit { name, constant }| {
        quote_spanned! { constant.span() => <#source>::#constant => ::core::result::Result::Ok(Self::#name), }
    });
    let rest = match other {
        None => {
            let name = name.to_string();
            quote! {
                ::core::result::Result::Err(::bpf_layout::__private::convert::unknown_value::<#source>(#layout, #name))
            }
        }
        Some(Other { name, ty: None }) => quote! { ::core::result::Result::Ok(Self::#name) },
        Some(Other { name, ty: Some(ty) }) => {
            let convert = quote_spanned! { ty.span() => <#ty as ::bpf_layout::FromLayout<_>>::from_layout_with };
            quote! { #convert(#layout, #context).map(Self::#name) }
        }
    };
    quote! {
        // The spec may give one value two names.
        #[allow(unreachable_patterns)]
        match *#layout {
            #(#known)*
            _ => #rest,
        }
    }
}

/// A match over variants.
pub(super) fn members(
    name: &Ident,
    source: &Type,
    variants: &[Member],
    other: Option<&Ident>,
    Variables { layout, context, value }: &Variables,
) -> TokenStream {
    let path = without_arguments(source);
    let known = variants.iter().map(|Member { name, member, ty, policy }| match ty {
        None => quote_spanned! { member.span() => #path::#member { .. } => ::core::result::Result::Ok(Self::#name), },
        Some(ty) => {
            let given = given(ty, &quote! { #value }, &policy.changed(context));
            let pattern = quote_spanned! { member.span() => #path::#member(#value) };
            quote! { #pattern => #given.map(Self::#name), }
        }
    });
    let rest = match other {
        None => {
            let name = name.to_string();
            quote! { ::core::result::Result::Err(::bpf_layout::__private::convert::unknown_member(#layout, #name)) }
        }
        Some(name) => quote! { ::core::result::Result::Ok(Self::#name) },
    };
    quote! {
        // There may be a variant for each.
        #[allow(unreachable_patterns)]
        match #layout {
            #(#known)*
            _ => #rest,
        }
    }
}

/// `AddressRef<'_>` as it stands in a pattern: `AddressRef`.
fn without_arguments(source: &Type) -> TokenStream {
    match source {
        Type::Path(TypePath { qself: None, path, .. }) => {
            let leading = &path.leading_colon;
            let names = path.segments.iter().map(|segment| &segment.ident);
            quote! { #leading #(#names)::* }
        }
        // What a macro by example was given.
        Type::Group(group) => without_arguments(&group.elem),
        _ => quote! { #source },
    }
}
