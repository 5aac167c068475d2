use std::path::Path;

use super::*;
use crate::{Loaded, Options};

fn load(text: &str) -> Loaded {
    let text = format!("spec = 1\n{text}");
    crate::load_with(Path::new("a.toml"), &mut |_| Ok(text.clone()), &Options::default())
        .unwrap_or_else(|failure| panic!("{:?}", failure.diagnostics))
}

/// `subject name.of aspect: old -> new`, one line each, with the text of both spans' lines checked to hold the name.
fn lines(old: &str, new: &str) -> Vec<String> {
    let side = |side: &Option<Side>| match side.as_ref().map(|side| &side.value) {
        None => "-".to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Text(text)) => text.clone(),
    };
    let mut lines = Vec::new();
    for change in diff(&load(old).layouts, &load(new).layouts) {
        let Change { subject, name, old, new, details } = change;
        match (old, new) {
            (None, _) => lines.push(format!("{subject:?} {name} added")),
            (_, None) => lines.push(format!("{subject:?} {name} removed")),
            _ => {}
        }
        for Detail { aspect, of, old, new } in &details {
            let of = of.as_ref().map(|of| format!(".{of}")).unwrap_or_default();
            lines.push(format!("{name}{of} {}: {} -> {}", aspect.id(), side(old), side(new)));
        }
    }
    lines
}

fn fields(old: &str, new: &str) -> Vec<String> {
    let spec = |fields: &str| format!("[struct.s]\nfields = [{fields}]");
    lines(&spec(old), &spec(new))
}

#[test]
fn the_same_has_no_differences() {
    let old = "lengths = { N = 8 }\n[struct.s]\ndoc = 'a'\nfields = [{ name = 'a', type = 'str[N]' }]";
    let new = "lengths = { N = '4 + 4' }\n[struct.s]\nfields = [{ name = 'a', type = 'str[8]', doc = 'b' }]";
    assert_eq!(lines(old, new), Vec::<String>::new());
}

#[test]
fn a_length_reaches_all_that_follows_from_it() {
    let spec = |len: u32| {
        format!(
            "lengths = {{ N = {len} }}\n[struct.s]\nfields = [{{ name = 'a', type = 'str[N]' }}, {{ name = 'b', type = 'u32' }}]
[map.m]\ntype = 'hash'\nkey = 'u32'\nvalue = 's'\nmax_entries = 1"
        )
    };
    assert_eq!(
        lines(&spec(8), &spec(16)),
        [
            "N value: 8 -> 16",
            "s size: 12 -> 20",
            "s.a type: str[8] -> str[16]",
            "s.a size: 8 -> 16",
            "s.b offset: 8 -> 16",
            "m value_size: 12 -> 20"
        ]
    );
}

#[test]
fn fields_come_and_go() {
    assert_eq!(
        fields("{ name = 'a', type = 'u32' }, { name = 'b', type = 'u32' }", "{ name = 'c', type = 'u8[2][3]' }"),
        [
            "s size: 8 -> 6",
            "s align: 4 -> 1",
            "s.c type: - -> u8[2][3]",
            "s.c offset: - -> 0",
            "s.c size: - -> 6",
            "s.a type: u32 -> -",
            "s.a offset: 0 -> -",
            "s.a size: 4 -> -",
            "s.b type: u32 -> -",
            "s.b offset: 4 -> -",
            "s.b size: 4 -> -"
        ]
    );
}

#[test]
fn bitfields_are_told_by_their_bits() {
    let old = "{ name = 'a', type = 'u8', bits = 1 }, { name = 'b', type = 'u8', bits = 2 }";
    let new = "{ name = 'a', type = 'u8', bits = 3 }, { name = 'b', type = 'u8' }";
    assert_eq!(
        fields(old, new),
        [
            "s size: 1 -> 2",
            "s.a bits: 1 -> 3",
            "s.b offset: 0 -> 1",
            "s.b size: - -> 1",
            "s.b bit: 1 -> -",
            "s.b bits: 2 -> -"
        ]
    );
}

#[test]
fn members_of_unnamed_ones_are_those_of_the_outer_record() {
    let inner = |first: &str| {
        format!(
            "{{ name = 'h', type = 'u64' }}, {{ union = [{{ name = 'a', type = '{first}' }}, {{ name = 'b', type = 'u32' }}] }}"
        )
    };
    assert_eq!(fields(&inner("u16"), &inner("i16")), ["s.a type: u16 -> i16"]);
    let plain = "{ name = 'h', type = 'u64' }, { name = 'a', type = 'u16' }, { name = 'b', type = 'u32' }";
    assert_eq!(fields(&inner("u16"), plain), ["s.b offset: 8 -> 12"]);
}

