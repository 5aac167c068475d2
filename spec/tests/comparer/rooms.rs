//! Limits of fields of variable length, which the room around a compact event shows.

use bpf_layout_spec::compare::{ObservedRecord, ObservedType, Shape, Sign};

use super::{CHAR, U32, array, int, load, member, observed, told};

const RUN: &str = "[event.run]\nfields = [{ name = \"pid\", type = \"u32\" }, { name = \"path\", type = \"str[..16]\" }, \
                   { name = \"data\", type = \"bytes[..8]\" }, { name = \"args\", type = \"str[..4][..3]\" }]\n";

fn record<'a>(name: &'a str, size: u64, members: Vec<(&'a str, u64, Shape)>) -> ObservedType<'a> {
    let members = members.into_iter().map(|(name, bit_offset, shape)| member(name, bit_offset, shape)).collect();
    ObservedType::Record(ObservedRecord { name, alias: false, union: false, size, members, place: String::new() })
}

/// What is told of an event whose room, called so, has these.
fn room(name: &str, most: Vec<(&'static str, u64, Shape)>) -> Vec<String> {
    let tail = || Shape::Def(1);
    let types = vec![
        record(
            "run_event",
            16,
            vec![("pid", 0, U32), ("path", 32, tail()), ("data", 64, tail()), ("args", 96, tail())],
        ),
        record("bpf_layout_tail", 4, vec![]),
        record(
            name,
            64,
            vec![("used", 0, int(8, Sign::Unsigned)), ("record", 128, Shape::Def(0)), ("most", 256, Shape::Def(3))],
        ),
        record("", 36, most),
    ];
    told(&load(RUN), &observed(types))
}

#[test]
fn limits_are_those_of_the_room() {
    let byte = || int(1, Sign::Unsigned);
    let most = |path, data, args, each| {
        vec![
            ("path", 0, array(CHAR, path)),
            ("data", 128, array(byte(), data)),
            ("args", 192, array(array(CHAR, each), args)),
        ]
    };
    assert_eq!(room("run_event_room", most(16, 8, 3, 4)), [""; 0]);
    assert_eq!(room("run_event_room", most(32, 8, 3, 4)), ["array-length path: 16 / 32"]);
    assert_eq!(room("run_event_room", most(16, 4, 2, 4)), ["array-length data: 8 / 4", "array-length args: 3 / 2"]);
    assert_eq!(room("run_event_room", most(16, 8, 3, 5)), ["array-length args: 4 / 5"]);
    assert_eq!(room("another_room", most(32, 8, 3, 4)), [""; 0], "of something else");
    let types = vec![("path", 0, array(U32, 4)), ("data", 128, U32), ("args", 160, U32)];
    assert_eq!(
        room("run_event_room", types),
        ["field-type path: str[16] / u32[4]", "field-type data: bytes[8] / u32", "field-type args: str[4][3] / u32",]
    );
}
