//! The workspace's own spec, in each of its profiles.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use bpf_layout_memory::{Cost, Machine, Report};
use bpf_layout_spec::{Loaded, Options, layout::Layouts};

/// The profiles of the case, in the order of its story.
pub(crate) const PROFILES: [&str; 3] = ["before", "after", "lean"];

/// Where it is.
pub(crate) fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../layouts.toml")
}

/// The spec under a profile.
fn load(profile: &str) -> Result<Loaded, String> {
    let options = Options { profile: Some(profile.to_owned()) };
    bpf_layout_spec::load(&path(), &options).map_err(|failure| format!("{:?}", failure.diagnostics))
}

/// What each map costs under a profile on this machine, by its name.
pub(crate) fn costs(profile: &str, machine: &Machine) -> Result<BTreeMap<String, Cost>, String> {
    let loaded = load(profile)?;
    let report = Report::new(&loaded.layouts, machine).map_err(|error| error.to_string())?;
    let maps = report.maps.iter().map(|map| (map_name(&loaded.layouts, map), map.cost.clone()));
    let rooms = report.rooms.iter().map(|room| (room.name(&loaded.layouts.model), room.cost.clone()));
    Ok(maps.chain(rooms).collect())
}

fn map_name(layouts: &Layouts, map: &bpf_layout_memory::MapReport) -> String {
    layouts.model.map(map.id).name.spec.to_string()
}
