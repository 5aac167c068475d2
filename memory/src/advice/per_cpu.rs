//! Maps that have each value once for each CPU. Those of one entry are counters and scratch memory, which is what
//! per-CPU maps are for; with many entries the copies add up.

use bpf_layout_spec::{kernel::MAP_KINDS, layout::Layouts};

use super::{About, Proposal, largest_maps};
use crate::{
    map::MapType,
    report::{MapReport, Report},
    shrink::laid_out,
};

pub(super) fn proposals(layouts: &Layouts, report: &Report) -> Vec<Proposal> {
    largest_maps(report).into_iter().filter_map(|found| proposal(layouts, found, report)).collect()
}

fn proposal(layouts: &Layouts, found: &MapReport, report: &Report) -> Option<Proposal> {
    let shared = match found.shape.ty {
        MapType::PercpuHash => "hash",
        MapType::LruPercpuHash => "lru_hash",
        MapType::PercpuArray => "array",
        _ => return None,
    };
    let kind = MAP_KINDS.iter().find(|kind| kind.name == shared)?;
    if found.entries < 2 || found.shape.flags & !kind.flags != 0 {
        return None;
    }
    let mut model = layouts.model.clone();
    model.maps[found.id.0 as usize].kind = kind;
    let text = format!(
        "has each value {} times, once for each CPU; if the CPUs can share one, `type = \"{shared}\"`",
        report.machine.cpus
    );
    Some(Proposal { about: About::Map(found.id), text, layouts: laid_out(model)? })
}
