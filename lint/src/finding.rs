//! What was found, and how it is told.

use bpf_layout_emit::render;
use bpf_layout_spec::{
    diag::{Label, Severity},
    source::Span,
};

use crate::rules::Rule;

/// One number or name in a C source that repeats the spec, or has fallen behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// One sentence without a full stop.
    pub message: String,
    /// The place in the C source that someone would change.
    pub at: Label,
    /// Other places that explain it: in the source, and in the spec.
    pub others: Vec<Label>,
    /// What to write instead.
    pub help: Vec<String>,
    /// The type, map or constant of the spec.
    pub what: String,
    /// The field of that type.
    pub field: Option<String>,
    /// The number that the spec has.
    pub expected: Option<i128>,
    /// The number that the source has.
    pub found: Option<i128>,
}

impl Finding {
    /// Something found at a place of a source; the rest is added to it.
    pub(crate) fn new(rule: &'static Rule, at: Span, message: String) -> Self {
        Finding {
            rule,
            message,
            at: Label { span: at, text: String::new() },
            others: Vec::new(),
            help: Vec::new(),
            what: String::new(),
            field: None,
            expected: None,
            found: None,
        }
    }

    pub(crate) fn label(mut self, text: impl Into<String>) -> Self {
        self.at.text = text.into();
        self
    }

    pub(crate) fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.others.push(Label { span, text: text.into() });
        self
    }

    pub(crate) fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    pub(crate) fn of(mut self, what: &str, field: Option<&str>) -> Self {
        self.what = what.to_owned();
        self.field = field.map(str::to_owned);
        self
    }

    pub(crate) fn numbers(mut self, expected: impl Into<i128>, found: impl Into<i128>) -> Self {
        (self.expected, self.found) = (Some(expected.into()), Some(found.into()));
        self
    }

    /// For a renderer.
    #[must_use]
    pub fn rendered(&self, severity: Severity) -> render::Finding {
        render::Finding {
            id: self.rule.id,
            severity,
            message: self.message.clone(),
            excerpt: None,
            primary: Some(self.at.clone()),
            secondary: self.others.clone(),
            notes: Vec::new(),
            help: self.help.clone(),
        }
    }
}
