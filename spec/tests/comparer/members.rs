//! Members of structs: places, widths, sizes, lengths, signs, types.

use std::path::Path;

use bpf_layout_spec::{
    Options,
    compare::{ObservedEnum, ObservedMember, ObservedRecord, ObservedType, Shape, Sign, compare},
};

use super::{CHAR, U32, array, int, load, member, observed, told};

const SIGNED: Sign = Sign::Signed;
const UNSIGNED: Sign = Sign::Unsigned;

fn record<'a>(name: &'a str, union: bool, size: u64, members: Vec<ObservedMember<'a>>) -> ObservedType<'a> {
    ObservedType::Record(ObservedRecord { name, alias: false, union, size, members, place: String::new() })
}

fn bits(name: &str, bit_offset: u64, bit_size: u64, shape: Shape) -> ObservedMember<'_> {
    ObservedMember { name, bit_offset, bit_size, bitfield: true, shape }
}

/// What is told of a struct whose only field is of this type, of so many bytes, if the witness has this in its place.
/// Behind it, the witness has `inner`, a struct of 8 bytes without a name; `mode`, an enum of 4; and `other`, one of 1.
fn field(ty: &str, size: u64, shape: Shape) -> Vec<String> {
    let spec = load(&format!(
        "[enum.mode]\nrepr = \"u32\"\nvariants = [{{ name = \"on\", value = 1 }}]\n\
         [struct.pair]\nfields = [{{ name = \"x\", type = \"u32\" }}, {{ name = \"y\", type = \"u32\" }}]\n\
         [struct.s]\npacked = true\nfields = [{{ name = \"a\", type = \"{ty}\" }}]\n"
    ));
    let values = |name, size| {
        let values = Some(vec![("MODE_ON", 1)]);
        ObservedType::Enum(ObservedEnum { name, size, sign: UNSIGNED, values, place: String::new() })
    };
    let types = vec![
        record("s", false, size, vec![member("a", 0, shape)]),
        record("", false, 8, vec![member("x", 0, U32), member("y", 32, U32)]),
        values("mode", 4),
        values("", 1),
        record("", false, 8, vec![member("x", 0, U32), member("z", 32, U32)]),
    ];
    let mut told = told(&spec, &observed(types));
    told.retain(|told| !told.starts_with("type-size"));
    told
}

#[test]
fn integers_have_a_size_and_a_sign() {
    assert_eq!(field("u32", 4, U32), [""; 0]);
    assert_eq!(field("u32", 4, int(4, Sign::Unknown)), [""; 0]);
    assert_eq!(field("u32", 4, int(4, SIGNED)), ["field-sign a: u32 / i32"]);
    assert_eq!(field("i32", 4, int(4, UNSIGNED)), ["field-sign a: i32 / u32"]);
    assert_eq!(field("i32", 4, int(4, SIGNED)), [""; 0]);
    assert_eq!(field("u32", 4, int(8, UNSIGNED)), ["field-size a: 4 / 8"]);
    assert_eq!(field("u32", 4, Shape::Float(4)), ["field-type a: u32 / a floating point number of 4 bytes"]);
    assert_eq!(field("u32", 4, Shape::Def(2)), [""; 0], "an enum of its size");
    assert_eq!(field("u32", 4, Shape::Def(3)), ["field-size a: 4 / 1"]);
    assert_eq!(field("u32", 4, Shape::Def(1)), ["field-type a: u32 / an unnamed struct"]);
    assert_eq!(field("u128", 16, Shape::Def(1)), ["field-size a: 16 / 8"], "two halves");
    let be32 = Shape::Int { size: 4, sign: UNSIGNED, bool: false, big_endian: true };
    assert_eq!(field("u32", 4, be32.clone()), ["field-type a: u32 / be32"]);
    assert_eq!(field("be32", 4, be32), [""; 0]);
    assert_eq!(field("be32", 4, U32), [""; 0], "C may have it in any integer");
    let truth = |size| Shape::Int { size, sign: UNSIGNED, bool: true, big_endian: false };
    assert_eq!(field("bool", 1, truth(1)), [""; 0]);
    assert_eq!(field("bool", 1, int(1, UNSIGNED)), ["field-type a: bool / u8"]);
    assert_eq!(field("u8", 1, truth(1)), ["field-type a: u8 / bool"]);
}

