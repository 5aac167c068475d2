//! The comparer by itself: witnesses made by hand, such as no compiler makes.

use bpf_layout_spec::{
    Loaded,
    compare::{
        Observed, ObservedEnum, ObservedMap, ObservedMember, ObservedPart, ObservedRecord, ObservedType, Shape, Sign,
        compare, twins,
    },
};

use super::{U32, load, member, observed};

const SPEC: &str = r#"
[struct.pair]
fields = [{ name = "a", type = "u32" }, { name = "b", type = "u32" }]

[map.pairs]
type = "hash"
key = "u32"
value = "pair"
max_entries = 4
flags = ["no_prealloc"]
"#;

fn spec() -> Loaded {
    load(SPEC)
}

fn record<'a>(name: &'a str, size: u64, members: Vec<ObservedMember<'a>>) -> ObservedType<'a> {
    ObservedType::Record(ObservedRecord { name, alias: false, union: false, size, members, place: "here".to_owned() })
}

/// `rule what.field: expected / found` of each difference.
fn told(observed: &Observed<'_>) -> Vec<String> {
    let report = compare(&spec().layouts, observed);
    let tell = |found: &bpf_layout_spec::compare::Difference| {
        let field = found.field.as_deref().unwrap_or("-");
        format!("{} {}.{field}: {} / {}", found.rule.id, found.what, found.expected, found.found)
    };
    report.differs.iter().map(tell).collect()
}

#[test]
fn what_agrees_agrees() {
    let types = vec![record("pair", 8, vec![member("a", 0, U32), member("b", 32, U32)])];
    let value = Some(ObservedPart { size: Some(8), shape: Some(Shape::Def(0)) });
    let map = ObservedMap {
        name: "pairs",
        kind: Some(1),
        key: Some(ObservedPart { size: Some(4), shape: Some(U32) }),
        value,
        max_entries: Some(4),
        flags: Some(1),
        ..ObservedMap::default()
    };
    let observed = Observed { maps: vec![map], ..observed(types) };
    let report = compare(&spec().layouts, &observed);
    assert!(report.differs.is_empty(), "{:?}", report.differs);
    assert_eq!(report.agrees.len(), 2);
}

#[test]
fn what_nobody_has_is_absent() {
    let report = compare(&spec().layouts, &Observed::default());
    let names: Vec<&str> = report.not_in_object.iter().map(|thing| thing.name.as_str()).collect();
    assert_eq!(names, ["pair", "pairs"]);
    assert!(report.differs.is_empty() && report.agrees.is_empty());
}

#[test]
fn differences_stand_in_the_order_of_the_spec() {
    let types = vec![record("pair", 12, vec![member("b", 0, U32), member("c", 32, U32), member("a", 64, U32)])];
    assert_eq!(
        told(&observed(types)),
        [
            "type-size pair.-: 8 / 12",
            "extra-field pair.c: no such field / u32 at byte 4",
            "field-offset pair.a: 0 / 8",
            "field-offset pair.b: 4 / 0",
        ]
    );
}

#[test]
fn members_of_unnamed_structs_are_the_records_own() {
    let types = vec![
        record("pair", 8, vec![member("", 32, Shape::Def(1)), member("a", 0, U32)]),
        record("", 4, vec![member("b", 0, U32)]),
    ];
    assert_eq!(told(&observed(types)), [""; 0]);
}

#[test]
fn a_struct_that_holds_itself_twice_is_borne() {
    let itself = || member("", 0, Shape::Def(0));
    let types = vec![record("pair", 8, vec![itself(), itself(), member("a", 0, U32), member("b", 32, U32)])];
    let observed = observed(types);
    assert!(compare(&spec().layouts, &observed).not_in_object.len() == 1);
    assert!(twins(&spec().layouts, &[observed.clone(), observed]).is_empty());
}

#[test]
fn indices_that_lead_nowhere_are_borne() {
    let types = vec![record("pair", 8, vec![member("a", 0, Shape::Def(99)), member("", 0, Shape::Def(98))])];
    let differences = told(&observed(types));
    assert!(differences.contains(&"field-type pair.a: u32 / a type of its own".to_owned()), "{differences:?}");
    assert!(differences.iter().any(|line| line.starts_with("missing-field pair.b")), "{differences:?}");
}

