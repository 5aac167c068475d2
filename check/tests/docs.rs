//! The rules are documented, in the words of their table.

use std::{collections::BTreeSet, fs};

use bpf_layout_spec::compare::{RULES, Rule};

#[test]
fn every_rule_has_its_line_in_the_documentation() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/checks.md");
    let text = fs::read_to_string(path).expect("docs/checks.md");
    let documented: BTreeSet<&str> =
        text.lines().filter(|line| line.starts_with("| `")).map(|line| line.trim()).collect();
    let lines: Vec<String> = RULES.iter().map(|rule| format!("| `{}` | {} |", rule.id, rule.summary)).collect();
    let expected: BTreeSet<&str> = lines.iter().map(String::as_str).collect();
    assert_eq!(documented, expected);
    assert_eq!(expected.len(), RULES.len(), "ids are unique");
    for rule in RULES {
        assert_eq!(Rule::from_id(rule.id), Some(rule));
    }
}
