//! What to write instead: lengths that hold what was seen, capacities with room above the most that were in use.

use bpf_layout_memory::{
    Machine, Report,
    shrink::{Knob, with},
    text::{grouped, percent, rounded},
};
use bpf_layout_spec::{
    Loaded,
    kernel::MapKind,
    layout::Layouts,
    model::{Expr, MapId},
};
use bpf_layout_usage::{Document, Histogram, Row, Strings};
use serde::Serialize;

use super::{
    places::Place,
    uses::{Uses, knob_of, span_of},
};

/// Shorter strings save nothing worth the trouble.
const SHORTEST: u64 = 8;
/// Fewer entries save nothing either.
const FEWEST: u64 = 16;

/// What a proposal has to hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Aim {
    /// Percent of all values seen that a length must hold.
    pub(super) cover: f64,
    /// How many times the entries seen a capacity must hold.
    pub(super) headroom: f64,
}

/// Another number for the spec.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Proposal {
    /// As the spec calls it: `PATH`, `max_entries of sockets`, `length of value.path`.
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) from: u64,
    pub(super) to: u64,
    /// `layouts.toml:5:1`.
    pub(super) at: String,
    /// Values that were seen for a length, looks for a capacity.
    pub(super) seen: u64,
    /// The longest string in bytes, or the most entries.
    pub(super) most: u64,
    /// Values that would be cut.
    pub(super) truncated: u64,
    /// What all maps of the spec cost less then, in bytes, when full.
    pub(super) saves: Saving,
    /// What else hangs on it and was not seen. `--write` leaves such a number alone.
    pub(super) unseen: Vec<String>,
    #[serde(skip)]
    pub(super) knob: Knob,
}

/// Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Saving {
    pub(super) memlock_full: u64,
    pub(super) real_full: u64,
}

/// All proposals, the largest saving first, and remarks.
pub(super) fn propose(
    document: &Document,
    loaded: &Loaded,
    machine: &Machine,
    aim: Aim,
) -> (Vec<Proposal>, Vec<String>) {
    let cx = Context { document, loaded, machine, aim, uses: Uses::new(&loaded.layouts) };
    let mut notes = cx.expressions();
    let mut proposals = Vec::new();
    for knob in Knob::all(&loaded.layouts.model) {
        proposals.extend(cx.length(knob, &mut notes));
        proposals.extend(cx.capacity(knob, &mut notes));
    }
    proposals.sort_by_key(|proposal: &Proposal| std::cmp::Reverse(proposal.saves.real_full));
    (proposals, notes)
}

/// What several changes save together.
pub(super) fn saved(layouts: &Layouts, machine: &Machine, numbers: &[(Knob, u64)]) -> Option<Saving> {
    let (before, after) = (Report::new(layouts, machine).ok()?, Report::new(&with(layouts, numbers)?, machine).ok()?);
    let (before, after) = (before.totals(), after.totals());
    Some(Saving {
        memlock_full: before.memlock_full.saturating_sub(after.memlock_full),
        real_full: before.real_full.saturating_sub(after.real_full),
    })
}

struct Context<'a> {
    document: &'a Document,
    loaded: &'a Loaded,
    machine: &'a Machine,
    aim: Aim,
    uses: Uses<'a>,
}

