//! The language of `layouts.toml`: reading, checking, and the one place where layouts are computed.
//!
//! ```text
//! text ── read ──▶ Spec ── check ──▶ Model ── lay_out ──▶ Layouts
//!                  as written        resolved             sizes, offsets, padding
//! ```
//!
//! Pure but for reading the files it is asked for: nothing here prints, panics on bad input or exits. Each stage reports
//! every problem it finds to one [`diag::Diagnostics`]; a later stage leaves out what an earlier one could not trust.
#![forbid(unsafe_code)]

pub mod diag;
pub mod kernel;
pub mod layout;
pub mod model;
pub mod scalar;
pub mod source;

use std::path::Path;

use diag::Diagnostic;
use layout::Layouts;
use source::Sources;

/// What to load a spec with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The profile to apply; none if left out.
    pub profile: Option<String>,
}

/// A spec that is valid.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The spec with its layouts.
    pub layouts: Layouts,
    /// What does not stop generation.
    pub warnings: Vec<Diagnostic>,
    /// Every file that was read.
    pub sources: Sources,
}

/// A spec that is not.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Everything found, in file order; at least one is an error.
    pub diagnostics: Vec<Diagnostic>,
    /// Every file that was read.
    pub sources: Sources,
}
