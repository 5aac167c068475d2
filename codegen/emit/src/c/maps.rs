//! Maps, each as a macro, so that an object has only those that its program uses.

use bpf_layout_spec::{
    kernel::Part,
    layout::Layouts,
    model::{Map, Type},
};

use super::{
    comment::comment,
    expr,
    facts::Facts,
    keep,
    out::{Out, macro_definition},
    types::declarator,
};

/// `DEFINE_SOCKETS_MAP`.
pub(super) fn definition(out: &mut Out, layouts: &Layouts, facts: &Facts, map: &Map) {
    let mut body = keep::of_map(layouts, facts, map);
    if let Some(inner) = map.inner {
        let inner = layouts.model.map(inner);
        body.push(format!("\tstruct {} {{", inner_struct(map)));
        body.extend(members(layouts, inner, false));
        body.push("\t};".to_owned());
    }
    body.push("\tstruct {".to_owned());
    body.extend(members(layouts, map, true));
    if map.inner.is_some() {
        body.push(format!("\t\t__array(values, struct {});", inner_struct(map)));
    }
    body.push(format!("\t}} {} SEC(\".maps\")", map.name.c));
    out.blank();
    if let Some(doc) = &map.doc {
        let lines = comment(doc, out.room());
        out.lines(lines);
    }
    out.lines(macro_definition(&format!("DEFINE_{}_MAP", map.name.upper), &body));
}

/// The type of the maps that a map holds.
fn inner_struct(outer: &Map) -> String {
    format!("__{}_inner", outer.name.c)
}

/// Members of a map's definition, as libbpf reads them (`parse_btf_map_def` in tools/lib/bpf/libbpf.c). Types and flags
/// are numbers, since a program may be built with kernel headers that are older than they are. libbpf pins no map that
/// is held by another.
fn members(layouts: &Layouts, map: &Map, may_pin: bool) -> Vec<String> {
    let mut lines = vec![format!("__uint(type, {}); /* {} */", map.kind.id, map.kind.c)];
    if let Some(max_entries) = &map.max_entries {
        let count = if map.kind.carries_events {
            expr::bytes(&layouts.model, max_entries)
        } else {
            expr::count(&layouts.model, max_entries)
        };
        lines.push(format!("__uint(max_entries, {count});"));
    }
    lines.extend(part("key", map.key.as_ref(), map.kind.key, layouts));
    lines.extend(part("value", map.value.as_ref(), map.kind.value, layouts));
    if !map.flags.is_empty() {
        let names: Vec<&str> = map.flags.iter().map(|flag| flag.c).collect();
        let bits = map.flags.iter().fold(0, |bits, flag| bits | flag.bit);
        // On a line of its own: clang-format breaks a line that a comment makes too long.
        lines.push(format!("/* {} */", names.join(" | ")));
        lines.push(format!("__uint(map_flags, {bits:#x});"));
    }
    if let Some(node) = map.numa_node {
        lines.push(format!("__uint(numa_node, {node});"));
    }
    match map.map_extra {
        Some(extra) if extra > u32::MAX.into() => lines.push(format!("__ulong(map_extra, {extra:#x}ULL);")),
        Some(extra) => lines.push(format!("__uint(map_extra, {extra});")),
        None => {}
    }
    if map.pinned_by_name && may_pin {
        lines.push("__uint(pinning, LIBBPF_PIN_BY_NAME);".to_owned());
    }
    lines.iter().map(|line| format!("\t\t{line}")).collect()
}

fn part(name: &str, ty: Option<&Type>, rule: Part, layouts: &Layouts) -> Option<String> {
    let c_type = match (ty, rule) {
        (Some(ty), _) => declarator(layouts, ty).abstract_type(),
        (None, Part::U32) => "__u32".to_owned(),
        (None, Part::Required | Part::Optional | Part::Refused) => return None,
    };
    Some(format!("__type({name}, {c_type});"))
}
