//! How a record must be written so that its members come to lie where they were found.
//!
//! Nothing is computed here: a candidate is written down in the language, `bpf_layout_spec` lays it out, and where a member
//! comes to lie elsewhere the candidate is changed. So what is written later agrees by construction, and the rules of layout
//! stand in one place.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use bpf_layout_spec::{
    Options,
    layout::{Layouts, Member},
    model::TypeId,
    scalar::Scalar,
};

/// The room that a member takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// Whole bytes.
    Bytes { size: u64, align: u32 },
    /// A bitfield.
    Bits { unit: Scalar, width: u32 },
}

/// A member as it was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) room: Room,
    /// Bits from the start of the record.
    pub(crate) bit_offset: u64,
    /// Whether its name says that it is padding.
    pub(crate) padding: bool,
}

/// A record as it was found.
#[derive(Clone, Debug)]
pub(crate) struct Goal {
    pub(crate) union: bool,
    pub(crate) size: u64,
    /// Bytes, if it is known.
    pub(crate) align: Option<u32>,
    pub(crate) slots: Vec<Slot>,
}

/// How a record is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) packed: Option<u32>,
    /// `align`, where the record needs it.
    pub(crate) align: Option<u32>,
    pub(crate) fields: Vec<PlanField>,
    /// The alignment that comes of it.
    pub(crate) natural_align: u32,
}

/// A field of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlanField {
    pub(crate) what: What,
    pub(crate) offset: Option<u64>,
}

/// What a field of a plan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A slot, by its index.
    Slot(usize),
    /// Bits that belong to nothing, and cannot be left to the language because they do not end on a byte.
    FillerBits(Scalar, u32),
    /// Bytes at the end that belong to nothing.
    FillerBytes(u64),
}

/// `packed` as it is tried: most records need none, and those that do are mostly packed to the byte.
const PACKED: [Option<u32>; 5] = [None, Some(1), Some(2), Some(4), Some(8)];

/// After so many changes of one candidate every member gets its offset.
const MAX_ROUNDS: usize = 24;

/// Largest alignment that the language takes.
const MAX_ALIGN: u32 = 4096;

/// Finds how a record must be written; `None` if the language has no way.
pub(crate) fn plan(goal: &Goal) -> Option<Plan> {
    PACKED.into_iter().find_map(|packed| Candidate::new(goal, packed).settle())
}

struct Candidate<'a> {
    goal: &'a Goal,
    packed: Option<u32>,
    align: Option<u32>,
    fields: Vec<PlanField>,
    /// Paddings that are left to the language, by their index.
    dropped: Vec<usize>,
}

/// How a candidate came out.
struct Outcome {
    size: u64,
    align: u32,
    /// Bits from the start of the record, of each field.
    places: Vec<u64>,
}

impl<'a> Candidate<'a> {
    fn new(goal: &'a Goal, packed: Option<u32>) -> Self {
        let all_padding = goal.slots.iter().all(|slot| slot.padding);
        let drops = |slot: &Slot| slot.padding && !all_padding;
        let indices = |dropped: bool| {
            let slots = goal.slots.iter().enumerate();
            slots.filter(move |(_, slot)| drops(slot) == dropped).map(|(index, _)| index)
        };
        let fields = indices(false).map(|index| PlanField { what: What::Slot(index), offset: None }).collect();
        Candidate { goal, packed, align: None, fields, dropped: indices(true).collect() }
    }

    /// Changes the candidate until it is the goal.
    fn settle(mut self) -> Option<Plan> {
        // Each change sets an offset, restores a padding or puts in a filler, so this ends.
        for round in 0.. {
            let outcome = self.lay_out()?;
            if round > self.goal.slots.len().saturating_mul(3).saturating_add(MAX_ROUNDS) {
                return None;
            }
            if let Some((index, wanted)) = self.first_misplaced(&outcome) {
                self.put(index, wanted, round >= MAX_ROUNDS)?;
                continue;
            }
            let goal = self.goal;
            if outcome.size == goal.size && goal.align.is_none_or(|align| align == outcome.align) {
                let Candidate { packed, align, fields, .. } = self;
                return Some(Plan { packed, align, fields, natural_align: outcome.align });
            }
            self.grow(&outcome)?;
        }
        None
    }

