//! The steps of a plan: what to do with which bytes. Each can be done in both directions.

use std::{slice, vec, vec::Vec};

use super::{
    names::Names,
    number::{Load, Slot, Small, Store, Value},
};
use crate::{
    text::{copy_text, is_cut, until_nul},
    variable::Tail,
};

/// One step. Offsets count from the start of the record, or of the element inside of [`Op::Repeat`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// The same bytes.
    Copy { theirs: usize, ours: usize, len: usize },
    /// The descriptor of a field of variable length. The same bytes, until [`Steps`](super::plan::Steps) moves what it
    /// describes behind our struct.
    Tail { theirs: usize, ours: usize },
    /// A number that is converted.
    Number { number: Number, field: usize },
    /// A string with another room.
    Text { theirs: usize, theirs_len: usize, ours: usize, ours_len: usize, field: usize },
    /// Elements that are converted one by one.
    Repeat { theirs: usize, ours: usize, count: usize, theirs_step: usize, ours_step: usize, ops: Vec<Op> },
    /// Elements of theirs that ours has no room for.
    Dropped { theirs: usize, len: usize, field: usize },
    /// A union whose member a tag selects: values of our tag, each with the steps of its member.
    Switch { tag: Number, cases: Vec<(i128, usize)>, members: Vec<Vec<Op>> },
    /// A field that is missing in theirs, where a tag selects it.
    Absent { field: usize },
    /// A number that theirs does not have and ours needs: the tag of an event.
    Fill { ours: Slot, value: i128 },
}

/// A number on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number {
    theirs: Slot,
    ours: Slot,
    names: Option<Names>,
    /// The shorter way, which numbers of up to 64 bits have that lie in eight bytes.
    short: Option<Short>,
}

/// A number that is read and written by a few shifts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Short {
    load: Load,
    store: Store,
    /// Whether both sides have as many bits of it, and these are what counts.
    as_many: bool,
}

/// Something that reading one value came upon: the number of a field, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Truncated(usize),
    Changed(usize),
    Absent(usize),
}

/// Each thing that reading one value came upon, once. Mostly there is none, and seldom more than one, so only then is
/// memory asked for.
#[derive(Clone, Debug, Default)]
pub(crate) enum Events {
    #[default]
    None,
    One(Event),
    More(Vec<Event>),
}

impl Events {
    /// An array is noted once, however many of its elements there are.
    fn note(&mut self, event: Event) {
        match self {
            Events::None => *self = Events::One(event),
            Events::One(first) if *first == event => {}
            Events::One(first) => *self = Events::More(vec![*first, event]),
            Events::More(all) if all.contains(&event) => {}
            Events::More(all) => all.push(event),
        }
    }

    pub(super) fn as_slice(&self) -> &[Event] {
        match self {
            Events::None => &[],
            Events::One(event) => slice::from_ref(event),
            Events::More(all) => all,
        }
    }
}

impl Number {
    /// A number of theirs that is one of ours; with `names`, if those translate it. Both slots are sound.
    pub(super) fn new(theirs: Slot, ours: Slot, names: Option<Names>) -> Self {
        // A number that was translated is not as wide as its bits were.
        let as_many = names.is_none() && theirs.width() == ours.width();
        let short = Load::new(&theirs).zip(Store::new(&ours)).map(|(load, store)| Short { load, store, as_many });
        Number { theirs, ours, names, short }
    }

    /// The number as ours, and whether its name has a meaning here.
    fn value(&self, theirs: &[u8]) -> Option<(Value, bool)> {
        let value = self.theirs.read(theirs)?;
        match (&self.names, value.get()) {
            (Some(names), Some(value)) => {
                let (value, known) = names.read(value);
                Some((Value::new(value), known))
            }
            _ => Some((value, true)),
        }
    }

    /// The number as ours, if it has no more than 127 bits.
    pub(super) fn get(&self, theirs: &[u8]) -> Option<i128> {
        let Some(value) = self.short.as_ref().and_then(|short| short.load.read(theirs)) else {
            return self.value(theirs)?.0.get();
        };
        Some(self.names.as_ref().map_or(value.get(), |names| names.read(value.get()).0))
    }

    /// Whether it arrived unchanged.
    fn read(&self, theirs: &[u8], ours: &mut [u8]) -> bool {
        self.read_short(theirs, ours).unwrap_or_else(|| self.read_any(theirs, ours))
    }

    /// [`read`](Self::read) the shorter way, if there is one for this number and these bytes.
    fn read_short(&self, theirs: &[u8], ours: &mut [u8]) -> Option<bool> {
        let Short { load, store, as_many } = self.short.as_ref()?;
        let value = load.read(theirs)?;
        let Some(names) = &self.names else { return store.write(ours, value, *as_many) };
        let (value, known) = names.read(value.get());
        Some(store.write(ours, Small::new(value)?, false)? && known)
    }

