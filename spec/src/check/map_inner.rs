//! Maps of maps: what they may hold, and in which order they are defined.

use std::collections::HashMap;

use super::maps::Draft;
use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    model::{Map, MapId},
    spec::Spec,
    suggest,
};

/// What a map of maps holds must be a map that can be held.
pub(super) fn check_inner(
    spec: &Spec,
    drafts: &[Option<Draft<'_>>],
    by_name: &HashMap<&str, usize>,
    cx: &mut Diagnostics,
) {
    for draft in drafts.iter().flatten() {
        let Some(inner) = draft.inner.filter(|_| draft.map.kind.map_in_map) else { continue };
        let Some(&index) = by_name.get(inner.value.as_str()) else {
            let message = format!("there is no map `{}`", inner.value.escape_debug());
            let unknown = Diagnostic::new(Code::UnknownName, message, inner.span, "not defined");
            let names = spec.maps.iter().map(|map| map.name.value.as_str());
            cx.push(match suggest::nearest(&inner.value, names) {
                Some(near) => unknown.help(format!("did you mean `{near}`?")),
                None => unknown.help(format!("define it as `[map.{}]`", inner.value.escape_debug())),
            });
            continue;
        };
        let Some(held) = &drafts[index] else { continue };
        let why = if held.map.kind.map_in_map {
            "holds maps itself: the kernel allows one level"
        } else if matches!(held.map.kind.name, "prog_array" | "cgroup_storage" | "percpu_cgroup_storage") {
            "is of a type that cannot lie in another map (`bpf_map_meta_alloc`)"
        } else if held.map.pinned_by_name {
            "is pinned, which libbpf refuses for an inner map"
        } else {
            continue;
        };
        let message = format!("the map `{}` cannot hold `{}`", draft.map.name.spec, inner.value);
        cx.push(
            Diagnostic::new(Code::MapParameter, message, inner.span, "cannot lie in another map")
                .also(held.map.name.span, format!("this map {why}")),
        );
    }
}

/// Inner maps first, otherwise the order of the file.
pub(super) fn order(drafts: Vec<Option<Draft<'_>>>, by_name: &HashMap<&str, usize>) -> Vec<Map> {
    let inner: Vec<Option<usize>> = drafts
        .iter()
        .map(|draft| draft.as_ref().and_then(|draft| by_name.get(draft.inner?.value.as_str()).copied()))
        .collect();
    let mut ids: Vec<Option<MapId>> = vec![None; drafts.len()];
    let mut drafts = drafts;
    let mut maps = Vec::with_capacity(drafts.len());
    for index in 0..drafts.len() {
        for each in [inner[index], Some(index)].into_iter().flatten() {
            let Some(draft) = drafts[each].take() else { continue };
            let held = inner[each].and_then(|held| ids[held]);
            ids[each] = u32::try_from(maps.len()).ok().map(MapId);
            maps.push(Map { inner: held, ..draft.map });
        }
    }
    maps
}
