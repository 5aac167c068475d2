//! What a check found, for programs. The shape of this JSON is an interface, documented in docs/cli.md: keys are added,
//! never changed.

use bpf_layout_spec::compare::Value;
use serde::Serialize;

use super::section::{Found, InObject, Live, Section, word};

#[derive(Serialize)]
struct Document<'a> {
    ok: bool,
    differences: Vec<Difference<'a>>,
    not_in_object: Vec<&'a str>,
    unknown: Vec<&'a InObject>,
    /// With `--live`.
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<&'a Live>,
}

#[derive(Serialize)]
struct Difference<'a> {
    code: &'a str,
    severity: &'static str,
    what: &'a str,
    field: Option<&'a str>,
    expected: Option<Side<'a>>,
    found: Option<Side<'a>>,
    #[serde(rename = "where")]
    place: String,
}

/// A number where a rule compares numbers, a text where it compares anything else.
#[derive(Serialize)]
#[serde(untagged)]
enum Side<'a> {
    Number(i128),
    Text(&'a str),
}

impl<'a> From<&'a Value> for Side<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Number(number) => Side::Number(*number),
            Value::Text(text) => Side::Text(text),
        }
    }
}

/// Everything found as one JSON document with a newline at its end.
pub(super) fn text(sections: &[Section]) -> String {
    let document = Document {
        ok: sections.iter().all(Section::is_ok),
        differences: sections.iter().flat_map(|section| &section.found).map(difference).collect(),
        live: sections.iter().find_map(|section| section.live.as_ref()),
        not_in_object: sections.iter().flat_map(|section| &section.not_in_object).map(String::as_str).collect(),
        unknown: sections.iter().flat_map(|section| &section.unknown).collect(),
    };
    let json = serde_json::to_string_pretty(&document).expect("strings and numbers always serialise");
    json + "\n"
}

fn difference(found: &Found) -> Difference<'_> {
    Difference {
        code: found.code,
        severity: word(found.severity),
        what: &found.what,
        field: found.field.as_deref(),
        expected: found.expected.as_ref().map(Side::from),
        found: found.found.as_ref().map(Side::from),
        place: found.place(),
    }
}
