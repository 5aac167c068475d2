//! Diagnostics as people read them: the offending line, underlined, in the manner of rustc.
//!
//! Takes data and gives text; whoever calls decides where the text goes. The build script, the macro and the command
//! show the same words.

use std::{borrow::Cow, ops::Range};

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str};
use bpf_layout_spec::{
    diag::{Diagnostic, Label, Severity},
    source::{FileId, Sources, Span},
};

/// Columns that a rendered source line may take. Longer lines are cut on both sides of the underlined part.
const WIDTH: usize = 120;

/// Characters of one message, label, note or help. A spec can hold a name of a megabyte, and an error would repeat it.
const LONGEST_TEXT: usize = 2000;

/// Something to be told that is no diagnostic of a spec, such as what a check has found in an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What people search for: `field-offset`.
    pub id: &'static str,
    /// Whether it is an error or a warning.
    pub severity: Severity,
    /// One sentence without a full stop, lower case at the start.
    pub message: String,
    /// A line of another file that it is about in the first place.
    pub excerpt: Option<Excerpt>,
    /// The place in the spec, or in a C source that is among the sources, that it is about.
    pub primary: Option<Label>,
    /// Other places that belong to it, such as what an older revision has there.
    pub secondary: Vec<Label>,
    /// Facts that explain it.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Vec<String>,
}

/// One line of a file that is not among the sources, such as the C source that an object was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The file, as it is to be shown.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// The line, without its newline.
    pub text: String,
    /// The bytes of `text` to be underlined.
    pub underlined: Range<usize>,
}

/// Every finding, in the form of [`plain`].
#[must_use]
pub fn plain_findings(findings: &[Finding], sources: &Sources) -> String {
    all(&Renderer::plain().term_width(WIDTH), findings.iter().map(Told::finding), sources)
}

/// As [`plain_findings`], coloured with ANSI escapes for terminals.
#[must_use]
pub fn styled_findings(findings: &[Finding], sources: &Sources) -> String {
    all(&Renderer::styled().term_width(WIDTH), findings.iter().map(Told::finding), sources)
}

/// Every diagnostic as text without colour, a blank line between two, each line ending in a newline. Empty if there are
/// none.
#[must_use]
pub fn plain(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    all(&Renderer::plain().term_width(WIDTH), diagnostics.iter().map(Told::diagnostic), sources)
}

/// As [`plain`], coloured with ANSI escapes for terminals.
#[must_use]
pub fn styled(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    all(&Renderer::styled().term_width(WIDTH), diagnostics.iter().map(Told::diagnostic), sources)
}

/// One diagnostic in one line: `layouts.toml:12:8: error[unknown-type]: there is no type \`u31\`: ...; help: ...`. For
/// places that show no source, such as a compiler's message about a macro.
#[must_use]
pub fn one_line(diagnostic: &Diagnostic, sources: &Sources) -> String {
    told_in_one_line(&Told::diagnostic(diagnostic), sources)
}

/// As [`one_line`], of a finding: at the line of its excerpt, if it has one.
#[must_use]
pub fn finding_in_one_line(finding: &Finding, sources: &Sources) -> String {
    told_in_one_line(&Told::finding(finding), sources)
}

fn told_in_one_line(told: &Told<'_>, sources: &Sources) -> String {
    let severity = match told.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut line = match (told.excerpt, told.primary) {
        (Some(excerpt), _) => format!("{}:{}: ", excerpt.path, excerpt.line),
        (None, Some(primary)) => format!("{}: ", sources.place(primary.span)),
        (None, None) => String::new(),
    };
    line += &format!("{severity}[{}]: {}", told.id, told.message);
    if let Some(primary) = told.primary.filter(|label| !label.text.is_empty()) {
        line += &format!(": {}", primary.text);
    }
    for label in told.secondary {
        line += &format!("; {}: {}", sources.place(label.span), label.text);
    }
    for (kind, texts) in [("note", told.notes), ("help", told.help)] {
        for text in texts {
            line += &format!("; {kind}: {text}");
        }
    }
    tame(&line.replace('\n', " ")).into_owned()
}

/// What diagnostics and findings have in common.
struct Told<'a> {
    severity: Severity,
    id: &'static str,
    message: &'a str,
    excerpt: Option<&'a Excerpt>,
    primary: Option<&'a Label>,
    secondary: &'a [Label],
    notes: &'a [String],
    help: &'a [String],
}

impl<'a> Told<'a> {
    fn diagnostic(diagnostic: &'a Diagnostic) -> Self {
        Told {
            severity: diagnostic.code.severity(),
            id: diagnostic.code.id(),
            message: &diagnostic.message,
            excerpt: None,
            primary: diagnostic.primary.as_ref(),
            secondary: &diagnostic.secondary,
            notes: &diagnostic.notes,
            help: &diagnostic.help,
        }
    }

    fn finding(finding: &'a Finding) -> Self {
        Told {
            severity: finding.severity,
            id: finding.id,
            message: &finding.message,
            excerpt: finding.excerpt.as_ref(),
            primary: finding.primary.as_ref(),
            secondary: &finding.secondary,
            notes: &finding.notes,
            help: &finding.help,
        }
    }
}

