//! `#[derive(BpfLayout)]`: from a struct that somebody wrote to the checks of it.
//!
//! What syntax knows is judged here: attributes, names, which field of the spec is which, what is missing. What only rustc
//! knows is left to `bpf_layout::__private::prove::derived`, for which this writes down what the spec says: a type is never
//! guessed from its spelling. Both kinds of mistake come out in one compilation, each at the user's own words.

mod definition;
mod errors;
mod expect;
mod input;
mod matching;
mod meaning;
mod members;
mod output;
mod rust_type;

use bpf_layout_spec::Loaded;
use proc_macro2::TokenStream;
use syn::DeriveInput;

use self::{
    definition::Definition,
    errors::Errors,
    input::{Body, Input},
    members::Members,
};
use crate::spec::{self, SpecFile};

/// The checks and implementations, or errors.
pub(crate) fn expand(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::default();
    let input = Input::read(input, &mut errors);
    match input {
        Some(input) => {
            let expanded = expand_input(&input, &mut errors);
            errors.with(expanded)
        }
        None => errors.with(TokenStream::new()),
    }
}

fn expand_input(input: &Input<'_>, errors: &mut Errors) -> TokenStream {
    if let (Body::Newtype(wrapped), None) = (&input.body, &input.options.name) {
        for useless in input.options.spec.iter().chain(&input.options.profile) {
            errors.at(
                useless.span(),
                "a newtype is compared with the spec if it has a `name` there: write `name = \"...\"` too",
            );
        }
        return output::newtype(input, wrapped, None);
    }
    let file = match SpecFile::find(input.options.spec.as_ref(), input.ident.span()) {
        Ok(file) => file,
        Err(error) => {
            errors.push(error);
            return TokenStream::new();
        }
    };
    match file.load(input.options.profile.as_ref()) {
        Ok(spec) => {
            let mut expanded = file.watch(&spec.sources);
            expanded.extend(expand_checked(input, &spec, errors));
            expanded
        }
        Err(failure) => {
            let span = input.options.spec.as_ref().map_or(input.ident.span(), syn::LitStr::span);
            spec::errors(&failure, span)
        }
    }
}

fn expand_checked(input: &Input<'_>, spec: &Loaded, errors: &mut Errors) -> TokenStream {
    let Some(definition) = Definition::find(input, spec, errors) else { return TokenStream::new() };
    match (&input.body, definition) {
        (Body::Struct(fields), Definition::Record(id, record)) => {
            let matched = matching::match_fields(input, fields, Members::of(spec, (id, record)), errors);
            output::record(input, &matched, spec, (id, record))
        }
        (Body::Newtype(wrapped), Definition::Names(id)) => {
            output::newtype(input, wrapped, Some(&expect::names(spec, id)))
        }
        (Body::Newtype(_), Definition::Record(..)) | (Body::Struct(_), Definition::Names(_)) => TokenStream::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(item: &str) -> String {
        expand(&syn::parse_str(item).expect("an item")).to_string()
    }

    #[test]
    fn a_newtype_without_a_name_needs_no_spec() {
        let expanded = expanded("#[repr(transparent)] struct Proto(u8);");
        assert!(expanded.contains("__derive_newtype") && !expanded.contains("include_bytes"), "{expanded}");
    }

    #[test]
    fn a_broken_spec_is_told_where_it_is_named() {
        let wrong = "#[bpf_layout(spec = \"tests/specs/wrong.toml\")] #[repr(C)] struct Key { netns: u32 }";
        let expanded = expanded(wrong);
        for line in ["tests/specs/wrong.toml:8:", "tests/specs/wrong.toml:9:"] {
            assert!(expanded.contains(line), "{expanded}");
        }
        assert!(!expanded.contains("__derive_layout"), "{expanded}");
    }
}
