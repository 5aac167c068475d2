//! Every rule of every gate, for formats that list them whether or not they found something.

use bpf_layout_spec::{compare, diag::Severity};

/// A rule, as its gate's own table has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed {
    /// Such as `field-offset`.
    pub(super) id: &'static str,
    /// What it finds, in one sentence.
    pub(super) summary: &'static str,
    /// Whether `check` fails because of it.
    pub(super) severity: Severity,
    /// The page that says more, with its place on it.
    pub(super) page: &'static str,
}

/// The rules of all gates.
pub(super) fn all() -> Vec<Listed> {
    let of_objects = compare::RULES.iter().map(|rule| Listed {
        id: rule.id,
        summary: rule.summary,
        severity: rule.severity,
        page: "docs/checks.md#rules",
    });
    of_objects.collect()
}
