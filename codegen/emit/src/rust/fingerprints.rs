//! `FINGERPRINTS`: what the module was generated from, by the names that C has, which the table in objects has too.

use bpf_layout_spec::{
    fingerprint::{Fingerprint, Fingerprints},
    layout::Layouts,
    model::{MapId, Name, TypeDef, TypeId},
};

use super::{constants, docs, out::Out};

/// `pub const FINGERPRINTS: … = …;`
pub(super) fn write(out: &mut Out, layouts: &Layouts, fingerprints: &Fingerprints) {
    let model = &layouts.model;
    let ids = (0..).map(TypeId).zip(&model.types);
    let named = ids.filter(|(_, def)| !matches!(def, TypeDef::Record(record) if record.anonymous));
    let types: Vec<String> = named.map(|(id, def)| entry(def.name(), fingerprints.ty(id))).collect();
    let maps = (0..).map(MapId).zip(&model.maps);
    let maps: Vec<String> = maps.map(|(id, map)| entry(&map.name, fingerprints.map(id))).collect();
    out.blank();
    out.line("/// Fingerprints of the layouts, to be compared with those of a BPF object.");
    out.line("#[allow(dead_code, unreachable_pub)]");
    out.line("pub const FINGERPRINTS: ::bpf_layout::Fingerprints = ::bpf_layout::Fingerprints::new(");
    out.line(&format!("    {},", docs::literal(&model.stem)));
    out.line(&format!("    {},", model.version.number));
    list(out, &types);
    list(out, &maps);
    out.line(");");
}

fn list(out: &mut Out, entries: &[String]) {
    if entries.is_empty() {
        return out.line("    &[],");
    }
    out.line("    &[");
    entries.iter().for_each(|entry| out.line(&format!("        {entry},")));
    out.line("    ],");
}

fn entry(name: &Name, fingerprint: Fingerprint) -> String {
    format!("({}, {})", docs::literal(&name.c), literal(fingerprint))
}

/// All sixteen digits, in groups.
pub(super) fn literal(fingerprint: Fingerprint) -> String {
    format!("0x{}", constants::grouped(&fingerprint.to_string(), 4))
}
