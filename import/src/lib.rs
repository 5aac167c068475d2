//! Writes a `layouts.toml` for what exists, and proves that it says the same, to the byte.
//!
//! ```text
//! source ──▶ Found ── write ──▶ Imported: text, and what could not be said
//!                       ▲           │
//!                       └─ refuse ──┘ ── compare ──▶ Verdict of each type and map
//! ```
//!
//! Whatever a source is (BTF, a C header, Rust), it is read into one [`Found`]. [`write()`] makes text of it that reads as if
//! a person had written it; [`compare()`] takes the text through `bpf_layout_spec` and holds every layout that comes of it
//! against what was found. Text never comes out that the language refuses: what it has no way to say is written as a comment,
//! with the reason, and listed in [`Imported::notes`].
//!
//! ```
//! use bpf_layout_import::{Found, compare, write};
//! use bpf_layout_spec::compare::{
//!     Observed, ObservedMember, ObservedRecord, ObservedType, Shape, Sign,
//! };
//!
//! let u32 = Shape::Int { size: 4, sign: Sign::Unsigned, bool: false, big_endian: false };
//! let member = |name, bit_offset| ObservedMember { name, bit_offset, bit_size: 32, bitfield: false, shape: u32.clone() };
//! let key = ObservedRecord {
//!     name: "key",
//!     alias: false,
//!     union: false,
//!     size: 8,
//!     members: vec![member("netns", 0), member("port", 32)],
//!     place: String::new(),
//! };
//! let observed = Observed { types: vec![ObservedType::Record(key)], ..Observed::default() };
//! let found = Found { observed, roots: vec![0], ..Found::default() };
//!
//! let imported = write(&found, "Written for an example.")?;
//! assert!(imported.toml.contains(r#"{ name = "netns", type = "u32" },"#));
//! let proof = compare(&imported, &found)?;
//! assert!(proof.types.iter().all(|verdict| verdict.is_identical()));
//! # Ok::<(), bpf_layout_import::Error>(())
//! ```
#![forbid(unsafe_code)]

mod c_names;
mod clang;
mod contrast;
mod draft;
mod drafter;
mod events;
mod foreign;
mod found;
mod header;
mod maps;
mod merge;
mod names;
mod nesting;
mod numbers;
mod object;
mod place;
mod proof;
mod reach;
mod refusal;
mod rust;
mod tag;
mod toml;
mod values;
mod variant;
mod witness;
mod written;

use std::fmt;

pub use crate::{
    clang::{Compiler, CompilerError},
    found::{Found, MapHint, MemberHint, NamedNumber, Profile, Spelling, TypeHint},
    header::Header,
    merge::merge,
    object::object,
    proof::{Proof, Verdict, compare, compare_profile},
    rust::{Rust, RustError},
    variant::{Varied, profile},
    witness::{NoWitness, Testimony, Witness, witness},
};

/// A spec that was written.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Imported {
    /// The text of `layouts.toml`. It loads, and generates.
    pub toml: String,
    /// What it does not say, or not as it was found, in the order of the text.
    pub notes: Vec<Note>,
    /// Names in the spec of the types that have definitions, by their index in `Observed::types`.
    pub types: Vec<(usize, String)>,
    /// Names in the spec of the maps that are part of it, by their index in `Observed::maps`.
    pub maps: Vec<(usize, String)>,
    /// Types and fields of them that stand for bytes or bits which the source has no name for.
    pub(crate) fillers: Vec<(String, String)>,
}

/// Something that the spec does not say, or not as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The type, field or map, by its name in the spec.
    pub subject: String,
    /// What about it.
    pub message: String,
}

/// Why no spec could be written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing that crosses the boundary.
    Nothing,
    /// The language refuses what was written, and nothing that can be left out helps.
    Refused(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Nothing => {
                f.write_str("nothing crosses the boundary: there are no maps, and no types were asked for")
            }
            Error::Refused(why) => write!(f, "no spec could be written that the language takes: {why}"),
        }
    }
}

impl std::error::Error for Error {}

/// Writes a spec of everything that was found and crosses the boundary. `title` is its first comment.
///
/// The same input gives the same text, everywhere.
///
/// # Errors
/// If there is nothing to write, or the language takes no part of it.
pub fn write(found: &Found<'_>, title: &str) -> Result<Imported, Error> {
    refusal::write(found, title)
}
