//! `#[from_layout(…)]`, wherever it stands.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{
    Attribute, ExprPath, LitStr, Token, Type,
    ext::IdentExt as _,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
};

use super::Problems;

/// One thing that an attribute says: a word, `word = "text"`, or a type.
enum Item {
    Word(Ident),
    Text(Ident, LitStr),
    Type(Box<Type>),
}

impl Item {
    fn key(&self) -> Option<&Ident> {
        match self {
            Item::Word(key) | Item::Text(key, _) => Some(key),
            Item::Type(_) => None,
        }
    }
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Ident::peek_any) && input.peek2(Token![=]) {
            let key = input.call(Ident::parse_any)?;
            input.parse::<Token![=]>()?;
            return Ok(Item::Text(key, input.parse()?));
        }
        let is_word = |word: &Ident| Policy::WORDS.iter().chain(WORDS).any(|known| word == known);
        match input.fork().call(Ident::parse_any) {
            Ok(word) if is_word(&word) && !input.peek2(Token![::]) => input.call(Ident::parse_any).map(Item::Word),
            _ => Ok(Item::Type(Box::new(input.parse()?))),
        }
    }
}

/// Words that are no policy.
const WORDS: &[&str] = &["accessor", "other", "skip", "whole"];

/// Everything that the attributes of one place say. What a place has no use for is reported by [`Said::finish`].
pub(super) struct Said {
    items: Vec<Item>,
}

impl Said {
    pub(super) fn read(attributes: &[Attribute], problems: &mut Problems) -> Self {
        let mut items = Vec::new();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("from_layout")) {
            match attribute.parse_args_with(Punctuated::<Item, Token![,]>::parse_terminated) {
                Ok(found) => items.extend(found),
                Err(error) => problems.add(error),
            }
        }
        Said { items }
    }

    /// Reports what says nothing beside something else that is said: to each word, those it makes meaningless.
    pub(super) fn refuse_beside(&self, contradictions: &[(&str, &[&str])], problems: &mut Problems) {
        for (one, others) in contradictions {
            if !self.keys().any(|key| key == one) {
                continue;
            }
            for other in self.keys().filter(|key| others.iter().any(|other| key == other)) {
                problems.at(other.span(), format!("`{other}` says nothing beside `{one}`: leave one of them out"));
            }
        }
    }

    fn keys(&self) -> impl Iterator<Item = &Ident> {
        self.items.iter().filter_map(Item::key)
    }

    /// Whether this word is there, and where.
    pub(super) fn word(&mut self, name: &str, problems: &mut Problems) -> Option<Span> {
        let found = self.items.extract_if(.., |item| matches!(item, Item::Word(word) if word == name));
        let spans = found.filter_map(|item| if let Item::Word(word) = item { Some(word.span()) } else { None });
        once(name, spans.map(|span| (span, span)), problems)
    }

    /// The text behind `name =`.
    pub(super) fn text(&mut self, name: &str, problems: &mut Problems) -> Option<LitStr> {
        let found = self.items.extract_if(.., |item| matches!(item, Item::Text(key, _) if key == name));
        let texts =
            found.filter_map(|item| if let Item::Text(key, text) = item { Some((key.span(), text)) } else { None });
        once(name, texts, problems)
    }

    /// The identifier behind `name =`.
    pub(super) fn ident(&mut self, name: &str, problems: &mut Problems) -> Option<Ident> {
        let text = self.text(name, problems)?;
        match text.parse_with(Ident::parse_any).ok().and_then(raw) {
            Some(ident) => Some(ident),
            None => {
                problems.at(text.span(), format!("`{}` is no name: write `{name} = \"name\"`", text.value()));
                None
            }
        }
    }

    /// The path of a function behind `name =`.
    pub(super) fn function(&mut self, name: &str, problems: &mut Problems) -> Option<ExprPath> {
        let text = self.text(name, problems)?;
        match text.parse() {
            Ok(path) => Some(path),
            Err(_) => {
                let message =
                    format!("`{}` is no path of a function: write `{name} = \"path::to::function\"`", text.value());
                problems.at(text.span(), message);
                None
            }
        }
    }

    /// The types.
    pub(super) fn types(&mut self) -> Vec<Type> {
        let found = self.items.extract_if(.., |item| matches!(item, Item::Type(_)));
        found.filter_map(|item| if let Item::Type(ty) = item { Some(*ty) } else { None }).collect()
    }

    pub(super) fn policy(&mut self, problems: &mut Problems) -> Policy {
        Policy { words: Policy::WORDS.iter().filter_map(|word| Some((*word, self.word(word, problems)?))).collect() }
    }

    /// Reports what nobody has asked for.
    pub(super) fn finish(self, place: &str, known: &str, problems: &mut Problems) {
        for item in self.items {
            let (span, what) = match &item {
                Item::Word(word) => (word.span(), format!("`{word}`")),
                Item::Text(key, _) => (key.span(), format!("`{key} = …`")),
                Item::Type(ty) => (syn::spanned::Spanned::span(ty), format!("`{}`", quote!(#ty))),
            };
            problems.at(span, format!("{what} says nothing on {place}, which takes {known}"));
        }
    }
}

/// A keyword as what names a field: `type` is the field `r#type`. `None` for what names none, raw or not.
fn raw(ident: Ident) -> Option<Ident> {
    let name = ident.to_string();
    match name.as_str() {
        "self" | "Self" | "super" | "crate" | "_" => None,
        _ if syn::parse_str::<Ident>(&name).is_ok() => Some(ident),
        _ => Some(Ident::new_raw(&name, ident.span())),
    }
}

/// The first of them; the others are mistakes.
fn once<T>(name: &str, mut found: impl Iterator<Item = (Span, T)>, problems: &mut Problems) -> Option<T> {
    let (_, first) = found.next()?;
    for (span, _) in found {
        problems.at(span, format!("`{name}` is said twice"));
    }
    Some(first)
}

/// How strictly to convert: methods of `Context`.
pub(super) struct Policy {
    words: Vec<(&'static str, Span)>,
}

impl Policy {
    /// Each is a word of the attribute and a method of `Context`.
    const WORDS: &[&str] = &["lossy", "deny_truncated", "monotonic"];

    /// A variable of the same name, for the context that the policy makes of it.
    pub(super) fn apply(&self, context: &Ident) -> TokenStream {
        if self.words.is_empty() {
            return TokenStream::new();
        }
        let changed = self.changed(context);
        quote! { let #context = #changed; }
    }

    /// A reference to the context, changed if anything is said.
    pub(super) fn changed(&self, context: &Ident) -> TokenStream {
        if self.words.is_empty() {
            return quote! { #context };
        }
        let changes = self.words.iter().map(|(word, span)| {
            let method = Ident::new(word, *span);
            quote_spanned! { *span => .#method() }
        });
        quote! { &(*#context) #(#changes)* }
    }
}
