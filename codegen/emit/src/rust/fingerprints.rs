//! `FINGERPRINTS`: what the module was generated from, by the names that C has, which the table in objects has too.

use bpf_layout_spec::{
    fingerprint::{Fingerprint, Fingerprints},
    layout::Layouts,
    model::{MapId, Name, TypeDef, TypeId},
};

use super::{constants, docs, out::Out};

/// `::bpf_layout::fingerprints! { … }`
pub(super) fn write(out: &mut Out, layouts: &Layouts, fingerprints: &Fingerprints) {
    let model = &layouts.model;
    let ids = (0..).map(TypeId).zip(&model.types);
    let named = ids.filter(|(_, def)| !matches!(def, TypeDef::Record(record) if record.anonymous));
    let maps = (0..).map(MapId).zip(&model.maps);
    out.blank();
    out.open("::bpf_layout::fingerprints!");
    out.line("/// What the layouts come to, to be compared with what a BPF object carries.");
    out.open(&format!("pub const FINGERPRINTS({}): version {}", docs::literal(&model.stem), model.version.number));
    out.open("types");
    named.for_each(|(id, def)| entry(out, def.name(), fingerprints.ty(id)));
    out.close();
    out.open("maps");
    maps.for_each(|(id, map)| entry(out, &map.name, fingerprints.map(id)));
    out.close();
    out.close();
    out.close();
}

fn entry(out: &mut Out, name: &Name, fingerprint: Fingerprint) {
    out.parts(&[&docs::literal(&name.c), " = ", &literal(fingerprint), ","]);
}

/// All sixteen digits, in groups.
pub(super) fn literal(fingerprint: Fingerprint) -> String {
    format!("0x{}", constants::grouped(&fingerprint.to_string(), 4))
}
