//! Holds built BPF objects against the spec: reads the BTF of an object, and the calls by which its programs hand records
//! to userspace, into what the comparer understands, compares, and says what came of it in the words that build scripts and the command line share.
//!
//! Needs neither libbpf nor libelf, and reads objects of either byte order.
#![forbid(unsafe_code)]

mod observe;
mod outcome;
mod tell;

pub use crate::{
    observe::{observe, observe_btf, observe_outputs},
    outcome::{Outcome, Unreadable, check},
    tell::{findings, one_line, plain, sentence, styled},
};