#[test]
fn addresses_may_be_in_words_or_in_structs() {
    assert_eq!(field("ipv6", 16, array(int(1, UNSIGNED), 16)), [""; 0]);
    assert_eq!(field("ipv6", 16, array(U32, 4)), [""; 0]);
    assert_eq!(field("ipv6", 16, array(int(1, UNSIGNED), 12)), ["array-length a: 16 / 12"]);
    assert_eq!(field("ipv6", 16, array(U32, 2)), ["field-size a: 16 / 8"]);
    assert_eq!(field("ipv6", 16, array(Shape::Pointer(8), 2)), ["field-type a: ipv6 / a pointer[2]"]);
    assert_eq!(field("ipv6", 16, Shape::Def(1)), ["field-size a: 16 / 8"]);
    assert_eq!(field("ptr", 8, Shape::Pointer(8)), [""; 0]);
    assert_eq!(field("ptr", 8, Shape::Pointer(4)), ["field-size a: 8 / 4"]);
    assert_eq!(field("u64", 8, Shape::Pointer(8)), ["field-type a: u64 / a pointer"]);
    assert_eq!(field("ktime", 8, Shape::Pointer(8)), ["field-type a: ktime / a pointer"]);
    assert_eq!(field("ipv4", 4, array(int(1, UNSIGNED), 4)), ["field-type a: ipv4 / u8[4]"]);
    assert_eq!(field("ipv6", 16, int(16, UNSIGNED)), ["field-type a: ipv6 / u128"]);
    let spec = load(
        "[struct.s]\nfields = [{ name = \"a\", type = \"kptr[task_struct]\" }]\n\
         [map.m]\ntype = \"hash\"\nkey = \"u32\"\nvalue = \"s\"\nmax_entries = 1\n",
    );
    let kptr = |shape| told(&spec, &observed(vec![record("s", false, 8, vec![member("a", 0, shape)])]));
    assert_eq!(kptr(Shape::Pointer(8)), [""; 0]);
    assert_eq!(kptr(int(8, UNSIGNED)), ["field-type a: kptr[task_struct] / u64"]);
}

#[test]
fn arrays_have_a_length_in_each_dimension() {
    assert_eq!(field("str[16]", 16, array(CHAR, 16)), [""; 0]);
    assert_eq!(field("str[16]", 16, array(CHAR, 8)), ["array-length a: 16 / 8"]);
    assert_eq!(field("bytes[16]", 16, array(U32, 4)), ["field-type a: bytes[16] / u32[4]"]);
    assert_eq!(field("u32[4]", 16, array(U32, 4)), [""; 0]);
    assert_eq!(field("u32[4]", 16, array(U32, 3)), ["array-length a: 4 / 3"]);
    assert_eq!(field("u32[4]", 16, array(int(2, UNSIGNED), 4)), ["field-size a: 4 / 2"]);
    assert_eq!(field("u32[4]", 16, U32), ["field-type a: u32[4] / u32"]);
    assert_eq!(field("u32[2][3]", 24, array(array(U32, 3), 2)), [""; 0]);
    assert_eq!(field("u32[2][3]", 24, array(array(U32, 2), 3)), ["array-length a: 3 / 2"]);
}

#[test]
fn gcc_writes_dimensions_in_either_order() {
    let spec = load("[struct.s]\nfields = [{ name = \"a\", type = \"u32[2][3]\" }]\n");
    let witness = |shape, by_gcc| {
        let mut observed = observed(vec![record("s", false, 24, vec![member("a", 0, shape)])]);
        observed.by_gcc = by_gcc;
        told(&spec, &observed)
    };
    assert_eq!(witness(array(array(U32, 2), 3), true), [""; 0]);
    assert_eq!(witness(array(array(U32, 2), 3), false), ["array-length a: 3 / 2"]);
    assert_eq!(witness(array(array(U32, 2), 4), true), ["array-length a: 3 / 2"]);
}

#[test]
fn structs_are_the_same_by_name_or_by_layout() {
    assert_eq!(field("pair", 8, Shape::Def(1)), [""; 0], "without a name, and with its fields");
    assert_eq!(field("pair", 8, Shape::Def(4)), ["field-type a: pair / an unnamed struct"]);
    assert_eq!(field("pair", 8, Shape::Def(2)), ["field-type a: pair / enum mode"]);
    assert_eq!(field("pair", 8, U32), ["field-type a: pair / u32"]);
    assert_eq!(field("mode", 4, Shape::Def(2)), [""; 0]);
    assert_eq!(field("mode", 4, Shape::Def(3)), ["field-size a: 4 / 1"]);
    assert_eq!(field("mode", 4, U32), [""; 0]);
    assert_eq!(field("mode", 4, int(4, SIGNED)), ["field-sign a: mode / i32"]);
    assert_eq!(field("mode", 4, int(1, UNSIGNED)), ["field-size a: 4 / 1"]);
    assert_eq!(field("mode", 4, Shape::Def(1)), ["field-type a: mode / an unnamed struct"]);
}

