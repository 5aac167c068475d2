//! Values of an older or newer layout of the same types, read by its BTF.
//!
//! A pinned map outlives the program that made it, and a ring buffer may be filled by objects of several versions. What
//! they hold is described by their BTF, which the kernel keeps. A [`Plan`] is worked out once from that BTF and a type of
//! this program, field by field and by name; then it reads value after value:
//!
//! - a field that lies elsewhere is copied, one with a number of another width, sign or byte order converted, a longer
//!   string truncated and marked, a field that is not there zero and [`missing`](Lost::missing);
//! - where both layouts are the same, a value is borrowed as [`Layout::parse`](crate::Layout::parse) does;
//! - what cannot be read is refused when the plan is made, with every difference in a sentence.
//!
//! `bpf_layout::libbpf` has maps and buffers over this (feature `libbpf`): `TypedMap::open_pinned`, which accepts the
//! same layout only, `SkewedMap` and `SkewedBuffer`.
//!
//! All of it is safe code over byte slices. BTF may be damaged or hostile, and bytes anything: the worst is an error.

mod buffer;
mod build;
mod error;
mod find;
mod names;
mod number;
mod op;
mod plan;
mod read;
mod rule;
#[cfg(test)]
mod tests;
mod theirs;
mod write;

/// BTF, as plans are made of it.
pub use bpf_layout_btf as btf;

pub use buffer::{Scratch, SkewedBuffer};
pub use error::PlanError;
pub use plan::Plan;
#[cfg(feature = "live")]
pub(crate) use plan::{Comparison, compare};
pub use read::{Lost, Note, Skewed};
pub use rule::{Difference, Handling, Rule};
pub use write::WriteError;
