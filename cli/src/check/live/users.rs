//! Who uses the maps that were found: the paths that they are pinned at, programs, and the processes that hold them. What
//! may not be seen is left out: it only makes messages better.

use std::{collections::BTreeSet, path::PathBuf};

use bpf_layout_live::{Holder, Pin, Program, ProgramInfo, holders, pinned_maps, program_ids};

use super::Found;
use crate::printable;

/// Names that a message lists before it only counts.
const LISTED: usize = 3;

#[derive(Debug)]
pub(super) struct Users {
    pins: Vec<(u32, PathBuf)>,
    programs: Vec<ProgramInfo>,
    holders: Vec<Holder>,
}

impl Users {
    pub(super) fn of(found: &[Found]) -> Self {
        let ids: BTreeSet<u32> = found.iter().map(|found| found.map.id).collect();
        let is_found = |id: &u32| ids.contains(id);
        let pins = pinned_maps().unwrap_or_default().into_iter();
        let pins = pins.map(|Pin { path, map }| (map.id, path)).filter(|(id, _)| is_found(id)).collect();
        let programs: Vec<ProgramInfo> =
            program_ids().map_while(Result::ok).filter_map(|id| Program::from_id(id).ok()?.info().ok()).collect();
        let programs = programs.into_iter().filter(|program| program.map_ids.iter().any(is_found)).collect();
        Users { pins, programs, holders: holders() }
    }

    /// Where a map is pinned.
    pub(super) fn pins(&self, id: u32) -> impl Iterator<Item = &PathBuf> {
        self.pins.iter().filter(move |(map, _)| *map == id).map(|(_, path)| path)
    }

    /// The programs that use a map.
    pub(super) fn programs(&self, id: u32) -> impl Iterator<Item = &ProgramInfo> {
        self.programs.iter().filter(move |program| program.map_ids.contains(&id))
    }

    /// The processes that hold a map, or a program that uses it.
    pub(super) fn holders(&self, id: u32) -> impl Iterator<Item = &Holder> {
        let uses = move |holder: &Holder| self.programs(id).any(|program| holder.programs.contains(&program.id));
        self.holders.iter().filter(move |holder| holder.maps.contains(&id) || uses(holder))
    }

    /// Whose a map is, to be put after what it is: ` of exec (pid 77)`; empty if nobody can be told.
    pub(super) fn of_map(&self, id: u32) -> String {
        let holders =
            self.holders(id).map(|holder| format!("{} (pid {})", printable(&holder.name), holder.pid)).collect();
        let programs = self.programs(id).map(|program| format!("`{}`", program.name)).collect();
        match (list(holders), list(programs)) {
            (Some(holders), _) => format!(" of {holders}"),
            (None, Some(programs)) => format!(" of program {programs}"),
            (None, None) => String::new(),
        }
    }

    /// A map to people: `map id 12 of exec (pid 77), pinned at /sys/fs/bpf/execs`.
    pub(super) fn describe(&self, id: u32) -> String {
        let pins = list(self.pins(id).map(|path| printable(&path.to_string_lossy())).collect());
        let pins = pins.map(|pins| format!(", pinned at {pins}")).unwrap_or_default();
        format!("map id {id}{}{pins}", self.of_map(id))
    }
}

/// `a, b, c and 4 more`; none if there is nothing to list.
fn list(mut names: Vec<String>) -> Option<String> {
    names.dedup();
    let more = names.len().saturating_sub(LISTED);
    names.truncate(LISTED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    (!names.is_empty()).then(|| names.join(", ") + &more)
}

#[cfg(test)]
mod tests {
    use super::list;

    #[test]
    fn lists_end_in_a_number() {
        let names = |count: usize| (0..count).map(|number| number.to_string()).collect();
        assert_eq!(list(names(0)), None);
        assert_eq!(list(names(3)), Some("0, 1, 2".into()));
        assert_eq!(list(names(5)), Some("0, 1, 2 and 2 more".into()));
    }
}
