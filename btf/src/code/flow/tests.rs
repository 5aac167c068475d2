//! Programs of a few instructions each.

use std::time::Instant;

use proptest::prelude::*;

use super::*;

const MAP: u32 = 7;

/// One instruction in little-endian form.
fn insn(opcode: u8, dst: u8, src: u8, offset: i16, imm: i32) -> [u8; INSN_SIZE] {
    let (offset, imm) = (offset.to_le_bytes(), imm.to_le_bytes());
    [opcode, src << 4 | dst, offset[0], offset[1], imm[0], imm[1], imm[2], imm[3]]
}

/// What is known of r1 and r2 at each call, a map being loaded wherever an instruction loads 64 bits.
fn known(program: &[[u8; INSN_SIZE]]) -> Vec<(usize, Value, Value)> {
    let code = program.concat();
    let loads = program.iter().enumerate().filter(|(_, insn)| insn[0] == 0x18);
    let maps = loads.map(|(slot, _)| (slot, MAP)).collect();
    let calls = calls(Bytes::new(&code, false), &maps, [0]);
    calls.iter().map(|(slot, call)| (*slot, call.registers[1], call.registers[2])).collect()
}

/// What is known of r2 on the ways to the only call, in order.
fn ways(program: &[[u8; INSN_SIZE]]) -> Vec<Value> {
    let code = program.concat();
    let calls = calls(Bytes::new(&code, false), &HashMap::new(), [0]);
    assert_eq!(calls.len(), 1);
    let ways = calls.values().flat_map(|call| &call.ways).map(|way| way[2]);
    let mut known: Vec<Value> = ways.filter(|value| *value != Value::Unknown).collect();
    known.sort_by_key(|value| format!("{value:?}").len());
    known
}

const CALL: [u8; INSN_SIZE] = [0x85, 0, 0, 0, 131, 0, 0, 0];
const EXIT: [u8; INSN_SIZE] = [0x95, 0, 0, 0, 0, 0, 0, 0];
const UPPER: [u8; INSN_SIZE] = [0; INSN_SIZE];

#[test]
fn moves_are_followed_and_arithmetic_is_not() {
    let program = [
        insn(0x18, 6, 0, 0, 0),
        UPPER,
        insn(0xb7, 7, 0, 0, 24),
        CALL,
        insn(0xbf, 1, 6, 0, 0),
        insn(0xbc, 2, 7, 0, 0),
        CALL,
        insn(0xbc, 1, 6, 0, 0),
        insn(0xb4, 2, 0, 0, -1),
        CALL,
        insn(0xb7, 2, 0, 0, 24),
        insn(0x07, 2, 0, 0, 8),
        CALL,
        insn(0xb7, 1, 0, 0, -1),
        insn(0xbf, 2, 7, 8, 0),
        CALL,
        EXIT,
    ];
    let (map, number, unknown) = (Value::Map(MAP), Value::Number, Value::Unknown);
    assert_eq!(
        known(&program),
        [
            (3, unknown, unknown),
            (6, map, number(24)),
            (9, unknown, number(u32::MAX)),
            (12, unknown, unknown),
            (15, unknown, unknown)
        ]
    );
}

#[test]
fn atomics_loads_and_old_packet_loads_forget() {
    for (forgetful, register) in [
        (insn(0xdb, 10, 2, -8, 1), 2),
        (insn(0x79, 2, 10, -8, 0), 2),
        (insn(0x20, 0, 0, 0, 14), 2),
        (insn(0x8d, 6, 0, 0, 0), 2),
    ] {
        let program = [insn(0xb7, register, 0, 0, 8), forgetful, CALL, EXIT];
        assert_eq!(known(&program), [(2, Value::Unknown, Value::Unknown)], "{forgetful:?}");
    }
    // A store changes memory only.
    let program = [insn(0xb7, 2, 0, 0, 8), insn(0x7b, 10, 2, -8, 0), CALL, EXIT];
    assert_eq!(known(&program), [(2, Value::Unknown, Value::Number(8))]);
}

