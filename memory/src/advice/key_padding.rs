//! Keys of hash maps a few bytes over a multiple of 8, to which the kernel rounds each of them up.
//!
//! Holes within a key are another matter: an order of its fields that leaves fewer of them is what `field-order` finds.

use bpf_layout_spec::{
    layout::Layouts,
    model::{Count, Expr, Type},
};

use super::{About, Proposal, largest_maps};
use crate::{
    map::MapType,
    report::{MapReport, Report},
    shrink::laid_out,
};

/// `round_up(key_size, 8)` in `htab_map_alloc` (`kernel/bpf/hashtab.c`).
const STEP: u64 = 8;
/// Most bytes that a key is to lose: at four or fewer, half of the step at least is lost to rounding.
const MOST_OVER: u64 = 4;

pub(super) fn proposals(layouts: &Layouts, report: &Report) -> Vec<Proposal> {
    largest_maps(report).into_iter().filter_map(|found| proposal(layouts, found)).collect()
}

fn proposal(layouts: &Layouts, found: &MapReport) -> Option<Proposal> {
    use MapType::{Hash, LruHash, LruPercpuHash, PercpuHash};
    let key = found.shape.key;
    let (over, less) = (key % STEP, key - key % STEP);
    let hash = matches!(found.shape.ty, Hash | LruHash | PercpuHash | LruPercpuHash);
    if !hash || less == 0 || !(1..=MOST_OVER).contains(&over) {
        return None;
    }
    let mut model = layouts.model.clone();
    model.maps[found.id.0 as usize].key = Some(Type::Bytes(Count { value: less, expr: Expr::Literal(less) }));
    let text = format!("has keys of {key} bytes, each of which takes {}; {less} would take {less}", less + STEP);
    Some(Proposal { about: About::Map(found.id), text, layouts: laid_out(model)? })
}