impl Context<'_> {
    fn layouts(&self) -> &Layouts {
        &self.loaded.layouts
    }

    /// What was seen of a map of the spec.
    fn rows(&self, map: usize) -> impl Iterator<Item = &Row> {
        let name = &self.layouts().model.maps[map].name;
        // A program knows its maps by their names in C.
        let is_it = move |found: &str| found == name.spec || found == name.c;
        self.document.maps.iter().filter(move |row| row.map.as_deref().is_some_and(is_it))
    }

    fn strings(&self, map: usize, field: &str) -> impl Iterator<Item = &Strings> {
        self.rows(map).flat_map(|row| &row.strings).filter(move |strings| strings.field == field)
    }

    /// The most entries of a map that were in use; none if there may have been more.
    fn peak(&self, map: usize) -> Option<u64> {
        let counted = self.rows(map).map(|row| row.in_use.filter(|in_use| in_use.complete));
        let peaks: Option<Vec<u64>> = counted.map(|in_use| in_use.map(|in_use| in_use.peak)).collect();
        let most = peaks?.into_iter().max()?;
        (most > 0 && is_counted(self.layouts().model.maps[map].kind)).then_some(most)
    }

    /// Whether a string was measured wherever its map was found. Whoever looks at a map sees none of the events that
    /// travel through it.
    fn is_measured(&self, map: usize, place: &Place) -> bool {
        self.strings(map, &place.at.field).any(|strings| strings.lengths.count() > 0)
            && (place.event.is_some() || self.rows(map).all(|row| row.skipped.is_none()))
    }

    /// Another length, if shorter strings would do.
    fn length(&self, knob: Knob, notes: &mut Vec<String>) -> Option<Proposal> {
        let model = &self.layouts().model;
        let (mut lengths, mut filled) = (Histogram::default(), 0_u64);
        for (map, places) in self.uses.places.iter().enumerate() {
            for place in places.iter().filter(|place| knob_of(place, model) == Some(knob)) {
                for strings in self.strings(map, &place.at.field) {
                    lengths.merge(&strings.lengths);
                    filled = filled.saturating_add(strings.filled);
                }
            }
        }
        let (count, most) = (lengths.count(), lengths.max()?);
        let (name, from) = (knob.name(model), knob.value(model));
        if filled > 0 {
            let share = percent(filled, count);
            notes.push(format!(
                "{name}: {} of {} values ({share}) fill it, and may have been cut",
                grouped(filled),
                grouped(count)
            ));
        }
        // How long they would have been is not known, so they are among those that need not be held, or nothing is.
        if filled as f64 > count as f64 * (1.0 - self.aim.cover / 100.0) {
            return None;
        }
        let to = shorter(from, lengths.percentile(self.aim.cover)?);
        let truncated = lengths.above(to);
        let unseen = self.uses.unseen_lengths(knob, |map, place| self.is_measured(map, place));
        self.proposal(Proposal { kind: "length", to, seen: count, most, truncated, unseen, ..self.blank(knob) })
    }

    /// Another capacity, if fewer entries would do.
    fn capacity(&self, knob: Knob, notes: &mut Vec<String>) -> Option<Proposal> {
        let model = &self.layouts().model;
        let maps: Vec<usize> =
            (0..model.maps.len()).filter(|map| capacity_of(&model.maps[*map], *map) == Some(knob)).collect();
        let most = maps.iter().filter_map(|map| self.peak(*map)).max()?;
        let from = knob.value(model);
        for map in maps.iter().filter(|map| self.rows(**map).any(is_full)) {
            notes.push(full(&model.maps[*map]));
        }
        let to = roomy(most, self.aim.headroom);
        let unseen = self.uses.unseen_capacities(knob, |map| self.peak(map).is_some());
        (to < from).then_some(())?;
        let samples = maps.iter().flat_map(|map| self.rows(*map)).filter_map(|row| row.in_use);
        let seen = samples.fold(0, |sum: u64, in_use| sum.saturating_add(in_use.samples));
        self.proposal(Proposal { kind: "capacity", to, seen, most, truncated: 0, unseen, ..self.blank(knob) })
    }

    fn blank(&self, knob: Knob) -> Proposal {
        let model = &self.layouts().model;
        let span = span_of(knob, model);
        let place = self.loaded.sources.line_column(span);
        let file = self.loaded.sources.get(span.file).path.display();
        Proposal {
            name: knob.name(model),
            kind: "",
            from: knob.value(model),
            to: 0,
            at: format!("{file}:{}:{}", place.line, place.column),
            seen: 0,
            most: 0,
            truncated: 0,
            saves: Saving { memlock_full: 0, real_full: 0 },
            unseen: Vec::new(),
            knob,
        }
    }

    /// With what it saves; none if that is nothing, or the spec would not be valid.
    fn proposal(&self, proposal: Proposal) -> Option<Proposal> {
        if proposal.to >= proposal.from {
            return None;
        }
        let saves = saved(self.layouts(), self.machine, &[(proposal.knob, proposal.to)])?;
        (saves.memlock_full > 0 || saves.real_full > 0).then_some(Proposal { saves, ..proposal })
    }

    /// Strings that use much less than they have, of lengths that are no numbers.
    fn expressions(&self) -> Vec<String> {
        let model = &self.layouts().model;
        let mut notes = Vec::new();
        for (map, places) in self.uses.places.iter().enumerate() {
            for place in places.iter().filter(|place| knob_of(place, model).is_none()) {
                let Some(most) = self.strings(map, &place.at.field).filter_map(|strings| strings.lengths.max()).max()
                else {
                    continue;
                };
                if most.saturating_mul(2) <= place.at.length {
                    let of = &model.maps[map];
                    let at = self.loaded.sources.line_column(
                        place.written.map_or(of.name.span, |(id, field)| span_of(Knob::Length(id, field), model)),
                    );
                    notes.push(format!(
                        "`{}` of map `{}` (line {}) uses at most {} of {} bytes; its length is an expression, to be changed by hand",
                        place.at.field, of.name.spec, at.line, grouped(most), grouped(place.at.length)
                    ));
                }
            }
        }
        notes
    }
}

