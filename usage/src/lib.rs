//! What of maps is used: entries and bytes of strings, counted, and the [`Document`] that says so.
//!
//! `cargo bpf-layout audit` writes such a document of what the kernel has loaded, and a program that is built with the
//! feature `usage` of `bpf-layout` writes one of what it has seen itself. They are added up by the same rules, whoever
//! wrote them.
#![forbid(unsafe_code)]

#[cfg(target_os = "linux")]
mod count;
mod document;
mod histogram;
mod tally;

pub use crate::{
    document::{Document, InUse, Machine, ReadError, Row, Strings, VERSION},
    histogram::Histogram,
    tally::{Form, Part, Place, Tally},
};

#[cfg(target_os = "linux")]
pub use crate::count::{Counted, count, kernel_release};
