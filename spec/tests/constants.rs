//! Lengths and capacities: their values, the expressions they come with, and what is refused of them.

use std::{io, path::Path};

use bpf_layout_spec::{
    Failure, Loaded, Options, load_with,
    model::{BinaryOp, ConstId, ConstKind, Expr},
};

fn load(text: &str, profile: Option<&str>) -> Result<Loaded, Failure> {
    let text = format!("spec = 1\n{text}");
    let mut reader = |_: &Path| -> io::Result<String> { Ok(text.clone()) };
    load_with(Path::new("layouts.toml"), &mut reader, &Options { profile: profile.map(str::to_owned) })
}

/// Names and values of all constants.
fn values(text: &str, profile: Option<&str>) -> Vec<(String, u64)> {
    let loaded = load(text, profile).unwrap_or_else(|failure| panic!("{text}\n{:#?}", failure.diagnostics));
    loaded.layouts.model.constants.into_iter().map(|constant| (constant.name.c.to_string(), constant.value)).collect()
}

/// Each error: its code, what it says, and what else it says.
fn errors(text: &str) -> Vec<String> {
    let told = load(text, None).expect_err(text).diagnostics;
    let told = told.iter().map(|found| {
        let more = found.notes.iter().chain(&found.help).map(|more| format!("; {more}"));
        format!("{}: {}{}", found.code.id(), found.message, more.collect::<String>())
    });
    told.collect()
}

fn named(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    expected.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
}

#[test]
fn constants_are_made_of_one_another_in_any_order() {
    let text = "[capacities]\nTASKS = \"ARGS * 4\"\n[lengths]\nARGS = \"20 * ARG\"\nARG = 16\n";
    assert_eq!(values(text, None), named(&[("ARGS_LEN", 320), ("ARG_LEN", 16), ("TASKS_MAX_ENTRIES", 1280)]));
    let constants = load(text, None).expect("valid").layouts.model.constants;
    let product = |left, right| Expr::Binary(BinaryOp::Mul, Box::new(left), Box::new(right));
    assert_eq!(constants[0].expr, product(Expr::Literal(20), Expr::Const(ConstId(1))));
    assert_eq!(constants[2].expr, product(Expr::Const(ConstId(0)), Expr::Literal(4)));
    let kinds: Vec<ConstKind> = constants.iter().map(|constant| constant.kind).collect();
    assert_eq!(kinds, [ConstKind::Length, ConstKind::Length, ConstKind::Capacity]);
}

#[test]
fn a_profile_puts_its_values_in_the_place_of_the_specs() {
    let text = "[lengths]\nARG = 16\nARGS = \"20 * ARG\"\n[capacities]\nTASKS = 8\n\
                [profile.lean]\nlengths.ARG = 8\ncapacities.TASKS = \"ARG / 2\"\n";
    assert_eq!(values(text, None), named(&[("ARG_LEN", 16), ("ARGS_LEN", 320), ("TASKS_MAX_ENTRIES", 8)]));
    assert_eq!(values(text, Some("lean")), named(&[("ARG_LEN", 8), ("ARGS_LEN", 160), ("TASKS_MAX_ENTRIES", 4)]));
}

#[test]
fn a_constant_is_from_1_to_what_32_bits_hold() {
    assert_eq!(values("[lengths]\nA = 1\nB = 4294967295\n", None), named(&[("A_LEN", 1), ("B_LEN", 4_294_967_295)]));
    for (text, expected) in [
        ("[lengths]\nA = 4294967296\n", "too-large: the length `A` is 4294967296"),
        ("[capacities]\nA = \"1 << 32\"\n", "too-large: the capacity `A` is 4294967296"),
        ("[capacities]\nA = \"2 - 2\"\n", "zero-length: the capacity `A` is zero"),
        ("[lengths]\nA = -1\n", "overflow: -1 is negative"),
        ("[lengths]\nA = 0\n", "zero-length: the length `A` is zero"),
    ] {
        assert_eq!(errors(text), [expected], "{text}");
    }
}

#[test]
fn a_circle_is_told_from_where_it_closes() {
    for (text, expected) in [
        (
            "[lengths]\nFAR = \"A\"\nA = \"B + 1\"\nB = \"A\"\n",
            "expression-cycle: `A` is defined by itself; `A` needs `B` needs `A`; give one of them a number",
        ),
        ("[lengths]\nA = \"A\"\n", "expression-cycle: `A` is defined by itself; give one of them a number"),
        // What leads to a circle is not on it.
        (
            "[lengths]\nFAR = \"A + 1\"\nA = \"2 * A\"\n",
            "expression-cycle: `A` is defined by itself; give one of them a number",
        ),
    ] {
        assert_eq!(errors(text), [expected], "{text}");
    }
}

#[test]
fn names_are_looked_for_where_they_may_be_used() {
    for (text, expected) in [
        (
            "[lengths]\nA = \"TASK\"\n[capacities]\nTASKS = 8\n",
            "unknown-name: there is no length `TASK`; define it under [lengths]: `TASK = 64`",
        ),
        (
            "[lengths]\nTASKS = 8\n[capacities]\nA = \"TASK\"\n",
            "unknown-name: there is no length or capacity `TASK`; did you mean `TASKS`?",
        ),
        (
            "[capacities]\nA = \"QUITE_ANOTHER\"\n",
            "unknown-name: there is no length or capacity `QUITE_ANOTHER`; define it under [capacities]: `QUITE_ANOTHER = 1024`",
        ),
        (
            "[lengths]\nA = \"N\"\n[capacities]\nN = 8\n",
            "unknown-name: `N` is a capacity, and a length is needed here; lengths are for types, capacities for maps: \
             define a length, and let the capacity use it",
        ),
        (
            "[lengths]\nN = 8\n[capacities]\nN = 8\n",
            "duplicate-name: the length or capacity `N` is defined twice; lengths and capacities share one namespace: \
             expressions use both by name; rename one of the two, or remove it",
        ),
        (
            "[lengths]\nA = 8\n[profile.lean]\nlengths.A = \"NOWHERE\"\n",
            "unknown-name: there is no length `NOWHERE`; define it under [lengths]: `NOWHERE = 64`",
        ),
    ] {
        assert_eq!(errors(text), [expected], "{text}");
    }
}
