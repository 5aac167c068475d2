//! The runtime's plans against the comparer: of every mutant of a header, both say the same.

mod support;

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use bpf_layout::{
    Layout,
    skew::{Plan, PlanError, Rule},
};
use bpf_layout_btf::{Btf, Object};
use bpf_layout_check::{Outcome, check};
use bpf_layout_emit::c;
use bpf_layout_spec::{
    compare::RULES,
    layout::Layouts,
    model::{Type, TypeDef},
};
use support::{
    compile, everything, folder, has_tool, load,
    mutants::{Mutant, mutants, types_and_maps},
    root,
};

mod layouts {
    bpf_layout::include_layouts!("tests/specs/everything.toml");
}

/// What a plan says of a type: the rules of its differences.
type Ask = fn(&Btf<'_>) -> Result<Vec<Rule>, PlanError>;

fn ask<T: Layout>(btf: &Btf<'_>) -> Result<Vec<Rule>, PlanError> {
    let differences = match Plan::<T>::by_name(btf) {
        Ok(plan) => {
            assert_eq!(plan.is_identical(), plan.differences().is_empty());
            plan.differences().to_vec()
        }
        Err(PlanError::Refused(differences)) => differences,
        Err(error) => return Err(error),
    };
    Ok(differences.into_iter().map(|difference| difference.rule).collect())
}

/// The records of the spec, by their names.
const TYPES: &[(&str, Ask)] = &[
    ("point", ask::<layouts::Point>),
    ("numbers", ask::<layouts::Numbers>),
    ("shapes", ask::<layouts::Shapes>),
    ("bits", ask::<layouts::Bits>),
    ("either", ask::<layouts::Either>),
    ("mixed", ask::<layouts::Mixed>),
    ("wire", ask::<layouts::Wire>),
    ("fixed", ask::<layouts::Fixed>),
    ("guarded", ask::<layouts::Guarded>),
    ("seen", ask::<layouts::SeenEvent>),
];

/// A type and all that it is made of.
fn made_of(layouts: &Layouts, name: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut waiting: Vec<&TypeDef> = layouts.model.types.iter().filter(|def| def.name().spec == name).collect();
    while let Some(def) = waiting.pop() {
        names.insert(def.name().spec.to_string());
        let TypeDef::Record(record) = def else { continue };
        for field in &record.fields {
            let mut ty = &field.ty;
            while let Type::Array(element, _) = ty {
                ty = element;
            }
            if let Type::Def(id) = ty {
                waiting.push(layouts.model.ty(*id));
            }
        }
    }
    names
}

/// Whether values mean the same where this rule finds something: names that come or go do not change those that stay.
fn keeps_values(rule: &str) -> bool {
    matches!(rule, "missing-variant" | "extra-variant")
}

/// Whether only the comparer can know: the runtime's tables do not say which of the kernel's types a field is.
fn is_beyond_tables(mutant: &Mutant) -> bool {
    mutant.what == "guarded" && mutant.field.as_deref() == Some("lock") && mutant.code == "field-type"
}

/// What plan and comparer do not agree on.
fn disagreements(layouts: &Layouts, name: &str, outcome: &Outcome, btf: &Btf<'_>) -> Vec<String> {
    let mut wrong = vec![];
    for (ty, ask) in TYPES {
        let parts = made_of(layouts, ty);
        let found = outcome.differences.iter().filter(|found| parts.contains(&found.what));
        let rules: Vec<&str> = found.map(|found| found.rule.id).filter(|rule| !keeps_values(rule)).collect();
        match ask(btf) {
            Ok(own) if own.is_empty() == rules.is_empty() => {}
            own => wrong.push(format!("{name}: {ty}: the comparer says {rules:?}, the plan {own:?}")),
        }
    }
    wrong
}

#[test]
fn plans_and_the_comparer_agree_on_every_mutant() {
    if !has_tool("clang") {
        return;
    }
    let layouts = load(&root().join("check/tests/specs/everything.toml"), None).layouts;
    let (folder, header) = (folder(), c::header(&layouts));
    let mut headers = vec![("unchanged".to_owned(), header.clone())];
    let mutants = mutants(&layouts, &header).into_iter();
    let seen = mutants.filter(|mutant| !mutant.code.starts_with("map-") && !is_beyond_tables(mutant));
    headers.extend(seen.map(|mutant| (mutant.name, mutant.header)));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut wrong = vec![];
        while let Some((index, (name, header))) = headers.iter().enumerate().nth(next.fetch_add(1, Ordering::Relaxed)) {
            let program = everything(&layouts, &types_and_maps(header));
            let compiler = ("clang", &["--target=bpf", "-g", "-O1"][..]);
            let bytes = compile(compiler, folder.path(), &format!("mutant{index}"), &program).expect("it is valid C");
            let outcome = check(&layouts, [("mutant.o", bytes.as_slice())]).expect("clang writes sound BTF");
            let object = Object::parse(&bytes).expect("clang writes sound BTF");
            wrong.extend(disagreements(&layouts, name, &outcome, object.btf()));
        }
        wrong
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let wrong: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no worker panics")).collect()
    });
    println!("{} headers, {} types each, {} disagreements", headers.len(), TYPES.len(), wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

mod golden {
    macro_rules! modules {
        ($($name:ident $path:literal;)+) => { $(
            pub(super) mod $name {
                bpf_layout::include_layouts!($path);
            }
        )+ };
    }

    modules! {
        bitfields "../tests/golden/bitfields/layouts.toml";
        kernel_fields "../tests/golden/kernel_fields/layouts.toml";
        names "../tests/golden/names/layouts.toml";
        nested_arrays "../tests/golden/nested_arrays/layouts.toml";
        tagged "../tests/golden/tagged/layouts.toml";
        unions "../tests/golden/unions/layouts.toml";
    }
}

/// Types whose names, nesting or kinds of fields the other spec does not have.
const GOLDEN: &[(&str, Ask)] = &[
    ("bitfields", ask::<golden::bitfields::Gaps>),
    ("kernel_fields", ask::<golden::kernel_fields::Held>),
    ("kernel_fields", ask::<golden::kernel_fields::Timed>),
    ("names", ask::<golden::names::Class>),
    ("names", ask::<golden::names::Event>),
    ("nested_arrays", ask::<golden::nested_arrays::Drawing>),
    ("tagged", ask::<golden::tagged::ConnectEvent>),
    ("tagged", ask::<golden::tagged::Address>),
    ("unions", ask::<golden::unions::Mixed>),
];

#[test]
fn what_clang_builds_of_a_generated_header_is_identical() {
    if !has_tool("clang") {
        return;
    }
    let folder = folder();
    for (case, ask) in GOLDEN {
        let layouts = load(&root().join(format!("tests/golden/{case}/layouts.toml")), None).layouts;
        let program = everything(&layouts, &c::header(&layouts));
        let bytes = compile(("clang", &["--target=bpf", "-g", "-O2"]), folder.path(), case, &program).expect("valid C");
        let object = Object::parse(&bytes).expect("clang writes sound BTF");
        assert_eq!(ask(object.btf()), Ok(vec![]), "{case}");
    }
}

#[test]
fn every_record_of_the_spec_is_asked_for() {
    let layouts = load(&root().join("check/tests/specs/everything.toml"), None).layouts;
    let records = layouts.model.records().filter(|(_, record)| !record.anonymous);
    let names: BTreeSet<&str> = records.map(|(_, record)| record.name.spec.as_str()).collect();
    assert_eq!(names, TYPES.iter().map(|(name, _)| *name).collect());
}

#[test]
fn rules_have_the_ids_of_the_comparer() {
    for rule in Rule::ALL {
        assert!(RULES.iter().any(|known| known.id == rule.id()), "{rule}");
    }
}
