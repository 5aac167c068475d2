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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use bpf_layout_spec::{
        Loaded, Options,
        compare::{RULES, Rule},
        load_with,
    };

    use super::*;

    fn loaded() -> Loaded {
        let text = "spec = 1\n[struct.open]\nfields = [{ name = \"pid\", type = \"u32\" }]\n";
        load_with(Path::new("a.toml"), &mut |_: &Path| Ok(text.to_owned()), &Options::default()).expect("a spec")
    }

    fn rule(id: &str) -> &'static Rule {
        RULES.iter().find(|rule| rule.id == id).expect("a rule")
    }

    /// A difference of a field, at the name of the struct in the spec.
    fn difference(loaded: &Loaded, id: &str, field: &str, expected: i128, found: i128) -> Difference {
        Difference {
            rule: rule(id),
            what: "open".into(),
            field: Some(field.into()),
            expected: Value::Number(expected),
            found: Value::Number(found),
            span: Some(loaded.layouts.model.types[0].name().span),
            witness: "a.o".into(),
            place: "struct open, BTF type 3".into(),
            source: None,
        }
    }

    #[test]
    fn both_sides_are_in_the_sentence() {
        let loaded = loaded();
        let offset = difference(&loaded, "field-offset", "pid", 4, 8);
        assert_eq!(sentence(&offset, &loaded.sources), "`open.pid` starts at byte 8 in a.o, a.toml says byte 4");
        let whole = Difference { field: None, span: None, ..offset.clone() };
        assert_eq!(sentence(&whole, &loaded.sources), "`open` starts at byte 8 in a.o, byte 4");
        let twins = Difference { rule: rule("two-layouts"), ..offset };
        assert_eq!(sentence(&twins, &loaded.sources), "`open.pid` is 8 in a.o, 4");
    }

    #[test]
    fn a_label_stands_where_the_spec_says_it() {
        let loaded = loaded();
        let offset = difference(&loaded, "field-offset", "pid", 4, 8);
        let label = |one: &Difference| findings(std::slice::from_ref(one), &loaded.sources)[0].primary.clone();
        let text = |one: &Difference| label(one).map(|label| label.text);
        assert_eq!(text(&offset).as_deref(), Some("byte 4 here"));
        assert_eq!(text(&Difference { rule: rule("two-layouts"), ..offset.clone() }).as_deref(), Some(""));
        assert_eq!(text(&Difference { span: None, ..offset }), None);
    }

    #[test]
    fn fields_that_moved_along_are_told_with_the_first() {
        let loaded = loaded();
        let moved = |field: &str, by: i128| difference(&loaded, "field-offset", field, 16, 16 + by);
        let told = |differences: &[Difference]| {
            let found = findings(differences, &loaded.sources);
            found.into_iter().map(|one| one.notes[1..].join("; ")).collect::<Vec<_>>()
        };
        assert_eq!(told(&[moved("a", 4)]), [""]);
        assert_eq!(told(&["a", "b"].map(|field| moved(field, 4))), ["likewise 4 bytes later: b"]);
        let five = ["a", "b", "c", "d", "e"].map(|field| moved(field, -8));
        assert_eq!(told(&five), ["likewise 8 bytes earlier: b, c, d, e"]);
        let seven = ["a", "b", "c", "d", "e", "f", "g"].map(|field| moved(field, 4));
        assert_eq!(told(&seven), ["likewise 4 bytes later: b, c, d, e and 2 more"]);
        let size = difference(&loaded, "field-size", "b", 4, 8);
        for other in [
            moved("b", 8),
            size,
            Difference { what: "other".into(), ..moved("b", 4) },
            Difference { witness: "b.o".into(), ..moved("b", 4) },
            Difference { place: "struct open, BTF type 4".into(), ..moved("b", 4) },
            Difference { found: Value::Text("elsewhere".into()), ..moved("b", 4) },
        ] {
            assert_eq!(told(&[moved("a", 4), other.clone()]), ["", ""], "{other:?}");
            assert_eq!(told(&[other, moved("a", 4)]).len(), 2);
        }
    }

    #[test]
    fn what_the_spec_does_not_have_comes_with_what_to_write() {
        let loaded = loaded();
        let told = |id: &str, span: bool| {
            let found = difference(&loaded, id, "", 0, 0);
            help(&Difference { span: found.span.filter(|_| span), ..found })
        };
        let outside = "or under `[outside]` `map.open = \"why it is not in the spec\"`";
        let expected = |what: &str| Some(format!("write {what} in the spec, {outside}"));
        assert_eq!(told("unlisted-struct", false), expected("the map and its struct"));
        assert_eq!(told("unlisted-buffer", false), expected("the buffer and its events"));
        assert_eq!(told("unlisted-buffer", true).as_deref(), Some("name them: `events = [...]`"));
        assert_eq!(told("field-offset", true), None);
    }

    #[test]
    fn the_word_that_the_compiler_points_at_is_underlined() {
        let underlined = |text: &str, column: u32| {
            let source = SourceLine { file: "a.c".into(), line: 7, column, text: text.into() };
            let excerpt = excerpt(&source)?;
            assert_eq!((&*excerpt.path, excerpt.line), ("a.c", 7));
            assert_eq!(excerpt.text, text.trim_end());
            Some(excerpt.text[excerpt.underlined].to_owned())
        };
        let line = "\tsend(&my_map, 8);\n";
        for (column, word) in [
            (0, "send(&my_map, 8);"),
            (1, "send(&my_map, 8);"),
            (2, "send"),
            (3, "end"),
            (8, "my_map"),
            (17, "send(&my_map, 8);"),
        ] {
            assert_eq!(underlined(line, column).as_deref(), Some(word), "column {column}");
        }
        assert_eq!(underlined("last", 4).as_deref(), Some("t"));
        assert_eq!(underlined("last", 5).as_deref(), Some("last"));
        assert_eq!(underlined("é x", 2).as_deref(), Some("é x"));
        assert_eq!(underlined(" \n", 1), None);
        assert_eq!(underlined("", 0), None);
    }

    #[test]
    fn a_line_without_its_text_is_named() {
        let loaded = loaded();
        let notes = |text: &str, place: &str| {
            let source = SourceLine { file: "a.c".into(), line: 7, column: 1, text: text.into() };
            let found = difference(&loaded, "event-size", "", 4, 8);
            let found = Difference { source: Some(source), place: place.into(), ..found };
            findings(&[found], &loaded.sources).remove(0).notes
        };
        assert_eq!(notes("", "here"), ["in the object: here", "at a.c:7"]);
        assert_eq!(notes("send();", "here"), ["in the object: here"]);
        assert_eq!(notes("send();", ""), [""; 0]);
    }

    #[test]
    fn each_form_has_the_same_sentence_and_its_place() {
        let loaded = loaded();
        let found = [difference(&loaded, "field-offset", "pid", 4, 8)];
        let plainly = |text: String| {
            // A colour is `ESC [ NUMBERS m`.
            let behind = |part: &str| part.split_once('m').map_or(String::new(), |(_, rest)| rest.to_owned());
            let (first, rest) = text.split_once('\u{1b}').expect("colours");
            first.to_owned() + &rest.split('\u{1b}').map(behind).collect::<String>()
        };
        for (text, place) in [
            (plain(&found, &loaded.sources), "the object"),
            (plainly(styled(&found, &loaded.sources)), "the object"),
            (plainly(styled_loaded(&found, &loaded.sources)), "the kernel"),
            (plainly(styled_locked(&found, &loaded.sources)), "the lock"),
        ] {
            assert!(text.starts_with("error[field-offset]: `open.pid` starts at byte 8 in a.o"), "{text}");
            assert!(text.contains(&format!("in {place}: struct open, BTF type 3")), "{text}");
        }
        assert!(
            styled(&found, &loaded.sources).contains('\u{1b}') && !plain(&found, &loaded.sources).contains('\u{1b}')
        );
        let line = one_line(&found[0], &loaded.sources);
        assert!(line.starts_with("a.toml:2:9: error[field-offset]: `open.pid` starts at byte 8"), "{line}");
        assert!(!line.contains('\n'), "{line}");
    }
}
