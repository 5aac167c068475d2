//! Each rule about breaking changes by examples: `breaking/<rule>/old.toml` and `new.toml`, and in `expected.txt` what is
//! found between them. Likewise in `interned/<change>/` what changes of interned strings come to. `BPF_LAYOUT_BLESS=1`
//! rewrites that.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
};

use bpf_layout_spec::{
    Options,
    breaking::{Finding, RULES, Relation, Verdict, compare, unused_allows},
    diag::Severity,
    layout::Layouts,
    load, load_with,
};

const OF_RULES: &str = "breaking";

fn folder(group: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(group)
}

fn cases(group: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(folder(group)).expect("the folder can be read");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

fn layouts(path: &Path, profile: Option<&str>) -> Layouts {
    let options = Options { profile: profile.map(str::to_owned) };
    let loaded = load(path, &options).unwrap_or_else(|failure| panic!("{}: {:?}", path.display(), failure.diagnostics));
    loaded.layouts
}

/// What is found in a case. The new side of `field-omitted` is under a profile.
fn found(group: &str, case: &str) -> Vec<Finding> {
    let side = |name: &str, profile| layouts(&folder(group).join(case).join(name), profile);
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

/// Compares what is found in all cases of a group with what stands beside them.
fn compare_group(group: &str) {
    let bless = env::var("BPF_LAYOUT_BLESS").is_ok_and(|value| value == "1");
    let mut failures = Vec::new();
    for case in cases(group) {
        let found: String = found(group, &case).iter().map(text).collect();
        let path = folder(group).join(&case).join("expected.txt");
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
fn each_rule_finds_what_its_example_shows() {
    compare_group(OF_RULES);
}

/// What a dictionary consists of is generated, and changes as if the user had written it.
#[test]
fn changes_of_interned_strings_are_found() {
    compare_group("interned");
    let rules = |case| found("interned", case).iter().map(|finding| finding.rule.id).collect::<BTreeSet<_>>();
    assert!(rules("length").contains("map-value-changed"));
    assert!(rules("capacity").contains("map-max-entries-changed"));
    assert!(rules("from-str").contains("field-size-changed"));
    assert!(rules("to-str").contains("field-size-changed"));
    // Somebody's own struct of an id, and then a dictionary.
    let ids = found("interned", "from-own");
    assert!(ids.iter().any(|finding| finding.rule.id == "field-retyped" && finding.severity(&Relation::ALL).is_none()));
}

#[test]
fn every_rule_has_an_example_that_shows_it() {
    let rules: BTreeSet<String> = RULES.iter().map(|rule| rule.id.to_owned()).collect();
    assert_eq!(cases(OF_RULES), rules, "folders, and rules");
    assert_eq!(rules.len(), RULES.len(), "a rule is there twice");
    for rule in RULES {
        assert!(
            found(OF_RULES, rule.id).iter().any(|finding| finding.rule == rule),
            "the example of {} does not show it",
            rule.id
        );
        assert!(rule.summary.ends_with('.'), "{}", rule.id);
    }
}

#[test]
fn every_relation_is_broken_and_kept_somewhere() {
    let mut seen = BTreeSet::new();
    for case in cases(OF_RULES) {
        for finding in found(OF_RULES, &case) {
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
    let mut specs: Vec<PathBuf> = cases(OF_RULES)
        .iter()
        .flat_map(|case| ["old.toml", "new.toml"].map(|side| folder(OF_RULES).join(case).join(side)))
        .collect();
    let goldens = fs::read_dir(root.join("tests/golden")).expect("goldens");
    specs.extend(goldens.map(|entry| entry.expect("an entry").path().join("layouts.toml")));
    specs.push(root.join("layouts.toml"));
    for spec in specs {
        let layouts = layouts(&spec, None);
        let found: Vec<String> = compare(&layouts, &layouts).iter().map(text).collect();
        assert_eq!(found, Vec::<String>::new(), "{}", spec.display());
    }
}

/// A spec with one event, and with `[[allow]]`s.
fn with_allows(fields: &str, allows: &[(&str, &str)]) -> Layouts {
    let mut text = format!("spec = 1\n[event.exec]\nfields = [{fields}]\n");
    for (rule, on) in allows {
        text += &format!("[[allow]]\nrule = \"{rule}\"\non = \"{on}\"\nreason = \"meant\"\n");
    }
    let loaded = load_with(Path::new("a.toml"), &mut |_| Ok(text.clone()), &Options::default());
    loaded.unwrap_or_else(|failure| panic!("{:?}", failure.diagnostics)).layouts
}

#[test]
fn what_is_allowed_is_no_error_and_nothing_else_is() {
    const PID: &str = "{ name = 'pid', type = 'u32' }";
    let old = with_allows(&format!("{PID}, {{ name = 'comm', type = 'u32' }}, {{ name = 'com', type = 'u32' }}"), &[]);
    for (on, allowed) in
        [("exec.comm", &["exec.comm"][..]), ("exec.com", &["exec.com"]), ("exec", &["exec.comm", "exec.com"])]
    {
        let new = with_allows(PID, &[("field-removed", on), ("field-moved", "exec.pid")]);
        let findings = compare(&old, &new);
        let found: Vec<String> = findings.iter().filter(|finding| finding.allowed.is_some()).map(Finding::on).collect();
        assert_eq!(found, allowed, "{on}");
        assert!(findings.iter().all(|one| one.allowed.is_none() || one.severity(&Relation::ALL).is_none()));
        assert!(
            findings.iter().any(|one| one.rule.id == "type-size-changed" && one.severity(&Relation::ALL).is_some())
        );
        assert_eq!(unused_allows(&new, &findings), [1], "{on}");
    }
}

/// What is found in a case with `more` at the end of both sides; nothing if that is not valid.
fn found_with(case: &str, more: &str) -> Vec<Finding> {
    let profile = (case == "field-omitted").then(|| "lean".to_owned());
    let side = |name: &str, profile| {
        let path = folder(OF_RULES).join(case).join(name);
        let text = fs::read_to_string(&path).expect("readable") + more;
        load_with(&path, &mut |_| Ok(text.clone()), &Options { profile }).ok().map(|loaded| loaded.layouts)
    };
    side("old.toml", None).zip(side("new.toml", profile)).map_or_else(Vec::new, |(old, new)| compare(&old, &new))
}

/// What could stand in both sides of a case beside what does: each of its types in a pinned map, and in a buffer.
fn uses(case: &str) -> Vec<String> {
    let old = layouts(&folder(OF_RULES).join(case).join("old.toml"), None);
    let names = old.model.types.iter().map(|def| def.name().spec.as_str());
    let uses = names.flat_map(|name| {
        let map = "type = \"hash\"\nkey = \"u32\"\nmax_entries = 1\npinning = \"by_name\"";
        [
            format!("\n[map.zz_pinned]\nvalue = \"{name}\"\n{map}\n"),
            format!("\n[struct.zz_holder]\nfields = [{{ name = \"held\", type = \"{name}\" }}]\n[map.zz_pinned]\nvalue = \"zz_holder\"\n{map}\n"),
            format!("\n[event.zz_event]\nfields = [{{ name = \"held\", type = \"{name}\" }}]\n"),
        ]
    });
    uses.chain([String::new()]).collect()
}

/// The table of docs/breaking-changes.md: what each rule says of each relation, in all examples and with every use that
/// their types could have.
fn table() -> String {
    let mut seen: BTreeMap<&str, [BTreeSet<&str>; 4]> = BTreeMap::new();
    for case in cases(OF_RULES) {
        for finding in uses(&case).iter().flat_map(|more| found_with(&case, more)) {
            let words = seen.entry(finding.rule.id).or_default();
            let verdicts = finding.verdicts.iter().enumerate();
            for (index, (_, verdict)) in verdicts.filter(|(_, (_, verdict))| **verdict != Verdict::Apart) {
                words[index].insert(verdict.word());
            }
        }
    }
    let mut table = String::from(
        "| rule | what it finds | new userspace | old userspace | pinned map | shared buffer |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for rule in RULES {
        let cells = seen[rule.id].each_ref().map(|words| match words.len() {
            0 => "-".to_owned(),
            _ => words.iter().rev().copied().collect::<Vec<_>>().join(" or "),
        });
        table += &format!("| `{}` | {} | {} |\n", rule.id, rule.summary, cells.join(" | "));
    }
    table
}

#[test]
fn the_documentation_says_what_the_rules_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/breaking-changes.md");
    let page = fs::read_to_string(&path).expect("readable");
    let (before, rest) = page.split_once("<!-- rules -->\n").expect("where the table begins");
    let (_, after) = rest.split_once("<!-- end of rules -->").expect("where it ends");
    let expected = format!("{before}<!-- rules -->\n\n{}\n<!-- end of rules -->{after}", table());
    if env::var("BPF_LAYOUT_BLESS").is_ok_and(|value| value == "1") {
        fs::write(&path, &expected).expect("writable");
    }
    assert_eq!(fs::read_to_string(&path).expect("readable"), expected, "BPF_LAYOUT_BLESS=1 rewrites it");
}
