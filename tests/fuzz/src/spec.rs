//! Text that claims to be a spec: through every stage, to C and to Rust.

use std::{io, path::Path};

use bpf_layout_emit::{c, render, rust};
use bpf_layout_spec::{Loaded, Options, diag::Diagnostic, layout::Layouts, load_with, lock::Lock, source::Sources};

use crate::{assert_plain, assert_styled, c_code, documentation_stripped, rust_code, sound::assert_sound};

pub(crate) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Some(loaded) = load(&text, None) else { return };
    check(&loaded.layouts);
    // Everything is to be had under each profile, too, or a sentence why not. A few stand for many.
    let profiles: Vec<_> =
        loaded.layouts.model.profiles.iter().take(4).filter_map(|name| load(&text, Some(name))).collect();
    profiles.iter().for_each(|loaded| check(&loaded.layouts));
    let profiles: Vec<Layouts> = profiles.into_iter().map(|loaded| loaded.layouts).collect();
    let lock = Lock::of(&loaded.layouts, &profiles);
    let written = lock.text("layouts.toml");
    assert_eq!(Lock::parse(&written).as_ref(), Ok(&lock), "a lock is read as what was written\n{written}");
    assert_eq!(lock.stale(&loaded.layouts, &profiles, "layouts.lock"), [], "and agrees with its spec");
}

/// Loads a spec that may include itself, and renders whatever is said of it.
pub(crate) fn load(text: &str, profile: Option<&str>) -> Option<Loaded> {
    let mut reader = |path: &Path| match path.to_str() {
        Some("layouts.toml") => Ok(text.to_owned()),
        Some("common.toml") => Ok("spec = 1\n[lengths]\nCOMMON = 16\n".to_owned()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    let options = Options { profile: profile.map(str::to_owned) };
    match load_with(Path::new("layouts.toml"), &mut reader, &options) {
        Ok(loaded) => {
            assert_told(&loaded.warnings, &loaded.sources);
            Some(loaded)
        }
        Err(failure) => {
            assert!(!failure.diagnostics.is_empty(), "a failure says why");
            assert_told(&failure.diagnostics, &failure.sources);
            None
        }
    }
}

fn assert_told(diagnostics: &[Diagnostic], sources: &Sources) {
    for label in diagnostics.iter().flat_map(|found| found.primary.iter().chain(&found.secondary)) {
        let text = &sources.get(label.span.file).text;
        assert!(
            text.get(label.span.start as usize..label.span.end as usize).is_some(),
            "{label:?} is no part of the text"
        );
    }
    assert_plain(&render::plain(diagnostics, sources));
    assert_styled(&render::styled(diagnostics, sources));
    for diagnostic in diagnostics {
        let line = render::one_line(diagnostic, sources);
        assert!(!line.contains('\n'));
        assert_plain(&line);
    }
}

/// Whoever passes the check can be emitted.
fn check(layouts: &Layouts) {
    assert_sound(layouts);
    let bare = documentation_stripped(layouts);
    let header = c::header(layouts);
    assert_eq!(c_code(&header), c_code(&c::header(&bare)), "documentation changes what C means");
    let module = rust::module(layouts);
    assert_eq!(rust_code(&module), rust_code(&rust::module(&bare)), "documentation changes what Rust means");
    assert_plain(&header.replace('\t', " "));
    assert_plain(&module);
}
