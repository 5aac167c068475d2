//! What is generated from a spec, as files.

use std::{path::Path, sync::LazyLock};

use bpf_layout_spec::{fingerprint::Fingerprints, layout::Layouts, threads::both};

use crate::{c, rust, write::Output};

/// Types of which so many take longer to write than a thread takes to start.
const MANY: usize = 100;

/// The C header and the Rust types, `<stem>.h` and `<stem>.rs` in `folder`, not written yet.
#[must_use]
pub fn generated(layouts: &Layouts, folder: &Path) -> Vec<Output> {
    let stem = &layouts.model.stem;
    // The module begins with them; the header asks for them when its longer half is written.
    let fingerprints = LazyLock::new(|| Fingerprints::of(layouts));
    let (header, module) = both(
        layouts.model.types.len() >= MANY,
        || c::header_with(layouts, || &fingerprints),
        || rust::module_with(layouts, &fingerprints),
    );
    vec![
        Output { path: folder.join(format!("{stem}.h")), contents: header.into_bytes() },
        Output { path: folder.join(format!("{stem}.rs")), contents: module.into_bytes() },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_types_are_written_as_few_are() {
        for count in [1, MANY] {
            let types = (0..count).map(|n| format!("[struct.s{n}]\nfields = [{{ name = \"a\", type = \"u32\" }}]\n"));
            let text = format!("spec = 1\n{}", types.collect::<String>());
            let mut reader = |_: &Path| Ok(text.clone());
            let loaded = bpf_layout_spec::load_with(Path::new("few.toml"), &mut reader, &Default::default());
            let layouts = loaded.expect("a spec").layouts;
            let outputs = generated(&layouts, Path::new("out"));
            let expected = [("out/few.h", c::header(&layouts)), ("out/few.rs", rust::module(&layouts))];
            let found = outputs.iter().map(|output| (output.path.to_str(), output.contents.as_slice()));
            assert!(found.eq(expected.iter().map(|(path, text)| (Some(*path), text.as_bytes()))), "{count}");
        }
    }
}
