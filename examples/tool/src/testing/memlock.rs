//! What the kernel says that the maps of a running tool cost, beside what was predicted.

use std::path::Path;

use bpf_layout_live::{Map, MapInfo, holders};
use bpf_layout_memory::{KernelSizes, Machine, MapReport, Report, possible_cpus};
use bpf_layout_spec::Options;

/// Bytes of a map's name that the kernel keeps: `BPF_OBJ_NAME_LEN` (`include/uapi/linux/bpf.h`) without the NUL.
const KEPT: usize = 15;

/// A map that a process has open.
#[derive(Clone, Debug)]
pub struct LoadedMap {
    /// What the kernel says of it.
    pub info: MapInfo,
    /// Bytes that the kernel reports of it.
    pub memlock: u64,
}

impl LoadedMap {
    /// Whether it may be the map of this name, of which the kernel keeps the beginning only.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.info.name == name || (self.info.name.len() == KEPT && name.starts_with(&self.info.name))
    }
}

/// Every map that a process has open.
///
/// # Errors
/// If it has none, or the kernel does not say.
pub fn loaded_maps(pid: u32) -> Result<Vec<LoadedMap>, String> {
    let holder = holders().into_iter().find(|holder| holder.pid == pid);
    let holder = holder.ok_or_else(|| format!("process {pid} has no BPF maps"))?;
    let load = |id| {
        let map = Map::from_id(id)?;
        Ok(LoadedMap { info: map.info().clone(), memlock: map.memlock()? })
    };
    let loaded: Result<_, bpf_layout_live::Error> = holder.maps.into_iter().map(load).collect();
    loaded.map_err(|error| error.to_string())
}

/// Compares what the maps of a running tool cost with what was predicted for them: to the byte where it does not hang on
/// what is in them. Gives the names of the maps that were compared.
///
/// # Panics
/// If a map is another one, or costs something else.
#[must_use]
pub fn compared(pid: u32, spec: &Path, profile: Option<&str>) -> Vec<String> {
    let options = Options { profile: profile.map(str::to_owned) };
    let loaded = bpf_layout_spec::load(spec, &options).unwrap_or_else(|failure| panic!("{:?}", failure.diagnostics));
    let machine = Machine::new(KernelSizes::running(), possible_cpus().expect("this machine has CPUs"));
    let report = Report::new(&loaded.layouts, &machine).unwrap_or_else(|error| panic!("{error}"));
    let maps = loaded_maps(pid).unwrap_or_else(|error| panic!("{error}"));
    let name = |predicted: &MapReport| &loaded.layouts.model.map(predicted.id).name.spec;
    let compare = |map: &LoadedMap| {
        let predicted = report.maps.iter().find(|predicted| map.is_called(name(predicted)))?;
        agree(map, predicted);
        Some(name(predicted).to_string())
    };
    maps.iter().filter_map(compare).collect()
}

fn agree(map: &LoadedMap, predicted: &MapReport) {
    let MapReport { shape, entries, cost, .. } = predicted;
    let LoadedMap { info, memlock } = map;
    let asked = (shape.ty.id(), shape.key, shape.value, *entries, shape.flags);
    let got = (info.kind, info.key_size.into(), info.value_size.into(), u64::from(info.max_entries), info.map_flags);
    assert_eq!(got, asked, "{}", info.name);
    let (empty, full) = (cost.memlock, cost.memlock_full);
    assert!((empty..=full).contains(memlock), "{}: {memlock} B, predicted {empty} to {full} B", info.name);
}
