//! What the build script has generated from the root spec and from the random ones.

#![allow(missing_docs, reason = "specs need no documentation")]
#![allow(clippy::type_complexity, reason = "random arrays have more dimensions than anybody's")]

use crate::{
    marks::Case,
    parsers::{Buffer, Parser},
};

/// One spec under one profile.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Its name here.
    pub name: &'static str,
    /// The file.
    pub path: &'static str,
    /// The profile.
    pub profile: Option<&'static str>,
    /// Its records in the graffiti test.
    pub cases: &'static [Case],
    /// The parsers of its records.
    pub parsers: &'static [Parser],
    /// The parsers of its buffers.
    pub buffers: &'static [Buffer],
}

include!(concat!(env!("OUT_DIR"), "/specs.rs"));
