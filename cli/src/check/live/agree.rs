//! Which map of a spec a loaded map is, and whether it is proven to be laid out as there: what reading it by the spec takes.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use bpf_layout_check::{LoadedOutcome, check_loaded, sentence};
use bpf_layout_live::MapInfo;
use bpf_layout_spec::{
    Loaded,
    compare::{Thing, ThingKind},
    layout::Layouts,
    model::{MapId, Type, TypeDef, TypeId},
};

use super::{Found, find, host, objects, objects::Blobs, users::Users};
use crate::failure::Failure;

/// What a loaded map has to do with a spec.
#[derive(Clone, Debug)]
pub(crate) struct Agreement {
    /// The map that it is by its name; none if that is open.
    pub(crate) map: Option<MapId>,
    /// Why it cannot be read by the spec's layout; none if it can.
    pub(crate) why: Option<String>,
}

/// Those of these maps that have a name of the spec's, by id. A map comes with the path of its pin if it was found so.
pub(crate) fn agreements(
    loaded: &Loaded,
    maps: &[(&MapInfo, Option<&Path>)],
) -> Result<BTreeMap<u32, Agreement>, Failure> {
    let model = &loaded.layouts.model;
    let found = maps.iter().filter_map(|(map, pin)| {
        let mut candidates = find::candidates(model, &map.name);
        if let Some(pin) = pin.filter(|_| candidates.is_empty()) {
            candidates = find::pinned(model, pin);
        }
        (!candidates.is_empty()).then(|| Found { map: (*map).clone(), candidates })
    });
    let found: Vec<Found> = found.collect();
    let users = Users::of(&found);
    found.iter().map(|found| Ok((found.map.id, agreement(loaded, found, &users)?))).collect()
}

fn agreement(loaded: &Loaded, found: &Found, users: &Users) -> Result<Agreement, Failure> {
    let found = std::slice::from_ref(found);
    let blobs = Blobs::load(found, users);
    let (btfs, unreadable) = blobs.parse();
    let gathered = objects::gather(&loaded.layouts.model, found, users, &btfs);
    let Some((map, _)) = gathered.maps.first() else {
        let why = gathered.unknown.into_iter().next().map(|unknown| unknown.why);
        return Ok(Agreement { map: None, why });
    };
    let compared = check_loaded(&loaded.layouts, &gathered.objects, host()?);
    let why = obstacle(loaded, *map, &compared);
    let unreadable = unreadable.into_iter().next().map(|unknown| unknown.why);
    Ok(Agreement { map: Some(*map), why: why.map(|why| unreadable.unwrap_or(why)) })
}

/// Why a map is not proven to have the spec's layout.
fn obstacle(loaded: &Loaded, id: MapId, compared: &LoadedOutcome) -> Option<String> {
    let layouts = &loaded.layouts;
    let map = layouts.model.map(id);
    let outcome = &compared.outcome;
    let mut types = BTreeSet::new();
    map.key.iter().chain(&map.value).for_each(|ty| reach(layouts, ty, &mut types));
    let names: BTreeSet<&str> = types.iter().map(|id| layouts.model.ty(TypeId(*id)).name().spec.as_str()).collect();
    // Maps and types have namespaces of their own. Of a map, its entries and flags move nothing.
    let differs = outcome.differences.iter().find(|difference| match difference.rule.id {
        "map-type" | "map-key" | "map-value" => difference.what == map.name.spec,
        rule => !rule.starts_with("map-") && names.contains(difference.what.as_str()),
    });
    if let Some(difference) = differs {
        return Some(format!("{}; `check --live` says everything", sentence(difference, &loaded.sources)));
    }
    let is_it = |thing: &Thing| match thing.kind {
        ThingKind::Map => thing.name == map.name.spec,
        ThingKind::Type => names.contains(thing.name.as_str()),
    };
    let unknown = outcome.unknown.iter().find(|(_, thing, _)| is_it(thing));
    unknown.map(|(_, _, why)| (*why).to_owned())
}

/// The definitions that a type consists of.
fn reach(layouts: &Layouts, ty: &Type, found: &mut BTreeSet<u32>) {
    match ty {
        Type::Array(element, _) => reach(layouts, element, found),
        Type::Def(id) if found.insert(id.0) => {
            if let TypeDef::Record(record) = layouts.model.ty(*id) {
                record.fields.iter().for_each(|field| reach(layouts, &field.ty, found));
            }
        }
        Type::Def(_)
        | Type::Scalar(_)
        | Type::Str(_)
        | Type::Bytes(_)
        | Type::Variable(_)
        | Type::Kernel(_)
        | Type::Kptr(..) => {}
    }
}
