//! Objects that nobody generated a header for, linked ones, damaged ones.

mod support;

use std::process::Command;

use bpf_layout_btf::{Kind, Object};
use bpf_layout_check::{Outcome, check, observe, observe_btf, observe_types};
use bpf_layout_spec::{
    Loaded,
    compare::{Difference, ObservedPart, Thing},
};
use support::{Compiler, compile, folder, has_tool, spec};

const SPEC: &str = r#"spec = 1

[enum.big]
repr = "u64"
variants = [{ name = "small", value = 1 }, { name = "large", value = 0x100000000 }]

[enum.level]
repr = "i32"
variants = [{ name = "low", value = -1 }, { name = "high", value = 1 }]

[flags.caps]
repr = "u32"
bits = [{ name = "net", value = 1 }]

[struct.point]
fields = [{ name = "x", type = "u32" }, { name = "y", type = "u32" }]

[struct.line]
fields = [{ name = "from", type = "point" }, { name = "to", type = "point" }, { name = "caps", type = "caps" }]

[map.lines]
type = "hash"
key = "u32"
value = "line"
max_entries = 16
"#;

/// What `SPEC` describes, as someone might write it who never saw the generated header.
const BY_HAND: &str = "typedef struct {\n\tunsigned int x, y;\n} point;\n\
                       struct pair {\n\tunsigned int x;\n\tunsigned int y;\n};\nenum caps { CAPS_NET = 1 };\n\
                       enum level { LEVEL_LOW = -1, LEVEL_HIGH = 1 };\n\
                       struct line {\n\tpoint from;\n\tstruct pair to;\n\tenum caps caps;\n};\n\
                       struct {\n\tint(*type)[1];\n\tint(*key_size)[4];\n\tint(*value_size)[20];\n\
                       \tint(*max_entries)[16];\n} lines __attribute__((section(\".maps\"), used));\n\
                       struct line uses_line;\nenum level uses_level;\n";

const CLANG: Compiler = ("clang", &["--target=bpf", "-g", "-O2"]);

fn build(compiler: Compiler, text: &str) -> Vec<u8> {
    compile(compiler, folder().path(), "hand", text).unwrap_or_else(|said| panic!("{said}"))
}

fn checked(loaded: &Loaded, object: &[u8]) -> Outcome {
    check(&loaded.layouts, [("hand.o", object)]).unwrap_or_else(|error| panic!("{error}"))
}

fn told(differences: &[Difference]) -> Vec<String> {
    let tell = |found: &Difference| {
        let field = found.field.as_deref().unwrap_or("-");
        format!("{} {}.{field}: {} / {}", found.rule.id, found.what, found.expected, found.found)
    };
    differences.iter().map(tell).collect()
}

#[test]
fn what_was_written_by_hand_agrees_if_its_bytes_do() {
    if !has_tool("clang") {
        return;
    }
    let loaded = spec(SPEC);
    let outcome = checked(&loaded, &build(CLANG, BY_HAND));
    assert_eq!(told(&outcome.differences), [""; 0]);
    let names = |things: &[bpf_layout_spec::compare::Thing]| -> Vec<String> {
        things.iter().map(|thing| thing.name.clone()).collect()
    };
    assert_eq!(names(&outcome.agrees), ["level", "caps", "point", "line", "lines"]);
    assert_eq!(names(&outcome.not_in_object), ["big"]);

    let other =
        BY_HAND.replace("unsigned int x;\n", "unsigned short x;\n").replace("value_size)[20]", "value_size)[24]");
    let outcome = checked(&loaded, &build(CLANG, &other));
    assert_eq!(
        told(&outcome.differences),
        ["field-type line.to: point / struct pair", "map-value lines.value: 20 / 24"]
    );
}

#[test]
fn names_that_only_sound_the_same_are_left_alone() {
    if !has_tool("clang") {
        return;
    }
    let loaded = spec(SPEC);
    let kernels = "typedef struct {\n\tint counter;\n} point;\npoint uses_point;\n\
                   enum caps { CAPS_OF_ANOTHER_KIND = 7 };\nenum caps uses_caps;\n";
    let outcome = checked(&loaded, &build(CLANG, kernels));
    assert_eq!(told(&outcome.differences), [""; 0]);
    assert_eq!(outcome.agrees, []);
    let meant = kernels.replace("CAPS_OF_ANOTHER_KIND", "CAPS_NET").replace("int counter", "int x");
    let outcome = checked(&loaded, &build(CLANG, &meant));
    assert_eq!(
        told(&outcome.differences),
        [
            "enum-value caps.CAPS_NET: 1 / 7",
            "type-size point.-: 8 / 4",
            "field-sign point.x: u32 / i32",
            "missing-field point.y: u32 at byte 4 / missing"
        ]
    );
}