    /// The first field that does not lie where it was found, and the bit where it was.
    fn first_misplaced(&self, outcome: &Outcome) -> Option<(usize, u64)> {
        self.fields.iter().zip(&outcome.places).enumerate().find_map(|(index, (field, place))| match field.what {
            What::Slot(slot) => {
                let wanted = self.goal.slots[slot].bit_offset;
                (*place != wanted).then_some((index, wanted))
            }
            What::FillerBits(..) | What::FillerBytes(_) => None,
        })
    }

    /// Lets a field begin at this bit: a padding that the source has before it is the plainest way, then an offset.
    fn put(&mut self, index: usize, wanted: u64, all: bool) -> Option<()> {
        let What::Slot(slot) = self.fields[index].what else { return None };
        let after = self.fields[..index].iter().rev().find_map(|field| match field.what {
            What::Slot(slot) => Some(slot),
            _ => None,
        });
        let between = |padding: &usize| *padding < slot && after.is_none_or(|after| *padding > after);
        if let Some(at) = self.dropped.iter().position(between) {
            let padding = self.dropped.remove(at);
            self.fields.insert(index, PlanField { what: What::Slot(padding), offset: None });
            return Some(());
        }
        if wanted.is_multiple_of(8) {
            if self.fields[index].offset.is_some() {
                return None;
            }
            self.fields[index].offset = Some(wanted / 8);
            if all {
                self.fix_all();
            }
            return Some(());
        }
        let Room::Bits { unit, .. } = self.goal.slots[slot].room else { return None };
        let end = self.end_before(index);
        let width = u32::try_from(wanted.checked_sub(end)?).ok().filter(|width| (1..=64).contains(width))?;
        if index > 0 && matches!(self.fields[index - 1].what, What::FillerBits(..)) {
            return None;
        }
        self.fields.insert(index, PlanField { what: What::FillerBits(unit, width), offset: None });
        Some(())
    }

    /// Gives every field that begins on a byte its offset.
    fn fix_all(&mut self) {
        for field in &mut self.fields {
            if let What::Slot(slot) = field.what
                && self.goal.slots[slot].bit_offset.is_multiple_of(8)
            {
                field.offset = Some(self.goal.slots[slot].bit_offset / 8);
            }
        }
    }

    /// The first bit behind the field before this one.
    fn end_before(&self, index: usize) -> u64 {
        self.fields[..index]
            .iter()
            .rev()
            .find_map(|field| match field.what {
                What::Slot(slot) => Some(self.goal.slots[slot].end()),
                _ => None,
            })
            .unwrap_or(0)
    }

    /// Makes the record as large, and as aligned, as it was found.
    fn grow(&mut self, outcome: &Outcome) -> Option<()> {
        let goal = self.goal;
        if let Some(align) = goal.align.filter(|align| *align != outcome.align) {
            if align < outcome.align || self.align.is_some() {
                return None;
            }
            self.align = Some(align);
            return Some(());
        }
        if outcome.size > goal.size {
            return None;
        }
        // A padding at the end, which the source has.
        let last = self.fields.iter().rev().find_map(|field| match field.what {
            What::Slot(slot) => Some(slot),
            _ => None,
        });
        let behind = |padding: &usize| last.is_none_or(|last| *padding > last) || goal.union;
        if let Some(at) = self.dropped.iter().position(behind) {
            let padding = self.dropped.remove(at);
            self.fields.push(PlanField { what: What::Slot(padding), offset: None });
            return Some(());
        }
        if goal.align.is_none() && self.align.is_none() {
            let aligns = std::iter::successors(Some(2u32), |align| align.checked_mul(2));
            for align in aligns.take_while(|align| *align <= MAX_ALIGN) {
                if align > outcome.align && goal.size.is_multiple_of(align.into()) {
                    self.align = Some(align);
                    if self.lay_out().is_some_and(|outcome| outcome.size == goal.size) {
                        return Some(());
                    }
                }
            }
            self.align = None;
        }
        let fills = |field: &PlanField| matches!(field.what, What::FillerBytes(_));
        if self.fields.iter().any(fills) {
            return None;
        }
        let end = goal.slots.iter().map(Slot::end).max().unwrap_or(0).div_ceil(8);
        let len = if goal.union { goal.size } else { goal.size.checked_sub(end)? };
        self.fields.push(PlanField { what: What::FillerBytes(len), offset: None });
        Some(())
    }

