//! What a check found, for programs. The shape of this JSON is an interface, documented in docs/cli.md: keys are added,
//! never changed.

use bpf_layout_check::Outcome;
use bpf_layout_spec::{
    compare::{Difference, Value},
    source::Sources,
};
use serde::Serialize;

#[derive(Serialize)]
struct Document<'a> {
    ok: bool,
    differences: Vec<Found<'a>>,
    not_in_object: Vec<&'a str>,
}

#[derive(Serialize)]
struct Found<'a> {
    code: &'a str,
    what: &'a str,
    field: Option<&'a str>,
    expected: Side<'a>,
    found: Side<'a>,
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

/// The outcome as one JSON document with a newline at its end.
pub(super) fn text(outcome: &Outcome, sources: &Sources) -> String {
    let document = Document {
        ok: outcome.is_ok(),
        differences: outcome.differences.iter().map(|difference| found(difference, sources)).collect(),
        not_in_object: outcome.not_in_object.iter().map(|thing| thing.name.as_str()).collect(),
    };
    let json = serde_json::to_string_pretty(&document).expect("strings and numbers always serialise");
    json + "\n"
}

fn found<'a>(difference: &'a Difference, sources: &Sources) -> Found<'a> {
    let object = format!("{}: {}", difference.witness, difference.place);
    Found {
        code: difference.rule.id,
        what: &difference.what,
        field: difference.field.as_deref(),
        expected: (&difference.expected).into(),
        found: (&difference.found).into(),
        place: difference.span.map_or(object.clone(), |span| format!("{}, {object}", sources.place(span))),
    }
}