#[test]
fn twins_are_told_with_both_places() {
    let first = observed(vec![record("pair", 8, vec![member("a", 0, U32), member("b", 32, U32)])]);
    let second = observed(vec![record("pair", 8, vec![member("b", 0, U32), member("a", 32, U32)])]);
    let loaded = spec();
    let found = twins(&loaded.layouts, &[first.clone(), first.clone(), second]);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].rule.id, found[0].field.as_deref()), ("two-layouts", Some("a")));
    assert_eq!(found[0].expected.to_string(), "at byte 0, 4 bytes in witness (here)");
    assert_eq!(found[0].found.to_string(), "at byte 4, 4 bytes");
}

#[test]
fn a_union_is_no_struct_and_an_enum_has_the_size_of_its_repr() {
    let loaded = load(
        "[enum.mode]\nrepr = \"u32\"\nvariants = [{ name = \"on\", value = 1 }]\n\
            [struct.pair]\nfields = [{ name = \"a\", type = \"u32\" }]\n",
    );
    let union = ObservedRecord {
        name: "pair",
        alias: false,
        union: true,
        size: 4,
        members: vec![member("a", 0, U32)],
        place: "here".to_owned(),
    };
    let small = ObservedEnum {
        name: "mode",
        size: 1,
        sign: Sign::Unsigned,
        values: Some(vec![("MODE_ON", 1)]),
        place: "there".to_owned(),
    };
    let report = compare(&loaded.layouts, &observed(vec![ObservedType::Record(union), ObservedType::Enum(small)]));
    let told: Vec<String> = report
        .differs
        .iter()
        .map(|found| format!("{} {}: {} / {}", found.rule.id, found.what, found.expected, found.found))
        .collect();
    assert_eq!(told, ["enum-size mode: 4 / 1", "type-kind pair: struct / union"]);
}

#[test]
fn a_member_may_be_of_an_enum_without_a_name_and_not_of_another() {
    let loaded = load(
        "[enum.mode]\nrepr = \"u32\"\nvariants = [{ name = \"on\", value = 1 }]\n\
            [struct.one]\nfields = [{ name = \"mode\", type = \"mode\" }]\n",
    );
    for (name, size, wrong) in [
        ("", 4, None),
        ("__mode", 4, None),
        ("mode", 4, None),
        ("other", 4, Some("field-type")),
        ("", 8, Some("field-size")),
    ] {
        let values = Some(vec![("MODE_ON", 1)]);
        let def = ObservedEnum { name, size, sign: Sign::Unsigned, values, place: "there".to_owned() };
        let one = record("one", 4, vec![member("mode", 0, Shape::Def(0))]);
        let report = compare(&loaded.layouts, &observed(vec![ObservedType::Enum(def), one]));
        let found: Vec<&str> =
            report.differs.iter().filter(|found| found.what == "one").map(|found| found.rule.id).collect();
        assert_eq!(found, wrong.into_iter().collect::<Vec<_>>(), "{name} of {size} bytes");
    }
}

#[test]
fn a_typedef_of_the_kernel_is_another_type_unless_they_have_a_field_in_common() {
    let found = |alias, name| {
        let members = vec![member(name, 0, U32)];
        let place = "here".to_owned();
        let found = ObservedRecord { name: "pair", alias, union: false, size: 4, members, place };
        let report = compare(&spec().layouts, &observed(vec![ObservedType::Record(found)]));
        (report.differs.is_empty(), report.not_in_object.iter().any(|thing| thing.name == "pair"))
    };
    assert_eq!(found(true, "x"), (true, true), "not the same");
    assert_eq!(found(true, "a"), (false, false), "the same, and too small");
    assert_eq!(found(false, "x"), (false, false), "a struct of the name is the struct");
}

#[test]
fn an_enum_by_the_plain_name_of_flags_is_theirs_if_they_have_a_value_in_common() {
    let loaded = load("[flags.access]\nrepr = \"u32\"\nbits = [{ name = \"read\", value = 1 }]\n");
    let found = |name, value| {
        let values = Some(vec![value]);
        let found = ObservedEnum { name, size: 4, sign: Sign::Unsigned, values, place: "here".to_owned() };
        let report = compare(&loaded.layouts, &observed(vec![ObservedType::Enum(found)]));
        (report.differs.len(), report.agrees.len(), report.not_in_object.len())
    };
    assert_eq!(found("__access", ("ACCESS_READ", 1)), (0, 1, 0));
    assert_eq!(found("__access", ("OTHER", 1)), (2, 0, 0), "the tag is nobody else's");
    assert_eq!(found("access", ("ACCESS_READ", 1)), (0, 1, 0));
    assert_eq!(found("access", ("ACCESS_READ", 2)), (1, 0, 0));
    assert_eq!(found("access", ("OTHER", 1)), (0, 0, 1), "the kernel's");
}
