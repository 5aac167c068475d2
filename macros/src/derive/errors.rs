//! All errors of one expansion, in the order they were found.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// Collects errors, so that one compilation shows all of them.
#[derive(Debug, Default)]
pub(super) struct Errors {
    found: Option<syn::Error>,
}

impl Errors {
    /// An error at a place.
    pub(super) fn at(&mut self, span: Span, message: impl std::fmt::Display) {
        self.push(syn::Error::new(span, message));
    }

    /// An error at all of `tokens`.
    pub(super) fn over(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    pub(super) fn push(&mut self, error: syn::Error) {
        match &mut self.found {
            Some(found) => found.combine(error),
            None => self.found = Some(error),
        }
    }

    /// The tokens, and the errors behind them.
    pub(super) fn with(self, mut tokens: TokenStream) -> TokenStream {
        tokens.extend(self.found.map(syn::Error::into_compile_error));
        tokens
    }
}
