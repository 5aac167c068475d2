//! From what was found to text: how it reads, and that it says the same.

use std::path::Path;

use bpf_layout_import::{Found, Imported, MapHint, MemberHint, NamedNumber, Spelling, TypeHint, compare, write};
use bpf_layout_spec::{
    compare::{
        Observed, ObservedEnum, ObservedMap, ObservedMember, ObservedPart, ObservedRecord, ObservedType, Shape, Sign,
    },
    kernel::KptrKind,
};

const fn int(size: u64, sign: Sign) -> Shape {
    Shape::Int { size, sign, bool: false, big_endian: false }
}

const U8: Shape = int(1, Sign::Unsigned);
const U16: Shape = int(2, Sign::Unsigned);
const U32: Shape = int(4, Sign::Unsigned);
const U64: Shape = int(8, Sign::Unsigned);
const CHAR: Shape = int(1, Sign::Signed);

fn array(element: Shape, len: u64) -> Shape {
    Shape::Array(Box::new(element), len)
}

/// A member at this byte.
fn member(name: &str, byte: u64, size: u64, shape: Shape) -> ObservedMember<'_> {
    ObservedMember { name, bit_offset: byte * 8, bit_size: size * 8, bitfield: false, shape }
}

fn bits(name: &str, bit_offset: u64, bit_size: u64, shape: Shape) -> ObservedMember<'_> {
    ObservedMember { name, bit_offset, bit_size, bitfield: true, shape }
}

fn record<'a>(name: &'a str, size: u64, members: Vec<ObservedMember<'a>>) -> ObservedType<'a> {
    ObservedType::Record(ObservedRecord { name, alias: false, union: false, size, members, place: name.to_owned() })
}

fn union<'a>(name: &'a str, size: u64, members: Vec<ObservedMember<'a>>) -> ObservedType<'a> {
    match record(name, size, members) {
        ObservedType::Record(record) => ObservedType::Record(ObservedRecord { union: true, ..record }),
        ty => ty,
    }
}

