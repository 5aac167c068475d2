//! What a name on the command line stands for.

use bpf_layout_spec::{
    model::{Map, MapId, Model, Type, TypeDef, TypeId},
    suggest,
};

use crate::failure::Failure;

/// What is to be shown.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub(super) records: Vec<TypeId>,
    pub(super) maps: Vec<MapId>,
}

/// Everything, or what has this name in the spec: a record, a map with the records that lie in it, or both.
pub(super) fn select(model: &Model, name: Option<&str>) -> Result<Selection, Failure> {
    let records = || model.records().map(|(id, _)| id);
    let maps = || (0..).map(MapId).zip(&model.maps);
    let Some(name) = name else {
        return Ok(Selection { records: records().collect(), maps: maps().map(|(id, _)| id).collect() });
    };
    let mut selection = Selection::default();
    selection.records.extend(records().find(|&id| model.ty(id).name().spec == name));
    // C keeps structs and variables apart, so a map may have the name of its struct.
    if let Some((id, map)) = maps().find(|(_, map)| map.name.spec == name) {
        selection.maps.push(id);
        for id in records_of(model, map) {
            if !selection.records.contains(&id) {
                selection.records.push(id);
            }
        }
    }
    if selection.records.is_empty() && selection.maps.is_empty() {
        return Err(unknown(model, name));
    }
    Ok(selection)
}

/// The records that a map's keys, values and events are made of, each once.
fn records_of(model: &Model, map: &Map) -> Vec<TypeId> {
    let mut records: Vec<TypeId> = Vec::new();
    let parts = map.key.iter().chain(&map.value).filter_map(definition);
    for id in parts.chain(map.events.iter().copied()) {
        if matches!(model.ty(id), TypeDef::Record(_)) && !records.contains(&id) {
            records.push(id);
        }
    }
    records
}

/// The definition that a type is one of, or an array of.
fn definition(ty: &Type) -> Option<TypeId> {
    match ty {
        Type::Def(id) => Some(*id),
        Type::Array(element, _) => definition(element),
        Type::Scalar(_) | Type::Str(_) | Type::Bytes(_) | Type::Variable(_) | Type::Kernel(_) | Type::Kptr(..) => None,
    }
}

fn unknown(model: &Model, name: &str) -> Failure {
    if let Some(def) = model.types.iter().find(|def| def.name().spec == name) {
        let kind = match def {
            TypeDef::Enum(_) => "an enum",
            TypeDef::Flags(_) => "flags",
            TypeDef::Extern(_) => "a type defined elsewhere",
            TypeDef::Record(_) => "a struct",
        };
        return Failure::new(
            format_args!("`{name}` is {kind}, which has no members to show"),
            "name a struct, event, union or map",
        );
    }
    let records = model.records().map(|(_, record)| record).filter(|record| !record.anonymous);
    let known: Vec<&str> = records
        .map(|record| record.name.spec.as_str())
        .chain(model.maps.iter().map(|map| map.name.spec.as_str()))
        .collect();
    let help = match suggest::nearest(name, known.iter().copied()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None if known.is_empty() => format!("`{}` defines no structs and no maps", model.spec_name),
        None => format!("there is {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
    };
    Failure::new(format_args!("`{}` has no struct, event, union or map `{name}`", model.spec_name), &help)
}
