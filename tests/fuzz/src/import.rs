//! Bytes that claim to be a BPF object, of which a spec is to be written.

use bpf_layout_import::{object, write};

use crate::{assert_plain, spec::load};

pub(crate) fn run(data: &[u8]) {
    let (found, _) = match object("fuzz.bpf.o", data) {
        Ok(found) => found,
        Err(error) => return assert_plain(&error.to_string()),
    };
    match write(&found, "Written from an object.") {
        Ok(imported) => assert!(load(&imported.toml, None).is_some(), "what is written is a spec:\n{}", imported.toml),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
