use bpf_layout_spec::compare::{ObservedType, Shape};

use super::*;

const TEXT: &str = "
/// Length of a name.
pub const COMM: usize = 16;
pub const ARGS: usize = 2 * COMM;
type Pid = u32;

/// What happened.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ExecEvent {
/// Nanoseconds.
pub time: u64,
pub pid: Pid,
pub comm: [u8; COMM],
pub args: [[u8; 8]; ARGS],
pub op: Op,
pub inner: Inner,
pub raw: *const core::ffi::c_void,
}

#[repr(C, packed)]
pub struct Inner { a: u8, b: u64 }

#[repr(u8)]
pub enum Op { Open = 1, Close }

#[repr(transparent)]
pub struct Id(u32);

#[repr(C, align(16))]
pub union Either { id: Id, wide: u64 }

#[repr(C)]
pub struct Odd { s: String }

pub struct NotShared { s: String }
";

#[test]
fn layouts_are_those_of_repr_c() {
    let rust = Rust::parse("abi.rs", TEXT).unwrap();
    let (found, notes) = rust.found();
    let records: Vec<(&str, u64)> = found
        .observed
        .types
        .iter()
        .map(|ty| match ty {
            ObservedType::Record(record) => (record.name, record.size),
            ObservedType::Enum(def) => (def.name, def.size),
        })
        .collect();
    assert_eq!(records, [("op", 1), ("inner", 9), ("exec_event", 304), ("either", 16)]);
    let subjects: Vec<&str> = notes.iter().map(|note| note.subject.as_str()).collect();
    assert_eq!(subjects, ["odd"]);
    let numbers: Vec<(&str, u64)> = found.numbers.iter().map(|number| (&*number.name, number.value)).collect();
    assert_eq!(numbers, [("COMM", 16), ("ARGS", 32)]);
}

#[test]
fn types_may_be_made_of_one_another_without_end() {
    let mut text = "#[repr(C)] struct T0 { x: u8 }".to_owned();
    for index in 1..2_000 {
        text += &format!("#[repr(C)] struct T{index} {{ x: T{} }}\n", index - 1);
    }
    text += "#[repr(C)] struct A { b: [B; 2] }\n#[repr(C)] struct B { a: A }\ntype C = D; type D = C;\n";
    text += "#[repr(C)] struct E { c: C }";
    // The last comes first, so that it asks for all others.
    let turned: Vec<&str> = text.lines().rev().collect();
    let rust = Rust::parse("abi.rs", &turned.join("\n")).unwrap();
    let (found, notes) = rust.found();
    assert_eq!(found.observed.types.len(), 2_000);
    assert_eq!(notes.iter().map(|note| &*note.subject).collect::<Vec<_>>(), ["e", "a", "b"]);
}

#[test]
fn what_nests_too_deep_is_refused_with_its_place() {
    for (deep, refused) in [(100, false), (20_000, true)] {
        let text = format!("\n#[repr(C)] struct S {{ x: [u8; {}1] }}", "-".repeat(deep));
        assert_eq!(Rust::parse("abi.rs", &text).err().map(|error| error.line), refused.then_some(2));
    }
}

#[test]
fn names_that_are_keywords_are_names() {
    let text = "#[repr(u8)] enum r#loop { r#type = 1 }\n#[repr(C)] struct r#dyn { r#fn: r#loop, r#in: [u8; USE] }\n\
                const USE: usize = 3;";
    let rust = Rust::parse("abi.rs", text).unwrap();
    let (found, notes) = rust.found();
    assert_eq!(notes, []);
    let [ObservedType::Enum(op), ObservedType::Record(record)] = &found.observed.types[..] else {
        panic!("{:?}", found.observed.types)
    };
    assert_eq!((op.name, op.values.as_deref()), ("loop", Some(&[("LOOP_TYPE", 1)][..])));
    assert_eq!((record.name, record.size, record.members[1].name), ("dyn", 4, "in"));
}

#[test]
fn values_that_overflow_are_left_out() {
    let text = "#[repr(u64)] enum E { A = (1 << 63 << 63) - 1 + (1 << 63 << 63), B }";
    assert!(Rust::parse("abi.rs", text).unwrap().found().0.observed.types.is_empty());
}

#[test]
fn what_is_no_rust_is_refused_with_its_place() {
    let error = Rust::parse("abi.rs", "struct {").err().unwrap();
    assert_eq!(error.line, 1);
}

/// What bindgen writes, of several versions.
const BINDINGS: &str = include_str!("../../tests/rust/bindings.rs");

#[test]
fn what_bindgen_writes_is_read_as_c_has_it() {
    let rust = Rust::parse("bindings.rs", BINDINGS).unwrap();
    let (found, notes) = rust.found();
    let numbers: Vec<(&str, u64)> = found.numbers.iter().map(|number| (&*number.name, number.value)).collect();
    assert_eq!(numbers, [("COMM_LEN", 16), ("limit", 7)]);
    let [ObservedType::Enum(kind), ObservedType::Record(bits), ObservedType::Record(hidden)] =
        &found.observed.types[..]
    else {
        panic!("{:?}", found.observed.types)
    };
    assert_eq!(kind.values.as_deref(), Some(&[("KIND_A", 0), ("KIND_B", 1), ("KIND_LAST", 1)][..]));
    let places: Vec<(&str, u64, u64, bool)> =
        bits.members.iter().map(|member| (member.name, member.bit_offset, member.bit_size, member.bitfield)).collect();
    assert_eq!(
        places,
        [
            ("first", 0, 16, false),
            ("low", 32, 3, true),
            ("in", 35, 5, true),
            ("type", 64, 32, false),
            ("opaque", 128, 128, false),
            ("owner", 256, 64, false),
            ("hook", 320, 64, false),
            ("rest", 384, 0, false),
        ]
    );
    assert_eq!((bits.name, bits.size), ("BitsOf", 48));
    assert!(matches!(bits.members[0].shape, Shape::Int { size: 2, big_endian: true, .. }));
    assert!(matches!(bits.members[3].shape, Shape::Def(0)) && matches!(bits.members[2].shape, Shape::Def(0)));
    assert_eq!(found.types[1].members[0].doc.as_deref(), Some("First."));
    assert_eq!(found.types[1].members[5].spelling.pointee.as_deref(), Some("struct sock"));
    assert_eq!((hidden.name, hidden.size, found.types[2].align, found.types[2].foreign), ("hidden", 24, Some(8), true));
    let told: Vec<(&str, &str)> = notes.iter().map(|note| (&*note.subject, &*note.message)).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].0 == "BitsOf" && told[0].1.contains("the 4 bytes of `_bitfield_2`"), "{told:?}");
    assert!(told[1].0 == "hidden" && told[1].1.contains("its size and alignment are kept"), "{told:?}");
    assert_eq!(told[2], ("astray", "is left out: bitfield `out` does not lie in `_bitfield_1`"));
}

#[test]
fn a_second_name_of_a_value_is_a_constant_of_the_enum() {
    let text = "impl Op { pub const LAST: Op = Op::Close; pub const MASK: u32 = 7; }\n\
                #[repr(u8)] enum Op { Open = 1, Close }\nimpl Op { const FIRST: Self = Self::Open; }";
    let rust = Rust::parse("abi.rs", text).unwrap();
    let (found, _) = rust.found();
    let [ObservedType::Enum(op)] = &found.observed.types[..] else { panic!("{:?}", found.observed.types) };
    let values = [("OP_OPEN", 1), ("OP_CLOSE", 2), ("OP_LAST", 2), ("OP_FIRST", 1)];
    assert_eq!(op.values.as_deref(), Some(&values[..]));
}
