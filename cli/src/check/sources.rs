//! `--source`: numbers in C sources that the spec has a name for.

use bpf_layout_emit::render;
use bpf_layout_lint::{self as lint, Finding, Report};
use bpf_layout_spec::{Loaded, compare::Value, diag::Severity};

use super::section::{At, Found, Section};
use crate::{args::Check, failure::Failure};

pub(super) fn check(options: &Check, loaded: &Loaded) -> Result<Section, Failure> {
    let report = lint::lint(loaded, &options.source).map_err(|error| {
        Failure::new(error, "`--source` takes a C source; the headers beside it that it includes are read as well")
    })?;
    let severity = |finding: &Finding| super::severity(options, finding.rule.id, Severity::Warning);
    Ok(Section {
        human: human(&report, options.source.len(), severity),
        found: report.findings.iter().map(|finding| found(finding, severity(finding), &report)).collect(),
        ..Section::default()
    })
}

/// A finding as every gate tells what it has found.
fn found(finding: &Finding, severity: Severity, report: &Report) -> Found {
    let help = finding.help.first().map(|help| format!(": {help}")).unwrap_or_default();
    Found {
        code: finding.rule.id,
        summary: finding.rule.summary,
        severity,
        message: format!("{}{help}", finding.message),
        what: finding.what.clone(),
        field: finding.field.clone(),
        expected: finding.expected.map(Value::Number),
        found: finding.found.map(Value::Number),
        at: Some(At::span(&report.sources, finding.at.span)),
        also: finding.others.iter().map(|label| At::span(&report.sources, label.span)).collect(),
        witness: None,
    }
}

/// Each finding at its line of the source, then a summary.
fn human(report: &Report, named: usize, severity: impl Fn(&Finding) -> Severity) -> String {
    let rendered: Vec<render::Finding> =
        report.findings.iter().map(|finding| finding.rendered(severity(finding))).collect();
    let mut text = render::styled_findings(&rendered, &report.sources);
    if !text.is_empty() {
        text.push('\n');
    }
    let headers = match report.files.len().saturating_sub(named) {
        0 => String::new(),
        headers => format!(" and {}", super::objects::count(headers, "header", "")),
    };
    let sources = super::objects::count(named, "source", "");
    text + &match report.findings.len() {
        0 => format!("no numbers that the spec has a name for in {sources}{headers}\n"),
        findings => format!("{} in {sources}{headers}\n", super::objects::count(findings, "finding", "")),
    }
}
