//! Hash maps that hold memory for every entry from the beginning.

use bpf_layout_spec::{kernel::MAP_FLAGS, layout::Layouts};

use super::{About, Proposal, largest_maps};
use crate::{
    map::{MapType, NO_PREALLOC},
    report::{MapReport, Report},
    shrink::laid_out,
    text::grouped,
};

pub(super) fn proposals(layouts: &Layouts, report: &Report) -> Vec<Proposal> {
    largest_maps(report).into_iter().filter_map(|found| proposal(layouts, found)).collect()
}

fn proposal(layouts: &Layouts, found: &MapReport) -> Option<Proposal> {
    let hash = matches!(found.shape.ty, MapType::Hash | MapType::PercpuHash | MapType::HashOfMaps);
    let allowed = layouts.model.map(found.id).kind.flags & NO_PREALLOC != 0;
    if !hash || !allowed || found.shape.has(NO_PREALLOC) {
        return None;
    }
    let mut model = layouts.model.clone();
    let flag = MAP_FLAGS.iter().find(|flag| flag.bit == NO_PREALLOC)?;
    model.maps[found.id.0 as usize].flags.push(flag);
    let text = format!(
        "holds memory for all {} entries from the beginning; if few are in use: flag `no_prealloc`",
        grouped(found.entries)
    );
    Some(Proposal { about: About::Map(found.id), text, layouts: laid_out(model)? })
}
