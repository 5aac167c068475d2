//! What registers hold where helpers are called, as far as every way there agrees.
//!
//! A function begins with nothing known. From there what is known follows every jump; where two ways meet, what they do
//! not agree on is no longer known. What no way reaches from the start of a function is not looked at.

use std::collections::{BTreeMap, HashMap};

use super::insn::{INSN_SIZE, Insn, JUMP_TO_REGISTER, Next, Registers, Value};
use crate::bytes::Bytes;

/// A call of a helper.
#[derive(Debug)]
pub(super) struct Call {
    /// The slot of the call.
    pub(super) slot: usize,
    pub(super) helper: u32,
    pub(super) registers: Registers,
}

/// Every call of a helper in a section. `maps` has the symbols of maps by the slots that relocations put them in,
/// `functions` the slots that functions begin at.
pub(super) fn calls(
    code: Bytes<'_>,
    maps: &HashMap<usize, u32>,
    functions: impl IntoIterator<Item = usize>,
) -> Vec<Call> {
    let mut flow = Flow { code, maps, meets: vec![false; code.len() / INSN_SIZE], states: BTreeMap::new() };
    let Some(starts) = flow.find_meeting_points(functions) else { return Vec::new() };
    flow.run(starts);
    let mut calls = Vec::new();
    for (start, registers) in &flow.states {
        flow.block(*start, *registers, &mut |call| calls.push(call));
    }
    calls
}

struct Flow<'c, 'a> {
    code: Bytes<'a>,
    maps: &'c HashMap<usize, u32>,
    /// Whether ways may meet before an instruction, by its slot.
    meets: Vec<bool>,
    /// What is known at those of these that are reached.
    states: BTreeMap<usize, Registers>,
}

impl Flow<'_, '_> {
    /// Where ways may meet: the starts of functions, which are returned, and the targets of jumps. `None` if jumps go
    /// where nobody can tell.
    fn find_meeting_points(&mut self, functions: impl IntoIterator<Item = usize>) -> Option<Vec<usize>> {
        let mut slot = 0;
        while let Some(insn) = Insn::read(self.code, slot) {
            let end = match insn.next() {
                _ if insn.opcode == JUMP_TO_REGISTER => return None,
                Next::Following(slots) => slot + slots,
                Next::Either(distance) | Next::Elsewhere(distance) => {
                    if let Some(target) = self.target(slot, distance) {
                        self.meets[target] = true;
                    }
                    slot + 1
                }
                Next::Exit => slot + 1,
            };
            slot = end;
        }
        let starts: Vec<usize> = functions.into_iter().filter(|start| *start < self.meets.len()).collect();
        for start in &starts {
            self.meets[*start] = true;
        }
        Some(starts)
    }

    fn target(&self, slot: usize, distance: i64) -> Option<usize> {
        let target = i64::try_from(slot).ok()?.checked_add(1)?.checked_add(distance)?;
        usize::try_from(target).ok().filter(|target| *target < self.meets.len())
    }

    /// Follows all ways until nothing new comes of it. A register changes at most once at each place, from known to
    /// unknown, so this ends.
    fn run(&mut self, starts: Vec<usize>) {
        let mut waiting = starts;
        for start in &waiting {
            self.states.insert(*start, Registers::default());
        }
        while let Some(start) = waiting.pop() {
            let Some(registers) = self.states.get(&start) else { continue };
            for (target, registers) in self.block(start, *registers, &mut |_| ()) {
                if self.arrive(target, registers) {
                    waiting.push(target);
                }
            }
        }
    }

    /// Whether arriving at a meeting point with this changes what is known there.
    fn arrive(&mut self, target: usize, registers: Registers) -> bool {
        let Some(known) = self.states.get_mut(&target) else {
            self.states.insert(target, registers);
            return true;
        };
        let mut changed = false;
        for (known, arriving) in known.iter_mut().zip(registers) {
            if *known != arriving && *known != Value::Unknown {
                *known = Value::Unknown;
                changed = true;
            }
        }
        changed
    }

    /// Goes from a meeting point to the next ones, and gives what is known on arrival there.
    fn block(&self, start: usize, mut registers: Registers, on_call: &mut dyn FnMut(Call)) -> Vec<(usize, Registers)> {
        let (mut slot, mut arrivals) = (start, Vec::new());
        while let Some(insn) = Insn::read(self.code, slot) {
            if let Some(helper) = insn.helper() {
                on_call(Call { slot, helper, registers });
            }
            let high = Insn::read(self.code, slot + 1).map_or(0, |upper| upper.imm);
            insn.apply(&mut registers, self.maps.get(&slot).copied(), high);
            let (distance, next) = match insn.next() {
                Next::Following(slots) => (None, Some(slot + slots)),
                Next::Either(distance) => (Some(distance), Some(slot + 1)),
                Next::Elsewhere(distance) => (Some(distance), None),
                Next::Exit => (None, None),
            };
            arrivals.extend(distance.and_then(|distance| self.target(slot, distance)).map(|to| (to, registers)));
            match next {
                Some(next) if self.meets.get(next) == Some(&true) => {
                    arrivals.push((next, registers));
                    break;
                }
                Some(next) => slot = next,
                None => break,
            }
        }
        arrivals
    }
}

#[cfg(test)]
mod tests {
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
        calls.iter().map(|call| (call.slot, call.registers[1], call.registers[2])).collect()
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
        let (short, long) = (seconds(20_000), seconds(200_000));
        assert!(long < 2.0 + short * 40.0, "{short} s for 20,000, {long} s for 200,000");
    }

    proptest! {
        #[test]
        fn random_instructions_end(code in proptest::collection::vec(any::<u8>(), 0..4000), big_endian: bool) {
            let maps = (0..code.len()).step_by(3).map(|slot| (slot, MAP)).collect();
            calls(Bytes::new(&code, big_endian), &maps, (0..code.len()).step_by(40));
        }
    }
}
