//! Maps, each as a macro, so that an object has only those that its program uses.

use std::collections::BTreeSet;

use bpf_layout_spec::{
    kernel::Part,
    layout::Layouts,
    model::{Map, Type},
};

use super::{
    comment::comment,
    expr,
    facts::Facts,
    helpers::Helper,
    keep,
    out::{MACRO_LINE, Out, call, macro_definition},
    types::declarator,
    wakeup,
};

/// `DEFINE_SOCKETS_MAP`.
pub(super) fn definition(out: &mut Out, helpers: &mut BTreeSet<Helper>, layouts: &Layouts, facts: &Facts, map: &Map) {
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
        body.extend(call(MACRO_LINE, "\t\t__array", &["values", &format!("struct {}", inner_struct(map))], ";"));
    }
    let variable = format!("\t}} {} SEC(\".maps\")", map.name.c);
    if map.kind.name == "ringbuf" {
        body.push(format!("{variable};"));
        wakeup::functions(&mut body, helpers, map);
    } else {
        body.push(variable);
    }
    out.blank();
    if let Some(doc) = &map.doc {
        let lines = comment(doc, out.room());
        out.lines(lines);
    }
    out.lines(macro_definition(&format!("DEFINE_{}_MAP", map.name.upper), body));
}

/// The type of the maps that a map holds.
fn inner_struct(outer: &Map) -> String {
    format!("__{}_inner", outer.name.c)
}

/// Members of a map's definition, as libbpf reads them (`parse_btf_map_def` in tools/lib/bpf/libbpf.c). Types and flags
/// are numbers, since a program may be built with kernel headers that are older than they are. libbpf pins no map that
/// is held by another.
fn members(layouts: &Layouts, map: &Map, may_pin: bool) -> Vec<String> {
    let mut lines = vec![format!("\t\t__uint(type, {}); /* {} */", map.kind.id, map.kind.c)];
    let mut add = |macro_name: &str, name: &str, value: &str| {
        lines.extend(call(MACRO_LINE, &format!("\t\t{macro_name}"), &[name, value], ";"));
    };
    if let Some(max_entries) = &map.max_entries {
        let count = if map.kind.carries_events {
            expr::bytes(&layouts.model, max_entries)
        } else {
            expr::count(&layouts.model, max_entries)
        };
        add("__uint", "max_entries", &count);
    }
    for (name, ty, rule) in [("key", &map.key, map.kind.key), ("value", &map.value, map.kind.value)] {
        if let Some(c_type) = part(layouts, ty.as_ref(), rule) {
            add("__type", name, &c_type);
        }
    }
    if let Some(node) = map.numa_node {
        add("__uint", "numa_node", &node.to_string());
    }
    match map.map_extra {
        Some(extra) if extra > u32::MAX.into() => add("__ulong", "map_extra", &format!("{extra:#x}ULL")),
        Some(extra) => add("__uint", "map_extra", &extra.to_string()),
        None => {}
    }
    if map.pinned_by_name && may_pin {
        add("__uint", "pinning", "LIBBPF_PIN_BY_NAME");
    }
    if !map.flags.is_empty() {
        let names: Vec<&str> = map.flags.iter().map(|flag| flag.c).collect();
        let bits = map.flags.iter().fold(0, |bits, flag| bits | flag.bit);
        // On a line of its own: clang-format breaks a line that a comment makes too long.
        lines.push(format!("\t\t/* {} */", names.join(" | ")));
        lines.push(format!("\t\t__uint(map_flags, {bits:#x});"));
    }
    lines
}

fn part(layouts: &Layouts, ty: Option<&Type>, rule: Part) -> Option<String> {
    match (ty, rule) {
        (Some(ty), _) => Some(declarator(layouts, ty).abstract_type()),
        (None, Part::U32) => Some("__u32".to_owned()),
        (None, Part::Required | Part::Optional | Part::Refused) => None,
    }
}
