//! `--against`: an older version of the spec, and what the newer one breaks of it.

use bpf_layout_emit::render::{self, Finding as Told};
use bpf_layout_spec::{
    Loaded,
    breaking::{self, Finding, Place, Relation, Verdict},
    diag::{Label, Severity},
    source::{FileId, Sources, Span},
};

use super::section::{At, Found, Note, Section};
use crate::{args::Check, failure::Failure, printable, side::Side};

/// Names that a note lists before it only counts.
const LISTED: usize = 4;

/// What an `[[allow]]` is told by that covers nothing.
pub(super) const UNUSED_ALLOW: &str = "needless-allow";
pub(super) const UNUSED_ALLOW_SUMMARY: &str = "An `[[allow]]` covers nothing that was found.";

pub(super) fn check(options: &Check, loaded: &Loaded) -> Result<Section, Failure> {
    // The option is there, or this gate would not have been asked for.
    let Some(against) = &options.against else { return Ok(Section::default()) };
    let old = Side::load_beside(against, loaded)?;
    let findings = breaking::compare(&old.loaded.layouts, &loaded.layouts);
    let unused = breaking::unused_allows(&loaded.layouts, &findings);
    let relations = if options.relations.is_empty() { &Relation::ALL } else { options.relations.as_slice() };
    let against = Against { old: &old, new: loaded, findings: &findings, unused: &unused, relations };
    Ok(Section { human: against.human(), found: against.found(), notes: against.notes(), ..Section::default() })
}

/// Both versions, and what was found between them.
struct Against<'a> {
    old: &'a Side,
    new: &'a Loaded,
    findings: &'a [Finding],
    /// Indices of the `[[allow]]`s that cover nothing.
    unused: &'a [usize],
    /// The relations that must hold.
    relations: &'a [Relation],
}

impl Against<'_> {
    /// Errors and warnings, each with its severity.
    fn wrong(&self) -> impl Iterator<Item = (&Finding, Severity)> {
        self.findings.iter().filter_map(|finding| Some((finding, finding.severity(self.relations)?)))
    }

    /// For programs: each error and warning by itself.
    fn found(&self) -> Vec<Found> {
        let mut all: Vec<Found> = self.wrong().map(|(finding, severity)| self.found_one(finding, severity)).collect();
        for &index in self.unused {
            let allow = &self.new.layouts.model.allow[index];
            all.push(Found {
                code: UNUSED_ALLOW,
                summary: UNUSED_ALLOW_SUMMARY,
                severity: Severity::Warning,
                message: unused_message(allow.rule.id, &allow.on),
                what: allow.on.clone(),
                field: None,
                expected: None,
                found: None,
                at: Some(At::span(&self.new.sources, allow.span)),
                also: Vec::new(),
                witness: None,
            });
        }
        all
    }

    /// For programs: what changed and breaks nobody, or is meant.
    fn notes(&self) -> Vec<Note> {
        let fine = self.fine().filter(|finding| !finding.verdicts.breaks(&Relation::ALL));
        let compatible = fine.map(|finding| (finding, "compatible".to_owned()));
        let allowed = self.findings.iter().filter_map(|finding| {
            let reason = &self.new.layouts.model.allow[finding.allowed?].reason;
            Some((finding, format!("allowed: {}", printable(reason))))
        });
        let note = |(finding, why): (&Finding, String)| Note {
            title: finding.rule.id,
            message: format!("{}: {why}", finding.message),
            at: self.at(finding),
        };
        compatible.chain(allowed).map(note).collect()
    }

    /// The line of the spec. What is gone has none any more, and is told at the start of the file that it is gone from.
    fn at(&self, finding: &Finding) -> At {
        let start = Span { file: FileId(0), start: 0, end: 0 };
        At::span(&self.new.sources, finding.new.as_ref().map_or(start, |place| place.span))
    }

    fn found_one(&self, finding: &Finding, severity: Severity) -> Found {
        let value = |place: &Option<Place>| place.as_ref().and_then(|place| place.value.as_ref()).map(value);
        let mut message = finding.message.clone();
        for (titles, reason) in broken(finding, self.relations) {
            message += &format!("; breaks {titles}: {reason}");
        }
        Found {
            code: finding.rule.id,
            summary: finding.rule.summary,
            severity,
            message,
            what: finding.what.clone(),
            field: finding.field.clone(),
            expected: value(&finding.new),
            found: value(&finding.old),
            at: Some(self.at(finding)),
            also: Vec::new(),
            witness: finding.old.as_ref().map(|place| self.old.loaded.sources.place(place.span)),
        }
    }

    /// For people: errors and warnings with both sides, then what is compatible and what is allowed, then a summary.
    fn human(&self) -> String {
        let both = Both::new(self.new, self.old);
        let mut told = self.told(&both);
        told.extend(self.unused.iter().map(|&index| {
            let allow = &self.new.layouts.model.allow[index];
            Told {
                id: UNUSED_ALLOW,
                severity: Severity::Warning,
                message: unused_message(allow.rule.id, &allow.on),
                excerpt: None,
                primary: Some(Label { span: allow.span, text: "covers nothing".into() }),
                secondary: Vec::new(),
                notes: vec![format!("its reason was: {}", allow.reason)],
                help: vec!["remove it once the versions that it was for are behind".into()],
            }
        }));
        let mut text = render::styled_findings(&told, &both.sources);
        if !text.is_empty() {
            text.push('\n');
        }
        for finding in self.fine() {
            let word = if finding.verdicts.breaks(&Relation::ALL) { "not among --relations" } else { "compatible" };
            text += &format!("{word}: {} [{}]\n", finding.message, finding.rule.id);
        }
        for finding in self.findings {
            if let Some(index) = finding.allowed {
                let reason = printable(&self.new.layouts.model.allow[index].reason);
                text += &format!("allowed: {} [{}]: {reason}\n", finding.message, finding.rule.id);
            }
        }
        text + &self.summary()
    }

    /// What breaks none of the relations, and needed no `[[allow]]` for that.
    fn fine(&self) -> impl Iterator<Item = &Finding> {
        let is_fine = |finding: &&Finding| finding.allowed.is_none() && finding.severity(self.relations).is_none();
        self.findings.iter().filter(is_fine)
    }

    /// Errors and warnings for the renderer. Fields that moved alike are told with the first of them.
    fn told(&self, both: &Both) -> Vec<Told> {
        let mut told: Vec<Told> = Vec::new();
        let mut moved: Vec<(&Finding, usize, Vec<&str>)> = Vec::new();
        for (finding, severity) in self.wrong() {
            let likewise = moved.iter_mut().find(|(first, ..)| is_alike(first, finding));
            if let (Some((_, _, names)), Some(field)) = (likewise, &finding.field) {
                names.push(field);
                continue;
            }
            moved.push((finding, told.len(), Vec::new()));
            told.push(self.told_one(finding, severity, both));
        }
        for (_, index, names) in moved.into_iter().filter(|(_, _, names)| !names.is_empty()) {
            let listed = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let more = names.len().saturating_sub(LISTED);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            told[index].notes.insert(0, format!("likewise: {listed}{more}"));
        }
        told
    }

    fn told_one(&self, finding: &Finding, severity: Severity, both: &Both) -> Told {
        let new = finding.new.as_ref().map(|place| Label { span: place.span, text: place.label.clone() });
        let old = finding.old.as_ref().map(|place| Label { span: both.old(place.span), text: place.label.clone() });
        let (primary, secondary) = match new {
            Some(new) => (Some(new), old.into_iter().collect()),
            None => (old, Vec::new()),
        };
        let mut notes: Vec<String> = (broken(finding, self.relations).into_iter())
            .map(|(titles, reason)| format!("breaks {titles}: {reason}"))
            .collect();
        let kept = self.relations.iter().filter(|&&relation| *finding.verdicts.of(relation) == Verdict::Compatible);
        let kept: Vec<&str> = kept.map(|relation| relation.title()).collect();
        if !kept.is_empty() {
            notes.push(format!("does not break {}", list(&kept)));
        }
        Told {
            id: finding.rule.id,
            severity,
            message: finding.message.clone(),
            excerpt: None,
            primary,
            secondary,
            notes,
            help: finding.help.clone(),
        }
    }

    fn summary(&self) -> String {
        let label = &self.old.label;
        if self.findings.is_empty() && self.unused.is_empty() {
            return format!("no changes against {label}\n");
        }
        let count = |severity| self.wrong().filter(|(_, found)| *found == severity).count();
        let (others, compatible): (Vec<_>, Vec<_>) =
            self.fine().partition(|finding| finding.verdicts.breaks(&Relation::ALL));
        let allowed = self.findings.iter().filter(|finding| finding.allowed.is_some()).count();
        let counts = [
            (count(Severity::Error), "error"),
            (count(Severity::Warning) + self.unused.len(), "warning"),
            (compatible.len(), "compatible change"),
        ];
        let mut parts: Vec<String> = (counts.into_iter())
            .filter(|(count, _)| *count > 0)
            .map(|(count, noun)| format!("{count} {noun}{}", if count == 1 { "" } else { "s" }))
            .collect();
        for (count, what) in [(others.len(), "not among --relations"), (allowed, "allowed")] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        format!("{} against {label}\n", parts.join(", "))
    }
}

