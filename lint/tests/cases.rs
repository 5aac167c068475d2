//! Each rule on small C sources: `tests/cases/<rule>/*.c`, with what is found in them, as people read it, beside each.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use bpf_layout_emit::render;
use bpf_layout_lint::{RULES, Report, Rule, lint};
use bpf_layout_spec::{Loaded, Options, diag::Severity};

fn loaded() -> Loaded {
    bpf_layout_spec::load(Path::new("tests/cases/layouts.toml"), &Options::default()).expect("the spec is valid")
}

/// The files of a rule's folder with this extension.
fn files(rule: &Rule, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new("tests/cases").join(rule.id);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    files.sort();
    files
}

fn text(report: &Report) -> String {
    let findings: Vec<_> = report.findings.iter().map(|finding| finding.rendered(Severity::Warning)).collect();
    render::plain_findings(&findings, &report.sources)
}

#[test]
fn every_rule_finds_what_it_should_and_nothing_else() {
    let loaded = loaded();
    let bless = env::var("BPF_LAYOUT_BLESS").is_ok_and(|value| value == "1");
    for rule in RULES {
        let sources = files(rule, "c");
        let mut found = 0;
        for source in &sources {
            let report = lint(&loaded, &[source]).expect("the source can be read");
            let (golden, text) = (source.with_extension("txt"), text(&report));
            if bless {
                fs::write(&golden, &text).expect("the golden can be written");
            }
            let expected = fs::read_to_string(&golden).unwrap_or_default();
            assert_eq!(expected, text, "{} differs; BPF_LAYOUT_BLESS=1 rewrites it", golden.display());
            if source.ends_with("silent.c") {
                assert_eq!(text, "", "{} is to be silent", source.display());
            }
            found += report.findings.iter().filter(|finding| finding.rule == rule).count();
        }
        assert!(found > 0, "no case of `{}` has it", rule.id);
        let goldens = files(rule, "txt");
        assert_eq!(goldens.len(), sources.len(), "a golden of `{}` has no source", rule.id);
    }
}

#[test]
fn every_rule_is_documented() {
    let page = fs::read_to_string("../docs/literals.md").expect("docs/literals.md is there");
    for rule in RULES {
        let row = format!("| `{}` | {} |", rule.id, rule.summary);
        assert!(page.contains(&row), "docs/literals.md lacks the row\n{row}");
        assert_eq!(Rule::from_id(rule.id), Some(rule));
    }
    let rows = page.lines().filter(|line| line.starts_with("| `") && line.ends_with(". |")).count();
    assert_eq!(rows, RULES.len(), "docs/literals.md has a row of no rule");
}

#[test]
fn this_projects_own_programs_are_clean() {
    let loaded = bpf_layout_spec::load(Path::new("../layouts.toml"), &Options::default()).expect("the spec is valid");
    let sources = ["../bpf-src/exec.bpf.c", "../bpf-src/sockets.bpf.c"];
    let report = lint(&loaded, &sources).expect("the sources can be read");
    assert_eq!(text(&report), "");
    assert!(report.files.contains(&PathBuf::from("../bpf-src/path.h")), "the headers are read: {:?}", report.files);
}