#[test]
fn values_and_kinds() {
    assert_eq!(
        lines(
            "[enum.e]\nrepr = 'u8'\nvariants = [{ name = 'A', value = 1 }, { name = 'B', value = 2 }]\n[struct.x]\nfields = [{ name = 'a', type = 'u8' }]",
            "[enum.e]\nrepr = 'u16'\nvariants = [{ name = 'A', value = 1 }, { name = 'B', value = 3 }, { name = 'C', value = 4 }]\n[union.x]\nfields = [{ name = 'a', type = 'u8' }]"
        ),
        [
            "e size: 1 -> 2",
            "e align: 1 -> 2",
            "e repr: u8 -> u16",
            "e.B value: 2 -> 3",
            "e.C value: - -> 4",
            "x kind: struct -> union"
        ]
    );
}

#[test]
fn maps_and_budgets() {
    let old = "[budget]\ntotal = '1 MiB'\n[map.m]\ntype = 'hash'\nkey = 'u32'\nvalue = 'u32'\nmax_entries = 8
flags = ['rdonly_prog', 'no_prealloc']\n[map.gone]\ntype = 'array'\nkey = 'u32'\nvalue = 'u32'\nmax_entries = 1";
    let new = "[budget]\ntotal = '2 MiB'\n[map.m]\ntype = 'lru_hash'\nkey = 'u64'\nvalue = 'u32'\nmax_entries = 16
pinning = 'by_name'\nbudget = '1 MiB'";
    assert_eq!(
        lines(old, new),
        [
            "m kind: hash -> lru_hash",
            "m key_type: u32 -> u64",
            "m key_size: 4 -> 8",
            "m max_entries: 8 -> 16",
            "m pinning: - -> by_name",
            "m budget: - -> 1048576",
            "m flags: no_prealloc, rdonly_prog -> -",
            "Map gone removed",
            "gone kind: array -> -",
            "gone key_type: u32 -> -",
            "gone key_size: 4 -> -",
            "gone value_type: u32 -> -",
            "gone value_size: 4 -> -",
            "gone max_entries: 1 -> -",
            "budget budget: 1048576 -> 2097152"
        ]
    );
}

#[test]
fn groups() {
    let map = |name| format!("[map.{name}]\ntype = 'array'\nkey = 'u32'\nvalue = 'u32'\nmax_entries = 1\n");
    let spec = |group: &str| format!("{}{}{group}", map("a"), map("b"));
    let old = spec("[group.g]\nmaps = ['b', 'a']\nbudget = '1 MiB'");
    assert_eq!(lines(&old, &spec("[group.g]\nmaps = ['a', 'b']\nbudget = '1 MiB'")), Vec::<String>::new());
    assert_eq!(
        lines(&old, &spec("[group.g]\nmaps = ['a']\nbudget = '2 MiB'")),
        ["group.g maps: a, b -> a", "group.g budget: 1048576 -> 2097152"]
    );
    assert!(lines(&old, &spec("")).contains(&"Budget group.g removed".to_owned()));
}

#[test]
fn the_largest_difference_comes_first() {
    let new = "lengths = { A = 1, B = 100, C = 50 }\n[struct.s]\nfields = [{ name = 'a', type = 'u8' }]
[struct.t]\nfields = [{ name = 'a', type = 'u64[9]' }]";
    let found: Vec<String> = lines("", new).into_iter().filter(|line| line.ends_with("added")).collect();
    assert_eq!(found, ["Length B added", "Length C added", "Length A added", "Type t added", "Type s added"]);
}

#[test]
fn spans_are_those_of_each_side() {
    let (old, new) = (load("lengths = { N = 1 }"), load("\n\nlengths = { N = 2 }"));
    let changes = diff(&old.layouts, &new.layouts);
    let (before, after) = (changes[0].old.expect("a place"), changes[0].new.expect("a place"));
    assert_eq!((old.sources.line_column(before).line, new.sources.line_column(after).line), (2, 4));
    assert_eq!((old.sources.text(before), new.sources.text(after)), ("N", "N"));
}
