//! What the derive expands to: calls of the runtime's macros, with each check at the words that it is about.

use bpf_layout_spec::{
    Loaded,
    model::{Record, TypeId},
};
use proc_macro2::{Delimiter, Group, Literal, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};

use super::{
    expect::Expectation,
    input::{Input, Wrapped},
    matching::Matched,
    meaning,
};

/// `__derive_layout!` for a struct.
pub(super) fn record(
    input: &Input<'_>,
    matched: &[Matched<'_>],
    spec: &Loaded,
    (id, record): (TypeId, &Record),
) -> TokenStream {
    let ident = input.ident;
    let whole = check("whole", ident.span(), ident.span());
    let fields = matched.iter().enumerate().map(|(number, field)| field_tokens(number, field));
    let names = matched.iter().map(|field| field.expectation.name.as_str()).collect::<Vec<_>>().join(" ");
    let details = meaning::details(&spec.layouts, (id, record));
    let spec = spec_tokens(input, spec, (id, record));
    let traits = traits(input);
    quote! {
        ::bpf_layout::__derive_layout! {
            #ident, #spec, #whole,
            { #(#fields)* },
            names #names, details [#(#details),*]
        }
        #traits
    }
}

/// `__derive_newtype!` for a newtype, which the spec says something of if it has a name there.
pub(super) fn newtype(input: &Input<'_>, wrapped: &Wrapped<'_>, expectation: Option<&Expectation>) -> TokenStream {
    let (ident, member, ty) = (input.ident, &wrapped.member, wrapped.ty);
    let (start, end) = ends(ty.to_token_stream());
    let inner = check("inner", start, end);
    let spec = match expectation.map(Expectation::tokens) {
        Some(spec) => quote! { ::core::option::Option::Some(#spec) },
        None => quote! { ::core::option::Option::None },
    };
    let traits = traits(input);
    quote! {
        ::bpf_layout::__derive_newtype! { #ident #member: #ty, #spec, #inner }
        #traits
    }
}

fn field_tokens(number: usize, Matched { user, expectation, unknown }: &Matched<'_>) -> TokenStream {
    let (ident, ty, number) = (user.ident, user.ty, Literal::usize_unsuffixed(number));
    let (start, end) = unknown.map_or_else(|| ends(ty.to_token_stream()), |span| (span, span));
    let (kind, place) = (check("kind", start, end), check("place", ident.span(), ident.span()));
    let spec = expectation.tokens();
    quote! { #ident #number: #ty, #spec, #kind, #place; }
}

fn spec_tokens(input: &Input<'_>, spec: &Loaded, (id, record): (TypeId, &Record)) -> TokenStream {
    let (name, at) = (record.name.spec.as_str(), spec.sources.line(record.name.span));
    let layout = spec.layouts.of(id);
    let (size, align) = (Literal::u64_unsuffixed(layout.size), Literal::u32_unsuffixed(layout.align));
    let raise =
        if input.packed { "take `packed` away".to_owned() } else { format!("write `#[repr(C, align({align}))]`") };
    quote! {
        ::bpf_layout::__private::prove::derived::Spec { name: #name, at: #at, size: #size, align: #align, raise: #raise }
    }
}

/// The traits that were asked for by `derive(...)`, each with the place where it was.
fn traits(input: &Input<'_>) -> TokenStream {
    let ident = input.ident;
    let traits = input.options.traits.iter().map(|name| {
        quote_spanned! { name.span() => ::bpf_layout::__trait! { #name #ident } }
    });
    quote! { #(#traits)* }
}

/// A call of one of the runtime's checks, which rustc shows as what stands from `start` to `end`.
fn check(name: &str, start: Span, end: Span) -> TokenStream {
    let name = quote::format_ident!("{name}", span = start);
    let mut arguments = Group::new(Delimiter::Parenthesis, TokenStream::new());
    arguments.set_span(end);
    quote_spanned! { start => ::bpf_layout::__private::prove::derived::#name #arguments }
}

/// Where tokens begin and where they end.
fn ends(tokens: TokenStream) -> (Span, Span) {
    let mut spans = tokens.into_iter().map(|token| token.span());
    let start = spans.next().unwrap_or_else(Span::call_site);
    (start, spans.last().unwrap_or(start))
}