fn all<'a>(renderer: &Renderer, told: impl Iterator<Item = Told<'a>>, sources: &'a Sources) -> String {
    let mut text = String::new();
    for (index, told) in told.enumerate() {
        if index > 0 {
            text.push('\n');
        }
        text += &renderer.render(&[group(&told, sources)]);
        text.push('\n');
    }
    text
}

/// One diagnostic as the renderer takes it: the title, a snippet of each file concerned, then notes and helps.
fn group<'a>(diagnostic: &Told<'a>, sources: &'a Sources) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(tame(diagnostic.message)).id(diagnostic.id);
    let first = if diagnostic.excerpt.is_some() { AnnotationKind::Context } else { AnnotationKind::Primary };
    let labels: Vec<Marked<'a>> = diagnostic
        .primary
        .iter()
        .map(|label| Marked { label, kind: first })
        .chain(diagnostic.secondary.iter().map(|label| Marked { label, kind: AnnotationKind::Context }))
        .collect();
    let mut group = Group::with_title(title);
    group = group.elements(diagnostic.excerpt.map(quoted));
    for file in files(&labels) {
        group = group.element(snippet(file, &labels, sources));
    }
    for note in diagnostic.notes {
        group = group.element(Level::NOTE.message(tame(note)));
    }
    for help in diagnostic.help {
        group = group.element(Level::HELP.message(tame(help)));
    }
    group
}

/// A line of a file that is not at hand. The renderer cannot do with control characters, and a tab keeps its width.
fn quoted(excerpt: &Excerpt) -> Snippet<'_, Annotation<'_>> {
    let clean = |letter: char| if letter.is_control() && letter != '\t' { ' ' } else { letter };
    let at = |at: usize| excerpt.text.get(..at).map_or(0, |before| before.chars().map(clean).map(char::len_utf8).sum());
    let text: String = excerpt.text.chars().map(clean).collect();
    let range = at(excerpt.underlined.start)..at(excerpt.underlined.end);
    let range = range.start..range.end.max(range.start).min(text.len());
    Snippet::source(text)
        .path(tame_path(&excerpt.path))
        .line_start(excerpt.line)
        .annotation(AnnotationKind::Primary.span(range))
}

/// A label with the way it is underlined.
struct Marked<'a> {
    label: &'a Label,
    kind: AnnotationKind,
}

/// The files that labels lie in, that of the primary label first, each once.
fn files(labels: &[Marked<'_>]) -> Vec<FileId> {
    let mut files = Vec::new();
    for marked in labels {
        if !files.contains(&marked.label.span.file) {
            files.push(marked.label.span.file);
        }
    }
    files
}

/// The lines of one file that its labels lie in, with the labels.
fn snippet<'a>(file: FileId, labels: &[Marked<'a>], sources: &'a Sources) -> Snippet<'a, Annotation<'a>> {
    let source = sources.get(file);
    let marked: Vec<(&Marked<'a>, Range<usize>)> = labels
        .iter()
        .filter(|marked| marked.label.span.file == file)
        .map(|marked| (marked, byte_range(&source.text, marked.label.span)))
        .collect();
    let window = window(&source.text, marked.iter().map(|(_, range)| range.clone()));
    let first_line = source.text[..window.start].matches('\n').count() + 1;
    let annotations = marked.iter().map(|(marked, range)| {
        let range = range.start - window.start..range.end - window.start;
        let label = Some(&marked.label.text).filter(|text| !text.is_empty());
        marked.kind.span(range).label(label.map(|text| tame(text)))
    });
    Snippet::source(&source.text[window.clone()])
        .path(tame_path(&source.path.display().to_string()))
        .line_start(first_line)
        .annotations(annotations)
}

/// The whole lines from the first label to the last. The renderer looks at every line it is given, so a file of many
/// thousand lines is not handed to it for each of its errors.
fn window(text: &str, ranges: impl Iterator<Item = Range<usize>>) -> Range<usize> {
    let covered = ranges.reduce(|all, one| all.start.min(one.start)..all.end.max(one.end)).unwrap_or(0..0);
    let start = text[..covered.start].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[covered.end..].find('\n').map_or(text.len(), |newline| covered.end + newline);
    start..end
}

/// A span as a range of bytes that surely lies in `text`, between characters. What is wrong inside a character or after
/// the end of the file is shown beside it instead of being a panic.
fn byte_range(text: &str, span: Span) -> Range<usize> {
    let at = |offset: u32| {
        let mut offset = (offset as usize).min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    };
    let start = at(span.start);
    start..at(span.end).max(start)
}

/// As [`tame`], of the name of a file: it stands in one line, where a second might be taken for something else.
fn tame_path(path: &str) -> String {
    tame(path).replace('\n', "?")
}

/// Text from a spec, made fit to be printed: control characters replaced, and no longer than a screen.
fn tame(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(LONGEST_TEXT) {
        None => Cow::Owned(normalize_untrusted_str(text)),
        Some((end, _)) => Cow::Owned(normalize_untrusted_str(&text[..end]) + "…"),
    }
}

#[cfg(test)]
mod tests;
