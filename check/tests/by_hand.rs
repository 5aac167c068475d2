//! BTF as writers of every age write it, read into what the comparer understands.

mod support;
#[path = "../../btf/tests/support/writer.rs"]
mod writer;

use bpf_layout_btf::Btf;
use bpf_layout_check::observe_btf;
use bpf_layout_spec::compare::{Observed, ObservedEnum, ObservedRecord, ObservedType, Shape, Sign};
use support::spec;
use writer::Writer;

const SPEC: &str = "spec = 1\n[struct.s]\nfields = [{ name = \"a\", type = \"u32\" }]\n\
    [enum.e]\nrepr = \"u32\"\nvariants = [{ name = \"a\", value = 1 }]\n";

// Kinds of `include/uapi/linux/btf.h`.
const INT: u32 = 1;
const PTR: u32 = 2;
const ARRAY: u32 = 3;
const STRUCT: u32 = 4;
const UNION: u32 = 5;
const ENUM: u32 = 6;
const FWD: u32 = 7;
const TYPEDEF: u32 = 8;
const CONST: u32 = 10;
const FLOAT: u32 = 16;
const ENUM64: u32 = 19;
const KIND_FLAG: u32 = 1 << 7;

/// What is read of BTF.
fn observed(writer: &Writer, see: impl FnOnce(&Observed<'_>)) {
    let bytes = writer.finish();
    let btf = Btf::parse(&bytes).expect("BTF");
    see(&observe_btf(&spec(SPEC).layouts, "by hand", &btf));
}

fn record<'o, 'a>(observed: &'o Observed<'a>, name: &str) -> &'o ObservedRecord<'a> {
    let found = observed.types.iter().find_map(|ty| match ty {
        ObservedType::Record(record) if record.name == name => Some(record),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no {name} in {observed:?}"))
}

fn enums<'o, 'a>(observed: &'o Observed<'a>) -> Vec<&'o ObservedEnum<'a>> {
    let found = observed.types.iter().filter_map(|ty| match ty {
        ObservedType::Enum(found) => Some(found),
        ObservedType::Record(_) => None,
    });
    found.collect()
}

/// A struct `s` with one member of each of these types, eight bytes apart.
fn struct_of(writer: &mut Writer, types: &[u32]) {
    let members: Vec<u32> = (0..)
        .zip(types)
        .flat_map(|(at, ty)| [writer.string("m"), *ty, at * 64].into_iter().collect::<Vec<_>>())
        .collect();
    let count = u32::try_from(types.len()).expect("few");
    writer.ty(STRUCT, "s", count, count * 8, &members);
}

/// The shapes of the members of a [`struct_of`].
fn shapes(writer: &Writer) -> Vec<Shape> {
    let mut shapes = Vec::new();
    observed(writer, |observed| {
        shapes = record(observed, "s").members.iter().map(|member| member.shape.clone()).collect();
    });
    shapes
}

fn int(size: u64, sign: Sign, bool: bool, big_endian: bool) -> Shape {
    Shape::Int { size, sign, bool, big_endian }
}

#[test]
fn bitfields_of_old_and_new_writers() {
    let mut writer = Writer::new(false);
    let whole = writer.int("unsigned int");
    // Three bits, two behind where the member is said to be.
    let narrow = writer.ty(INT, "unsigned int", 0, 4, &[2 << 16 | 3]);
    let members = [(whole, 0), (narrow, 32), (narrow, 40)];
    let members: Vec<u32> = members.iter().flat_map(|(ty, at)| [writer.string("m"), *ty, *at]).collect();
    writer.ty(STRUCT, "s", 3, 8, &members);
    // A later one says the width with each member, and has no integers for it.
    let members = [(whole, 0), (whole, 5 << 24 | 32), (narrow, 6 << 24 | 37)];
    let members: Vec<u32> = members.iter().flat_map(|(ty, at)| [writer.string("m"), *ty, *at]).collect();
    writer.ty(STRUCT | KIND_FLAG, "s", 3, 8, &members);
    observed(&writer, |observed| {
        let all: Vec<Vec<(u64, u64, bool)>> = observed
            .types
            .iter()
            .map(|ty| {
                let ObservedType::Record(record) = ty else { panic!("{ty:?}") };
                record.members.iter().map(|one| (one.bit_offset, one.bit_size, one.bitfield)).collect()
            })
            .collect();
        assert_eq!(
            all,
            [vec![(0, 32, false), (34, 3, true), (42, 3, true)], vec![(0, 32, false), (32, 5, true), (37, 6, true)]]
        );
    });
}

#[test]
fn integers_with_their_signs_and_the_order_of_their_bytes() {
    let mut writer = Writer::new(false);
    let unsigned = writer.int("unsigned int");
    let signed = writer.ty(INT, "long", 0, 8, &[1 << 24 | 64]);
    let truth = writer.ty(INT, "_Bool", 0, 1, &[4 << 24 | 8]);
    let own = writer.ty(TYPEDEF, "__u32", 0, unsigned, &[]);
    let network = writer.ty(TYPEDEF, "__be32", 0, own, &[]);
    let fixed = writer.ty(CONST, "", 0, network, &[]);
    let port = writer.ty(TYPEDEF, "port_t", 0, fixed, &[]);
    struct_of(&mut writer, &[unsigned, signed, truth, own, network, fixed, port]);
    let big = int(4, Sign::Unsigned, false, true);
    let expected = [
        int(4, Sign::Unsigned, false, false),
        int(8, Sign::Signed, false, false),
        int(1, Sign::Unsigned, true, false),
        int(4, Sign::Unsigned, false, false),
        big.clone(),
        big.clone(),
        big,
    ];
    assert_eq!(shapes(&writer), expected);
}

#[test]
fn what_is_no_integer() {
    let mut writer = Writer::new(false);
    let unsigned = writer.int("unsigned int");
    let pointer = writer.ty(PTR, "", 0, unsigned, &[]);
    let float = writer.ty(FLOAT, "double", 0, 8, &[]);
    let declared = writer.ty(FWD, "elsewhere", 0, 0, &[]);
    let row = writer.ty(ARRAY, "", 0, 0, &[unsigned, unsigned, 3]);
    let table = writer.ty(ARRAY, "", 0, 0, &[row, unsigned, 2]);
    let mut deep = row;
    for _ in 0..Btf::MAX_DEPTH {
        deep = writer.ty(ARRAY, "", 0, 0, &[deep, unsigned, 1]);
    }
    let mut endless = unsigned;
    for _ in 0..=Btf::MAX_DEPTH {
        endless = writer.ty(CONST, "", 0, endless, &[]);
    }
    let enum64 = writer.ty(INT, "enum64_placeholder", 0, 8, &[64]);
    let name = writer.string("A");
    let placeholder = writer.ty(UNION, "big", 1, 8, &[name, enum64, 0]);
    struct_of(&mut writer, &[pointer, float, 0, declared, row, table, endless, placeholder]);
    let array = |inner: Shape, len| Shape::Array(Box::new(inner), len);
    let plain = || int(4, Sign::Unsigned, false, false);
    let expected = [
        Shape::Pointer(8),
        Shape::Float(8),
        Shape::Other("void"),
        Shape::Other("a type that is declared and not defined"),
        array(plain(), 3),
        array(array(plain(), 3), 2),
        Shape::Other("a type that leads nowhere"),
        int(8, Sign::Unknown, false, false),
    ];
    assert_eq!(shapes(&writer), expected);

    let mut writer = writer.clone();
    writer.ty(STRUCT, "t", 0, 0, &[]);
    struct_of(&mut writer, &[deep]);
    let mut last = None;
    observed(&writer, |observed| {
        let mut all = observed.types.iter().filter_map(|ty| match ty {
            ObservedType::Record(record) if record.name == "s" => Some(record.members[0].shape.clone()),
            _ => None,
        });
        last = all.next_back();
    });
    let mut shape = last.expect("the struct");
    for _ in 0..Btf::MAX_DEPTH {
        let Shape::Array(inner, 1) = shape else { panic!("{shape:?}") };
        shape = *inner;
    }
    assert_eq!(shape, Shape::Other("no type of data"));
}

#[test]
fn structs_by_their_typedefs() {
    let mut writer = Writer::new(true);
    let number = writer.int("unsigned int");
    let name = writer.string("a");
    let unnamed = writer.ty(STRUCT, "", 1, 4, &[name, number, 0]);
    writer.ty(TYPEDEF, "s", 0, unnamed, &[]);
    let other = writer.ty(UNION, "other", 1, 4, &[name, number, 0]);
    // It only gives a second name.
    writer.ty(TYPEDEF, "e", 0, other, &[]);
    observed(&writer, |observed| {
        let found = record(observed, "s");
        assert_eq!((found.alias, found.union, found.size, found.members.len()), (true, false, 4, 1));
        assert_eq!(found.place, "BTF type 2");
        assert_eq!(observed.types.len(), 1);
    });
    // As members they are those types, too.
    struct_of(&mut writer, &[unnamed, other, other, unnamed]);
    observed(&writer, |observed| {
        let [by_tag] = observed
            .types
            .iter()
            .filter(|ty| matches!(ty, ObservedType::Record(one) if one.name == "s" && !one.alias))
            .collect::<Vec<_>>()[..]
        else {
            panic!("{observed:?}")
        };
        let ObservedType::Record(by_tag) = by_tag else { panic!("{by_tag:?}") };
        let indices: Vec<usize> = by_tag
            .members
            .iter()
            .map(|member| match member.shape {
                Shape::Def(index) => index,
                _ => panic!("{member:?}"),
            })
            .collect();
        assert!(indices[0] == indices[3] && indices[1] == indices[2] && indices[0] != indices[1], "{indices:?}");
        let ObservedType::Record(union) = &observed.types[indices[1]] else { panic!("{observed:?}") };
        assert_eq!((union.name, union.union), ("other", true));
    });
}

#[test]
fn what_has_no_name_is_called_as_the_typedef_that_was_asked_for() {
    let mut writer = Writer::new(false);
    let number = writer.int("unsigned int");
    let name = writer.string("a");
    let unnamed = writer.ty(STRUCT, "", 1, 4, &[name, number, 0]);
    let inner = writer.ty(TYPEDEF, "inner_t", 0, unnamed, &[]);
    let outer = writer.ty(TYPEDEF, "outer_t", 0, inner, &[]);
    struct_of(&mut writer, &[outer]);
    observed(&writer, |observed| {
        let found = record(observed, "outer_t");
        assert_eq!((found.alias, found.size), (true, 4));
    });
}

#[test]
fn enums_of_every_size() {
    let mut writer = Writer::new(false);
    let name = writer.string("A");
    writer.ty(ENUM, "e", 1, 4, &[name, 7]);
    writer.ty(ENUM | KIND_FLAG, "e", 1, 4, &[name, u32::MAX]);
    writer.ty(ENUM, "e", 1, 8, &[name, 7]);
    writer.ty(ENUM64, "e", 1, 8, &[name, 1, 2]);
    writer.ty(ENUM64 | KIND_FLAG, "e", 1, 8, &[name, u32::MAX, u32::MAX]);
    observed(&writer, |observed| {
        let found: Vec<_> =
            enums(observed).into_iter().map(|one| (one.name, one.size, one.sign, one.values.clone())).collect();
        let value = |number: i128| Some(vec![("A", number)]);
        assert_eq!(
            found,
            [
                ("e", 4, Sign::Unknown, value(7)),
                ("e", 4, Sign::Signed, value(-1)),
                ("e", 8, Sign::Unknown, None),
                ("e", 8, Sign::Unsigned, value(2 << 32 | 1)),
                ("e", 8, Sign::Signed, value(-1)),
            ]
        );
    });
}
