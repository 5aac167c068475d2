//! Mutants: generated headers with one change each, built by clang. Every one must be caught, by the right rule, at the
//! right field, with the right numbers; and nothing else may be accused of it.

mod support;

use std::{
    collections::BTreeSet,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use bpf_layout_check::{Outcome, check};
use bpf_layout_emit::c;
use bpf_layout_spec::{
    compare::{Difference, Value},
    layout::Layouts,
    model::{Type, TypeDef},
};
use support::{
    compile, everything, folder, has_tool, load,
    mutants::{Mutant, mutants, types_and_maps},
    root,
};

/// The type or map, and everything that contains it.
fn affected(layouts: &Layouts, name: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::from([name.to_owned()]);
    let holds = |ty: &Type, names: &BTreeSet<String>| {
        let mut ty = ty;
        while let Type::Array(element, _) = ty {
            ty = element;
        }
        matches!(ty, Type::Def(id) if names.contains(layouts.model.ty(*id).name().spec.as_str()))
    };
    // Definitions stand before their users.
    for def in &layouts.model.types {
        if let TypeDef::Record(record) = def
            && record.fields.iter().any(|field| holds(&field.ty, &names))
        {
            names.insert(record.name.spec.to_string());
        }
    }
    for map in &layouts.model.maps {
        if map.key.iter().chain(&map.value).any(|ty| holds(ty, &names)) {
            names.insert(map.name.spec.to_string());
        }
    }
    names
}

fn is_caught(mutant: &Mutant, difference: &Difference) -> bool {
    let says = |expected: Option<i128>, value: &Value| match (expected, value) {
        (None, _) => true,
        (Some(expected), Value::Number(number)) => expected == *number,
        (Some(_), Value::Text(_)) => false,
    };
    difference.rule.id == mutant.code
        && difference.what == mutant.what
        && difference.field == mutant.field
        && difference.expected != difference.found
        && says(mutant.numbers.0, &difference.expected)
        && says(mutant.numbers.1, &difference.found)
}

/// What is wrong with how a mutant was met; nothing if it was met well.
fn complaint(layouts: &Layouts, mutant: &Mutant, outcome: &Outcome) -> Option<String> {
    let told = || -> Vec<String> {
        let tell = |found: &Difference| {
            format!("{} {}.{:?}: {} / {}", found.rule.id, found.what, found.field, found.expected, found.found)
        };
        outcome.differences.iter().map(tell).collect()
    };
    let expected = || format!("{} {}.{:?} {:?}", mutant.code, mutant.what, mutant.field, mutant.numbers);
    if !outcome.differences.iter().any(|difference| is_caught(mutant, difference)) {
        return Some(format!("escaped: {}: {} not in {:#?}", mutant.name, expected(), told()));
    }
    let affected = affected(layouts, &mutant.what);
    let accused = outcome.differences.iter().any(|difference| !affected.contains(&difference.what));
    accused.then(|| format!("false alarm: {}: {:#?}", mutant.name, told()))
}

fn build(layouts: &Layouts, folder: &Path, name: &str, header: &str) -> Result<Outcome, String> {
    let program = everything(layouts, &types_and_maps(header));
    let bytes = compile(("clang", &["--target=bpf", "-g", "-O1"]), folder, name, &program)?;
    check(layouts, [("mutant.o", bytes.as_slice())]).map_err(|error| error.to_string())
}

/// Builds and checks every mutant, or one of so many, on as many threads as there are processors.
fn run(name: &str, layouts: &Layouts, one_of: usize) {
    let (folder, header) = (folder(), c::header(layouts));
    let clean = build(layouts, folder.path(), "clean", &header).unwrap_or_else(|said| panic!("{name}: {said}"));
    assert!(clean.is_ok() && clean.not_in_object.is_empty(), "{name}, unchanged: {clean:#?}");
    let mutants: Vec<Mutant> = mutants(layouts, &header).into_iter().step_by(one_of).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut complaints = Vec::new();
        while let Some((index, mutant)) = mutants.iter().enumerate().nth(next.fetch_add(1, Ordering::Relaxed)) {
            complaints.extend(match build(layouts, folder.path(), &format!("mutant{index}"), &mutant.header) {
                Ok(outcome) => complaint(layouts, mutant, &outcome),
                Err(said) => Some(format!("not built: {}: {said}", mutant.name)),
            });
        }
        complaints
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let complaints: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no worker panics")).collect()
    });
    let count = |kind: &str| complaints.iter().filter(|complaint| complaint.starts_with(kind)).count();
    let (escaped, alarms, broken) = (count("escaped"), count("false alarm"), count("not built"));
    let caught = mutants.len() - escaped - broken;
    println!("{name}: {} mutants tried, {caught} caught, {alarms} false alarms", mutants.len());
    assert!(complaints.is_empty(), "{escaped} escaped, {broken} not built\n{}", complaints.join("\n"));
    let rules: BTreeSet<&str> = mutants.iter().map(|mutant| mutant.code).collect();
    println!("{name}: by {}", rules.into_iter().collect::<Vec<_>>().join(", "));
}

#[test]
fn mutants_of_the_root_spec_are_caught() {
    if has_tool("clang") {
        // Its fields are much alike, and clang takes longer to start than to compile them.
        let one_of = if std::env::var_os("BPF_LAYOUT_EVERY_MUTANT").is_some() { 1 } else { 3 };
        run("root", &load(&root().join("layouts.toml"), None).layouts, one_of);
    }
}

#[test]
fn mutants_of_one_of_everything_are_caught() {
    if has_tool("clang") {
        run("everything", &load(&root().join("check/tests/specs/everything.toml"), None).layouts, 1);
    }
}
