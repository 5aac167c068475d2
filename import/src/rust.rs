//! Rust as a source: handwritten `repr(C)` structs and unions, enums with an integer for `repr`, and constants; and what bindgen
//! has written of C. Their layout is that of C (The Rust Reference, "Type layout"), so the language's own rules say where members
//! lie.
//!
//! ```text
//! text ── syn ──▶ items ──▶ Declared types, numbers ── reader ──▶ Found
//! ```

mod bindgen;
mod declared;
mod integers;
mod items;
mod numbers;
mod reader;
mod repr;
mod written;

use std::{borrow::Cow, fmt};

use proc_macro2::Span;
use syn::{Attribute, Expr, Ident, Lit, Meta, ext::IdentExt as _};

use self::{declared::Declared, items::Items, numbers::Numbers, reader::Reader};
use crate::{
    Note,
    found::{Found, NamedNumber},
    nesting,
};

/// Arrays of arrays, names for names, and types of one field, deeper than this, are left out.
const MAX_DEPTH: usize = 16;

/// A file of Rust that has been read. Whatever is found in it borrows from here.
pub struct Rust {
    path: String,
    types: Vec<Declared>,
    numbers: Numbers,
    /// Whether bindgen wrote it: its names are then those of C.
    bindgen: bool,
}

/// Why a file of Rust cannot be read.
#[derive(Clone, Debug)]
pub struct RustError {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl RustError {
    fn at(place: Span, message: String) -> Self {
        let start = place.start();
        RustError { line: start.line, column: start.column + 1, message }
    }
}

impl fmt::Display for RustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for RustError {}

impl Rust {
    /// Reads a file.
    ///
    /// # Errors
    /// If it is not Rust, or nests deeper than anybody writes.
    pub fn parse(path: &str, text: &str) -> Result<Self, RustError> {
        let parsed = nesting::on_deep_stack(|| Self::parse_here(path, text));
        parsed.unwrap_or_else(|error| Err(RustError { line: 1, column: 1, message: error.to_string() }))
    }

    fn parse_here(path: &str, text: &str) -> Result<Self, RustError> {
        if let Some(place) = nesting::too_deep(text) {
            return Err(RustError::at(
                place,
                "this stands in too many others: import a file with the types alone".to_owned(),
            ));
        }
        let file = syn::parse_file(text).map_err(|error| RustError::at(error.span(), error.to_string()))?;
        let bindgen = bindgen::wrote(text);
        let (types, numbers) = Items::of(&file.items, bindgen).declared();
        Ok(Rust { path: path.to_owned(), types, numbers, bindgen })
    }

    /// Everything that the file declares.
    #[must_use]
    pub fn found(&self) -> (Found<'_>, Vec<Note>) {
        let (mut found, notes) = Reader::read(self);
        found.observed.witness.clone_from(&self.path);
        found.numbers = self
            .numbers
            .iter()
            .filter(|(name, _)| !(self.bindgen && bindgen::is_of_system(name)))
            .map(|(name, number)| NamedNumber {
                name: Cow::Borrowed(name),
                value: number.value,
                expr: number.expr.clone(),
                doc: number.doc.clone(),
            })
            .collect();
        (found, notes)
    }
}

/// A name, whether or not it is written `r#name` because Rust has a keyword of it.
fn name_of(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// What doc comments say, on one line.
fn doc(attributes: &[Attribute]) -> Option<String> {
    let texts = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                // `<` is how Doxygen marks what stands behind a member, and bindgen leaves it there.
                Lit::Str(text) => Some(text.value().trim().trim_start_matches("< ").to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    let lines: Vec<String> =
        texts.flat_map(|text| text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>()).collect();
    let text = lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests;
