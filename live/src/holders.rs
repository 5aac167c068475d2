//! Which processes hold maps and programs: those that have them open.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::map::{MAP_FILE, fdinfo};

/// What the link in `/proc/PID/fd` of a program reads.
const PROGRAM_FILE: &str = "anon_inode:bpf-prog";

/// A process that has maps or programs open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process id, as our pid namespace has it.
    pub pid: u32,
    /// Its name, as `ps` shows it. It may be anything: whoever prints it looks out for control characters.
    pub name: String,
    /// Ids of the maps that it has open.
    pub maps: BTreeSet<u32>,
    /// Ids of the programs that it has open.
    pub programs: BTreeSet<u32>,
}

/// Every other process that has maps or programs open, in order of process id: of those in our pid namespace, whose
/// `/proc/PID/fd` we may read. What vanishes meanwhile is left out.
#[must_use]
pub fn holders() -> Vec<Holder> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        if let Some(pid) = pid.filter(|pid| *pid != std::process::id())
            && let Some(holder) = holder(pid, &entry.path())
        {
            found.insert(pid, holder);
        }
    }
    found.into_values().collect()
}

fn holder(pid: u32, folder: &Path) -> Option<Holder> {
    let mut holder = Holder { pid, name: String::new(), maps: BTreeSet::new(), programs: BTreeSet::new() };
    for file in fs::read_dir(folder.join("fd")).into_iter().flatten().flatten() {
        let Ok(target) = fs::read_link(file.path()) else { continue };
        let (key, ids) = if target == Path::new(MAP_FILE) {
            ("map_id", &mut holder.maps)
        } else if target == Path::new(PROGRAM_FILE) {
            ("prog_id", &mut holder.programs)
        } else {
            continue;
        };
        let info = fs::read_to_string(folder.join("fdinfo").join(file.file_name())).unwrap_or_default();
        ids.extend(fdinfo(&info, key).and_then(|id| id.parse::<u32>().ok()));
    }
    if holder.maps.is_empty() && holder.programs.is_empty() {
        return None;
    }
    let name = fs::read(folder.join("comm")).unwrap_or_default();
    holder.name = String::from_utf8_lossy(&name).trim_end_matches('\n').to_owned();
    Some(holder)
}