/// The number that decides the capacity of a map.
fn capacity_of(map: &bpf_layout_spec::model::Map, index: usize) -> Option<Knob> {
    match map.max_entries.as_ref()?.expr {
        Expr::Const(id) => Some(Knob::Constant(id)),
        Expr::Literal(_) => Some(Knob::Entries(MapId(u32::try_from(index).ok()?))),
        Expr::Binary(..) => None,
    }
}

/// Whether entries in use say what a map needs. In arrays and their kind, keys are places: the last one counts, not how many.
fn is_counted(kind: &MapKind) -> bool {
    matches!(kind.name, "hash" | "percpu_hash" | "lru_hash" | "lru_percpu_hash" | "lpm_trie" | "hash_of_maps" | "rhash")
}

fn is_full(row: &Row) -> bool {
    row.in_use.is_some_and(|in_use| in_use.peak >= row.max_entries)
}

fn full(map: &bpf_layout_spec::model::Map) -> String {
    let then = if map.kind.name.starts_with("lru") {
        "the entry that was not used for longest is lost"
    } else {
        "updates fail"
    };
    format!("map `{}` was full: at every new entry, {then}", map.name.spec)
}

/// The length to write for strings of this many bytes: a power of two where there is one, since programs may mask with it,
/// otherwise a multiple of 8.
fn shorter(from: u64, needed: u64) -> u64 {
    let needed = needed.max(SHORTEST);
    let to =
        if from.is_power_of_two() { needed.checked_next_power_of_two() } else { needed.checked_next_multiple_of(8) };
    to.unwrap_or(u64::MAX)
}

/// The capacity to write for this many entries: the next power of two above them and their headroom.
fn roomy(most: u64, headroom: f64) -> u64 {
    let wanted = (most as f64 * headroom).ceil() as u64;
    wanted.max(FEWEST).checked_next_power_of_two().unwrap_or(u64::MAX)
}

impl Proposal {
    /// What speaks for it, to people.
    pub(super) fn reason(&self) -> String {
        let saves = format!(
            "saves {} of what is reported, {} of what is taken",
            rounded(self.saves.memlock_full),
            rounded(self.saves.real_full)
        );
        match (self.kind, self.truncated) {
            ("capacity", _) => {
                let looks = if self.seen == 1 { "1 look".to_owned() } else { format!("{} looks", grouped(self.seen)) };
                format!("{saves}; at most {} were in use, in {looks}", grouped(self.most))
            }
            (_, 0) => format!(
                "{saves}; cuts none of {} values, the longest of {} bytes",
                grouped(self.seen),
                grouped(self.most)
            ),
            (_, truncated) => format!(
                "{saves}; cuts {} of {} values ({}), the longest of {} bytes",
                grouped(truncated),
                grouped(self.seen),
                share(truncated, self.seen),
                grouped(self.most)
            ),
        }
    }
}

/// A share in percent that does not say 0.0 of something.
fn share(part: u64, whole: u64) -> String {
    let share = percent(part, whole);
    if part > 0 && share == "0.0 %" { "under 0.1 %".into() } else { share }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_stay_what_programs_may_mask_with() {
        assert_eq!([1, 8, 9, 64, 65].map(|needed| shorter(512, needed)), [8, 8, 16, 64, 128]);
        assert_eq!([1, 9, 100].map(|needed| shorter(500, needed)), [8, 16, 104]);
        assert_eq!(shorter(512, u64::MAX), u64::MAX);
    }

    #[test]
    fn capacities_have_room() {
        assert_eq!([1, 600, 1000].map(|most| roomy(most, 1.5)), [16, 1024, 2048]);
        assert_eq!((roomy(1024, 1.0), roomy(1025, 1.0), roomy(u64::MAX, 2.0)), (1024, 2048, u64::MAX));
    }

    #[test]
    fn no_share_is_rounded_to_nothing() {
        assert_eq!(
            (share(1, 100_000), share(1, 1000), share(0, 9)),
            ("under 0.1 %".into(), "0.1 %".into(), "0.0 %".into())
        );
    }
}
