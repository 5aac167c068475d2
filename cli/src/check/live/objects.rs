//! Maps together with the BTF that describes them. A loader such as libbpf loads one BTF for all maps and programs of an
//! object, so that each BTF stands for an object; a map without types belongs to the programs that use it.

use std::collections::{BTreeMap, BTreeSet};

use bpf_layout_btf::{Btf, TypeId};
use bpf_layout_check::{LoadedMap, LoadedObject};
use bpf_layout_live::{LoadedBtf, MapInfo};
use bpf_layout_spec::model::{MapId, Model};

use super::{Found, find, users::Users};
use crate::check::section::{LiveMap, Unknown};

/// The bytes of each BTF that has to do with the maps that were found, by its id; or why there are none.
#[derive(Debug)]
pub(super) struct Blobs(BTreeMap<u32, Result<Vec<u8>, String>>);

impl Blobs {
    pub(super) fn load(found: &[Found], users: &Users) -> Self {
        let ids: BTreeSet<u32> = found.iter().flat_map(|found| btf_ids(&found.map, users)).collect();
        let bytes = |id| LoadedBtf::from_id(id).and_then(|btf| btf.bytes()).map_err(|error| error.to_string());
        Blobs(ids.into_iter().map(|id| (id, bytes(id))).collect())
    }

    /// As they can be read; with why the others cannot.
    pub(super) fn parse(&self) -> (BTreeMap<u32, Btf<'_>>, Vec<Unknown>) {
        let (mut parsed, mut unknown) = (BTreeMap::new(), Vec::new());
        for (id, bytes) in &self.0 {
            let btf = bytes.as_ref().map_err(Clone::clone);
            match btf.and_then(|bytes| Btf::parse(bytes).map_err(|error| error.to_string())) {
                Ok(btf) => drop(parsed.insert(*id, btf)),
                Err(why) => unknown.push(Unknown { what: format!("BTF id {id}"), why }),
            }
        }
        (parsed, unknown)
    }
}

/// Everything that is compared.
#[derive(Debug)]
pub(super) struct Gathered<'a> {
    pub(super) objects: Vec<LoadedObject<'a>>,
    /// The maps among them, and which of the spec's each is.
    pub(super) maps: Vec<(MapId, LiveMap)>,
    /// What is left out, and why.
    pub(super) unknown: Vec<Unknown>,
}

/// The BTF of a map and of each program that uses it; its own first.
fn btf_ids(map: &MapInfo, users: &Users) -> Vec<u32> {
    let of_programs = users.programs(map.id).map(|program| program.btf_id);
    std::iter::once(map.btf_id).chain(of_programs).filter(|id| *id != 0).collect()
}

/// Puts each map to the BTF that describes it.
pub(super) fn gather<'a>(
    model: &Model,
    found: &[Found],
    users: &Users,
    btfs: &'a BTreeMap<u32, Btf<'a>>,
) -> Gathered<'a> {
    let mut gathered = Gathered { objects: Vec::new(), maps: Vec::new(), unknown: Vec::new() };
    let mut by_btf: BTreeMap<u32, LoadedObject<'a>> = BTreeMap::new();
    for Found { map: info, candidates } in found {
        let ids: Vec<u32> = btf_ids(info, users).into_iter().filter(|id| btfs.contains_key(id)).collect();
        for id in &ids {
            by_btf.entry(*id).or_insert_with(|| object(*id, info.id, users, btfs));
        }
        let own = ids.first().copied().unwrap_or_default();
        match choose(model, info, candidates, users, btfs.get(&own)) {
            Ok(spec) => {
                gathered.maps.push((spec, told(model, spec, info, users)));
                by_btf.entry(own).or_default().maps.push(loaded(spec, info, own, users));
            }
            Err(unknown) => gathered.unknown.push(unknown),
        }
    }
    gathered.objects = by_btf.into_values().collect();
    gathered
}

fn object<'a>(id: u32, map: u32, users: &Users, btfs: &'a BTreeMap<u32, Btf<'a>>) -> LoadedObject<'a> {
    LoadedObject { btf: btfs.get(&id), place: format!("BTF id {id}{}", users.of_map(map)), maps: Vec::new() }
}

/// The one map of the spec that a loaded map is, of those whose names the kernel cuts to the same.
fn choose(
    model: &Model,
    info: &MapInfo,
    candidates: &[MapId],
    users: &Users,
    btf: Option<&Btf<'_>>,
) -> Result<MapId, Unknown> {
    let definitions = btf.and_then(|btf| btf.maps().ok()).unwrap_or_default();
    let types = (TypeId(info.btf_key_type_id), TypeId(info.btf_value_type_id));
    let is_defined_so = |id: &MapId| {
        let definition = definitions.iter().find(|definition| definition.name == model.map(*id).name.c);
        definition.is_some_and(|found| {
            let key_and_value = (found.key.unwrap_or(TypeId::VOID), found.value.unwrap_or(TypeId::VOID));
            found.kind == Some(info.kind) && (info.btf_id == 0 || key_and_value == types)
        })
    };
    let is_pinned_so = |id: &MapId| users.pins(info.id).any(|path| find::pinned(model, path).contains(id));
    let mut left = candidates.to_vec();
    narrow(&mut left, is_pinned_so);
    narrow(&mut left, is_defined_so);
    narrow(&mut left, |id| model.map(*id).kind.id == info.kind);
    match left[..] {
        [only] => Ok(only),
        _ => Err(ambiguous(model, info, &left, users)),
    }
}

/// Keeps those that are so, if any is.
fn narrow(left: &mut Vec<MapId>, is: impl Fn(&MapId) -> bool) {
    if left.len() > 1 && left.iter().any(&is) {
        left.retain(is);
    }
}

fn ambiguous(model: &Model, info: &MapInfo, left: &[MapId], users: &Users) -> Unknown {
    let names: Vec<String> = left.iter().map(|id| format!("`{}`", model.map(*id).name.c)).collect();
    let why = format!("the kernel cuts names, and calls {} the same", names.join(" and "));
    Unknown { what: users.describe(info.id), why }
}

fn told(model: &Model, spec: MapId, info: &MapInfo, users: &Users) -> LiveMap {
    LiveMap {
        name: model.map(spec).name.spec.to_string(),
        id: info.id,
        btf_id: info.btf_id,
        pins: users.pins(info.id).map(|path| path.display().to_string()).collect(),
        programs: users.programs(info.id).map(|program| program.name.clone()).collect(),
        pids: users.holders(info.id).map(|holder| holder.pid).collect(),
    }
}

fn loaded(spec: MapId, info: &MapInfo, btf: u32, users: &Users) -> LoadedMap {
    // The ids of types belong to the map's own BTF.
    let ty = |id| if btf == info.btf_id { TypeId(id) } else { TypeId::VOID };
    LoadedMap {
        map: spec,
        kind: info.kind,
        key_size: info.key_size,
        value_size: info.value_size,
        max_entries: info.max_entries,
        map_flags: info.map_flags,
        map_extra: info.map_extra,
        key: ty(info.btf_key_type_id),
        value: ty(info.btf_value_type_id),
        place: users.describe(info.id),
    }
}
