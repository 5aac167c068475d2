//! What a check found as SARIF 2.1.0 (OASIS standard of 27 March 2020), which code scanning services and editors read.
//!
//! Each thing found is a result at the line to change, which has its rule by its number in the list of all rules.

use std::path::Path;

use serde::Serialize;

use super::{
    rules::{self, Listed},
    section::{At, Found, Note, Section, word},
};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");
const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    /// Columns are counted in characters.
    column_kind: &'static str,
    results: Vec<Outcome<'a>>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    information_uri: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Message<'static>,
    help_uri: String,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

/// SARIF calls it a result.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Message<'a>,
    locations: [Location<'a>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location<'a>>,
}

#[derive(Serialize)]
struct Message<'a> {
    text: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    physical_location: Physical,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<Logical<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
}

/// A place that is no line of text, such as a type in an object's BTF.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Logical<'a> {
    fully_qualified_name: &'a str,
}

/// Everything found, and every note, as one SARIF document with a newline at its end. What has no line of its own is told of
/// the spec.
pub(super) fn text(sections: &[Section], spec: &Path) -> String {
    let found: Vec<&Found> = sections.iter().flat_map(|section| &section.found).collect();
    let listed = listed(&found);
    let number = |id: &str| listed.iter().position(|rule| rule.id == id).unwrap_or_default();
    let notes = sections.iter().flat_map(|section| &section.notes);
    let results = found.iter().map(|found| outcome(found, number(found.code), spec));
    let results = results.chain(notes.map(|note| told(note, number(note.title)))).collect();
    let driver = Driver {
        name: "cargo-bpf-layout",
        version: VERSION,
        information_uri: REPOSITORY,
        rules: listed.iter().map(rule).collect(),
    };
    let run = Run { tool: Tool { driver }, column_kind: "unicodeCodePoints", results };
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run] };
    serde_json::to_string_pretty(&log).expect("strings and numbers always serialise") + "\n"
}

/// All rules, and whatever else has found something: a result must have its rule in the list.
fn listed(found: &[&Found]) -> Vec<Listed> {
    let mut listed = rules::all();
    for found in found {
        if !listed.iter().any(|rule| rule.id == found.code) {
            let level = word(found.severity);
            listed.push(Listed { id: found.code, summary: found.summary, level, page: "docs/checks.md" });
        }
    }
    listed
}

fn rule(rule: &Listed) -> Rule {
    Rule {
        id: rule.id,
        short_description: Message { text: rule.summary },
        help_uri: format!("{REPOSITORY}/blob/v{VERSION}/{}", rule.page),
        default_configuration: Configuration { level: rule.level },
    }
}

fn outcome<'a>(found: &'a Found, rule_index: usize, spec: &Path) -> Outcome<'a> {
    let physical = match &found.at {
        Some(at) => line(at),
        None => Physical { artifact_location: Artifact { uri: uri(&spec.display().to_string()) }, region: None },
    };
    let logical = |name: &'a String| Logical { fully_qualified_name: name };
    let also = |at| Location { physical_location: line(at), logical_locations: Vec::new() };
    Outcome {
        rule_id: found.code,
        rule_index,
        level: word(found.severity),
        message: Message { text: &found.message },
        locations: [Location {
            physical_location: physical,
            logical_locations: found.witness.iter().map(logical).collect(),
        }],
        related_locations: found.also.iter().map(also).collect(),
    }
}

fn told(note: &Note, rule_index: usize) -> Outcome<'_> {
    Outcome {
        rule_id: note.title,
        rule_index,
        level: "note",
        message: Message { text: &note.message },
        locations: [Location { physical_location: line(&note.at), logical_locations: Vec::new() }],
        related_locations: Vec::new(),
    }
}

fn line(at: &At) -> Physical {
    let region = Region { start_line: at.line, start_column: at.column };
    Physical { artifact_location: Artifact { uri: uri(&at.file) }, region: Some(region) }
}

/// A path as a URI (RFC 3986): relative paths stay relative, what is no plain letter is written as its bytes.
fn uri(path: &str) -> String {
    let plain = path.strip_prefix("./").unwrap_or(path);
    let mut uri = if plain.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in plain.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(byte.into()),
            other => uri += &format!("%{other:02X}"),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use bpf_layout_spec::diag::Severity;

    use super::*;

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("./src/a b.c"), "src/a%20b.c");
        assert_eq!(uri("/tmp/ä#1:2.toml"), "file:///tmp/%C3%A4%231%3A2.toml");
    }

    fn log(section: Section) -> serde_json::Value {
        serde_json::from_str(&text(&[section], Path::new("a/layouts.toml"))).expect("JSON")
    }

    #[test]
    fn notes_are_results_of_their_own_level() {
        let at = At { file: "a/layouts.toml".to_owned(), line: 7, column: 6 };
        let note = Note { title: "map-resized", message: "it was resized".to_owned(), at };
        let log = log(Section { notes: vec![note], ..Section::default() });
        let result = &log["runs"][0]["results"][0];
        assert_eq!((&result["ruleId"], &result["level"]), (&"map-resized".into(), &"note".into()));
        assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 7);
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("small");
        assert_eq!(log["runs"][0]["tool"]["driver"]["rules"][index]["id"], "map-resized");
    }

    #[test]
    fn a_rule_that_no_table_has_is_listed_with_its_summary() {
        let found = Found {
            code: "of-another-gate",
            summary: "What another gate finds.",
            severity: Severity::Warning,
            message: "found".to_owned(),
            what: "it".to_owned(),
            field: None,
            expected: None,
            found: None,
            at: None,
            also: Vec::new(),
            witness: None,
        };
        let section = Section { found: vec![found], ..Section::default() };
        let log: serde_json::Value =
            serde_json::from_str(&text(&[section], Path::new("a/layouts.toml"))).expect("JSON");
        let (run, rules) = (&log["runs"][0], &log["runs"][0]["tool"]["driver"]["rules"]);
        let result = &run["results"][0];
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("small")];
        assert_eq!((&rule["id"], &result["level"]), (&"of-another-gate".into(), &"warning".into()));
        assert_eq!(rule["shortDescription"]["text"], "What another gate finds.");
        let physical = &result["locations"][0]["physicalLocation"];
        assert_eq!(*physical, serde_json::json!({ "artifactLocation": { "uri": "a/layouts.toml" } }));
    }
}