    /// [`read`](Self::read) of any number.
    fn read_any(&self, theirs: &[u8], ours: &mut [u8]) -> bool {
        let Some((value, known)) = self.value(theirs) else { return true };
        // A number that was translated is not as wide as its bits were.
        let width = if self.names.is_some() { 0 } else { self.theirs.width() };
        self.ours.write(ours, value, width) && known
    }

    fn write(&self, ours: &[u8], theirs: &mut [u8]) {
        let Some(value) = self.ours.read(ours) else { return };
        let value = match (&self.names, value.get()) {
            (Some(names), Some(value)) => Value::new(names.write(value)),
            _ => value,
        };
        self.theirs.write(theirs, value, self.ours.width());
    }

    /// The bytes that it lies in, if they are the same on both sides.
    fn as_copy(&self) -> Option<Op> {
        let same = Slot { offset: self.ours.offset, ..self.theirs } == self.ours && self.names.is_none();
        let (theirs, ours) = (self.theirs.offset, self.ours.offset);
        same.then_some(Op::Copy { theirs, ours, len: self.ours.size })
    }
}

impl Op {
    /// The step as a copy of bytes, if it is one.
    pub(super) fn as_copy(&self) -> Option<Op> {
        match self {
            Op::Copy { .. } => Some(self.clone()),
            Op::Number { number, .. } => number.as_copy(),
            _ => None,
        }
    }

    /// Reads ours out of theirs. Bytes that a table claims and a value does not have are left out.
    fn read(&self, from: &[u8], to: &mut [u8], events: &mut Events) {
        match self {
            Op::Copy { theirs, ours, len } => copy(from, *theirs, to, *ours, *len),
            Op::Tail { theirs, ours } => copy(from, *theirs, to, *ours, size_of::<Tail>()),
            Op::Number { number, field } => {
                if !number.read(from, to) {
                    events.note(Event::Changed(*field));
                }
            }
            Op::Text { theirs, theirs_len, ours, ours_len, field } => {
                if text(from, (*theirs, *theirs_len), to, (*ours, *ours_len)) {
                    events.note(Event::Truncated(*field));
                }
            }
            Op::Repeat { theirs, ours, count, theirs_step, ours_step, ops } => {
                for index in 0..*count {
                    let from = from.get(theirs + index * theirs_step..).unwrap_or_default();
                    let to = to.get_mut(ours + index * ours_step..).unwrap_or_default();
                    read(ops, from, to, events);
                }
            }
            Op::Dropped { theirs, len, field } => {
                if part(from, *theirs, *len).iter().any(|byte| *byte != 0) {
                    events.note(Event::Truncated(*field));
                }
            }
            Op::Switch { tag, cases, members } => {
                if let Some(ops) = tag.get(from).and_then(|tag| selected(cases, members, tag)) {
                    read(ops, from, to, events);
                }
            }
            Op::Absent { field } => events.note(Event::Absent(*field)),
            Op::Fill { ours, value } => {
                ours.write(to, Value::new(*value), 0);
            }
        }
    }

    /// Writes theirs out of ours.
    fn write(&self, from: &[u8], to: &mut [u8]) {
        match self {
            Op::Copy { theirs, ours, len } => copy(from, *ours, to, *theirs, *len),
            Op::Tail { theirs, ours } => copy(from, *ours, to, *theirs, size_of::<Tail>()),
            Op::Number { number, .. } => number.write(from, to),
            Op::Text { theirs, theirs_len, ours, ours_len, .. } => {
                text(from, (*ours, *ours_len), to, (*theirs, *theirs_len));
            }
            Op::Repeat { theirs, ours, count, theirs_step, ours_step, ops } => {
                for index in 0..*count {
                    let from = from.get(ours + index * ours_step..).unwrap_or_default();
                    let to = to.get_mut(theirs + index * theirs_step..).unwrap_or_default();
                    write(ops, from, to);
                }
            }
            Op::Switch { tag, cases, members } => {
                let tag = tag.ours.read(from).and_then(Value::get);
                if let Some(ops) = tag.and_then(|tag| selected(cases, members, tag)) {
                    write(ops, from, to);
                }
            }
            Op::Dropped { .. } | Op::Absent { .. } | Op::Fill { .. } => {}
        }
    }