fn unused_message(rule: &str, on: &str) -> String {
    format!("nothing was found that `{rule}` on `{on}` would allow")
}

/// Whether two fields of one record moved for the same relations.
fn is_alike(first: &Finding, next: &Finding) -> bool {
    let is_move = next.rule.id == "field-moved";
    is_move && first.rule == next.rule && first.what == next.what && first.verdicts == next.verdicts
}

/// Who is broken, of these relations, by each reason.
fn broken(finding: &Finding, relations: &[Relation]) -> Vec<(String, String)> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for &relation in relations {
        let Verdict::Breaks(reason) = finding.verdicts.of(relation) else { continue };
        match reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, titles)) => titles.push(relation.title()),
            None => reasons.push((reason, vec![relation.title()])),
        }
    }
    reasons.into_iter().map(|(reason, titles)| (list(&titles), reason.to_owned())).collect()
}

/// `a, b and c`
fn list(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// As every gate tells values.
fn value(value: &bpf_layout_spec::diff::Value) -> bpf_layout_spec::compare::Value {
    match value {
        bpf_layout_spec::diff::Value::Number(number) => bpf_layout_spec::compare::Value::Number(*number),
        bpf_layout_spec::diff::Value::Text(text) => bpf_layout_spec::compare::Value::Text(text.clone()),
    }
}

/// The files of both versions, so that one text can show both.
struct Both {
    sources: Sources,
    /// Where each file of the old version is.
    old: Vec<FileId>,
}

impl Both {
    fn new(new: &Loaded, old: &Side) -> Self {
        let mut sources = new.sources.clone();
        let files = old.loaded.sources.iter();
        let old = files.map(|(_, source)| sources.add(source.path.clone(), source.text.as_str())).collect();
        Both { sources, old }
    }

    /// A place of the old version.
    fn old(&self, span: Span) -> Span {
        Span { file: self.old[span.file.0 as usize], ..span }
    }
}
