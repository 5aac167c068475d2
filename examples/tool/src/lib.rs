//! What this project's tools have in common, so that each of them holds only what it is about: its options, its events, its
//! account.
//!
//! A tool is a [`Source`] of events: BPF programs that were loaded and attached. [`run()`] prints them until somebody has had
//! enough.
#![forbid(unsafe_code)]

pub mod clock;
mod escape;
mod explain;
mod json;
mod object;
mod options;
mod output;
mod run;
mod table;
#[cfg(feature = "testing")]
pub mod testing;
mod written;

pub use escape::{command_line, escape};
pub use explain::{Needs, explain, keep_messages};
pub use json::Notes;
pub use object::{attach, handle, load};
pub use options::{Common, seconds};
pub use output::{Format, Output};
pub use run::{Show, Source, exit, run, settle};
pub use table::{Column, Cut, Table, path};
pub use written::Written;