#[test]
fn ways_that_meet_keep_what_they_agree_on() {
    let meeting = |other: i32| {
        [
            insn(0xb7, 2, 0, 0, 8),
            insn(0xb7, 1, 0, 0, 5),
            insn(0x15, 6, 0, 2, 0),
            insn(0xb7, 2, 0, 0, other),
            insn(0x05, 0, 0, 0, 0),
            CALL,
            EXIT,
        ]
    };
    assert_eq!(known(&meeting(16)), [(5, Value::Number(5), Value::Unknown)]);
    assert_eq!(known(&meeting(8)), [(5, Value::Number(5), Value::Number(8))]);
    assert_eq!(ways(&meeting(16)), [Value::Number(8), Value::Number(16)]);
}

#[test]
fn ways_are_kept_until_the_next_decision() {
    // Two ways, each with a jump of its own to where they meet, and on from there.
    let program = |decision: [u8; INSN_SIZE]| {
        [
            insn(0x15, 6, 0, 2, 0),
            insn(0xb7, 2, 0, 0, 8),
            insn(0x05, 0, 0, 1, 0),
            insn(0xb7, 2, 0, 0, 16),
            insn(0x05, 0, 0, 0, 0),
            decision,
            CALL,
            EXIT,
        ]
    };
    let nothing = insn(0xb7, 4, 0, 0, 0);
    assert_eq!(ways(&program(nothing)), [Value::Number(8), Value::Number(16)]);
    // Which of the two comes to the call, nobody can tell.
    let decision = insn(0x15, 7, 0, 1, 0);
    assert_eq!(ways(&program(decision)), []);
}

#[test]
fn loops_forget_what_they_change_later() {
    let program =
        [insn(0xb7, 2, 0, 0, 8), insn(0xb7, 7, 0, 0, 4), CALL, insn(0xbf, 2, 7, 0, 0), insn(0x06, 0, 0, 0, -3)];
    assert_eq!(known(&program), [(2, Value::Unknown, Value::Unknown)]);
    let program = [insn(0xb7, 2, 0, 0, 8), CALL, insn(0xb7, 2, 0, 0, 8), insn(0x05, 0, 0, -3, 0)];
    assert_eq!(known(&program), [(1, Value::Unknown, Value::Number(8))]);
}

#[test]
fn what_no_way_reaches_is_not_looked_at() {
    let program = [insn(0x05, 0, 0, 1, 0), CALL, EXIT];
    assert_eq!(known(&program), []);
    // Nor is anything, where a jump goes to a register.
    let program = [CALL, insn(JUMP_TO_REGISTER, 1, 0, 0, 0), EXIT];
    assert_eq!(known(&program), []);
}

#[test]
fn work_grows_with_the_program() {
    let seconds = |len: u32| {
        // Each instruction jumps to the start, and brings something new in a register.
        let jumps = (0..len).flat_map(|index| {
            let slot = i16::try_from(index * 2 + 2).unwrap_or(i16::MAX);
            let register = u8::try_from(index % 10).unwrap_or_default();
            [insn(0xb7, register, 0, 0, index.cast_signed()), insn(0x15, 0, 0, -slot, 0)]
        });
        let program: Vec<[u8; INSN_SIZE]> = jumps.chain([EXIT]).collect();
        let begin = Instant::now();
        assert_eq!(known(&program), []);
        begin.elapsed().as_secs_f64()
    };
    let (short, long) = (seconds(5_000), seconds(50_000));
    assert!(long < 2.0 + short * 40.0, "{short} s for 5,000, {long} s for 50,000");
}

proptest! {
    #[test]
    fn random_instructions_end(code in proptest::collection::vec(any::<u8>(), 0..4000), big_endian: bool) {
        let maps = (0..code.len()).step_by(3).map(|slot| (slot, MAP)).collect();
        calls(Bytes::new(&code, big_endian), &maps, (0..code.len()).step_by(40));
    }
}
