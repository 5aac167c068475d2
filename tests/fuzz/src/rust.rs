//! Text that claims to be Rust, of which a spec is to be written.

use bpf_layout_import::{Rust, compare, write};

use crate::spec::load;

pub(crate) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let rust = match Rust::parse("fuzz.rs", &text) {
        Ok(rust) => rust,
        // Its place is no matter here: where a fuzzer builds it, proc-macro2 knows no lines.
        Err(error) => return assert!(!error.message.is_empty()),
    };
    let (found, _) = rust.found();
    match write(&found, "Written from Rust.") {
        Ok(imported) => {
            assert!(load(&imported.toml, None).is_some(), "what is written is a spec:\n{}", imported.toml);
            let proof = compare(&imported, &found).expect("what is written is compared");
            assert!(
                proof.is_identical(),
                "what is written says the same as what was found: {proof:?}\n{}",
                imported.toml
            );
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
