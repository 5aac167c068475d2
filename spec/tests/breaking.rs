//! Each rule about breaking changes by examples: `breaking/<rule>/old.toml` and `new.toml`, and in `expected.txt` what is
//! found between them. `BPF_LAYOUT_BLESS=1` rewrites that.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use bpf_layout_spec::{
    Options,
    breaking::{Finding, RULES, Relation, Verdict, compare},
    diag::Severity,
    layout::Layouts,
    load,
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/breaking")
}

fn cases() -> BTreeSet<String> {
    let entries = fs::read_dir(folder()).expect("the folder can be read");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

fn layouts(path: &Path, profile: Option<&str>) -> Layouts {
    let options = Options { profile: profile.map(str::to_owned) };
    let loaded = load(path, &options).unwrap_or_else(|failure| panic!("{}: {:?}", path.display(), failure.diagnostics));
    loaded.layouts
}

/// What is found in a case. The new side of `field-omitted` is under a profile.
fn found(case: &str) -> Vec<Finding> {
    let side = |name: &str, profile| layouts(&folder().join(case).join(name), profile);
    let profile = (case == "field-omitted").then_some("lean");
    compare(&side("old.toml", None), &side("new.toml", profile))
}

/// A finding with all that it says.
fn text(finding: &Finding) -> String {
    let severity = match finding.severity(&Relation::ALL) {
        Some(Severity::Error) => "error",
        Some(Severity::Warning) => "warning",
        None => "compatible",
    };
    let mut text = format!("{severity}[{}] {}: {}\n", finding.rule.id, finding.on(), finding.message);
    for (side, place) in [("old", &finding.old), ("new", &finding.new)] {
        if let Some(place) = place {
            text += &format!("  {side}: {}\n", place.label);
        }
    }
    for (relation, verdict) in finding.verdicts.iter() {
        match verdict {
            Verdict::Apart => {}
            Verdict::Compatible => text += &format!("  {}: ok\n", relation.id()),
            Verdict::Breaks(reason) => text += &format!("  {}: breaks: {reason}\n", relation.id()),
        }
    }
    finding.help.iter().for_each(|help| text += &format!("  help: {help}\n"));
    text
}

#[test]
fn each_rule_finds_what_its_example_shows() {
    let bless = env::var("BPF_LAYOUT_BLESS").is_ok_and(|value| value == "1");
    let mut failures = Vec::new();
    for case in cases() {
        let found: String = found(&case).iter().map(text).collect();
        let path = folder().join(&case).join("expected.txt");
        if bless {
            fs::write(&path, &found).expect("writable");
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if expected != found {
            failures.push(format!("{case}:\nexpected:\n{expected}\nfound:\n{found}"));
        }
    }
    assert!(failures.is_empty(), "BPF_LAYOUT_BLESS=1 rewrites them\n{}", failures.join("\n"));
}

#[test]
fn every_rule_has_an_example_that_shows_it() {
    let rules: BTreeSet<String> = RULES.iter().map(|rule| rule.id.to_owned()).collect();
    assert_eq!(cases(), rules, "folders, and rules");
    assert_eq!(rules.len(), RULES.len(), "a rule is there twice");
    for rule in RULES {
        assert!(
            found(rule.id).iter().any(|finding| finding.rule == rule),
            "the example of {} does not show it",
            rule.id
        );
        assert!(rule.summary.ends_with('.'), "{}", rule.id);
    }
}

#[test]
fn every_relation_is_broken_and_kept_somewhere() {
    let mut seen = BTreeSet::new();
    for case in cases() {
        for finding in found(&case) {
            assert!(!finding.message.ends_with('.') && !finding.message.is_empty(), "{}", finding.message);
            seen.extend(finding.verdicts.iter().map(|(relation, verdict)| (relation, verdict.word())));
        }
    }
    for relation in Relation::ALL {
        for word in ["ok", "breaks", "-"] {
            assert!(seen.contains(&(relation, word)), "no example of {word} for {}", relation.id());
        }
    }
}

#[test]
fn a_spec_breaks_nothing_of_its_own() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut specs: Vec<PathBuf> =
        cases().iter().flat_map(|case| ["old.toml", "new.toml"].map(|side| folder().join(case).join(side))).collect();
    let goldens = fs::read_dir(root.join("tests/golden")).expect("goldens");
    specs.extend(goldens.map(|entry| entry.expect("an entry").path().join("layouts.toml")));
    specs.push(root.join("layouts.toml"));
    for spec in specs {
        let layouts = layouts(&spec, None);
        let found: Vec<String> = compare(&layouts, &layouts).iter().map(text).collect();
        assert_eq!(found, Vec::<String>::new(), "{}", spec.display());
    }
}
