//! What is generated from a spec, as files.

use std::path::Path;

use bpf_layout_spec::{fingerprint::Fingerprints, layout::Layouts};

use crate::{c, rust, write::Output};

/// The C header and the Rust types, `<stem>.h` and `<stem>.rs` in `folder`, not written yet.
#[must_use]
pub fn generated(layouts: &Layouts, folder: &Path) -> Vec<Output> {
    let stem = &layouts.model.stem;
    let fingerprints = Fingerprints::of(layouts);
    let (header, module) = (c::header_with(layouts, &fingerprints), rust::module_with(layouts, &fingerprints));
    vec![
        Output { path: folder.join(format!("{stem}.h")), contents: header.into_bytes() },
        Output { path: folder.join(format!("{stem}.rs")), contents: module.into_bytes() },
    ]
}
