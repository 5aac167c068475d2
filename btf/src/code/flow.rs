//! What registers hold where helpers are called.
//!
//! A function begins with nothing known. From there what is known follows every jump; where two ways meet, what they do
//! not agree on is no longer known. What no way reaches from the start of a function is not looked at.
//!
//! Compilers let several calls end in one, to which each way brings arguments of its own. So what each way to a meeting
//! point brings is kept as well, until the next decision: whether what one way brings passes a decision that another way
//! passes, nobody can tell.

use std::collections::{BTreeMap, HashMap};

use super::insn::{INSN_SIZE, Insn, JUMP_TO_REGISTER, Next, Registers, Value};
use crate::bytes::Bytes;

/// Ways to one meeting point that are kept. Others are forgotten, which only means that less is known.
const MAX_WAYS: usize = 32;

/// A call of a helper.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) helper: u32,
    /// What registers hold on every way to it.
    pub(super) registers: Registers,
    /// What they hold on some of the ways to it.
    pub(super) ways: Vec<Registers>,
}

/// Every call of a helper in a section, by its slot. `maps` has the symbols of maps by the slots that relocations put them
/// in, `functions` the slots that functions begin at.
pub(super) fn calls(
    code: Bytes<'_>,
    maps: &HashMap<usize, u32>,
    functions: impl IntoIterator<Item = usize>,
) -> BTreeMap<usize, Call> {
    let mut flow = Flow { code, maps, meets: vec![false; code.len() / INSN_SIZE], states: BTreeMap::new() };
    let mut calls: BTreeMap<usize, Call> = BTreeMap::new();
    let Some(starts) = flow.find_meeting_points(functions) else { return calls };
    flow.run(starts);
    for (start, registers) in &flow.states {
        flow.block(*start, *registers, &mut |visit| {
            calls.insert(visit.slot, Call { helper: visit.helper, registers: visit.registers, ways: Vec::new() });
        });
    }
    for (start, registers) in flow.ways().iter().flat_map(|(start, ways)| ways.iter().map(move |way| (start, way))) {
        flow.block(*start, *registers, &mut |visit| {
            if let Some(call) = calls.get_mut(&visit.slot).filter(|_| !visit.decided) {
                call.ways.push(visit.registers);
            }
        });
    }
    calls
}

/// A call that a walk through a block comes to.
struct Visit {
    slot: usize,
    helper: u32,
    registers: Registers,
    /// Whether the block has decided something before.
    decided: bool,
}

/// What a walk through a block brings to the next.
struct Arrival {
    target: usize,
    registers: Registers,
    /// Whether the block has decided something before, or with this.
    decided: bool,
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
            for Arrival { target, registers, .. } in self.block(start, *registers, &mut |_| ()) {
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

    /// What the ways to each meeting point bring: each from the last decision on, or further on from another meeting point.
    fn ways(&self) -> BTreeMap<usize, Vec<Registers>> {
        let mut ways: BTreeMap<usize, Vec<Registers>> = BTreeMap::new();
        let mut waiting = Vec::new();
        let mut add = |Arrival { target, registers, .. }, waiting: &mut Vec<(usize, Registers)>| {
            let ways = ways.entry(target).or_default();
            if ways.len() < MAX_WAYS && !ways.contains(&registers) {
                ways.push(registers);
                waiting.push((target, registers));
            }
        };
        for (start, registers) in &self.states {
            for arrival in self.block(*start, *registers, &mut |_| ()) {
                add(arrival, &mut waiting);
            }
        }
        while let Some((start, registers)) = waiting.pop() {
            for arrival in self.block(start, registers, &mut |_| ()).into_iter().filter(|arrival| !arrival.decided) {
                add(arrival, &mut waiting);
            }
        }
        ways
    }

    /// Goes from a meeting point to the next ones, and gives what is known on arrival there.
    fn block(&self, start: usize, mut registers: Registers, on_call: &mut dyn FnMut(Visit)) -> Vec<Arrival> {
        let (mut slot, mut decided, mut arrivals) = (start, false, Vec::new());
        while let Some(insn) = Insn::read(self.code, slot) {
            if let Some(helper) = insn.helper() {
                on_call(Visit { slot, helper, registers, decided });
            }
            let high = Insn::read(self.code, slot + 1).map_or(0, |upper| upper.imm);
            insn.apply(&mut registers, self.maps.get(&slot).copied(), high);
            let (distance, next) = match insn.next() {
                Next::Following(slots) => (None, Some(slot + slots)),
                Next::Either(distance) => (Some(distance), Some(slot + 1)),
                Next::Elsewhere(distance) => (Some(distance), None),
                Next::Exit => (None, None),
            };
            decided |= distance.is_some() && next.is_some();
            let target = distance.and_then(|distance| self.target(slot, distance));
            arrivals.extend(target.map(|target| Arrival { target, registers, decided }));
            match next {
                Some(next) if self.meets.get(next) == Some(&true) => {
                    arrivals.push(Arrival { target: next, registers, decided });
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
mod tests;
