//! Holds built BPF objects, and what a kernel has loaded, against the spec: reads BTF, and the calls by which the programs of
//! an object hand records to userspace, into what the comparer understands, compares, and says what came of it in the words
//! that build scripts and the command line share.
//!
//! Needs neither libbpf nor libelf, and reads objects of either byte order.
#![forbid(unsafe_code)]

mod fingerprints;
mod loaded;
mod observe;
mod outcome;
mod tell;

pub use crate::{
    loaded::{Host, LoadedMap, LoadedObject, LoadedOutcome, Resized, check_loaded},
    observe::{Seen, observe, observe_btf, observe_outputs, observe_types},
    outcome::{Outcome, Unreadable, check},
    tell::{findings, one_line, plain, sentence, styled, styled_loaded, styled_locked},
};
