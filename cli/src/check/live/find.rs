//! Which loaded maps are the spec's.

use std::path::Path;

use bpf_layout_live::{Map, NAME_LEN, map_ids};
use bpf_layout_spec::model::{MapId, Model};

use super::{Found, failed};
use crate::{args::Check, failure::Failure};

/// The maps that were named, or else every map that has the name of one of the spec's.
pub(super) fn find(options: &Check, model: &Model) -> Result<Vec<Found>, Failure> {
    if model.maps.is_empty() {
        return Err(Failure::new(
            "the spec has no maps, and so the kernel has none of them",
            "check objects: `--object`",
        ));
    }
    let found = if options.map_id.is_empty() && options.pin.is_empty() { all(model)? } else { named(options, model)? };
    if found.is_empty() {
        return Err(Failure::new(
            format_args!("none of the spec's maps is loaded: {}", names(model)),
            "start the program that loads them; maps are found by their names, and a pinned one (`--pin`) also by that of its file",
        ));
    }
    Ok(found)
}

fn all(model: &Model) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::new();
    for id in map_ids() {
        let map = match Map::from_id(id.map_err(|error| failed(&error))?) {
            Ok(map) => map,
            // It was there a moment ago.
            Err(error) if error.is_gone() => continue,
            Err(error) => return Err(failed(&error)),
        };
        let candidates = candidates(model, &map.info().name);
        if !candidates.is_empty() {
            found.push(Found { map: map.info().clone(), candidates });
        }
    }
    Ok(found)
}

fn named(options: &Check, model: &Model) -> Result<Vec<Found>, Failure> {
    let mut found: Vec<Found> = Vec::new();
    for id in &options.map_id {
        let map = Map::from_id(*id).map_err(|error| failed(&error))?;
        let candidates = candidates(model, &map.info().name);
        found.push(known(map, candidates, model, &format!("map id {id}"))?);
    }
    for path in &options.pin {
        let map = Map::from_pin(path).map_err(|error| failed(&error))?;
        let by_name = candidates(model, &map.info().name);
        let candidates = if by_name.is_empty() { pinned(model, path) } else { by_name };
        found.push(known(map, candidates, model, &path.display().to_string())?);
    }
    found.sort_by_key(|found| found.map.id);
    found.dedup_by_key(|found| found.map.id);
    Ok(found)
}

/// A map that was named must be one of the spec's.
fn known(map: Map, candidates: Vec<MapId>, model: &Model, what: &str) -> Result<Found, Failure> {
    if candidates.is_empty() {
        let message = format!("{what} is called `{}`, and the spec has no map of that name", map.info().name);
        return Err(Failure::new(message, &format!("the spec has {}", names(model))));
    }
    Ok(Found { map: map.info().clone(), candidates })
}

/// The maps of the spec that the kernel would call so: what is longer than `BPF_OBJ_NAME_LEN` allows is cut, by libbpf and
/// other loaders.
pub(super) fn candidates(model: &Model, name: &str) -> Vec<MapId> {
    let is_cut = |full: &str| full.len() >= NAME_LEN && full.as_bytes().get(..NAME_LEN - 1) == Some(name.as_bytes());
    by_name(model, |full| full == name || is_cut(full))
}

/// The map of the spec that libbpf would pin here: its files have whole names.
pub(super) fn pinned(model: &Model, path: &Path) -> Vec<MapId> {
    by_name(model, |full| path.file_name().is_some_and(|file| file == full))
}

fn by_name(model: &Model, is: impl Fn(&str) -> bool) -> Vec<MapId> {
    (0..).map(MapId).zip(&model.maps).filter(|(_, map)| is(&map.name.c)).map(|(id, _)| id).collect()
}

fn names(model: &Model) -> String {
    model.maps.iter().map(|map| format!("`{}`", map.name.c)).collect::<Vec<_>>().join(", ")
}
