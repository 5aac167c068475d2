//! Audits of several runs and machines, added up.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::document::{Document, VERSION};
use crate::failure::Failure;

/// Reads files of one document or of several, one after another, as `--watch --format json` prints them.
pub(super) fn read(paths: &[PathBuf]) -> Result<Document, Failure> {
    let mut sum: Option<Document> = None;
    for path in paths {
        let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error.to_string()))?;
        let mut documents = serde_json::Deserializer::from_str(&text).into_iter::<Document>().peekable();
        if documents.peek().is_none() {
            return Err(unreadable(path, "it is empty"));
        }
        for document in documents {
            let document = document.map_err(|error| unreadable(path, &error.to_string()))?;
            if document.audit != VERSION {
                let version = format!("it is of version {}, and this reads version {VERSION}", document.audit);
                return Err(unreadable(path, &version));
            }
            sum.get_or_insert_with(|| empty(&document)).add(document, false);
        }
    }
    sum.ok_or_else(|| Failure::new("there is nothing to merge", "name files: `--merge FILE`"))
}

fn empty(like: &Document) -> Document {
    Document { machines: Vec::new(), maps: Vec::new(), proposals: Vec::new(), notes: Vec::new(), ..like.clone() }
}

fn unreadable(path: &Path, why: &str) -> Failure {
    Failure::new(
        format_args!("cannot merge `{}`: {why}", path.display()),
        "merge what `cargo bpf-layout audit --format json` printed",
    )
}
