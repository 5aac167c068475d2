//! A C header that is imported: what the preprocessor may make of it, as text, beside an object that was compiled of another.

use std::path::Path;

use bpf_layout_import::{Header, write};

use crate::{assert_plain, spec::load};

/// Its types are those that `fuzz/seeds/header` speaks of.
const OBJECT: &[u8] = include_bytes!("../../../fuzz/seeds/objects/bpf.o");

pub(crate) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let preprocessed = format!("# 1 \"fuzz.h\" 1\n{text}");
    let mut read = |path: &Path| (path == Path::new("fuzz.h")).then(|| text.clone().into_owned());
    let header = Header::compiled(Path::new("fuzz.h"), &preprocessed, &mut read, OBJECT.to_vec());
    let (found, notes) = header.found().expect("the object is one");
    notes.iter().for_each(|note| assert_plain(&note.message));
    match write(&found, "Written from a header.") {
        Ok(imported) => assert!(load(&imported.toml, None).is_some(), "what is written is a spec:\n{}", imported.toml),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
