//! `include_layouts!`: from arguments to tokens.

use std::path::Path;

use bpf_layout_emit::rust;
use bpf_layout_spec::Loaded;
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{
    Ident, LitStr, Token,
    parse::{Parse, ParseStream},
};

use crate::spec::{self, SpecFile};

/// `"layouts.toml", profile = "before"`, all of it optional.
pub(crate) struct Arguments {
    name: Option<LitStr>,
    profile: Option<LitStr>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.is_empty() {
            return Ok(Arguments { name: None, profile: None });
        }
        let name: LitStr = input.parse()?;
        let profile = parse_profile(input)?;
        match &profile {
            Some(profile) if !is_spec(&name) => {
                let message = "the build script chooses the profile; a profile can be given here only with the path of \
                     a `.toml` file";
                Err(syn::Error::new(profile.span(), message))
            }
            _ => Ok(Arguments { name: Some(name), profile }),
        }
    }
}

/// `, profile = "before"`, a comma behind it allowed.
fn parse_profile(input: ParseStream<'_>) -> syn::Result<Option<LitStr>> {
    if input.is_empty() {
        return Ok(None);
    }
    input.parse::<Token![,]>()?;
    if input.is_empty() {
        return Ok(None);
    }
    let key: Ident = input.parse()?;
    if key != "profile" {
        return Err(syn::Error::new(key.span(), "expected `profile = \"...\"`"));
    }
    input.parse::<Token![=]>()?;
    let profile = input.parse()?;
    input.parse::<Option<Token![,]>>()?;
    if input.is_empty() { Ok(Some(profile)) } else { Err(input.error("unexpected token")) }
}

fn is_spec(name: &LitStr) -> bool {
    Path::new(&name.value()).extension().is_some_and(|extension| extension == "toml")
}

/// The generated module, or errors.
pub(crate) fn expand(arguments: &Arguments) -> TokenStream {
    match &arguments.name {
        None => include_generated("layouts"),
        Some(name) if is_spec(name) => generate(name, arguments.profile.as_ref()),
        Some(name) => include_generated(&name.value()),
    }
}

/// What a build script wrote.
fn include_generated(stem: &str) -> TokenStream {
    let file = format!("/{stem}.rs");
    quote! { ::core::include!(::core::concat!(::core::env!("OUT_DIR"), #file)); }
}

fn generate(name: &LitStr, profile: Option<&LitStr>) -> TokenStream {
    let file = match SpecFile::at(Path::new(&name.value()), name.span()) {
        Ok(file) => file,
        Err(error) => return error.into_compile_error(),
    };
    match file.load(profile) {
        Ok(loaded) => items(&file, &loaded, name.span()),
        Err(failure) => spec::errors(&failure, name.span()),
    }
}

fn items(file: &SpecFile, Loaded { layouts, sources, .. }: &Loaded, span: Span) -> TokenStream {
    match rust::module(layouts).parse::<TokenStream>() {
        Ok(module) => {
            let watched = file.watch(sources);
            quote! { #watched #module }
        }
        Err(error) => {
            let message = format!("generated code is no Rust, which is a mistake in bpf-layout: {error}");
            syn::Error::new(span, message).into_compile_error()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the macro gives for these arguments, with single spaces.
    fn expanded(arguments: &str) -> String {
        let tokens = match syn::parse_str::<Arguments>(arguments) {
            Ok(arguments) => expand(&arguments),
            Err(error) => error.into_compile_error(),
        };
        tokens.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn without_a_spec_it_includes_what_the_build_script_wrote() {
        assert!(expanded("").contains(r#""/layouts.rs""#));
        assert!(expanded(r#""network""#).contains(r#""/network.rs""#));
        assert!(expanded(r#""network", profile = "lean""#).contains("the build script chooses the profile"));
    }

    #[test]
    fn a_spec_is_generated_under_its_profile_and_watched() {
        let plain = expanded(r#""tests/specs/right.toml""#);
        assert!(plain.contains("pub const PATH_LEN : usize = 512"), "{plain}");
        assert!(plain.contains(r#"include_bytes ! (:: core :: concat ! (:: core :: env ! ("CARGO_MANIFEST_DIR") , "/" , "tests/specs/right.toml")"#));
        assert!(plain.contains(r#""tests/specs/lengths.toml""#), "included files are watched");
        assert!(plain.contains(r#"option_env ! ("BPF_LAYOUT_PROFILE")"#));
        assert!(expanded(r#""tests/specs/right.toml", profile = "lean","#).contains("PATH_LEN : usize = 64"));
    }

    #[test]
    fn every_mistake_in_a_spec_is_one_error_that_says_where() {
        let errors = expanded(r#""tests/specs/wrong.toml""#);
        assert_eq!(errors.matches("compile_error !").count(), 2, "{errors}");
        assert!(errors.contains("tests/specs/wrong.toml:8:"), "{errors}");
        assert!(errors.contains("tests/specs/wrong.toml:9:"), "{errors}");
        assert!(!errors.contains("struct"), "nothing else is generated");
    }

    #[test]
    fn what_cannot_be_read_or_is_no_profile_is_an_error() {
        assert!(expanded(r#""tests/specs/none.toml""#).contains("compile_error !"));
        assert!(expanded(r#""tests/specs/right.toml", profile = "fat""#).contains("compile_error !"));
        for wrong in ["7", r#""layouts.toml" x"#, r#""a.toml", name = "x""#, r#""a.toml", profile = "x" y"#] {
            assert!(expanded(wrong).contains("compile_error !"), "{wrong}");
        }
    }
}
