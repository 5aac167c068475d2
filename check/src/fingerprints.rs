//! The fingerprints that an object carries: what BTF does not show, such as a time that has become a number.

use std::collections::HashSet;

use bpf_layout_btf::{Constant, Kind, Object, TypeId};
use bpf_layout_spec::{
    compare::{Difference, Report, Rule, Thing, ThingKind, Value},
    definition::{self, Body, Definition},
    fingerprint::{Fingerprint, Fingerprints},
    layout::Layouts,
    model::{MapId, Name},
};

/// How the header names its table, before the name of the spec's file.
const TABLE: &str = "__bpf_layout_fingerprints_";

/// What one table in an object says.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    name: &'a str,
    types: Vec<(&'a str, Fingerprint)>,
    maps: Vec<(&'a str, Fingerprint)>,
}

/// Every table of this spec that the object carries; several, if it is linked of several.
pub(crate) fn tables<'a>(layouts: &Layouts, object: &Object<'a>) -> Vec<Table<'a>> {
    let stem = layouts.model.stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
    let name = TABLE.chars().chain(stem).collect::<String>();
    object.constants().into_iter().filter(|found| found.name == name).map(|found| table(object, found)).collect()
}

fn table<'a>(object: &Object<'a>, constant: Constant<'a>) -> Table<'a> {
    let group = |name: &str| {
        let outer = object.btf().resolve(constant.ty).map(|ty| ty.id());
        let found = outer.ok().and_then(|ty| object.btf().members(ty).find(|member| member.name == name));
        found.map_or_else(Vec::new, |member| members(object, member.ty, from(constant.bytes, member.bit_offset)))
    };
    Table { name: constant.name, types: group("types"), maps: group("maps") }
}

fn members<'a>(object: &Object<'a>, ty: TypeId, bytes: &[u8]) -> Vec<(&'a str, Fingerprint)> {
    let btf = object.btf();
    let number = |bytes: &[u8]| {
        let bytes = *bytes.first_chunk()?;
        Some(if btf.is_big_endian() { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    };
    let Ok(ty) = btf.resolve(ty) else { return Vec::new() };
    let members = ty.members().filter(|_| ty.kind() == Kind::Struct);
    members.filter_map(|member| Some((member.name, Fingerprint(number(from(bytes, member.bit_offset))?)))).collect()
}

/// The bytes from a bit on; none if there are not so many.
fn from(bytes: &[u8], bit_offset: u32) -> &[u8] {
    bytes.get(bit_offset as usize / 8..).unwrap_or_default()
}

/// What agrees by everything else and has another fingerprint. What is only otherwise because of something that it is made
/// of, and that is told, is not.
pub(crate) fn differences(layouts: &Layouts, report: &Report, tables: &[Table<'_>], witness: &str) -> Vec<Difference> {
    let rule = Rule::from_id("fingerprint").expect("it is in the table");
    let mut told: HashSet<(bool, String)> = HashSet::new();
    let mut differences = Vec::new();
    for (name, definition, expected) in definitions(layouts) {
        let map = definition.is_map();
        let found =
            tables.iter().find_map(|table| Some((table, table.get(map, &name.c).filter(|it| *it != expected)?)));
        let Some((table, found)) = found else { continue };
        let echo = parts(&definition).any(|part| told.contains(&part));
        if !echo && !report.agrees.contains(&thing(map, name)) {
            continue;
        }
        told.insert((map, definition.name.clone()));
        if !echo {
            differences.push(Difference {
                rule,
                what: definition.name,
                field: None,
                expected: Value::Text(format!("fingerprint {expected}")),
                found: Value::Text(format!("fingerprint {found}")),
                span: Some(name.span),
                source: None,
                witness: witness.to_owned(),
                place: format!("variable {}", table.name),
            });
        }
    }
    differences
}

/// Types and maps with their names and fingerprints, each behind what it is made of.
fn definitions(layouts: &Layouts) -> impl Iterator<Item = (&Name, Definition, Fingerprint)> {
    let fingerprints = Fingerprints::of(layouts);
    let maps = fingerprints.clone();
    let types = (0..).zip(&layouts.model.types).map(move |(index, def)| {
        let id = bpf_layout_spec::model::TypeId(index);
        (def.name(), definition::ty(layouts, id), fingerprints.ty(id))
    });
    let of_map = (0..).map(MapId).zip(&layouts.model.maps);
    types.chain(of_map.map(move |(id, map)| (&map.name, definition::map(layouts, map), maps.map(id))))
}

/// What a definition is made of: whether each is a map, and its name.
fn parts(definition: &Definition) -> impl Iterator<Item = (bool, String)> {
    let inner = match &definition.body {
        Body::Map(map) => map.inner.clone(),
        Body::Record(_) | Body::Values(_) | Body::Extern(_) => None,
    };
    definition.types().map(|name| (false, name.to_owned())).chain(inner.map(|name| (true, name)))
}

fn thing(map: bool, name: &Name) -> Thing {
    let kind = if map { ThingKind::Map } else { ThingKind::Type };
    Thing { kind, name: name.spec.to_string(), span: name.span }
}

impl Table<'_> {
    fn get(&self, map: bool, name: &str) -> Option<Fingerprint> {
        let members = if map { &self.maps } else { &self.types };
        members.iter().find(|(found, _)| *found == name).map(|(_, fingerprint)| *fingerprint)
    }
}