#[test]
fn bitfields_have_a_bit_and_a_width() {
    let spec = load(
        "[struct.s]\nfields = [{ name = \"a\", type = \"u32\" }, { name = \"b\", type = \"u32\", bits = 3 }, \
         { name = \"c\", type = \"i32\", bits = 5 }]\n",
    );
    let witness = |members| told(&spec, &observed(vec![record("s", false, 8, members)]));
    let a = || member("a", 0, U32);
    let signed = int(4, SIGNED);
    assert_eq!(witness(vec![a(), bits("b", 32, 3, U32), bits("c", 35, 5, signed.clone())]), [""; 0]);
    assert_eq!(witness(vec![a(), bits("b", 32, 3, int(1, UNSIGNED)), bits("c", 35, 5, signed.clone())]), [""; 0]);
    assert_eq!(
        witness(vec![a(), bits("b", 33, 4, U32), bits("c", 37, 3, U32)]),
        [
            "bit-offset b: 32 / 33",
            "bit-width b: 3 / 4",
            "field-sign c: i32 / u32",
            "bit-offset c: 35 / 37",
            "bit-width c: 5 / 3"
        ]
    );
    assert_eq!(
        witness(vec![bits("a", 0, 31, U32), bits("b", 32, 3, U32), bits("c", 35, 5, Shape::Float(4))]),
        ["bit-width a: 32 / 31", "field-type c: i32 / a floating point number of 4 bytes"]
    );
}

#[test]
fn members_of_unnamed_ones_lie_where_these_do() {
    let spec = load(
        "[struct.s]\nfields = [{ name = \"a\", type = \"u64\" }, { union = [{ name = \"b\", type = \"u32\" }, \
         { struct = [{ name = \"c\", type = \"u16\" }, { name = \"d\", type = \"u16\", bits = 4 }] }] }]\n",
    );
    let witness = |inner: Vec<ObservedMember<'static>>| {
        let types = vec![
            record("s", false, 16, vec![member("a", 0, int(8, UNSIGNED)), member("", 64, Shape::Def(1))]),
            record("", true, 4, vec![member("b", 0, U32), member("", 0, Shape::Def(2))]),
            record("", false, 4, inner),
        ];
        told(&spec, &observed(types))
    };
    let word = || int(2, UNSIGNED);
    assert_eq!(witness(vec![member("c", 0, word()), bits("d", 16, 4, word())]), [""; 0]);
    assert_eq!(
        witness(vec![member("c", 16, word()), bits("d", 12, 4, word())]),
        ["field-offset c: 8 / 10", "bit-offset d: 80 / 76"]
    );
    assert_eq!(
        witness(vec![member("x", 0, word()), bits("d", 16, 4, word())]),
        ["extra-field x: no such field / u16 at byte 8", "missing-field c: u16 at byte 8 / missing"],
        "in a union, what else lies there may be anything"
    );
}

#[test]
fn members_that_fill_holes_are_told_by_their_names() {
    let spec = load("[struct.s]\nfields = [{ name = \"a\", type = \"u64\" }]\n");
    let witness = |name| {
        told(
            &spec,
            &observed(vec![record("s", false, 8, vec![member("a", 0, int(8, UNSIGNED)), member(name, 32, U32)])]),
        )
    };
    for name in ["_pad", "__pad1", "padding_2", "reserved", "_unused7_", "_", "__"] {
        assert_eq!(witness(name), [""; 0], "{name}");
    }
    for name in ["pads", "p", "reserve", "a2", "unusedx"] {
        assert_eq!(witness(name), [format!("extra-field {name}: no such field / u32 at byte 4")], "{name}");
    }
}