fn values<'a>(name: &'a str, size: u64, sign: Sign, values: &[(&'a str, i128)]) -> ObservedType<'a> {
    ObservedType::Enum(ObservedEnum { name, size, sign, values: Some(values.to_vec()), place: name.to_owned() })
}

fn part(shape: Shape, size: u64) -> Option<ObservedPart> {
    Some(ObservedPart { size: Some(size), shape: Some(shape) })
}

fn text_hint(char: bool) -> MemberHint<'static> {
    MemberHint { spelling: Spelling { char, ..Spelling::default() }, ..MemberHint::default() }
}

fn found(types: Vec<ObservedType<'_>>) -> Found<'_> {
    let roots = (0..types.len()).collect();
    Found { observed: Observed { types, ..Observed::default() }, roots, ..Found::default() }
}

/// Writes, and holds what was written against what was found.
fn proven(found: &Found<'_>) -> Imported {
    let imported = write(found, "Written for a test.").expect("it can be written");
    let proof = compare(&imported, found).expect("it loads");
    for verdict in proof.types.iter().chain(&proof.maps) {
        assert!(verdict.is_identical(), "{}: {:#?}\n{}", verdict.name, verdict.differences, imported.toml);
    }
    imported
}

/// A project with a bit of everything.
fn project() -> Found<'static> {
    let types = vec![
        record(
            "socket_key",
            12,
            vec![
                member("netns", 0, 4, U32),
                member("family", 4, 2, U16),
                member("proto", 6, 1, U8),
                member("port", 8, 2, U16),
            ],
        ),
        record(
            "socket_value",
            560,
            vec![
                member("mntns", 0, 8, U64),
                member("sk", 8, 8, Shape::Pointer(8)),
                member("task", 16, 16, array(CHAR, 16)),
                member("cwd", 32, 512, array(CHAR, 512)),
                member("state", 544, 4, Shape::Def(2)),
                member("", 548, 4, Shape::Def(3)),
                bits("v6only", 552 * 8, 1, U8),
                bits("reuse", 552 * 8 + 3, 2, U8),
                member("_pad", 553, 7, array(U8, 7)),
            ],
        ),
        values("sock_state", 4, Sign::Unsigned, &[("SOCK_STATE_NEW", 1), ("SOCK_STATE_BOUND", 2)]),
        union("", 4, vec![member("v4", 0, 4, U32), member("raw", 0, 4, array(U8, 4))]),
        record(
            "event",
            4 + 16 + 512,
            vec![
                member("pid", 0, 4, int(4, Sign::Signed)),
                member("comm", 4, 16, array(CHAR, 16)),
                member("path", 20, 512, array(U8, 512)),
            ],
        ),
        record("holder", 8, vec![member("task", 0, 8, Shape::Pointer(8))]),
    ];
    let map = |name, kind, key, value, entries| ObservedMap {
        name,
        kind: Some(kind),
        key,
        value,
        max_entries: Some(entries),
        pinned_by_name: Some(false),
        ..ObservedMap::default()
    };
    let maps = vec![
        map("sockets", 1, part(Shape::Def(0), 12), part(Shape::Def(1), 560), 10240),
        map("holders", 2, part(U32, 4), part(Shape::Def(5), 8), 10240),
        map("events", 27, None, None, 256 << 10),
    ];
    let chars = |indices: &[usize], len| TypeHint {
        members: (0..len).map(|index| text_hint(indices.contains(&index))).collect(),
        ..TypeHint::default()
    };
    let mut value = chars(&[2, 3], 9);
    value.doc = Some("A socket, and who opened it.".to_owned());
    value.members[1].spelling.pointee = Some("struct sock".into());
    value.members[3].doc = Some("Working directory.".to_owned());
    let mut holder = chars(&[], 1);
    holder.members[0].spelling = Spelling {
        kptr: Some(KptrKind::Referenced),
        pointee: Some("struct task_struct".into()),
        ..Spelling::default()
    };
    let hints = vec![TypeHint::default(), value, TypeHint::default(), TypeHint::default(), chars(&[1], 3), holder];
    Found {
        observed: Observed { witness: "test".to_owned(), types, maps, by_gcc: false },
        types: hints,
        maps: vec![MapHint::default(), MapHint::default(), MapHint { events: vec![4], ..MapHint::default() }],
        roots: Vec::new(),
        ..Found::default()
    }
}

#[test]
fn reads_as_if_a_person_had_written_it() {
    let imported = proven(&project());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/project.toml");
    if std::env::var_os("BPF_LAYOUT_BLESS").is_some() {
        std::fs::write(&path, &imported.toml).expect("the golden can be written");
    }
    let golden = std::fs::read_to_string(&path).expect("the golden is there");
    assert_eq!(imported.toml, golden, "run with BPF_LAYOUT_BLESS=1 and read the difference");
    assert_eq!(imported.notes, []);
}

#[test]
fn same_input_same_text() {
    let texts: Vec<String> = (0..3).map(|_| proven(&project()).toml).collect();
    assert!(texts.iter().all(|text| *text == texts[0]));
}

#[test]
fn names_of_the_source_are_used_for_its_lengths() {
    let number = |name, value, expr: Option<&str>| NamedNumber {
        name: std::borrow::Cow::Borrowed(name),
        value,
        expr: expr.map(str::to_owned),
        doc: None,
    };
    let mut found = project();
    found.numbers = vec![
        number("TASK_COMM_LEN", 16, None),
        number("PATH_MAX_LEN", 512, Some("2 * HALF_LEN")),
        number("HALF_LEN", 256, None),
        number("MAX_ENTRIES", 10240, None),
        number("UNRELATED", 7, None),
    ];
    let toml = proven(&found).toml;
    for line in [
        "TASK_COMM_LEN = 16",
        "PATH_MAX_LEN  = \"2 * HALF_LEN\"",
        "HALF_LEN      = 256",
        "str[PATH_MAX_LEN]",
        "str[TASK_COMM_LEN]",
    ] {
        assert!(toml.contains(line), "{line} is missing:\n{toml}");
    }
    assert!(!toml.contains("UNRELATED"), "{toml}");
}

#[test]
fn what_is_packed_aligned_or_elsewhere_comes_out_the_same() {
    proven(&found(vec![
        record("packed", 13, vec![member("a", 0, 1, U8), member("b", 1, 8, U64), member("c", 9, 4, U32)]),
        record("aligned", 64, vec![member("a", 0, 8, U64)]),
        record("holes", 24, vec![member("a", 0, 1, U8), member("b", 6, 2, U16), member("c", 20, 4, U32)]),
        record("tail", 24, vec![member("a", 0, 8, U64)]),
        record(
            "bits",
            8,
            vec![bits("a", 0, 3, U32), bits("b", 5, 4, U32), bits("c", 32, 20, U32), member("d", 7, 1, U8)],
        ),
        record("nested", 40, vec![member("a", 0, 13, Shape::Def(0)), member("b", 16, 24, Shape::Def(2))]),
        record("flexible", 8, vec![member("len", 0, 4, U32), member("data", 8, 0, array(U64, 0))]),
    ]));
}

#[test]
fn what_cannot_be_written_is_said_and_all_else_is_written() {
    let types = vec![
        record("fine", 4, vec![member("a", 0, 4, U32)]),
        record("overlaid", 8, vec![member("a", 0, 8, U64), member("b", 4, 8, U64)]),
        record("floating", 8, vec![member("x", 0, 8, Shape::Float(8))]),
        values("beyond", 1, Sign::Unsigned, &[("BEYOND_A", 1), ("BEYOND_B", 300)]),
    ];
    let maps = vec![
        ObservedMap { name: "strange", kind: Some(999), max_entries: Some(1), ..ObservedMap::default() },
        ObservedMap {
            name: "keyless",
            kind: Some(1),
            value: part(U32, 4),
            max_entries: Some(1),
            ..ObservedMap::default()
        },
        ObservedMap { name: "ring", kind: Some(27), max_entries: Some(1000), ..ObservedMap::default() },
    ];
    let mut found = found(types);
    found.observed.maps = maps;
    let imported = write(&found, "Written for a test.").expect("it can be written");
    let subjects: Vec<&str> = imported.notes.iter().map(|note| note.subject.as_str()).collect();
    assert_eq!(subjects, ["overlaid", "floating.x", "beyond", "strange", "keyless", "ring"], "{}", imported.toml);
    for line in ["[struct.fine]", "[extern.overlaid]", "# [map.strange]", "# [map.keyless]", "[map.ring]"] {
        assert!(imported.toml.lines().any(|written| written == line), "{line} is missing:\n{}", imported.toml);
    }
}

#[test]
fn names_that_the_language_refuses_are_replaced() {
    let imported = write(
        &found(vec![
            record("__hidden", 4, vec![member("__x", 0, 4, U32)]),
            record("mac", 4, vec![member("anon0", 0, 4, U32)]),
            record("Mac_Type", 4, vec![member("a", 0, 4, U32)]),
        ]),
        "Written for a test.",
    )
    .expect("it can be written");
    for line in ["[struct.hidden]", "[struct.mac_type]", "[struct.Mac_Type_2]", "name = \"anon0_\""] {
        assert!(imported.toml.contains(line), "{line} is missing:\n{}", imported.toml);
    }
}

#[test]
fn two_lengths_that_would_be_one_in_c_keep_one_name() {
    let text = "const BITS: usize = 8;\nconst BITS_LEN: usize = 64;\n#[repr(C)] struct S { one: [u8; BITS], other: [u8; BITS_LEN] }";
    let rust = bpf_layout_import::Rust::parse("abi.rs", text).expect("Rust");
    let (found, _) = rust.found();
    let imported = write(&found, "A test.").expect("a spec");
    let lengths = ["bytes[BITS]", "bytes[8]", "bytes[BITS_LEN]", "bytes[64]"];
    let written: Vec<&str> = lengths.into_iter().filter(|length| imported.toml.contains(length)).collect();
    assert!(written.len() == 2 && written.iter().any(|length| length.contains("BITS")), "{}", imported.toml);
}

#[test]
fn second_names_of_values_stay() {
    let named = [("OP_OPEN", 1), ("OP_CLOSE", 2), ("OP_LAST", 2), ("OP_FIRST", 1), ("OP_MAX", 2)];
    let types = vec![values("op", 4, Sign::Unsigned, &named), record("s", 4, vec![member("op", 0, 4, Shape::Def(0))])];
    let imported = proven(&found(types));
    let line = "variants = [{ name = \"open\", value = 1 }, { name = \"close\", value = 2 }, { name = \"last\", same_as = \"close\" }, \
                { name = \"first\", same_as = \"open\" }, { name = \"max\", same_as = \"close\" }]";
    let plain = imported.toml.split_whitespace().collect::<Vec<_>>().join(" ").replace("[ {", "[{").replace(", ]", "]");
    assert!(plain.contains(line), "{}", imported.toml);
    assert_eq!(imported.notes, []);
}

#[test]
fn events_without_a_tag_are_told_with_a_way_on() {
    let event =
        |name, size, third| record(name, size, vec![member("pid", 0, 4, U32), member("kind", 4, 4, U32), third]);
    let one = event("one", 16, member("at", 8, 8, U64));
    let other = event("other", 12, member("fd", 8, 4, U32));
    let plain = record("plain", 8, vec![member("only", 0, 8, U64)]);
    for (types, words) in [
        (vec![one.clone(), other], "; `kind` (or `pid`) is in all of them at one place"),
        (vec![one, plain], "; no integer or enum is in all of them at one place"),
    ] {
        let map = ObservedMap { name: "events", kind: Some(27), max_entries: Some(4096), ..ObservedMap::default() };
        let mut found = found(types);
        found.observed.maps = vec![map];
        found.maps = vec![MapHint { events: vec![0, 1], ..MapHint::default() }];
        let imported = proven(&found);
        assert!(
            imported.notes.iter().any(|note| note.subject == "events" && note.message.contains(words)),
            "{imported:?}"
        );
        assert!(!imported.toml.contains("\nevents = "), "{}", imported.toml);
    }
}
