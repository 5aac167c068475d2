//! One type or map of a witness against one definition, whatever either is called, as `import` proves what it wrote.

use bpf_layout_spec::{
    Loaded,
    compare::{
        Compared, Difference, Observed, ObservedEnum, ObservedMap, ObservedPart, ObservedRecord, ObservedType, Shape,
        Sign, compare, compare_map_as, compare_type_as,
    },
};

use super::{U32, load, member, observed};

const SPEC: &str = r#"
[enum.mode]
repr = "u32"
variants = [{ name = "on", value = 1 }]

[flags.access]
repr = "u32"
bits = [{ name = "read", value = 1 }]

[extern.address]
size = 16
align = 4
c = "struct sockaddr_in"

[struct.pair]
fields = [{ name = "a", type = "u32" }, { union = [{ name = "b", type = "u32" }] }]

[map.pairs]
type = "hash"
key = "u32"
value = "pair"
max_entries = 4
"#;

fn spec() -> Loaded {
    load(SPEC)
}

fn record<'a>(size: u64, members: &[(&'a str, u64)]) -> ObservedType<'a> {
    let members = members.iter().map(|&(name, bit_offset)| member(name, bit_offset, U32)).collect();
    ObservedType::Record(ObservedRecord {
        name: "other",
        alias: false,
        union: false,
        size,
        members,
        place: String::new(),
    })
}

fn values<'a>(values: &[(&'a str, i128)]) -> ObservedType<'a> {
    let (sign, values) = (Sign::Unsigned, Some(values.to_vec()));
    ObservedType::Enum(ObservedEnum { name: "other", size: 4, sign, values, place: String::new() })
}

/// Rules that a type breaks, and whether only its size was asked for.
fn broken(name: &str, ty: ObservedType<'_>) -> Option<(Vec<&'static str>, bool)> {
    let Compared { differences, opaque, .. } = compare_type_as(&spec().layouts, name, &observed(vec![ty]), 0)?;
    Some((rules(&differences), opaque))
}

fn rules(differences: &[Difference]) -> Vec<&'static str> {
    differences.iter().map(|difference| difference.rule.id).collect()
}

#[test]
fn records_are_compared_whatever_they_are_called() {
    assert_eq!(broken("pair", record(8, &[("a", 0), ("b", 32)])), Some((vec![], false)));
    assert_eq!(broken("pair", record(12, &[("a", 0), ("b", 64)])), Some((vec!["type-size", "field-offset"], false)));
}

#[test]
fn values_are_compared_of_enums_and_of_flags() {
    assert_eq!(broken("mode", values(&[("MODE_ON", 1)])), Some((vec![], false)));
    assert_eq!(broken("mode", values(&[("MODE_ON", 2)])), Some((vec!["enum-value"], false)));
    assert_eq!(broken("access", values(&[("ACCESS_READ", 1)])), Some((vec![], false)));
    assert_eq!(broken("access", values(&[("ACCESS_READ", 4)])), Some((vec!["enum-value"], false)));
}

#[test]
fn of_what_others_define_only_the_size_is_known() {
    assert_eq!(broken("address", record(16, &[])), Some((vec![], true)));
    assert_eq!(broken("address", record(20, &[])), Some((vec!["type-size"], true)));
    let found =
        compare_type_as(&spec().layouts, "address", &observed(vec![record(20, &[])]), 0).expect("both are there");
    let told: Vec<String> =
        found.differences.iter().map(|found| format!("{}: {} / {}", found.what, found.expected, found.found)).collect();
    assert_eq!(told, ["address: 16 / 20"]);
}

#[test]
fn what_cannot_be_compared_is_not() {
    assert_eq!(broken("pear", record(8, &[])), None, "no such definition");
    assert_eq!(broken("mode", record(4, &[])), None, "a struct is no enum");
    assert_eq!(broken("pair", values(&[])), None, "an enum is no struct");
    let none = compare_type_as(&spec().layouts, "pair", &observed(vec![]), 0);
    assert!(none.is_none(), "no such type");
}

#[test]
fn maps_are_compared_whatever_they_are_called() {
    let spec = spec();
    let part = |size, shape| Some(ObservedPart { size: Some(size), shape: Some(shape) });
    let map = |max_entries| ObservedMap {
        name: "other",
        kind: Some(1),
        key: part(4, U32),
        value: part(8, Shape::Def(0)),
        max_entries: Some(max_entries),
        flags: Some(0),
        ..ObservedMap::default()
    };
    let ty = ObservedType::Record(ObservedRecord {
        name: "pair",
        alias: false,
        union: false,
        size: 8,
        members: Vec::new(),
        place: String::new(),
    });
    let observed = Observed { maps: vec![map(4), map(8)], ..observed(vec![ty]) };
    let found = |name, index| compare_map_as(&spec.layouts, name, &observed, index).map(|found| rules(&found));
    assert_eq!(found("pairs", 0), Some(vec![]));
    assert_eq!(found("pairs", 1), Some(vec!["map-max-entries"]));
    assert_eq!(found("pairs", 2), None);
    assert_eq!(found("pears", 0), None);
}

#[test]
fn unnamed_members_are_nothing_by_themselves() {
    let report = compare(&spec().layouts, &Observed::default());
    let names: Vec<&str> = report.not_in_object.iter().map(|thing| thing.name.as_str()).collect();
    assert_eq!(names, ["mode", "access", "pair", "pairs"]);
}
