//! The format, by BTF written by hand.

mod support;

use bpf_layout_btf::{Btf, Error, Kind, TypeId};
use support::Writer;

#[test]
fn both_byte_orders_say_the_same() {
    for big_endian in [false, true] {
        let mut writer = Writer::new(big_endian);
        let int = writer.int("unsigned int");
        let (a, b) = (writer.string("a"), writer.string("b"));
        let record = writer.ty(4, "pair", 2, 8, &[a, int, 0, b, int, 32]);
        let data = writer.finish();
        let btf = Btf::parse(&data).expect("it is sound");
        assert_eq!(btf.is_big_endian(), big_endian);
        assert_eq!(btf.find(Kind::Struct, "pair"), Some(TypeId(record)));
        assert_eq!(btf.find(Kind::Union, "pair"), None);
        assert_eq!(btf.size_of(TypeId(record)), Ok(8));
        let members: Vec<_> =
            btf.members(TypeId(record)).map(|member| (member.name, member.ty, member.bit_offset)).collect();
        assert_eq!(members, [("a", TypeId(int), 0), ("b", TypeId(int), 32)]);
    }
}

#[test]
fn vlen_has_24_bits_and_kinds_have_7() {
    let mut writer = Writer::new(false);
    let name = writer.string("V");
    let values: Vec<u32> = (0..70_000).flat_map(|value| [name, value]).collect();
    let id = writer.ty(6, "many", 70_000, 4, &values);
    let strange = writer.ty(100, "strange", 2, 0, &[1, 2, 3, 4, 5]);
    let int = writer.int("int");
    assert_eq!(Btf::parse(&writer.finish()).map(|_| ()), Err(Error::UnknownKind { id: TypeId(strange), kind: 100 }));

    let mut kinds = vec![(0, 0); 101];
    kinds[100] = (4, 8);
    let data = writer.finish_with_layout(&kinds);
    let btf = Btf::parse(&data).expect("the layout section says how long kind 100 is");
    let many = btf.get(TypeId(id)).expect("there");
    assert_eq!(many.enumerators().len(), 70_000);
    assert_eq!(many.enumerators().last().map(|value| value.value), Some(69_999));
    assert_eq!(btf.get(TypeId(strange)).map(|ty| (ty.kind(), ty.name())), Some((Kind::Other(100), "strange")));
    assert_eq!(btf.find(Kind::Int, "int"), Some(TypeId(int)));
    assert_eq!(btf.size_of(TypeId(strange)), Err(Error::NoSize(TypeId(strange), Kind::Other(100))));
}

#[test]
fn bitfields_of_new_and_old_writers() {
    let mut writer = Writer::new(false);
    let int = writer.int("unsigned int");
    let few = writer.ty(1, "unsigned int", 0, 4, &[3]);
    let name = writer.string("flag");
    let new = writer.ty(0x80 | 4, "new", 1, 4, &[name, int, 5 << 24 | 7]);
    let old = writer.ty(4, "old", 1, 4, &[name, few, 7]);
    let data = writer.finish();
    let btf = Btf::parse(&data).expect("it is sound");
    let member = |id| btf.members(TypeId(id)).next().map(|member| (member.bit_offset, member.bit_size));
    assert_eq!(member(new), Some((7, 5)));
    assert_eq!(member(old), Some((7, 0)));
    let bits = btf.get(TypeId(few)).and_then(|ty| ty.int()).map(|int| int.bits);
    assert_eq!(bits, Some(3));
}

#[test]
fn values_have_the_sign_that_the_kind_flag_says() {
    let mut writer = Writer::new(true);
    let name = writer.string("V");
    let cases = [
        (6, vec![name, u32::MAX], 4_294_967_295),
        (0x80 | 6, vec![name, u32::MAX], -1),
        (19, vec![name, u32::MAX, u32::MAX], i128::from(u64::MAX)),
        (0x80 | 19, vec![name, u32::MAX, u32::MAX], -1),
        (19, vec![name, 0, 1], 1 << 32),
    ];
    let ids: Vec<u32> = cases.iter().map(|(kind, extra, _)| writer.ty(*kind, "E", 1, 8, extra)).collect();
    let data = writer.finish();
    let btf = Btf::parse(&data).expect("it is sound");
    for (id, (_, _, expected)) in ids.into_iter().zip(&cases) {
        let value = btf.get(TypeId(id)).and_then(|ty| ty.enumerators().next()).map(|value| value.value);
        assert_eq!(value, Some(*expected));
    }
}

