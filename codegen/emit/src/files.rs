//! What is generated from a spec, as files.

use std::path::Path;

use bpf_layout_spec::layout::Layouts;

use crate::{c, rust, write::Output};

/// The C header and the Rust types, `<stem>.h` and `<stem>.rs` in `folder`, not written yet.
#[must_use]
pub fn generated(layouts: &Layouts, folder: &Path) -> Vec<Output> {
    let stem = &layouts.model.stem;
    vec![
        Output { path: folder.join(format!("{stem}.h")), contents: c::header(layouts).into_bytes() },
        Output { path: folder.join(format!("{stem}.rs")), contents: rust::module(layouts).into_bytes() },
    ]
}