#[test]
fn wrong_values_of_clang_14_are_unknown_and_right_ones_are_compared() {
    let text = "enum big { BIG_SMALL = 1, BIG_LARGE = 0x200000000ULL };\nenum big uses_big;\n";
    let loaded = spec(SPEC);
    if has_tool("clang-14") {
        let outcome = checked(&loaded, &build(("clang-14", CLANG.1), text));
        assert_eq!(told(&outcome.differences), [""; 0]);
        let unknown: Vec<&str> = outcome.unknown.iter().map(|(_, thing, _)| thing.name.as_str()).collect();
        assert_eq!(unknown, ["big"]);
    }
    for clang in ["clang-15", "clang-16", "clang-19"] {
        if has_tool(clang) {
            let outcome = checked(&loaded, &build((clang, CLANG.1), text));
            let expected = format!("enum-value big.BIG_LARGE: {} / {}", 1u64 << 32, 2u64 << 32);
            assert_eq!(told(&outcome.differences), [expected]);
        }
    }
}

/// Generated C has macros in place of enums like this one, which is then in no object, and no news.
#[test]
fn an_enum_of_which_every_value_is_wide_is_compared_where_somebody_wrote_it() {
    let loaded = spec("spec = 1\n[enum.wide]\nrepr = \"u64\"\nvariants = [{ name = \"all\", value = 0x123456789 }]\n");
    let outcome = |value: &str| {
        let text = format!("enum wide {{ WIDE_ALL = {value} }};\nenum wide uses_wide;\n");
        has_tool("clang-19").then(|| checked(&loaded, &build(("clang-19", CLANG.1), &text)))
    };
    if let (Some(right), Some(wrong)) = (outcome("0x123456789"), outcome("0x123456780")) {
        assert_eq!((told(&right.differences).len(), right.agrees.len()), (0, 1));
        assert_eq!(
            told(&wrong.differences),
            [format!("enum-value wide.WIDE_ALL: {} / {}", 0x1_2345_6789_u64, 0x1_2345_6780_u64)]
        );
        let none = checked(&loaded, &build(("clang-19", CLANG.1), "int uses_nothing;\n"));
        assert_eq!((none.agrees.len(), none.not_in_object.len(), none.differences.len()), (0, 0, 0));
    }
}

#[test]
fn linked_objects_are_read_and_their_twins_found() {
    if !has_tool("clang") || !has_tool("bpftool") {
        return;
    }
    let (loaded, folder) = (spec(SPEC), folder());
    let link = |second: &str| {
        for (name, text) in [("one", BY_HAND), ("two", second)] {
            compile(CLANG, folder.path(), name, text).unwrap_or_else(|said| panic!("{said}"));
        }
        let linked = Command::new("bpftool")
            .args(["gen", "object", "linked.o", "one.o", "two.o"])
            .current_dir(folder.path())
            .output()
            .expect("bpftool runs");
        assert!(linked.status.success(), "{}", String::from_utf8_lossy(&linked.stderr));
        std::fs::read(folder.path().join("linked.o")).expect("it wrote an object")
    };
    let outcome = checked(
        &loaded,
        &link(
            "struct line {\n\tint other;\n};\nstatic struct line own = { 1 };\n\
                                          int get(void)\n{\n\treturn *(volatile int *)&own.other;\n}\n",
        ),
    );
    let told = told(&outcome.differences);
    assert!(told.contains(&"type-size line.-: 20 / 4".to_owned()), "{told:#?}");
    assert!(told.iter().any(|line| line.starts_with("two-layouts line.")), "{told:#?}");

    let outcome = checked(&loaded, &link("int unrelated;\n"));
    assert!(outcome.is_ok(), "{:#?}", outcome.differences);
}

#[test]
fn damaged_objects_are_errors_or_differences_and_never_a_panic() {
    if !has_tool("clang") {
        return;
    }
    let (loaded, object) = (spec(SPEC), build(CLANG, BY_HAND));
    let start = object.windows(4).position(|window| window == [0x9f, 0xeb, 1, 0]).expect("BTF begins somewhere");
    let (mut errors, mut others) = (0, 0);
    for bit in start * 8..(start + 1600).min(object.len()) * 8 {
        let mut damaged = object.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        match check(&loaded.layouts, [("damaged.o", damaged.as_slice())]) {
            Ok(outcome) => others += usize::from(!outcome.is_ok() || outcome.agrees.len() < 5),
            Err(error) => errors += usize::from(!error.to_string().is_empty()),
        }
    }
    println!("{errors} errors, {others} other answers");
    assert!(errors > 500 && others > 500, "{errors} errors, {others} other answers");
    for len in (0..object.len()).step_by(13) {
        assert!(Object::parse(&object[..len]).is_err() || len > start, "{len}");
    }
}

