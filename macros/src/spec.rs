//! The spec of a crate: where it is, what is in it, what to watch, and how to say that it is wrong.
//!
//! Messages show a spec inside or above the crate by its path from there, and one given by an absolute path by its file
//! name, so that no message depends on where a crate lies.

use std::{
    env,
    path::{Path, PathBuf},
    sync::Arc,
};

use bpf_layout_emit::render;
use bpf_layout_spec::{
    Failure, Loaded, Options,
    diag::{Diagnostic, Severity},
    source::Sources,
};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::LitStr;

use crate::loaded;

/// Names the profile where nothing in the code does, as for build scripts and the command line.
const PROFILE_VARIABLE: &str = "BPF_LAYOUT_PROFILE";

/// Names the spec where nothing in the code does.
const SPEC_VARIABLE: &str = "BPF_LAYOUT_SPEC";

/// What the spec is called where nobody says otherwise.
const DEFAULT_NAME: &str = "layouts.toml";

/// A file, as it is shown and as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SpecFile {
    /// The folder that everything is read from: the crate's, or that of a spec given by an absolute path.
    folder: PathBuf,
    /// The path from there, which is what messages show.
    shown: PathBuf,
    /// Whether `folder` is the crate's.
    in_crate: bool,
}

impl SpecFile {
    /// The file at a path relative to the crate's `Cargo.toml`, or at an absolute one.
    pub(crate) fn at(path: &Path, span: Span) -> syn::Result<Self> {
        let folder = crate_folder(span)?;
        match (path.is_absolute(), path.parent(), path.file_name()) {
            (true, Some(folder), Some(name)) => {
                Ok(SpecFile { folder: folder.to_owned(), shown: name.into(), in_crate: false })
            }
            _ => Ok(SpecFile { folder, shown: path.to_owned(), in_crate: true }),
        }
    }

    /// The crate's spec: the one that `named` names, or the environment, or the first `layouts.toml` in the crate's folder
    /// or one above it.
    pub(crate) fn find(named: Option<&LitStr>, span: Span) -> syn::Result<Self> {
        if let Some(named) = named {
            return Self::at(Path::new(&named.value()), named.span());
        }
        match env::var_os(SPEC_VARIABLE).filter(|path| !path.is_empty()) {
            Some(path) => Self::at(Path::new(&path), span),
            None => Self::above(&crate_folder(span)?).ok_or_else(|| {
                let message = format!(
                    "there is no `{DEFAULT_NAME}` in the crate's folder, nor in one above it: write \
                     `#[bpf_layout(spec = \"path/to/{DEFAULT_NAME}\")]`, or set the variable {SPEC_VARIABLE}"
                );
                syn::Error::new(span, message)
            }),
        }
    }

    /// The first one in this folder or above it.
    fn above(folder: &Path) -> Option<Self> {
        let mut shown = PathBuf::from(DEFAULT_NAME);
        for above in folder.ancestors() {
            if above.join(DEFAULT_NAME).is_file() {
                return Some(SpecFile { folder: folder.to_owned(), shown, in_crate: true });
            }
            shown = Path::new("..").join(shown);
        }
        None
    }

    /// Loads it under the profile that is named here or by the environment.
    pub(crate) fn load(&self, profile: Option<&LitStr>) -> Result<Arc<Loaded>, Failure> {
        let from_environment = || env::var(PROFILE_VARIABLE).ok().filter(|profile| !profile.is_empty());
        let options = Options { profile: profile.map(LitStr::value).or_else(from_environment) };
        loaded::load(self, options)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn shown(&self) -> &Path {
        &self.shown
    }

    /// Has rustc and cargo watch the files and the variables that were read.
    pub(crate) fn watch(&self, sources: &Sources) -> TokenStream {
        let files = sources.paths().map(|path| {
            let file = if path.is_absolute() || !self.in_crate {
                let path = self.folder.join(path);
                let path = path.to_string_lossy();
                quote! { #path }
            } else {
                let path = path.to_string_lossy();
                quote! { ::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", #path) }
            };
            quote! { const _: &[::core::primitive::u8] = ::core::include_bytes!(#file); }
        });
        quote! {
            #(#files)*
            const _: [::core::option::Option<&::core::primitive::str>; 2] =
                [::core::option_env!(#PROFILE_VARIABLE), ::core::option_env!(#SPEC_VARIABLE)];
        }
    }
}

fn crate_folder(span: Span) -> syn::Result<PathBuf> {
    env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).ok_or_else(|| {
        syn::Error::new(span, "CARGO_MANIFEST_DIR is not set: paths are relative to the crate's Cargo.toml")
    })
}

/// One error of the build per mistake in the spec.
pub(crate) fn errors(Failure { diagnostics, sources }: &Failure, span: Span) -> TokenStream {
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
    use std::fs;

    use super::*;

    #[test]
    fn the_nearest_spec_above_is_found_and_shown_from_the_crate() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let inner = root.path().join("agent/core");
        fs::create_dir_all(&inner).expect("folders");
        assert_eq!(SpecFile::above(&inner), None);
        for (file, shown) in [
            ("layouts.toml", "../../layouts.toml"),
            ("agent/layouts.toml", "../layouts.toml"),
            ("agent/core/layouts.toml", "layouts.toml"),
        ] {
            fs::write(root.path().join(file), "").expect("writable");
            let found = SpecFile::above(&inner).expect("it is there");
            assert_eq!((found.shown.as_path(), found.in_crate), (Path::new(shown), true));
            assert!(found.folder.join(&found.shown).is_file());
        }
    }

    #[test]
    fn a_spec_with_an_absolute_path_is_shown_by_its_name() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("other.toml");
        fs::write(&path, "spec = 2").expect("writable");
        let file = SpecFile::at(&path, Span::call_site()).expect("the tests are run by cargo");
        let failure = file.load(None).expect_err("there is no version 2");
        let errors = errors(&failure, Span::call_site()).to_string();
        assert!(errors.contains("--> other.toml:1:8"), "{errors}");
        let watched = file.watch(&failure.sources).to_string();
        assert!(watched.contains(&format!("{:?}", path.display().to_string())), "{watched}");
    }
}
