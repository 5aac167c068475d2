//! Records that two witnesses have in two layouts.

use bpf_layout_spec::compare::{
    Observed, ObservedMap, ObservedMember, ObservedPart, ObservedRecord, ObservedType, Shape, twins,
};

use super::{U32, array, load, observed};

const SPEC: &str = "[struct.pair]\nfields = [{ name = \"a\", type = \"u32\" }, { name = \"b\", type = \"u32\" }]\n";

/// A witness with a struct of these members, each of one name, bit and number of bits, and a map of arrays of `held`,
/// another.
fn witness(members: &[(&'static str, u64, u64)], held: u64) -> Observed<'static> {
    let member = |&(name, bit_offset, bit_size): &(&'static str, u64, u64)| ObservedMember {
        name,
        bit_offset,
        bit_size,
        bitfield: bit_size % 8 != 0,
        shape: U32,
    };
    let record = |name, size, members| {
        ObservedType::Record(ObservedRecord {
            name,
            alias: false,
            union: false,
            size,
            members,
            place: "here".to_owned(),
        })
    };
    let shape = Some(array(array(Shape::Def(1), 2), 3));
    let map = ObservedMap { name: "m", value: Some(ObservedPart { size: None, shape }), ..ObservedMap::default() };
    let types = vec![record("pair", 8, members.iter().map(member).collect()), record("held", held, Vec::new())];
    Observed { maps: vec![map], ..observed(types) }
}

/// What is told of two witnesses: what it is of, where in the spec, and both sides.
fn told(first: &Observed<'_>, second: &Observed<'_>) -> Vec<String> {
    let spec = load(SPEC);
    let found = twins(&spec.layouts, &[first.clone(), second.clone()]);
    let tell = found.iter().map(|found| {
        let span = found.span.map_or("nowhere", |span| spec.sources.text(span));
        format!("{} {}: {} / {}", found.what, span, found.expected, found.found)
    });
    tell.collect()
}

#[test]
fn a_field_is_told_where_the_spec_has_it() {
    let one = witness(&[("a", 0, 32), ("b", 32, 32)], 8);
    let moved = witness(&[("a", 0, 32), ("b", 64, 32)], 8);
    assert_eq!(told(&one, &moved), ["pair \"b\": at byte 4, 4 bytes in witness (here) / at byte 8, 4 bytes"]);
    let strange = witness(&[("a", 0, 32), ("b", 32, 32), ("c", 64, 32)], 8);
    assert_eq!(told(&one, &strange), ["pair pair: missing in witness (here) / at byte 8, 4 bytes"]);
}

#[test]
fn places_within_a_byte_are_told_in_bits() {
    let one = witness(&[("a", 0, 32), ("b", 32, 3)], 8);
    let moved = witness(&[("a", 0, 32), ("b", 35, 8)], 8);
    assert_eq!(told(&one, &moved), ["pair \"b\": at bit 32, 3 bits in witness (here) / at bit 35, 8 bits"]);
}

#[test]
fn what_maps_hold_in_arrays_is_held() {
    let members = &[("a", 0, 32), ("b", 32, 32)];
    assert_eq!(
        told(&witness(members, 8), &witness(members, 12)),
        ["held nowhere: a struct of 8 bytes in witness (here) / a struct of 12 bytes"]
    );
}
