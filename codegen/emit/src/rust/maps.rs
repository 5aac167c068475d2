//! Maps: a marker type for each, in `mod maps`.

use bpf_layout_spec::{
    fingerprint::{Fingerprint, Fingerprints},
    kernel::Part,
    layout::Layouts,
    model::{ConstKind, Map, MapId, Type, TypeDef},
    scalar::Scalar,
    wakeup::Wakeup,
};

use super::{ALLOW, constants, docs, fingerprints, out::Out, types::Scope};

/// `pub mod maps { … }`
pub(super) fn write(out: &mut Out, layouts: &Layouts, fingerprints: &Fingerprints) {
    if layouts.model.maps.is_empty() {
        return;
    }
    out.blank();
    out.line("/// The maps of the spec.");
    out.line(ALLOW);
    out.open("pub mod maps");
    for (id, map) in (0..).map(MapId).zip(&layouts.model.maps) {
        out.blank();
        marker(out, layouts, map, fingerprints.map(id));
        if !map.events.is_empty() {
            out.blank();
            buffer(out, layouts, map);
        }
    }
    out.close();
}

/// Types and constants as a module below names them.
fn below(layouts: &Layouts) -> Scope<'_> {
    Scope { layouts, prefix: "super::" }
}

fn marker(out: &mut Out, layouts: &Layouts, map: &Map, fingerprint: Fingerprint) {
    let name = &map.name.rust;
    let of = |ty: Option<&Type>, part: Part| match (ty, part) {
        (Some(ty), _) => below(layouts).ty(ty),
        (None, Part::U32) => Scalar::U32.info().rust.into(),
        (None, Part::Required | Part::Optional | Part::Refused) => "()".into(),
    };
    docs::write(out, map.doc.as_deref(), Some(&format!("Map `{}`.", map.name.spec)));
    out.line("#[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]");
    out.write(format_args!("pub struct {name};"));
    out.blank();
    out.open(&format!("impl ::bpf_layout::Map for {name}"));
    out.assign("type Kind", &format!("::bpf_layout::kind::{}", kind(map.kind.name)));
    out.assign("type Key", &of(map.key.as_ref(), map.kind.key));
    // Userspace reads ids of maps from maps of maps, and writes file descriptors.
    let value =
        if map.kind.map_in_map { Scalar::U32.info().rust.into() } else { of(map.value.as_ref(), map.kind.value) };
    out.assign("type Value", &value);
    out.assign("const NAME: &'static str", &docs::literal(&map.name.c));
    let entries = map.max_entries.as_ref().map_or_else(
        || "0".to_owned(),
        |count| constants::count(&layouts.model, "super::", ConstKind::Capacity, count),
    );
    out.assign("const MAX_ENTRIES: u32", &entries);
    flags(out, map);
    wakeup(out, map);
    out.assign(
        "const FINGERPRINT: ::core::option::Option<u64>",
        &format!("::core::option::Option::Some({})", fingerprints::literal(fingerprint)),
    );
    out.close();
}

fn flags(out: &mut Out, map: &Map) {
    let bits = map.flags.iter().fold(0, |bits, flag| bits | flag.bit);
    if let Some((first, rest)) = map.flags.split_first() {
        let names = rest.iter().fold(first.c.to_owned(), |names, flag| format!("{names} | {}", flag.c));
        out.write(format_args!("// {names}"));
    }
    out.assign("const FLAGS: u32", &if bits == 0 { "0".to_owned() } else { constants::hexadecimal(bits.into()) });
}

/// What it is by itself is left out.
fn wakeup(out: &mut Out, map: &Map) {
    let policy = match map.wakeup {
        Wakeup::Always => return,
        Wakeup::Adaptive { after_ms, .. } => format!("adaptive({after_ms})"),
        Wakeup::Never => "Never".to_owned(),
    };
    out.assign("const WAKEUP: ::bpf_layout::Wakeup", &format!("::bpf_layout::Wakeup::{policy}"));
}

/// `lru_hash` as `LruHash`.
fn kind(name: &str) -> String {
    name.split('_')
        .flat_map(|word| {
            let mut chars = word.chars();
            chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect::<Vec<_>>()
        })
        .collect()
}

/// The enum over a buffer's events.
fn buffer(out: &mut Out, layouts: &Layouts, map: &Map) {
    let name = &map.name.rust;
    out.open("::bpf_layout::buffer!");
    docs::write(out, None, Some(&format!("A record of `{}`.", map.name.spec)));
    out.open(&format!("pub enum {name}Record for {name}({})", docs::literal(&map.name.spec)));
    for id in &map.events {
        let def = layouts.model.ty(*id);
        let event = def.name();
        let lifetime = if matches!(def, TypeDef::Record(record) if record.is_compact()) { "<'static>" } else { "" };
        // Every event's name ends in `Event`, and no two are the same.
        let variant = event.rust.strip_suffix("Event").filter(|rest| !rest.is_empty()).unwrap_or(&event.rust);
        docs::write(out, None, Some(&format!("Event `{}`.", event.spec)));
        out.write(format_args!("{variant}(super::{}{lifetime}),", event.rust));
    }
    out.close();
    out.close();
}