    /// Lets the language lay the candidate out. `None` if it refuses.
    fn lay_out(&self) -> Option<Outcome> {
        let text = self.text();
        let read = &mut |_: &Path| Ok(text.clone());
        let loaded = bpf_layout_spec::load_with(Path::new("candidate.toml"), read, &Options::default()).ok()?;
        let (id, _) = loaded.layouts.model.records().next()?;
        Some(self.outcome(&loaded.layouts, id))
    }

    fn outcome(&self, layouts: &Layouts, id: TypeId) -> Outcome {
        let layout = layouts.of(id);
        let mut places = vec![0; self.fields.len()];
        for member in &layout.members {
            match member {
                Member::Field { field, offset, .. } => places[*field] = offset.saturating_mul(8),
                Member::Bits(run) => {
                    for bits in &run.bits {
                        if let Some(field) = bits.field {
                            places[field] = bits.bit_offset;
                        }
                    }
                }
                Member::Padding { .. } => {}
            }
        }
        Outcome { size: layout.size, align: layout.align, places }
    }

    /// The candidate in the language: names and types of members do not matter, their room does.
    fn text(&self) -> String {
        let mut externs = BTreeMap::new();
        let mut fields = String::new();
        for (index, field) in self.fields.iter().enumerate() {
            let ty = match self.room(field.what) {
                Room::Bytes { size, align } => {
                    externs.insert((size, align), ());
                    format!("\"e{size}_{align}\"")
                }
                Room::Bits { unit, width } => format!("\"{}\", bits = {width}", unit.info().name),
            };
            let offset = field.offset.map(|offset| format!(", offset = {offset}")).unwrap_or_default();
            let _ = writeln!(fields, "{{ name = \"f{index}\", type = {ty}{offset} }},");
        }
        let mut text = String::from("spec = 1\n");
        for (size, align) in externs.into_keys() {
            let _ = writeln!(text, "[extern.e{size}_{align}]\nsize = {size}\nalign = {align}\nc = \"x\"");
        }
        let _ = writeln!(text, "[{}.t]", if self.goal.union { "union" } else { "struct" });
        if let Some(packed) = self.packed {
            let _ = writeln!(text, "packed = {packed}");
        }
        if let Some(align) = self.align {
            let _ = writeln!(text, "align = {align}");
        }
        let _ = writeln!(text, "fields = [\n{fields}]");
        text
    }

    fn room(&self, what: What) -> Room {
        match what {
            What::Slot(slot) => self.goal.slots[slot].room,
            What::FillerBits(unit, width) => Room::Bits { unit, width },
            What::FillerBytes(size) => Room::Bytes { size, align: 1 },
        }
    }
}

