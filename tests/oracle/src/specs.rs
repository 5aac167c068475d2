//! Loading specs, and finding in their text what a message should show.

use std::path::Path;

use bpf_layout_emit::render;
use bpf_layout_spec::{Options, layout::Layouts, load, load_with};

/// A spec's layouts.
///
/// # Panics
/// If it is not valid; with every message.
#[must_use]
pub fn layouts(path: &Path, profile: Option<&str>) -> Layouts {
    let options = Options { profile: profile.map(str::to_owned) };
    match load(path, &options) {
        Ok(loaded) => loaded.layouts,
        Err(failure) => panic!("{}\n{}", path.display(), render::plain(&failure.diagnostics, &failure.sources)),
    }
}

/// The layouts of a spec whose text is `text`; what it includes is looked for beside `path`.
///
/// # Errors
/// Every message, if it is not valid.
pub fn parse(text: &str, path: &Path, profile: Option<&str>) -> Result<Layouts, String> {
    let options = Options { profile: profile.map(str::to_owned) };
    // The spec itself is asked for first.
    let mut own = Some(text.to_owned());
    let mut reader = |asked: &Path| own.take().map_or_else(|| std::fs::read_to_string(asked), Ok);
    match load_with(path, &mut reader, &options) {
        Ok(loaded) => Ok(loaded.layouts),
        Err(failure) => Err(render::plain(&failure.diagnostics, &failure.sources)),
    }
}

/// The part of a spec's text that a person needs to see a record's trouble: for a random spec its shared head and the
/// chunk that defines `record`, otherwise all of it.
#[must_use]
pub fn excerpt(text: &str, record: &str) -> String {
    let mut chunks = text.split("\n# chunk ");
    let head = chunks.next().unwrap_or_default();
    let defines =
        |chunk: &&str| ["struct", "event", "union"].iter().any(|kind| chunk.contains(&format!("[{kind}.{record}]")));
    match chunks.find(defines) {
        Some(chunk) => format!("{head}\n# chunk {chunk}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_shows_the_head_and_one_chunk() {
        let text = "head\n# chunk 0\n[struct.a]\n# chunk 1\n[union.b]\n";
        assert_eq!(excerpt(text, "b"), "head\n# chunk 1\n[union.b]\n");
        assert_eq!(excerpt(text, "elsewhere"), text);
    }
}
