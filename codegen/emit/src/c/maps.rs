//! Maps, each as a macro, so that an object has only those that its program uses.

use std::collections::BTreeSet;

use bpf_layout_spec::{
    kernel::Part,
    layout::Layouts,
    model::{Map, Type},
};

use super::{comment::comment, expr, facts::Facts, helpers::Helper, keep, out::Out, types::declarator, wakeup};

/// `DEFINE_SOCKETS_MAP`.
pub(super) fn definition(out: &mut Out, helpers: &mut BTreeSet<Helper>, layouts: &Layouts, facts: &Facts, map: &Map) {
    out.blank();
    if let Some(doc) = &map.doc {
        let lines = comment(doc, out.room());
        out.lines(lines);
    }
    out.macro_definition(&format!("DEFINE_{}_MAP", map.name.upper), |out| {
        keep::of_map(out, layouts, facts, map);
        if let Some(inner) = map.inner {
            out.write(format_args!("struct {} {{", inner_struct(map)));
            members(out, layouts, layouts.model.map(inner), false);
            out.line("};");
        }
        out.line("struct {");
        members(out, layouts, map, true);
        if map.inner.is_some() {
            out.indent();
            out.call(&["__array"], &["values", &format!("struct {}", inner_struct(map))], ";");
            out.dedent();
        }
        let variable = format!("}} {} SEC(\".maps\")", map.name.c);
        if map.kind.name == "ringbuf" {
            out.write(format_args!("{variable};"));
            wakeup::functions(out, helpers, map);
        } else {
            out.line(&variable);
        }
    });
}

/// The type of the maps that a map holds.
fn inner_struct(outer: &Map) -> String {
    format!("__{}_inner", outer.name.c)
}

/// Members of a map's definition, as libbpf reads them (`parse_btf_map_def` in tools/lib/bpf/libbpf.c). Types and flags
/// are numbers, since a program may be built with kernel headers that are older than they are. libbpf pins no map that
/// is held by another.
fn members(out: &mut Out, layouts: &Layouts, map: &Map, may_pin: bool) {
    out.indent();
    out.write(format_args!("__uint(type, {}); /* {} */", map.kind.id, map.kind.c));
    let mut add = |macro_name: &str, name: &str, value: &str| out.call(&[macro_name], &[name, value], ";");
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
        out.write(format_args!("/* {} */", names.join(" | ")));
        out.write(format_args!("__uint(map_flags, {bits:#x});"));
    }
    out.dedent();
}

fn part(layouts: &Layouts, ty: Option<&Type>, rule: Part) -> Option<String> {
    match (ty, rule) {
        (Some(ty), _) => Some(declarator(layouts, ty).abstract_type()),
        (None, Part::U32) => Some("__u32".to_owned()),
        (None, Part::Required | Part::Optional | Part::Refused) => None,
    }
}