impl Slot {
    /// The first bit behind it.
    fn end(&self) -> u64 {
        self.bit_offset.saturating_add(match self.room {
            Room::Bytes { size, .. } => size.saturating_mul(8),
            Room::Bits { width, .. } => width.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(size: u64, align: u32, at: u64) -> Slot {
        Slot { room: Room::Bytes { size, align }, bit_offset: at * 8, padding: false }
    }

    fn padding(size: u64, at: u64) -> Slot {
        Slot { padding: true, ..bytes(size, 1, at) }
    }

    fn bits(unit: Scalar, width: u32, bit_offset: u64) -> Slot {
        Slot { room: Room::Bits { unit, width }, bit_offset, padding: false }
    }

    fn structure(size: u64, slots: Vec<Slot>) -> Goal {
        Goal { union: false, size, align: None, slots }
    }

    fn offsets(plan: &Plan) -> Vec<Option<u64>> {
        plan.fields.iter().map(|field| field.offset).collect()
    }

    #[test]
    fn what_lies_naturally_needs_nothing() {
        let plan = plan(&structure(16, vec![bytes(4, 4, 0), bytes(8, 8, 8)])).unwrap();
        assert_eq!((plan.packed, plan.align, plan.natural_align), (None, None, 8));
        assert_eq!(offsets(&plan), [None, None]);
    }

    #[test]
    fn padding_is_dropped_where_the_language_puts_it_itself() {
        let plan = plan(&structure(16, vec![bytes(4, 4, 0), padding(4, 4), bytes(8, 8, 8)])).unwrap();
        assert_eq!(plan.fields.iter().map(|field| field.what).collect::<Vec<_>>(), [What::Slot(0), What::Slot(2)]);
    }

    #[test]
    fn padding_that_moves_something_stays() {
        let goal = structure(12, vec![bytes(4, 4, 0), padding(4, 4), bytes(4, 4, 8)]);
        assert_eq!(plan(&goal).unwrap().fields.len(), 3);
        let goal = structure(8, vec![bytes(4, 4, 0), padding(4, 4)]);
        let plan = plan(&goal).unwrap();
        assert_eq!((plan.fields.len(), plan.align), (2, None));
    }

    #[test]
    fn packed_and_aligned_records_are_recognised() {
        let packed = plan(&structure(9, vec![bytes(1, 1, 0), bytes(8, 8, 1)])).unwrap();
        assert_eq!((packed.packed, packed.align), (Some(1), None));
        let pragma = plan(&Goal { align: Some(4), ..structure(12, vec![bytes(4, 4, 0), bytes(8, 8, 4)]) }).unwrap();
        assert_eq!((pragma.packed, pragma.align), (Some(1), Some(4)));
        let aligned = plan(&structure(64, vec![bytes(8, 8, 0)])).unwrap();
        assert_eq!((aligned.packed, aligned.align), (None, Some(64)));
        assert_eq!(plan(&structure(24, vec![bytes(8, 8, 0)])).unwrap().fields[1].what, What::FillerBytes(16));
    }

    #[test]
    fn holes_get_offsets_and_gaps_between_bits_fillers() {
        let holes = plan(&structure(16, vec![bytes(1, 1, 0), bytes(1, 1, 5), bytes(4, 4, 12)])).unwrap();
        assert_eq!(offsets(&holes), [None, Some(5), Some(12)]);
        let gap = plan(&structure(4, vec![bits(Scalar::U32, 3, 0), bits(Scalar::U32, 4, 5)])).unwrap();
        assert_eq!(gap.fields[1].what, What::FillerBits(Scalar::U32, 2));
    }

    #[test]
    fn what_cannot_be_written_has_no_plan() {
        assert_eq!(plan(&structure(8, vec![bytes(8, 8, 0), bytes(8, 8, 0)])), None);
        assert_eq!(plan(&structure(4, vec![bytes(8, 8, 0)])), None);
    }

    #[test]
    fn unions_are_as_large_as_they_were_found() {
        let goal = Goal { union: true, ..structure(16, vec![bytes(4, 4, 0), padding(16, 0)]) };
        assert_eq!(plan(&goal).unwrap().fields.len(), 2);
        let goal = Goal { union: true, ..structure(8, vec![bytes(8, 8, 0), padding(4, 0)]) };
        assert_eq!(plan(&goal).unwrap().fields.len(), 1);
    }
}