    /// Where its bytes end in theirs.
    fn end(&self) -> Option<usize> {
        match self {
            Op::Copy { theirs, len, .. } | Op::Dropped { theirs, len, .. } => theirs.checked_add(*len),
            Op::Tail { theirs, .. } => theirs.checked_add(size_of::<Tail>()),
            Op::Number { number, .. } => number.theirs.offset.checked_add(number.theirs.size),
            Op::Text { theirs, theirs_len, .. } => theirs.checked_add(*theirs_len),
            Op::Repeat { theirs, count, theirs_step, ops, .. } => {
                let last = theirs_step.checked_mul(count.saturating_sub(1))?;
                theirs.checked_add(last)?.checked_add(end(ops)?)
            }
            Op::Switch { tag, members, .. } => {
                let tag = tag.theirs.offset.checked_add(tag.theirs.size)?;
                members.iter().try_fold(tag, |most, ops| Some(most.max(end(ops)?)))
            }
            Op::Absent { .. } | Op::Fill { .. } => Some(0),
        }
    }

    /// Whether it leaves every byte where it is.
    fn is_in_place(&self) -> bool {
        match self {
            Op::Copy { theirs, ours, .. } | Op::Tail { theirs, ours } => theirs == ours,
            Op::Repeat { theirs, ours, theirs_step, ours_step, ops, .. } => {
                theirs == ours && theirs_step == ours_step && is_in_place(ops)
            }
            _ => false,
        }
    }
}

/// Does all steps: reads ours out of theirs.
pub(super) fn read(ops: &[Op], from: &[u8], to: &mut [u8], events: &mut Events) {
    ops.iter().for_each(|op| op.read(from, to, events));
}

/// Does all steps the other way: writes theirs out of ours.
pub(super) fn write(ops: &[Op], from: &[u8], to: &mut [u8]) {
    ops.iter().for_each(|op| op.write(from, to));
}

/// Where the bytes of theirs end that the steps read; `None` if no memory reaches that far.
pub(super) fn end(ops: &[Op]) -> Option<usize> {
    ops.iter().try_fold(0, |most: usize, op| Some(most.max(op.end()?)))
}

/// Whether the steps leave every byte where it is.
pub(super) fn is_in_place(ops: &[Op]) -> bool {
    ops.iter().all(Op::is_in_place)
}

/// Makes one copy of copies that touch or overlap and move by as much. The rest stays in order, behind them.
pub(super) fn merge(ops: Vec<Op>) -> Vec<Op> {
    let (mut copies, mut rest) = (vec![], vec![]);
    for op in ops {
        match op {
            Op::Copy { theirs, ours, len } => copies.push((ours, theirs, len)),
            other => rest.push(other),
        }
    }
    copies.sort_unstable();
    let mut merged: Vec<Op> = vec![];
    for (ours, theirs, len) in copies {
        match merged.last_mut() {
            Some(Op::Copy { theirs: first_theirs, ours: first, len: first_len })
                if ours - *first <= *first_len && first_theirs.checked_add(ours - *first) == Some(theirs) =>
            {
                *first_len = (*first_len).max(ours - *first + len);
            }
            _ => merged.push(Op::Copy { theirs, ours, len }),
        }
    }
    merged.append(&mut rest);
    merged
}

fn selected<'o>(cases: &[(i128, usize)], members: &'o [Vec<Op>], tag: i128) -> Option<&'o [Op]> {
    let (_, member) = cases.iter().find(|(value, _)| *value == tag)?;
    members.get(*member).map(Vec::as_slice)
}

fn part(bytes: &[u8], offset: usize, len: usize) -> &[u8] {
    bytes.get(offset..offset.saturating_add(len)).unwrap_or_default()
}

fn copy(from: &[u8], start: usize, to: &mut [u8], at: usize, len: usize) {
    let from = part(from, start, len);
    if let Some(to) = to.get_mut(at..at.saturating_add(from.len())) {
        to.copy_from_slice(from);
    }
}

/// Copies a string into another room. Whether it is not all there: cut here, or before.
fn text(from: &[u8], (start, len): (usize, usize), to: &mut [u8], (at, room): (usize, usize)) -> bool {
    let from = part(from, start, len);
    let Some(to) = to.get_mut(at..at.saturating_add(room)) else { return false };
    let text = until_nul(from);
    let cut = is_cut(text, from);
    copy_text(text, cut, to) || cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_is_noted_once_in_the_order_in_which_it_came() {
        let [first, second, third] = [Event::Changed(1), Event::Changed(2), Event::Truncated(1)];
        let mut events = Events::default();
        for (event, noted) in [
            (first, &[first][..]),
            (first, &[first]),
            (second, &[first, second]),
            (first, &[first, second]),
            (second, &[first, second]),
            (third, &[first, second, third]),
        ] {
            events.note(event);
            assert_eq!(events.as_slice(), noted);
        }
    }
}
