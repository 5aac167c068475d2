//! What a check found, as people read it.

use bpf_layout_emit::render::{self, Finding};
use bpf_layout_spec::{
    compare::{Difference, Value},
    diag::{Label, Severity},
    source::Sources,
};

/// Names that a note lists before it only counts.
const LISTED: usize = 4;

/// One difference in one sentence with both sides in it, without a full stop.
#[must_use]
pub fn sentence(difference: &Difference, sources: &Sources) -> String {
    let what = match &difference.field {
        Some(field) => format!("`{}.{field}`", difference.what),
        None => format!("`{}`", difference.what),
    };
    let Difference { rule, witness, .. } = difference;
    let (found, expected) = (rule.unit.show(&difference.found), rule.unit.show(&difference.expected));
    let (verb, spec) = (rule.verb, difference.span.map(|span| sources.get(span.file).path.display()));
    match spec {
        Some(spec) if rule.id != "two-layouts" => format!("{what} {verb} {found} in {witness}, {spec} says {expected}"),
        _ => format!("{what} {verb} {found} in {witness}, {expected}"),
    }
}

/// Differences for a renderer. Fields that a change before them has moved along are told with the first of them.
#[must_use]
pub fn findings(differences: &[Difference], sources: &Sources) -> Vec<Finding> {
    findings_in("the object", differences, sources)
}

/// As [`findings`]; `place` is what a difference's own place is in.
fn findings_in(place: &str, differences: &[Difference], sources: &Sources) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut rest = differences;
    while let Some((first, after)) = rest.split_first() {
        let along: Vec<&Difference> = after.iter().take_while(|next| moved_alike(first, next)).collect();
        rest = &after[along.len()..];
        findings.push(finding(place, first, &along, sources));
    }
    findings
}

/// All differences as text without colour.
#[must_use]
pub fn plain(differences: &[Difference], sources: &Sources) -> String {
    render::plain_findings(&findings(differences, sources), sources)
}

/// All differences as text with colours for terminals.
#[must_use]
pub fn styled(differences: &[Difference], sources: &Sources) -> String {
    render::styled_findings(&findings(differences, sources), sources)
}

/// All differences of what a kernel has loaded, as text with colours for terminals.
#[must_use]
pub fn styled_loaded(differences: &[Difference], sources: &Sources) -> String {
    render::styled_findings(&findings_in("the kernel", differences, sources), sources)
}

fn finding(place: &str, first: &Difference, along: &[&Difference], sources: &Sources) -> Finding {
    let label = format!("{} here", first.rule.unit.show(&first.expected));
    let mut notes = vec![format!("in {place}: {}", first.place)];
    if let Some(shift) = shift(first).filter(|_| !along.is_empty()) {
        let names: Vec<String> = along.iter().filter_map(|next| next.field.as_ref()).take(LISTED).cloned().collect();
        let more = along.len() - names.len();
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let (bytes, side) = (shift.unsigned_abs(), if shift > 0 { "later" } else { "earlier" });
        notes.push(format!("likewise {bytes} bytes {side}: {}{more}", names.join(", ")));
    }
    Finding {
        id: first.rule.id,
        severity: Severity::Error,
        message: sentence(first, sources),
        primary: first
            .span
            .map(|span| Label { span, text: if first.rule.id == "two-layouts" { String::new() } else { label } }),
        notes,
        help: Vec::new(),
    }
}

fn moved_alike(first: &Difference, next: &Difference) -> bool {
    let same =
        |difference: &Difference| (difference.what.clone(), difference.witness.clone(), difference.place.clone());
    shift(first).is_some() && shift(first) == shift(next) && same(first) == same(next)
}

/// By how many bytes a field has moved, if that is what is wrong with it.
fn shift(difference: &Difference) -> Option<i128> {
    match (difference.rule.id, &difference.expected, &difference.found) {
        ("field-offset", Value::Number(expected), Value::Number(found)) => Some(found - expected),
        _ => None,
    }
}