#[test]
fn objects_of_gcc_are_known_by_their_mark() {
    if !has_tool("clang") {
        return;
    }
    let (spec, folder) = (spec(SPEC), folder());
    for (mark, expected) in [("GCC: (12.2.0) 12.2.0", true), ("another compiler", false)] {
        let program = format!("__asm__(\".ident \\\"{mark}\\\"\");\nstruct point {{ unsigned x, y; }} point;\n");
        let bytes = compile(CLANG, folder.path(), "mark", &program).expect("it compiles");
        let object = Object::parse(&bytes).expect("an object");
        let observed = observe(&spec.layouts, "mark", &object).expect("readable");
        let seen = observe_types("mark", &object, &[]).expect("readable");
        assert_eq!([observed.by_gcc, seen.observed.by_gcc], [expected; 2], "{mark}");
    }
}

#[test]
fn types_that_are_asked_for_are_found_behind_others() {
    if !has_tool("clang") {
        return;
    }
    let program = "struct point { unsigned x, y; };\nstruct line { struct point from, to; };\ntypedef const struct line lines[3][2];\n\
        volatile lines all;\n";
    let bytes = compile(CLANG, folder().path(), "asked", program).expect("it compiles");
    let object = Object::parse(&bytes).expect("an object");
    let id = |kind, name| object.btf().find(kind, name).unwrap_or_else(|| panic!("{name}"));
    let wanted = [
        id(Kind::Int, "unsigned int"),
        id(Kind::Struct, "point"),
        id(Kind::Struct, "line"),
        id(Kind::Typedef, "lines"),
    ];
    let seen = observe_types("asked", &object, &wanted).expect("readable");
    let found: Vec<_> = seen.wanted.iter().map(|index| Some(seen.ids[(*index)?])).collect();
    assert_eq!(found, [None, Some(wanted[1]), Some(wanted[2]), Some(wanted[2])]);
}

#[test]
fn btf_of_no_object_is_read_as_that_of_one() {
    if !has_tool("clang") {
        return;
    }
    let spec = spec(SPEC);
    let bytes = build(CLANG, BY_HAND);
    let object = Object::parse(&bytes).expect("an object");
    let whole = observe(&spec.layouts, "one", &object).expect("readable");
    let bare = observe_btf(&spec.layouts, "one", object.btf());
    assert_eq!((bare.types.len(), bare.maps.len(), &*bare.witness), (whole.types.len(), 0, "one"));
    assert!(!bare.types.is_empty());
}

#[test]
fn maps_are_read_with_their_parameters() {
    if !has_tool("clang") {
        return;
    }
    let program = "#include <linux/types.h>\n#include <bpf/bpf_helpers.h>\n\
        struct { __uint(type, 1); __uint(max_entries, 8); __type(key, int); __uint(value_size, 12); __uint(pinning, 1); \
        __uint(map_flags, 5); __uint(numa_node, 0); } kept SEC(\".maps\");\n\
        struct { __uint(type, 30); __uint(max_entries, 9); __type(value, int); __uint(map_extra, 3); __uint(pinning, 0); } \
        other SEC(\".maps\");\n";
    let bytes = compile(CLANG, folder().path(), "maps", program).expect("it compiles");
    let object = Object::parse(&bytes).expect("an object");
    let observed = observe(&spec(SPEC).layouts, "maps", &object).expect("readable");
    let size = |part: &Option<ObservedPart>| part.as_ref().and_then(|part| part.size);
    let found: Vec<_> = observed
        .maps
        .iter()
        .map(|map| {
            let numbers = [map.kind, map.max_entries, map.flags, map.numa_node, map.map_extra];
            (map.name, numbers, [size(&map.key), size(&map.value)], map.pinned_by_name, map.map_extra_unknown)
        })
        .collect();
    let kept = [Some(1), Some(8), Some(5), Some(0), None];
    let other = [Some(30), Some(9), None, None, Some(3)];
    assert_eq!(
        found,
        [("kept", kept, [Some(4), Some(12)], Some(true), false), ("other", other, [None, Some(4)], Some(false), false)]
    );
}

#[test]
fn what_several_objects_say_is_put_together() {
    if !has_tool("clang") {
        return;
    }
    let spec = spec(SPEC);
    let [good, none, bad] = ["struct point { unsigned x, y; } p;\n", "int p;\n", "struct point { short x, y; } p;\n"]
        .map(|text| build(CLANG, text));
    for (objects, agrees, absent) in [
        ([&good, &none], true, false),
        ([&good, &good], true, false),
        ([&good, &bad], false, false),
        ([&none, &none], false, true),
    ] {
        let named = ["one.o", "two.o"].into_iter().zip(objects.map(Vec::as_slice));
        let outcome = check(&spec.layouts, named).unwrap_or_else(|error| panic!("{error}"));
        let has = |things: &[Thing]| things.iter().any(|thing| thing.name == "point");
        assert_eq!((has(&outcome.agrees), has(&outcome.not_in_object)), (agrees, absent));
    }
}
