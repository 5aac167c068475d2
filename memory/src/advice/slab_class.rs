//! Elements that are allocated one by one and are a little too large for a class of the allocator, so that each of them
//! lies in an object of the next.

use bpf_layout_spec::{
    layout::Layouts,
    model::{Count, Expr, Type},
};

use super::{About, Proposal, largest_maps, real_full};
use crate::{
    map::{MapShape, NO_PREALLOC},
    report::{MapReport, Report},
    shrink::laid_out,
    text::grouped,
};

/// The kernel rounds values up to multiples of this many bytes.
const STEP: u64 = 8;
/// A value is to become smaller by no more than this part of it.
const LARGEST_PART: u64 = 8;
/// Sizes that are tried.
const MOST_STEPS: u64 = 512;
/// The memory saved is to be so many times the bytes that are taken off the values: what is left is the allocator's.
const WORTH: u64 = 2;

pub(super) fn proposals(layouts: &Layouts, report: &Report) -> Vec<Proposal> {
    largest_maps(report).into_iter().filter_map(|found| proposal(layouts, found, report)).collect()
}

fn proposal(layouts: &Layouts, found: &MapReport, report: &Report) -> Option<Proposal> {
    let value = found.shape.value;
    if !found.shape.has(NO_PREALLOC) || layouts.model.map(found.id).value.is_none() || value <= STEP {
        return None;
    }
    let before = found.cost.real_full;
    let fits = |value: &u64| {
        let taken_off = (found.shape.value - value).saturating_mul(found.entries);
        let after = real_full(&MapShape { value: *value, ..found.shape }, &report.machine);
        after.is_some_and(|after| before.saturating_sub(after) > taken_off.saturating_mul(WORTH))
    };
    let less = |step: u64| value.next_multiple_of(STEP).checked_sub(step * STEP);
    let steps = 1..=(value / LARGEST_PART / STEP).clamp(1, MOST_STEPS);
    let smaller = steps.filter_map(less).filter(|&less| less > 0 && less < value).find(fits)?;
    let mut model = layouts.model.clone();
    let count = Count { value: smaller, expr: Expr::Literal(smaller) };
    model.maps[found.id.0 as usize].value = Some(Type::Bytes(count));
    let text = format!(
        "has values of {} bytes, just too large for a slab class; {} or fewer fit",
        grouped(value),
        grouped(smaller)
    );
    Some(Proposal { about: About::Map(found.id), text, layouts: laid_out(model)? })
}
