//! What a check found, as people read it.

use bpf_layout_emit::render::{self, Excerpt, Finding};
use bpf_layout_spec::{
    compare::{Difference, SourceLine, Value},
    diag::Label,
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

/// One difference in one line, with its place before it, for places that show no source, such as cargo's warnings.
#[must_use]
pub fn one_line(difference: &Difference, sources: &Sources) -> String {
    render::finding_in_one_line(&finding("the object", difference, &[], sources), sources)
}

/// All differences of what a kernel has loaded, as text with colours for terminals.
#[must_use]
pub fn styled_loaded(differences: &[Difference], sources: &Sources) -> String {
    render::styled_findings(&findings_in("the kernel", differences, sources), sources)
}

/// All differences of a lock, as text with colours for terminals.
#[must_use]
pub fn styled_locked(differences: &[Difference], sources: &Sources) -> String {
    render::styled_findings(&findings_in("the lock", differences, sources), sources)
}

fn finding(place: &str, first: &Difference, along: &[&Difference], sources: &Sources) -> Finding {
    let label = format!("{} here", first.rule.unit.show(&first.expected));
    let mut notes = Vec::new();
    if !first.place.is_empty() {
        notes.push(format!("in {place}: {}", first.place));
    }
    if let Some(shift) = shift(first).filter(|_| !along.is_empty()) {
        let names: Vec<String> = along.iter().filter_map(|next| next.field.as_ref()).take(LISTED).cloned().collect();
        let more = along.len() - names.len();
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let (bytes, side) = (shift.unsigned_abs(), if shift > 0 { "later" } else { "earlier" });
        notes.push(format!("likewise {bytes} bytes {side}: {}{more}", names.join(", ")));
    }
    let excerpt = first.source.as_ref().and_then(excerpt);
    if let (None, Some(SourceLine { file, line, .. })) = (&excerpt, &first.source) {
        notes.push(format!("at {file}:{line}"));
    }
    Finding {
        id: first.rule.id,
        severity: first.rule.severity,
        message: sentence(first, sources),
        excerpt,
        primary: first
            .span
            .map(|span| Label { span, text: if first.rule.id == "two-layouts" { String::new() } else { label } }),
        secondary: Vec::new(),
        notes,
        help: help(first).into_iter().collect(),
    }
}

/// What to do about what the spec does not have.
fn help(difference: &Difference) -> Option<String> {
    let what = match difference.rule.id {
        "unlisted-struct" => "the map and its struct",
        "unlisted-buffer" if difference.span.is_some() => return Some("name them: `events = [...]`".to_owned()),
        "unlisted-buffer" => "the buffer and its events",
        _ => return None,
    };
    let reason = format!("`map.{} = \"why it is not in the spec\"`", difference.what);
    Some(format!("write {what} in the spec, or under `[outside]` {reason}"))
}

/// The line of C with the word that the compiler points at underlined.
fn excerpt(source: &SourceLine) -> Option<Excerpt> {
    let text = source.text.trim_end().to_owned();
    let indent = text.len() - text.trim_start().len();
    if text.len() == indent {
        return None;
    }
    let start = (source.column as usize).checked_sub(1).filter(|at| (indent..text.len()).contains(at));
    let word = |rest: &str| rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
    let underlined = match start.and_then(|start| Some((start, word(text.get(start..)?)))) {
        Some((start, len)) if len > 0 => start..start + len,
        _ => indent..text.len(),
    };
    Some(Excerpt { path: source.file.clone(), line: usize::try_from(source.line).ok()?, text, underlined })
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
