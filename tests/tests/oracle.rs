//! Our numbers against those of every compiler, for random specs, the root spec and the goldens.

use std::{fs, path::Path};

use bpf_layout_emit::c;
use bpf_layout_spec::layout::Layouts;
use bpf_layout_tests::{
    bindings, btf, expected,
    facts::{Facts, What, Witness, disagreements, testimony},
    generated::{SPECS, Spec},
    probe, specs,
};

/// Most disagreements that are printed in full.
const SHOWN: usize = 12;

/// Everyone who reads the C header.
fn readers_of_the_header(layouts: &Layouts) -> Vec<Witness> {
    let folder = tempfile::tempdir().expect("a folder for a compiler");
    let header = "oracle.h";
    fs::write(folder.path().join(header), c::header(layouts)).expect("the folder can be written");
    let hosts =
        probe::HOST_COMPILERS.iter().filter_map(|compiler| probe::ask(compiler, layouts, header, folder.path()));
    let objects = btf::BPF_COMPILERS.iter().filter_map(|compiler| btf::ask(compiler, layouts, header, folder.path()));
    let mut witnesses: Vec<Witness> = hosts.chain(objects).collect();
    witnesses.push(bindings::ask(layouts, header, folder.path()));
    witnesses
}

/// The rules themselves, by C that leaves them to the compiler. On x86-64, whose ABI they are.
fn naive_c(layouts: &Layouts) -> Vec<Witness> {
    let folder = tempfile::tempdir().expect("a folder for a compiler");
    let compilers = probe::HOST_COMPILERS.iter().filter(|compiler| !compiler.arguments.contains(&"-m32"));
    compilers.filter_map(|compiler| probe::ask_naively(compiler, layouts, folder.path())).collect()
}

fn rustc(spec: &Spec) -> Witness {
    let mut facts = Facts::default();
    for (ty, member, what, value) in spec.facts {
        facts.state(ty, member, *what, *value);
    }
    Witness { name: "rustc".to_owned(), facts, knows: &[What::Size, What::Align, What::BitOffset, What::Value] }
}

/// Panics with the spec's text and everyone's numbers unless all agree.
fn assert_agreement(name: &str, text: &str, ours: &Facts, witnesses: &[Witness]) {
    assert!(!ours.is_empty(), "{name}: nothing to compare");
    let wrong = disagreements(ours, witnesses);
    let mut message = String::new();
    for fact in wrong.iter().take(SHOWN) {
        message.push_str(&testimony(fact, ours, witnesses));
        message.push_str(&specs::excerpt(text, &fact.ty));
        message.push('\n');
    }
    let statements: usize = witnesses.iter().map(|witness| witness.facts.len()).sum();
    println!("{name}: {} facts, {} witnesses, {statements} statements", ours.len(), witnesses.len());
    assert!(wrong.is_empty(), "{name}: {} facts are disputed\n{message}", wrong.len());
}

fn check(spec: &Spec) {
    let text = fs::read_to_string(spec.path).expect("the spec is still there");
    let layouts = specs::layouts(Path::new(spec.path), spec.profile);
    assert_agreement(spec.name, &text, &expected::in_naive_c(&layouts), &naive_c(&layouts));
    assert_agreement(spec.name, &text, &expected::in_c(&layouts), &readers_of_the_header(&layouts));
    assert_agreement(spec.name, &text, &expected::in_rust(&layouts), &[rustc(spec)]);
}

fn check_all(wanted: impl Fn(&str) -> bool) {
    let chosen: Vec<&Spec> = SPECS.iter().filter(|spec| wanted(spec.name)).collect();
    assert!(!chosen.is_empty(), "no spec was chosen");
    chosen.into_iter().for_each(check);
}

#[test]
fn every_compiler_agrees_on_the_root_spec() {
    check_all(|name| name.starts_with("root"));
}

#[test]
fn every_compiler_agrees_on_the_goldens() {
    check_all(|name| name.starts_with("golden"));
}

// Two tests, so that two cores have work.
#[test]
fn every_compiler_agrees_on_random_specs_of_even_number() {
    check_all(|name| name.starts_with("random") && is_even(name));
}

#[test]
fn every_compiler_agrees_on_random_specs_of_odd_number() {
    check_all(|name| name.starts_with("random") && !is_even(name));
}

fn is_even(name: &str) -> bool {
    let number: String = name.chars().filter(char::is_ascii_digit).collect();
    number.parse::<u32>().expect("random specs are numbered").is_multiple_of(2)
}
