//! Lengths and capacities, which is where the bytes are: what half of each would save.

use bpf_layout_spec::layout::Layouts;

use super::{About, MOST_TRIED, Proposal};
use crate::{
    report::Report,
    shrink::{Knob, with},
    text::grouped,
};

/// Of what all maps cost, the part that half of a number must save to be worth a word.
const SMALLEST_PART: u64 = 20;

pub(super) fn proposals(layouts: &Layouts, report: &Report) -> Vec<Proposal> {
    let model = &layouts.model;
    let mut knobs = Knob::all(model);
    knobs.sort_by_key(|knob| std::cmp::Reverse(knob.value(model)));
    knobs.truncate(MOST_TRIED);
    let total = report.totals().real_full;
    let worth = |proposal: &Proposal| {
        let after = Report::new(&proposal.layouts, &report.machine).map(|report| report.totals().real_full);
        after.is_ok_and(|after| total.saturating_sub(after) >= total / SMALLEST_PART)
    };
    knobs.into_iter().filter_map(|knob| proposal(layouts, knob)).filter(worth).collect()
}

fn proposal(layouts: &Layouts, knob: Knob) -> Option<Proposal> {
    let value = knob.value(&layouts.model);
    let half = Some(value / 2).filter(|&half| half >= knob.least(&layouts.model))?;
    let (about, what) = match knob {
        Knob::Constant(id) => (About::Constant(id), "is"),
        Knob::Entries(id) => (About::Map(id), "has `max_entries`"),
        Knob::Length(id, field) => (About::Field(id, field), "has a length of"),
    };
    let text = format!("{what} {}; if half is enough, {}", grouped(value), grouped(half));
    Some(Proposal { about, text, layouts: with(layouts, &[(knob, half)])? })
}
