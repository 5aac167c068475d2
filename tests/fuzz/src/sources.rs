//! Bytes that claim to be a C source of the tools, for the lint.

use std::{cell::OnceCell, fs};

use bpf_layout_emit::render;
use bpf_layout_lint::lint;
use bpf_layout_spec::{Loaded, diag::Severity};
use tempfile::TempDir;

use crate::{assert_plain, lock::once, workspace_spec};

thread_local! {
    static SPEC: OnceCell<(Loaded, TempDir)> = const { OnceCell::new() };
}

fn spec() -> (Loaded, TempDir) {
    (workspace_spec("lint/tests/cases/layouts.toml"), TempDir::new().expect("a temporary folder"))
}

pub(crate) fn run(data: &[u8]) {
    once(&SPEC, spec, |(spec, folder)| {
        let path = folder.path().join("fuzz.c");
        fs::write(&path, data).expect("a writable folder");
        let report = lint(spec, &[&path]).expect("any bytes are a source");
        for finding in &report.findings {
            let text = &report.sources.get(finding.at.span.file).text;
            let (start, end) = (finding.at.span.start as usize, finding.at.span.end as usize);
            assert!(text.get(start..end).is_some(), "{start}..{end} is no part of the text");
        }
        let told: Vec<_> = report.findings.iter().map(|finding| finding.rendered(Severity::Warning)).collect();
        assert_plain(&render::plain_findings(&told, &report.sources));
    });
}
