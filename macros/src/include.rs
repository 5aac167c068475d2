//! `include_layouts!`: from arguments to tokens.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use bpf_layout_emit::{render, rust};
use bpf_layout_spec::{
    Failure, Loaded, Options,
    diag::{Diagnostic, Severity},
    source::Sources,
};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{
    Ident, LitStr, Token,
    parse::{Parse, ParseStream},
};

/// Names the profile where the macro does not, as for build scripts and the command line.
const PROFILE_VARIABLE: &str = "BPF_LAYOUT_PROFILE";

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
    let Some(root) = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from) else {
        let message = "CARGO_MANIFEST_DIR is not set: paths are relative to the crate's Cargo.toml";
        return syn::Error::new(name.span(), message).into_compile_error();
    };
    let from_environment = || env::var(PROFILE_VARIABLE).ok().filter(|profile| !profile.is_empty());
    let options = Options { profile: profile.map(LitStr::value).or_else(from_environment) };
    // The spec is asked for by its path inside the crate, so that no message depends on where the crate lies.
    let mut read = |path: &Path| -> io::Result<String> { fs::read_to_string(root.join(path)) };
    match bpf_layout_spec::load_with(Path::new(&name.value()), &mut read, &options) {
        Ok(loaded) => items(&loaded, name.span()),
        Err(failure) => errors(&failure, name.span()),
    }
}

fn items(Loaded { layouts, sources, .. }: &Loaded, span: Span) -> TokenStream {
    match rust::module(layouts).parse::<TokenStream>() {
        Ok(module) => {
            let watched = watch(sources);
            quote! { #watched #module }
        }
        Err(error) => {
            let message = format!("generated code is no Rust, which is a mistake in bpf-layout: {error}");
            syn::Error::new(span, message).into_compile_error()
        }
    }
}

/// Has rustc and cargo watch the files and the variable that were read.
fn watch(sources: &Sources) -> TokenStream {
    let files = sources.paths().map(|path| {
        let path = path.to_string_lossy();
        let file = if Path::new(&*path).is_absolute() {
            quote! { #path }
        } else {
            quote! { ::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", #path) }
        };
        quote! { const _: &[::core::primitive::u8] = ::core::include_bytes!(#file); }
    });
    quote! {
        #(#files)*
        const _: ::core::option::Option<&::core::primitive::str> = ::core::option_env!(#PROFILE_VARIABLE);
    }
}

/// One error of the build per mistake in the spec.
fn errors(Failure { diagnostics, sources }: &Failure, span: Span) -> TokenStream {
    let is_error = |found: &&Diagnostic| found.code.severity() == Severity::Error;
    let errors = diagnostics.iter().filter(is_error).map(|diagnostic| {
        let text = render::plain(std::slice::from_ref(diagnostic), sources);
        let text = text.trim_end();
        quote_spanned! { span => ::core::compile_error!(#text); }
    });
    quote! { #(#errors)* }
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