#[test]
fn sizes_lead_through_names_arrays_and_variables() {
    let mut writer = Writer::new(false);
    let int = writer.int("int");
    let inner = writer.ty(3, "", 0, 0, &[int, int, 3]);
    let constant = writer.ty(10, "", 0, inner, &[]);
    let named = writer.ty(8, "matrix", 0, constant, &[]);
    let outer = writer.ty(3, "", 0, 0, &[named, int, 5]);
    let var = writer.ty(14, "v", 0, outer, &[0]);
    let pointer = writer.ty(2, "", 0, 0, &[]);
    let function = writer.ty(13, "", 0, 0, &[]);
    let data = writer.finish();
    let btf = Btf::parse(&data).expect("it is sound");
    assert_eq!(btf.size_of(TypeId(var)), Ok(60));
    assert_eq!(btf.size_of(TypeId(pointer)), Ok(8));
    assert_eq!(btf.size_of(TypeId(function)), Err(Error::NoSize(TypeId(function), Kind::FuncProto)));
    assert_eq!(btf.size_of(TypeId::VOID), Err(Error::NoSize(TypeId::VOID, Kind::Void)));
    assert_eq!(btf.size_of(TypeId(99)), Err(Error::NoType(TypeId(99))));
}

#[test]
fn pointers_are_as_wide_as_long() {
    let mut writer = Writer::new(false);
    writer.ty(1, "long unsigned int", 0, 4, &[32]);
    let pointer = writer.ty(2, "", 0, 0, &[]);
    let data = writer.finish();
    assert_eq!(Btf::parse(&data).expect("sound").size_of(TypeId(pointer)), Ok(4));
}

#[test]
fn circles_and_sizes_beyond_counting_are_errors() {
    let mut writer = Writer::new(false);
    let circle = writer.ty(8, "a", 0, 2, &[]);
    writer.ty(8, "b", 0, 1, &[]);
    let own = writer.ty(3, "", 0, 0, &[3, 3, 1]);
    let mut huge = writer.int("int");
    for _ in 0..3 {
        huge = writer.ty(3, "", 0, 0, &[huge, 1, u32::MAX]);
    }
    let data = writer.finish();
    let btf = Btf::parse(&data).expect("circles are sound data");
    assert_eq!(btf.size_of(TypeId(circle)), Err(Error::TooDeep(TypeId(circle))));
    assert_eq!(btf.size_of(TypeId(own)), Err(Error::TooDeep(TypeId(own))));
    assert_eq!(btf.size_of(TypeId(huge)), Err(Error::TooLarge(TypeId(huge))));
}

#[test]
fn several_types_of_one_name_are_all_found() {
    let mut writer = Writer::new(false);
    let first = writer.ty(4, "twin", 0, 4, &[]);
    writer.ty(5, "twin", 0, 4, &[]);
    let second = writer.ty(4, "twin", 0, 8, &[]);
    writer.ty(4, "twine", 0, 8, &[]);
    let data = writer.finish();
    let btf = Btf::parse(&data).expect("it is sound");
    let found: Vec<_> = btf.find_all(Kind::Struct, "twin").collect();
    assert_eq!(found, [TypeId(first), TypeId(second)]);
}

#[test]
fn damage_is_named() {
    let mut writer = Writer::new(false);
    writer.ty(4, "s", 1, 4, &[0, 7, 0]);
    let reference = Error::Reference { from: TypeId(1), to: 7 };
    assert_eq!(Btf::parse(&writer.finish()).map(|_| ()), Err(reference));

    let mut writer = Writer::new(false);
    writer.raw(1000, 8 << 24, 0, &[]);
    assert_eq!(Btf::parse(&writer.finish()).map(|_| ()), Err(Error::Name(TypeId(1))));

    let mut writer = Writer::new(false);
    writer.ty(4, "s", 2, 4, &[0, 0, 0]);
    assert_eq!(Btf::parse(&writer.finish()).map(|_| ()), Err(Error::Truncated(TypeId(1))));

    assert_eq!(Btf::parse(b"no BTF at all").map(|_| ()), Err(Error::NotBtf));
    let mut later = Writer::new(false).finish();
    later[2] = 2;
    assert_eq!(Btf::parse(&later).map(|_| ()), Err(Error::Version { version: 2, flags: 0 }));
}
