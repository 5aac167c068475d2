//! Finds numbers in BPF C sources that `layouts.toml` has a name for: the length of a field, its mask, the capacity of a
//! map; and those that are no longer what the spec says.
//!
//! ```text
//! text ── lex ──▶ tokens ── File ──▶ code, macros, includes ── usage ──▶ Use: a number, what for, of which field
//!                                                             constants      │
//!                                                                           rules ──▶ Finding
//! ```
//!
//! This reads C as its preprocessor does, knows brackets, members, calls and the declarations of structs, and nothing of
//! the rest of the language: no source is refused, and nothing here is a compiler. A number counts only where it is used with
//! a field: in its subscript, as the size that is copied to it, or with a variable that is one of these. That is what keeps
//! alarms few; docs/literals.md says how few.
//!
//! Prints nothing, and reads only the files that it is given, with the headers beside them.
#![forbid(unsafe_code)]

mod access;
mod allow;
mod calls;
mod chain;
mod code;
mod constants;
mod eval;
mod facts;
mod file;
mod finding;
mod lex;
mod links;
mod load;
mod number;
pub mod outline;
mod rules;
mod splice;
mod types;
mod unit;
mod usage;

use std::{
    cmp::Reverse,
    path::{Path, PathBuf},
};

use bpf_layout_spec::{Loaded, source::Sources};

use crate::{facts::Facts, file::File, load::Loader};
pub use crate::{
    finding::Finding,
    load::Unreadable,
    rules::{RULES, Rule},
};

/// What was found in some sources.
#[derive(Debug)]
pub struct Report {
    /// By file, then by place.
    pub findings: Vec<Finding>,
    /// The files of the spec, then those that were read: what the places of findings are in.
    pub sources: Sources,
    /// The paths of the C sources and headers that were read.
    pub files: Vec<PathBuf>,
}

/// Looks at C sources and the headers of their own that they include.
///
/// # Errors
/// If a source cannot be read. A header that is not beside the file that includes it is left out.
pub fn lint<P: AsRef<Path>>(loaded: &Loaded, paths: &[P]) -> Result<Report, Unreadable> {
    let mut sources = loaded.sources.clone();
    let mut loader = Loader::new(&loaded.layouts);
    let units = paths.iter().map(|path| loader.unit(path.as_ref(), &mut sources)).collect::<Result<Vec<_>, _>>()?;
    let facts = Facts::new(&loaded.layouts);
    let mut findings: Vec<Finding> = Vec::new();
    for unit in units {
        let files: Vec<&File> = unit.iter().map(|&index| &loader.files[index]).collect();
        findings.extend(unit::check(&facts, &sources, &files));
    }
    let findings = once_each(&loader.files, findings);
    let files = loader.files.iter().map(|file| sources.get(file.id).path.clone()).collect();
    Ok(Report { findings, sources, files })
}

/// Findings in order, those of shared headers once, without those that comments allow.
fn once_each(files: &[File], mut findings: Vec<Finding>) -> Vec<Finding> {
    // Of what starts at the same place, the longest first: `512 - 1` says it all, and nothing is said of the `512` in it.
    let place = |finding: &Finding| {
        let span = finding.at.span;
        (span.file, span.start, Reverse(span.end), finding.rule.id)
    };
    findings.sort_by_key(place);
    findings.dedup_by(|next, last| {
        let (inner, outer) = (next.at.span, last.at.span);
        let within = inner.file == outer.file && inner.start == outer.start && inner.end < outer.end;
        within || place(next) == place(last)
    });
    let mut rest = findings.into_iter().peekable();
    let mut told = Vec::new();
    for file in files {
        let mut own = Vec::new();
        while let Some(finding) = rest.next_if(|finding| finding.at.span.file == file.id) {
            own.push(finding);
        }
        told.extend(allow::apply(file, own));
    }
    told.sort_by_key(place);
    told
}
