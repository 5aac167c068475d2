//! Numbers in the C sources that the spec has a name for: see `docs/literals.md`.

use std::path::PathBuf;

use bpf_layout_emit::{render, write::WriteError};
use bpf_layout_lint as lint;
use bpf_layout_spec::{Loaded, diag::Severity};

use crate::{Output, error::Error};

/// What comes of something that is no error by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lint {
    /// Nobody looks.
    Allow,
    /// The build warns.
    #[default]
    Warn,
    /// The build fails.
    Deny,
}

/// Looks through the sources and the headers beside them, and adds both to what cargo watches.
///
/// # Errors
/// If a source cannot be read, or something is found and denied.
pub(crate) fn check(level: Lint, loaded: &Loaded, sources: &[PathBuf], output: &mut Output) -> Result<(), Error> {
    if level == Lint::Allow {
        return Ok(());
    }
    let report = lint::lint(loaded, sources).map_err(|error| WriteError {
        action: "read",
        path: error.path,
        source: error.source,
    })?;
    for path in report.files {
        if !output.inputs.contains(&path) {
            output.inputs.push(path);
        }
    }
    let rendered = |severity| report.findings.iter().map(move |finding| finding.rendered(severity));
    if level == Lint::Deny && !report.findings.is_empty() {
        let errors: Vec<render::Finding> = rendered(Severity::Error).collect();
        return Err(Error::Literals(render::plain_findings(&errors, &report.sources)));
    }
    let warnings = rendered(Severity::Warning).map(|finding| render::finding_in_one_line(&finding, &report.sources));
    output.warnings.extend(warnings);
    Ok(())
}
