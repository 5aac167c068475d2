//! An event of three rooms: programs that interrupt one another build their records at the same time.

use libbpf_rs::{MapCore as _, MapFlags, Object};

use super::{
    bpf::{Program, run_program, set_first_value, with_map},
    compact::all_arrived,
};

const SPEC: &str = "spec = 1\n\n[event.sent]\nrooms = 3\nfields = [\n  { name = \"number\", type = \"u16\" },\n  \
    { name = \"text\", type = \"str[..16]\" },\n]\n";

/// The program that builds three records at once.
pub fn program() -> Program {
    let header = bpf_layout_emit::c::header(&super::load_text(SPEC, None));
    Program { header, text: include_str!("../kernel/rooms.bpf.c").into() }
}

/// Has an object of it build them, on this CPU.
pub fn check(object: &Object, place: &str) {
    set_first_value(object, "source", b"abcdefghijklmno\0");
    for round in 1..=3 {
        assert_eq!(run_program(object, "nested", &[]), 0, "{place}");
        let record = |number: u16, text: &[u8]| {
            let tail = [6u16, text.len() as u16].map(u16::to_ne_bytes).concat();
            [&number.to_ne_bytes(), &tail[..], text].concat()
        };
        let expected = [record(1, b"a\0"), record(3, b"abc\0"), record(4, b"abcd\0")];
        assert_eq!(all_arrived(object), expected, "{place}");
        assert_eq!((account(object, 3, 1), account(object, 3, 2)), (round, 0), "{place}");
    }
    // What was forgotten is taken for good, and what finds no room is counted.
    let forgotten: Vec<_> = (0..5).map(|_| run_program(object, "forgetful", &[])).collect();
    assert_eq!(forgotten, [0, 0, 0, 1, 1], "{place}");
    assert_eq!((account(object, 3, 1), account(object, 3, 2)), (5, 3), "{place}");
}

/// What all rooms of all CPUs say at a place of their account: 1 is `lost`, 2 is `taken`.
pub fn account(object: &Object, rooms: u32, place: usize) -> u64 {
    with_map(object, "__sent_event_scratch", |map| {
        let values = (0..rooms).flat_map(|room| {
            let room = map.lookup_percpu(&room.to_ne_bytes(), MapFlags::ANY).expect("a map's value");
            room.expect("as many rooms as the spec says")
        });
        values.map(|value| u64::from_ne_bytes(value[8 * place..8 * place + 8].try_into().expect("8 bytes"))).sum()
    })
}
