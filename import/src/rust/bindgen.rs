//! What is only bindgen's: names that it makes, and the functions that it writes for bitfields.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::ImplItemFn;

/// Words that cannot be names in Rust, or that are its types: bindgen appends `_` to them.
const CHANGED: &[&str] = &[
    "abstract", "alignof", "as", "async", "await", "become", "bool", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "f32", "f64", "false", "final", "fn", "for", "gen", "i128", "i16", "i32",
    "i64", "i8", "if", "impl", "in", "isize", "let", "loop", "macro", "match", "mod", "move", "mut", "offsetof",
    "override", "priv", "proc", "pub", "pure", "ref", "return", "Self", "self", "sizeof", "static", "str", "struct",
    "super", "trait", "true", "try", "type", "typeof", "u128", "u16", "u32", "u64", "u8", "unsafe", "unsized", "use",
    "usize", "virtual", "where", "while", "yield",
];

/// Whether bindgen wrote a file: it says so in the first line, unless it is told not to, and some of its names are nobody
/// else's.
pub(super) fn wrote(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first.contains("rust-bindgen") || ["__bindgen_", "__Bindgen", "_bindgen_ty_"].iter().any(|own| text.contains(own))
}

/// A name as C has it.
pub(super) fn c_name(name: &str) -> String {
    match name.strip_suffix('_') {
        Some(plain) if CHANGED.contains(&plain) => plain.to_owned(),
        _ => name.to_owned(),
    }
}

/// The name in C of a type: none if bindgen made one for it.
pub(super) fn tag(ident: &str) -> String {
    let ident = ident.strip_suffix("::Type").unwrap_or(ident);
    if ident.contains("_bindgen_ty_") { String::new() } else { c_name(ident) }
}

/// Whether a type has no name in C, and stands outside of all others: an enum whose values are constants.
pub(super) fn is_unnamed_everywhere(ident: &str) -> bool {
    ident.starts_with("_bindgen_ty_")
}

/// What the names of an enum's values begin with; of one without a name, that is the type around it.
pub(super) fn prefix(ident: &str) -> String {
    let around = ident.find("__bindgen_ty_").map_or(ident, |at| &ident[..at]);
    format!("{around}_")
}

/// What a member is for, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Plain,
    /// An unnamed struct or union.
    Unnamed,
    /// It is there only to align, to fill, or to take room: C has no such member.
    Filler,
    /// It stands for all members: bindgen has no way to write them.
    Blob,
}

/// What a member is for.
pub(super) fn role(name: &str) -> Role {
    let counted = |prefix: &str| {
        name.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if counted("__bindgen_anon_") {
        Role::Unnamed
    } else if name == "_bindgen_opaque_blob" {
        Role::Blob
    } else if counted("__bindgen_padding_")
        || counted("_bitfield_align_")
        || matches!(name, "_bindgen_align" | "__bindgen_align" | "bindgen_union_field" | "_bindgen_union_align")
    {
        Role::Filler
    } else {
        Role::Plain
    }
}

/// Whether members are those of a type that C declares and does not define.
pub(super) fn is_forward(mut names: impl Iterator<Item = impl AsRef<str>>) -> bool {
    names.next().is_some_and(|name| name.as_ref() == "_unused")
        && names.all(|name| name.as_ref() == "_phantom" || name.as_ref() == "_marker")
}

/// Whether a constant is one of `<stdint.h>` and `<limits.h>`, or of the compiler's: bindgen writes them with those of the project.
pub(super) fn is_of_system(name: &str) -> bool {
    if name.starts_with('_') {
        return true;
    }
    let Some((of, "MAX" | "MIN" | "WIDTH")) = name.rsplit_once('_') else { return false };
    let of = of.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let integer = of.strip_prefix('U').unwrap_or(of);
    matches!(
        integer,
        "INT" | "INT_LEAST" | "INT_FAST" | "INTPTR" | "INTMAX" | "PTRDIFF" | "SIZE" | "SIG_ATOMIC" | "WCHAR" | "WINT"
    )
}

/// The unit, first bit and number of bits that a function reads: bindgen writes `self._bitfield_1.get(3usize, 5u8)` and, since
/// version 0.72, `self._bitfield_1.get_const::<3usize, 5u8>()`.
pub(super) fn bits_read(function: &ImplItemFn) -> Option<(String, u64, u64)> {
    let by_reference =
        function.sig.inputs.len() == 1 && function.sig.receiver().is_some_and(|own| own.mutability.is_none());
    if !by_reference {
        return None;
    }
    let mut words = Vec::new();
    flatten(function.block.to_token_stream(), &mut words);
    let start = words.windows(5).position(|five| {
        five[0] == "self"
            && five[1] == "."
            && five[2].starts_with("_bitfield_")
            && five[3] == "."
            && five[4].starts_with("get")
    })?;
    let mut numbers = words[start + 5..].iter().filter(|word| word.starts_with(|letter: char| letter.is_ascii_digit()));
    let mut number = || {
        let word = numbers.next()?;
        let digits = word.find(|letter: char| !letter.is_ascii_digit()).map_or(word.as_str(), |at| &word[..at]);
        digits.parse().ok()
    };
    Some((words[start + 2].clone(), number()?, number()?))
}

/// The tokens of a function, without brackets. What nests too deep has been refused before.
fn flatten(tokens: TokenStream, words: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => flatten(group.stream(), words),
            token => words.push(token.to_string()),
        }
    }
}
