//! One round: what the running kernel has loaded, as it is now.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use bpf_layout_live::{Error, Map, MapInfo, map_ids};
use bpf_layout_memory::{MapShape, MapType, memlock, parts};
use bpf_layout_usage::{Counted, Document, InUse, Machine, Place, Row, count, kernel_release};

use super::{Setting, places::places};
use crate::{
    check::live::{Agreement, agreements},
    failure::Failure,
};

/// How a map is opened.
#[derive(Clone, Debug)]
enum Handle<'a> {
    Id(u32),
    Pin(&'a Path),
}

/// Looks at every map once. A map that was named (`must_exist`) must be there.
pub(super) fn sample(setting: &Setting<'_>, must_exist: bool) -> Result<Document, Failure> {
    let deadline = Instant::now() + Duration::from_secs_f64(setting.options.time_limit);
    let mut found = find(setting, must_exist)?;
    let known = known(setting, &found)?;
    if setting.loaded.is_some() {
        found.retain(|(_, info)| known.contains_key(&info.id));
        if found.is_empty() && must_exist {
            return Err(Failure::new(
                "none of the spec's maps is loaded, or among those that were named",
                "start the program that loads them; maps are found by their names, and a pinned one (`--pin`) also by that of its file",
            ));
        }
    }
    // What is small is counted first, so that one huge map does not take everybody's time.
    found.sort_by_key(|(_, info)| {
        let element = u64::from(info.key_size) + u64::from(info.value_size);
        (u64::from(info.max_entries).saturating_mul(element), info.id)
    });
    let mut maps = Vec::new();
    for (handle, info) in &found {
        let map = match handle.open() {
            // Something else may have been pinned there meanwhile.
            Ok(map) if map.info().id != info.id => continue,
            Ok(map) => map,
            Err(error) if error.is_gone() => continue,
            Err(error) => return Err(failed(&error)),
        };
        maps.push(row(setting, &map, known.get(&info.id), deadline)?);
    }
    Ok(Document {
        spec: setting.loaded.as_ref().map(|loaded| loaded.layouts.model.spec_name.clone()),
        profile: setting.loaded.as_ref().and_then(|loaded| loaded.layouts.model.profile.clone()),
        maps,
        ..Document::of(this(setting))
    })
}

fn this(setting: &Setting<'_>) -> Machine {
    let release = kernel_release();
    let kernel = if release.is_empty() { setting.machine.kernel.name.clone() } else { release };
    Machine { kernel, cpus: setting.machine.cpus, page_size: setting.machine.page_size, runs: 1 }
}

/// The maps that were named, or all.
fn find<'a>(setting: &Setting<'a>, must_exist: bool) -> Result<Vec<(Handle<'a>, MapInfo)>, Failure> {
    let options = setting.options;
    let named = options.map_id.iter().map(|id| Handle::Id(*id));
    let named: Vec<Handle<'_>> = named.chain(options.pin.iter().map(|path| Handle::Pin(path))).collect();
    let all = named.is_empty();
    let handles = if all {
        map_ids().map(|id| id.map(Handle::Id)).collect::<Result<_, _>>().map_err(|error| failed(&error))?
    } else {
        named
    };
    let mut found: Vec<(Handle<'_>, MapInfo)> = Vec::new();
    for handle in handles {
        match handle.open() {
            Ok(map) if !all && found.iter().any(|(_, info)| info.id == map.info().id) => {}
            Ok(map) => found.push((handle, map.info().clone())),
            // It was there a moment ago.
            Err(error) if error.is_gone() && (all || !must_exist) => {}
            Err(error) => return Err(failed(&error)),
        }
    }
    Ok(found)
}

impl Handle<'_> {
    fn open(&self) -> Result<Map, Error> {
        match self {
            Handle::Id(id) => Map::from_id(*id),
            Handle::Pin(path) => Map::from_pin(path),
        }
    }
}

/// Which maps are the spec's.
fn known(setting: &Setting<'_>, found: &[(Handle<'_>, MapInfo)]) -> Result<BTreeMap<u32, Agreement>, Failure> {
    let Some(loaded) = &setting.loaded else { return Ok(BTreeMap::new()) };
    let maps: Vec<(&MapInfo, Option<&Path>)> = found
        .iter()
        .map(|(handle, info)| match handle {
            Handle::Id(_) => (info, None),
            Handle::Pin(path) => (info, Some(*path)),
        })
        .collect();
    agreements(loaded, &maps)
}

/// Everything about one map.
fn row(setting: &Setting<'_>, map: &Map, known: Option<&Agreement>, deadline: Instant) -> Result<Row, Failure> {
    let info = map.info();
    let (spec, skipped) = match known {
        Some(Agreement { map, why }) => (*map, why.clone()),
        None => (None, None),
    };
    let layouts = setting.loaded.as_ref().map(|loaded| &loaded.layouts);
    let strings: Vec<Place> = match (layouts, spec) {
        (Some(layouts), Some(id)) if skipped.is_none() => {
            places(layouts, layouts.model.map(id)).into_iter().map(|place| place.at).collect()
        }
        _ => Vec::new(),
    };
    let Counted { in_use, strings } = count(map, strings, deadline);
    let shape = shape(info);
    let used = in_use.map(|in_use| in_use.peak);
    Ok(Row {
        id: Some(info.id),
        name: info.name.clone(),
        map: spec.zip(layouts).map(|(id, layouts)| layouts.model.map(id).name.spec.to_string()),
        ty: MapType::from_id(info.kind).map_or_else(|| info.kind.to_string(), |ty| ty.name().to_owned()),
        key_size: info.key_size.into(),
        value_size: info.value_size.into(),
        max_entries: info.max_entries.into(),
        map_flags: info.map_flags,
        memlock: map.memlock().map_err(|error| failed(&error))?,
        predicted: shape.and_then(|shape| predicted(setting, &shape, in_use)),
        real: shape.and_then(|shape| real(setting, &shape, used)),
        in_use,
        strings,
        skipped,
        failed: None,
    })
}

fn shape(info: &MapInfo) -> Option<MapShape> {
    let ty = MapType::from_id(info.kind).filter(|ty| *ty != MapType::StructOps)?;
    Some(MapShape {
        entries: info.max_entries.into(),
        flags: info.map_flags,
        map_extra: info.map_extra.unwrap_or(0),
        ..MapShape::new(ty, info.key_size.into(), info.value_size.into())
    })
}

/// What the kernel should report; `None` if that hangs on elements that could not be counted.
fn predicted(setting: &Setting<'_>, shape: &MapShape, in_use: Option<InUse>) -> Option<u64> {
    let of = |used| memlock(shape, &setting.machine, used).ok();
    let counted = in_use.filter(|in_use| in_use.complete).map(|in_use| in_use.peak);
    let fixed = of(0) == of(1);
    (fixed || counted.is_some()).then(|| of(counted.unwrap_or(0))).flatten()
}

fn real(setting: &Setting<'_>, shape: &MapShape, used: Option<u64>) -> Option<u64> {
    let parts = parts(shape, &setting.machine, used.unwrap_or(0)).ok()?;
    Some(parts.iter().fold(0, |sum, part| part.bytes.saturating_add(sum)))
}

/// Something without which nothing can be audited.
fn failed(error: &Error) -> Failure {
    Failure::new(format_args!("cannot audit what is loaded: {error}"), error.help().unwrap_or("see bpf(2)"))
}
