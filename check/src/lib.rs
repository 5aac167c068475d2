//! Holds built BPF objects against the spec: reads the BTF of an object into what the comparer understands, compares, and
//! says what came of it in the words that build scripts and the command line share.
//!
//! Needs neither libbpf nor libelf, and reads objects of either byte order.
#![forbid(unsafe_code)]

mod fingerprints;
mod observe;
mod outcome;
mod tell;

pub use crate::{
    observe::{observe, observe_btf},
    outcome::{Outcome, Unreadable, check},
    tell::{findings, plain, sentence, styled},
};
