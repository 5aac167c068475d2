//! `--object`: what the maps of each object cost together, those of the spec and the program's own.

use std::path::PathBuf;

use bpf_layout_btf::{Btf, MapDef, MapExtra, Object, TypeId};
use bpf_layout_memory::{Cost, Machine, MapShape, MapType, Report, ReportError, Totals, entries_of};
use bpf_layout_spec::model::Model;

use super::unknown_type;
use crate::{check::objects::read, failure::Failure};

/// What one object costs.
pub(crate) struct ObjectCost {
    /// Its path, as it was given.
    pub(crate) name: String,
    /// Maps of the spec that it has, by their names there, in the order of the object.
    pub(crate) maps: Vec<String>,
    /// Other maps that it has, such as the scratch space of generated functions.
    pub(crate) others: Vec<String>,
    /// What they cost together. Data sections (`.rodata`, `.bss`), of which libbpf makes maps, are not counted.
    pub(crate) totals: Totals,
}

impl ObjectCost {
    /// What the line of its sums is called.
    pub(crate) fn title(&self) -> String {
        format!("object {}", self.name)
    }
}

/// Objects that were read: their paths, as they were given, and their bytes.
pub(super) fn contents(paths: &[PathBuf]) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    paths.iter().map(|path| Ok((path.display().to_string(), read(path)?))).collect()
}

/// What each object costs, in the order in which they were named.
pub(super) fn costs(objects: &[(String, Vec<u8>)], model: &Model, report: &Report) -> Result<Vec<ObjectCost>, Failure> {
    objects.iter().map(|(name, bytes)| cost(name.clone(), bytes, model, report)).collect()
}

fn cost(name: String, bytes: &[u8], model: &Model, report: &Report) -> Result<ObjectCost, Failure> {
    let damaged = |error| Failure::Other(format!("error: `{name}`: {error}\n"));
    let object = Object::parse(bytes).map_err(damaged)?;
    let (mut maps, mut others, mut totals) = (Vec::new(), Vec::new(), Totals::default());
    for definition in &object.maps().map_err(damaged)? {
        if let Some(found) = report.maps.iter().find(|found| model.map(found.id).name.c == definition.name) {
            maps.push(model.map(found.id).name.spec.to_string());
            totals = totals.and(&found.cost);
        } else {
            let shape =
                shape(object.btf(), definition, &report.machine).ok_or_else(|| unsized_map(&name, definition))?;
            totals = totals.and(&Cost::of(&shape, &report.machine).map_err(|missing| {
                unknown_type(ReportError {
                    map: definition.name.to_owned(),
                    ty: shape.ty.name(),
                    missing: Some(missing),
                    kernel: report.machine.kernel.name.clone(),
                })
            })?);
            others.push(definition.name.to_owned());
        }
    }
    Ok(ObjectCost { name, maps, others, totals })
}

/// A map of an object as the kernel is asked for it; `None` if its definition leaves open what that is.
fn shape(btf: &Btf<'_>, map: &MapDef<'_>, machine: &Machine) -> Option<MapShape> {
    let ty = MapType::from_id(map.kind?)?;
    let bytes = |size: Option<u32>, of: Option<TypeId>| match (size, of) {
        (Some(size), _) => Some(size.into()),
        (None, Some(of)) => btf.size_of(of).ok(),
        (None, None) => Some(0),
    };
    let map_extra = match map.map_extra {
        Some(MapExtra::Known(extra)) => extra,
        Some(MapExtra::Unknown) => return None,
        None => 0,
    };
    let entries = entries_of(ty, map.max_entries.map(u64::from), machine);
    let flags = map.map_flags.unwrap_or(0);
    Some(MapShape {
        entries,
        flags,
        map_extra,
        ..MapShape::new(ty, bytes(map.key_size, map.key)?, bytes(map.value_size, map.value)?)
    })
}

fn unsized_map(object: &str, map: &MapDef<'_>) -> Failure {
    Failure::new(
        format_args!("`{object}` does not tell what its map `{}` costs", map.name),
        "define its type, and the types of its keys and values, or write it into the spec",
    )
}
