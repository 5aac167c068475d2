//! What a gate came to, in a form that every format can print.

use bpf_layout_spec::{
    compare::Value,
    diag::Severity,
    source::{LineColumn, Sources, Span},
};
use serde::Serialize;

/// What one gate came to.
#[derive(Debug, Default)]
pub(super) struct Section {
    /// For people: what was found at its lines, then one line of summary. May have colours.
    pub(super) human: String,
    /// Everything found, each by itself.
    pub(super) found: Vec<Found>,
    /// Names of what the witness does not have, where that is worth telling.
    pub(super) not_in_object: Vec<String>,
    /// What objects have, and say nothing reliable of.
    pub(super) unknown: Vec<InObject>,
    /// What is worth telling and no mistake: otherwise than the spec says, and may be, or unknown.
    pub(super) notes: Vec<Note>,
    /// What only the running kernel can tell; none for other gates.
    pub(super) live: Option<Live>,
}

/// What an object has, and why it could not be compared, as it stands in the JSON.
#[derive(Debug, Serialize)]
pub(super) struct InObject {
    pub(super) what: String,
    pub(super) why: String,
    /// The object.
    #[serde(rename = "where")]
    pub(super) place: String,
}

/// Something that is worth telling and no mistake.
#[derive(Debug)]
pub(super) struct Note {
    /// What it is about, in the form of a rule's id.
    pub(super) title: &'static str,
    /// One sentence, without a full stop.
    pub(super) message: String,
    /// The line of the spec.
    pub(super) at: At,
}

/// What only the running kernel can tell, as it stands in the JSON.
#[derive(Debug, Serialize)]
pub(super) struct Live {
    pub(super) maps: Vec<LiveMap>,
    pub(super) resized: Vec<Resized>,
    pub(super) unknown: Vec<Unknown>,
    pub(super) not_loaded: Vec<String>,
}

/// A loaded map.
#[derive(Debug, Serialize)]
pub(super) struct LiveMap {
    /// In the spec.
    pub(super) name: String,
    pub(super) id: u32,
    /// 0 if it has none.
    pub(super) btf_id: u32,
    pub(super) pins: Vec<String>,
    /// Names of the programs that use it, as the kernel cuts them.
    pub(super) programs: Vec<String>,
    /// Process ids of those that hold it.
    pub(super) pids: Vec<u32>,
}

/// A loaded map with another number of entries than the spec's.
#[derive(Debug, Serialize)]
pub(super) struct Resized {
    pub(super) name: String,
    pub(super) expected: u64,
    pub(super) found: u64,
    #[serde(rename = "where")]
    pub(super) place: String,
}

/// What could not be compared, and why.
#[derive(Debug, Serialize)]
pub(super) struct Unknown {
    pub(super) what: String,
    pub(super) why: String,
}

/// One thing that is not as it should be.
#[derive(Debug)]
pub(super) struct Found {
    /// The rule that found it, such as `field-offset`.
    pub(super) code: &'static str,
    /// What the rule finds, in one sentence.
    pub(super) summary: &'static str,
    /// Whether `check` fails because of it.
    pub(super) severity: Severity,
    /// One sentence with both sides in it, without a full stop.
    pub(super) message: String,
    /// The type, map or constant, by its name in the spec.
    pub(super) what: String,
    /// The field, value or parameter; none if it is about the whole.
    pub(super) field: Option<String>,
    /// What the spec says; none if it says nothing.
    pub(super) expected: Option<Value>,
    /// What the witness says; none if it says nothing.
    pub(super) found: Option<Value>,
    /// The line that someone would change: of the spec, or of a C source.
    pub(super) at: Option<At>,
    /// Other lines that it is about.
    pub(super) also: Vec<At>,
    /// Where in the witness, such as `tracer.bpf.o: BTF type 12`.
    pub(super) witness: Option<String>,
}

/// A place in a text file.
#[derive(Clone, Debug)]
pub(super) struct At {
    /// Path as it was given.
    pub(super) file: String,
    /// Line and column, from 1.
    pub(super) line: usize,
    /// In characters, from 1.
    pub(super) column: usize,
}

/// What every format calls a severity.
pub(super) fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

impl Section {
    pub(super) fn is_ok(&self) -> bool {
        self.found.iter().all(|found| found.severity != Severity::Error)
    }
}

impl Found {
    /// All places in one line.
    pub(super) fn place(&self) -> String {
        let at = self.at.iter().chain(&self.also).map(|At { file, line, column }| format!("{file}:{line}:{column}"));
        at.chain(self.witness.clone()).collect::<Vec<_>>().join(", ")
    }
}

impl At {
    /// Where a span begins.
    pub(super) fn span(sources: &Sources, span: Span) -> Self {
        let LineColumn { line, column } = sources.line_column(span);
        At { file: sources.get(span.file).path.display().to_string(), line, column }
    }
}
