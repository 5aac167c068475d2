//! What a newer spec breaks for whoever still has the older one, by a table of [`RULES`].
//!
//! Takes two versions of a spec and gives one [`Finding`] for each difference that a rule finds, whether it breaks
//! something or not. Differences are those of [`diff()`](crate::diff::diff()), so both speak of the same things by the same names; a
//! rule says what such a difference means for each [`Relation`] between the versions.
//!
//! Readers are taken to be generated code, which has one fixed layout. It accepts records with up to [`MAX_TRAILING`]
//! bytes too many, keeps values of enums that it has no name for, and refuses maps whose key or value has another size.

mod context;
mod draft;
mod exposure;
mod fields;
mod maps;
mod members;
mod policy;
mod renames;
mod rules;
mod same;
mod tags;
mod types;
mod values;
mod verdict;

pub use rules::{Effect, RULES, Rule, Target};
pub use verdict::{Relation, Verdict, Verdicts};

use self::{
    context::{Cx, Pair},
    draft::Draft,
    rules::Check,
};
use crate::{
    diag::Severity,
    diff::{Change, Subject, Value, diff},
    layout::Layouts,
    source::Span,
};

/// Bytes that a record may have more than its reader expects: `bpf_layout::MAX_TRAILING`, which says why.
pub const MAX_TRAILING: u64 = 7;

/// One difference, and what it means.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// What it is about; `None` for the spec as a whole.
    pub subject: Option<Subject>,
    /// The constant, type or map, by its name in the spec; `version` for the spec as a whole.
    pub what: String,
    /// The field, value or event that it is about; `None` for the whole.
    pub field: Option<String>,
    /// One sentence with both sides in it, without a full stop.
    pub message: String,
    /// Who it breaks.
    pub verdicts: Verdicts,
    /// In the old version; `None` if there is nothing to show.
    pub old: Option<Place>,
    /// In the new version.
    pub new: Option<Place>,
    /// What to do instead.
    pub help: Vec<String>,
    /// The `[[allow]]` of the new version that it falls under, an index into [`Model::allow`](crate::model::Model::allow).
    pub allowed: Option<usize>,
}

/// One side of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where it is written.
    pub span: Span,
    /// What it is there, if that is one value.
    pub value: Option<Value>,
    /// What to say there.
    pub label: String,
}

impl Finding {
    /// What it is about, as `[[allow]]` names it: `exec.comm`, `exec`, `version`.
    #[must_use]
    pub fn on(&self) -> String {
        self.field.as_ref().map_or_else(|| self.what.clone(), |field| format!("{}.{field}", self.what))
    }

    /// Whether it is an error or a warning to someone who relies on these relations; `None` if it is compatible, or
    /// allowed.
    #[must_use]
    pub fn severity(&self, relations: &[Relation]) -> Option<Severity> {
        if self.allowed.is_some() {
            return None;
        }
        self.rule.severity.or_else(|| self.verdicts.breaks(relations).then_some(Severity::Error))
    }
}

/// Everything that is otherwise in `new`, in the order of [`diff()`](crate::diff::diff()), then what the versions themselves have
/// wrong.
#[must_use]
pub fn compare(old: &Layouts, new: &Layouts) -> Vec<Finding> {
    let cx = Cx::new(old, new);
    let changes = diff(old, new);
    let mut findings: Vec<Finding> = changes.iter().flat_map(|change| of_change(&cx, change)).collect();
    for rule in RULES {
        if let Check::Spec(check) = rule.check {
            let found = check(&cx, &findings);
            findings.extend(found.into_iter().map(|(what, draft)| finding(rule, None, &what, draft)));
        }
    }
    for finding in &mut findings {
        finding.allowed = new.model.allow.iter().position(|allow| allow.covers(finding.rule.id, &finding.on()));
    }
    findings
}

/// Each `[[allow]]` of the new version that covers none of the findings, as an index into
/// [`Model::allow`](crate::model::Model::allow).
#[must_use]
pub fn unused_allows(new: &Layouts, findings: &[Finding]) -> Vec<usize> {
    let used = |index: &usize| findings.iter().any(|finding| finding.allowed == Some(*index));
    (0..new.model.allow.len()).filter(|index| !used(index)).collect()
}

/// Every rule on one change.
fn of_change(cx: &Cx<'_>, change: &Change) -> Vec<Finding> {
    let pair = Pair::new(cx, change);
    let parts = pair.parts();
    let mut findings = Vec::new();
    for rule in RULES.iter().filter(|rule| rule.target.fits(&pair)) {
        let mut add = |draft| findings.push(finding(rule, Some(change.subject), &change.name, draft));
        match rule.check {
            Check::Whole(check) => check(&pair).into_iter().for_each(&mut add),
            Check::Part(check) => parts.iter().filter_map(check).for_each(&mut add),
            Check::Spec(_) => {}
        }
    }
    // Nobody has written what a dictionary consists of, so nobody can keep it under another name.
    if let Some(length) = cx.new.dictionary(change.subject, &change.name).filter(|_| pair.in_both()) {
        for finding in findings.iter_mut().filter(|finding| !finding.help.is_empty()) {
            finding.help = vec![format!(
                "keep the dictionary as it is, and make another one: a length `{length}_V2` with `[intern.{length}_V2]`"
            )];
        }
    }
    findings
}

fn finding(rule: &'static Rule, subject: Option<Subject>, what: &str, draft: Draft) -> Finding {
    let Draft { field, message, verdicts, old, new, help } = draft;
    Finding { rule, subject, what: what.to_owned(), field, message, verdicts, old, new, help, allowed: None }
}
