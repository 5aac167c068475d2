//! Audits of several runs and machines, added up.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bpf_layout_usage::Document;

use crate::failure::Failure;

/// Reads files of one document or of several, one after another, as `--watch --format json` prints them.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Document, Failure> {
    let mut sum: Option<Document> = None;
    for path in paths {
        let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error.to_string()))?;
        for document in Document::read(&text).map_err(|error| unreadable(path, &error.to_string()))? {
            sum.get_or_insert_with(|| empty(&document)).add(document, false);
        }
    }
    sum.ok_or_else(|| Failure::new("there is nothing to merge", "name files: `--merge FILE`"))
}

fn empty(like: &Document) -> Document {
    Document { machines: Vec::new(), maps: Vec::new(), ..like.clone() }
}

fn unreadable(path: &Path, why: &str) -> Failure {
    Failure::new(
        format_args!("cannot read `{}`: {why}", path.display()),
        "name what `cargo bpf-layout audit --format json` printed, or a program's own record of usage",
    )
}
