//! That the oracle finds what is wrong, and makes it small: witnesses that are made to lie, and a target whose rules are
//! not ours.

use std::{path::Path, process::Command};

use bpf_layout_oracle::{
    campaign::Campaign,
    compilers::{self, Compiler},
    expected,
    facts::{Fact, What, Witness},
    hearing::Panel,
    naive::Dialect,
    source::View,
    specs,
};

/// Every member of six bytes that is neither padding nor the first of its record lies a byte further.
fn moves_addresses(witness: &mut Witness) {
    let Ok(facts) = &mut witness.said else { return };
    let sizes = facts.clone();
    let is_moved =
        |fact: &Fact, value: i128| fact.what == What::BitOffset && value > 0 && !fact.member.starts_with("_pad");
    for (fact, value) in facts.iter_mut().filter(|(fact, value)| is_moved(fact, **value)) {
        let mut size = fact.clone();
        size.what = What::BitSize;
        if sizes.get(&size) == Some(48) {
            *value += 8;
        }
    }
}

/// Refuses whatever has a bitfield of 31 bits that is no padding.
fn refuses_bitfields(witness: &mut Witness) {
    let Ok(facts) = &witness.said else { return };
    let is_refused =
        |fact: &Fact, value| fact.what == What::BitfieldSize && value == 31 && !fact.member.starts_with("_pad");
    if facts.iter().any(|(fact, value)| is_refused(fact, value)) {
        witness.said = Err("error: `oracle.c`: 31 bits are too many".to_owned());
    }
}

fn host_gcc() -> Panel {
    Panel::installed(2).only(|name| name == "gcc for this host")
}

const CAMPAIGN: Campaign = Campaign { seed: 1, cases: 0..40, batch: 40, batch_in_rust: 0 };

/// What follows "on this spec".
fn spec_of(disagreement: &str) -> &str {
    disagreement.split_once("on this spec:\n\n").expect("the report has a spec").1
}

#[test]
fn a_lie_is_found_and_shown_on_the_smallest_spec() {
    let summary = CAMPAIGN.run(&host_gcc().lying(moves_addresses), None, &mut |_| {});
    let report = summary.disagreements.first().expect("the lie is found");
    assert!(report.contains("gcc for this host, data"), "{report}");
    let spec = spec_of(report);
    let count = |what: &str| spec.matches(what).count();
    // Of the record, two members, of which the second is moved, and nothing beside it.
    assert_eq!(count("\n[") + usize::from(spec.starts_with('[')), 1, "{report}");
    let record = spec.split("\n[").find(|definition| definition.contains("_rec")).expect("the record is there");
    assert!(record.matches("name = ").count() <= 2, "{report}");
    assert!(!spec.contains("optional") && !spec.contains("align") && !spec.contains('#'), "{report}");
    specs::parse(spec, Path::new("shrunk.toml"), None).expect("the smallest spec is one");
}

#[test]
fn a_refusal_is_found_and_shown_on_the_smallest_spec() {
    let summary = CAMPAIGN.run(&host_gcc().lying(refuses_bitfields), None, &mut |_| {});
    let report = summary.disagreements.first().expect("the refusal is found");
    assert!(report.contains("refuses: error: `oracle.c`: 31 bits are too many"), "{report}");
    let spec = spec_of(report);
    assert_eq!(spec.matches("bits = 31").count(), 1, "{report}");
    assert_eq!(spec.matches("bits = ").count(), 1, "{report}");
}

#[test]
fn those_who_tell_the_truth_are_believed() {
    let summary = CAMPAIGN.run(&host_gcc(), None, &mut |_| {});
    assert_eq!(summary.disagreements, Vec::<String>::new());
    assert_eq!(summary.cases, 40);
    assert!(summary.statements > summary.facts && summary.facts > 1000, "{summary:?}");
}

/// 32-bit x86 aligns 64-bit integers to 4 bytes inside of records: without padding written out, the same struct is another.
#[test]
fn the_rules_of_32_bit_x86_are_seen_to_differ() {
    let spec = "spec = 1\n[struct.s]\nfields = [{ name = \"a\", type = \"u32\" }, { name = \"b\", type = \"u64\" }]\n";
    let layouts = specs::parse(spec, Path::new("s.toml"), None).expect("the spec is valid");
    let all = compilers::all();
    let narrow = all.iter().find(|compiler| compiler.name.ends_with("-m32")).expect("gcc is asked about 32 bits");
    if !Compiler::is_available(narrow) {
        return;
    }
    let naive = Dialect::NARROW;
    for (view, ours, disputed) in [
        (View::Generated, expected::in_c(&layouts), 0),
        // Its size, its alignment and the place of its second member.
        (View::Naive(naive), expected::in_naive_c(&layouts, naive), 3),
    ] {
        let said = narrow.ask(&layouts, &[(view, &ours)]);
        assert_eq!(said.len(), 1);
        assert_eq!(said[0].1.said.as_ref().err(), None);
        assert_eq!(said[0].1.disputes(&ours).len(), disputed, "{said:?}");
    }
}

#[test]
fn the_command_says_how_it_went() {
    let oracle = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_oracle")).args(arguments).output().expect("it can be started");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, said) = oracle(&["--cases", "3", "--only", "gcc for this host", "--without", "-m32"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("3 specs (0 in Rust), ") && said.contains(" 0 disagreements"), "{said}");
    assert_eq!(oracle(&["--cases", "many"]).0, Some(2));
    assert_eq!(oracle(&["--spec", "/nowhere.toml", "--only", "gcc"]).0, Some(2));
}