#[test]
fn a_field_that_the_profile_leaves_out_is_told_where_the_spec_has_it() {
    let text = "spec = 1\n[struct.s]\nfields = [{ name = \"a\", type = \"u32\" }, { name = \"b\", type = \"u32\", optional = true }]\n\
                [profile.lean]\nomit = [\"s.b\"]\n";
    let read = &mut |_: &Path| Ok(text.to_owned());
    let options = Options { profile: Some("lean".to_owned()) };
    let spec = bpf_layout_spec::load_with(Path::new("layouts.toml"), read, &options).expect("it is valid");
    let members = vec![member("a", 0, U32), member("b", 32, U32), member("c", 64, U32)];
    let found = compare(&spec.layouts, &observed(vec![record("s", false, 4, members)])).differs;
    let spans: Vec<(&str, &str)> = found
        .iter()
        .map(|found| (found.field.as_deref().unwrap_or("-"), found.span.map_or("", |span| spec.sources.text(span))))
        .collect();
    assert_eq!(spans, [("c", "s"), ("b", "\"b\"")]);
}

#[test]
fn bitfields_may_be_enums() {
    let spec = load(
        "[enum.mode]\nrepr = \"u32\"\nvariants = [{ name = \"on\", value = 1 }]\n\
         [flags.access]\nrepr = \"u32\"\nbits = [{ name = \"read\", value = 1 }]\n\
         [struct.s]\nfields = [{ name = \"a\", type = \"mode\", bits = 3 }, { name = \"b\", type = \"access\", bits = 5 }]\n",
    );
    let witness = |a, b| {
        let values = Some(vec![("MODE_ON", 1)]);
        let mode = ObservedEnum { name: "mode", size: 4, sign: UNSIGNED, values, place: String::new() };
        let types = vec![
            record("s", false, 4, vec![bits("a", 0, 3, a), bits("b", 3, 5, b)]),
            ObservedType::Enum(mode),
            record("other", false, 4, vec![]),
        ];
        told(&spec, &observed(types))
    };
    assert_eq!(witness(U32, U32), [""; 0]);
    assert_eq!(witness(Shape::Def(1), U32), [""; 0]);
    assert_eq!(witness(Shape::Def(2), U32), ["field-type a: mode / struct other"]);
    let signed = || int(4, SIGNED);
    assert_eq!(witness(signed(), signed()), ["field-sign a: mode / i32", "field-sign b: access / i32"]);
    assert_eq!(witness(U32, Shape::Pointer(8)), ["field-type b: access / a pointer"]);
}

#[test]
fn what_the_kernel_knows_by_name_is_known_by_name() {
    let spec = load(
        "[struct.s]\nfields = [{ name = \"a\", type = \"bpf_spin_lock\" }]\n\
         [map.m]\ntype = \"hash\"\nkey = \"u32\"\nvalue = \"s\"\nmax_entries = 1\n",
    );
    let witness = |shape| {
        let types = vec![
            record("s", false, 4, vec![member("a", 0, shape)]),
            record("bpf_spin_lock", false, 4, vec![]),
            record("bpf_timer", false, 4, vec![]),
        ];
        told(&spec, &observed(types))
    };
    assert_eq!(witness(Shape::Def(1)), [""; 0]);
    assert_eq!(witness(Shape::Def(2)), ["field-type a: bpf_spin_lock / struct bpf_timer"]);
    assert_eq!(witness(Shape::Def(9)), ["field-type a: bpf_spin_lock / a type of its own"]);
    assert_eq!(witness(U32), ["field-type a: bpf_spin_lock / u32"]);
    let larger =
        vec![record("s", false, 4, vec![member("a", 0, Shape::Def(1))]), record("bpf_spin_lock", false, 8, vec![])];
    assert_eq!(told(&spec, &observed(larger)), ["field-size a: 4 / 8"]);
}

#[test]
fn ids_of_interned_strings_are_called_what_the_spec_calls_them() {
    let spec = load(
        "[lengths]\nPATH = 64\n[intern.PATH]\nmax_entries = 16\n\
         [struct.pair]\nfields = [{ name = \"x\", type = \"u32\" }]\n\
         [struct.s]\nfields = [{ name = \"a\", type = \"intern[PATH]\" }, { name = \"b\", type = \"pair\" }]\n",
    );
    let members = vec![member("a", 0, Shape::Float(8)), member("b", 64, U32)];
    let told = told(&spec, &observed(vec![record("s", false, 16, members)]));
    assert_eq!(told, ["field-type a: intern[PATH] / a floating point number of 8 bytes", "field-type b: pair / u32"]);
}
