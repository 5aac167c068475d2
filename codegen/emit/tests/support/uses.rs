//! For any spec, a BPF program that uses everything its header offers.

use std::{collections::BTreeSet, fmt::Write as _};

use bpf_layout_spec::{
    layout::Layouts,
    model::{Intern, MapId, Record, RecordKind, Type, TypeDef, TypeId, VariableKind},
};

use super::{Header, bpf::Program};

/// Records that the program may keep on its stack beside its other variables.
const ON_STACK: u64 = 256;

/// A program that defines every map and scratch of a header, and calls every function.
pub fn program(header: &Header) -> Program {
    Program { header: header.text.clone(), text: text(&header.layouts) }
}

fn text(layouts: &Layouts) -> String {
    // The header comes first and without <linux/bpf.h>: it needs neither, and that one is older than some kernel types.
    let mut text = String::from(
        "#include \"layouts.h\"\n#include <linux/types.h>\n#include <bpf/bpf_helpers.h>\n\n\
         /* Pinned maps would outlive the test. */\n#define LIBBPF_PIN_BY_NAME LIBBPF_PIN_NONE\n\n\
         struct {\n\t__uint(type, 27);\n\t__uint(max_entries, 1 << 20);\n} all_events SEC(\".maps\");\n\n",
    );
    for target in kptr_targets(layouts) {
        let _ = writeln!(text, "struct {target} {{\n\tint known_to_the_kernel;\n}};");
    }
    let interns = &layouts.model.interns;
    let is_of_dictionary = |map: &MapId| interns.iter().any(|intern| [intern.strings, intern.scratch].contains(map));
    for (_, map) in (0..).map(MapId).zip(&layouts.model.maps).filter(|(id, _)| !is_of_dictionary(id)) {
        let _ = writeln!(text, "DEFINE_{}_MAP;", map.name.upper);
    }
    for intern in interns {
        dictionary_program(&mut text, layouts, intern);
    }
    for (id, record) in
        layouts.model.records().filter(|(id, record)| !record.anonymous && !layouts.model.is_internal(*id))
    {
        program_of(&mut text, layouts, id, record);
    }
    text.push_str("\nchar LICENSE[] SEC(\"license\") = \"GPL\";\n");
    text
}

fn program_of(text: &mut String, layouts: &Layouts, id: TypeId, record: &Record) {
    let c = &record.name.c;
    if record.is_compact() {
        return compact_program(text, record);
    }
    let keyword = if record.kind == RecordKind::Union { "union" } else { "struct" };
    let size = layouts.of(id).size;
    let managed = is_managed(layouts, &Type::Def(id));
    let scratch = (513..=32 << 10).contains(&size) && !managed;
    if scratch {
        let _ = writeln!(text, "\nDEFINE_{}_SCRATCH;", record.name.upper);
    }
    let _ = write!(
        text,
        "\nstruct {{\n\t__uint(type, 2);\n\t__uint(max_entries, 1);\n\t__type(key, __u32);\n\
         \t__type(value, {keyword} {c});\n}} of_{c} SEC(\".maps\");\n\n\
         SEC(\"tc\")\nint use_{c}(void *skb)\n{{\n\t__u32 zero = 0;\n\
         \t{keyword} {c} *p = bpf_map_lookup_elem(&of_{c}, &zero);\n\n\tif (!p)\n\t\treturn skb != 0;\n\t{c}_init(p);\n"
    );
    for (field, dimensions) in strings(layouts, record) {
        let indices = ", bpf_get_prandom_u32() % 8".repeat(dimensions);
        for space in ["kernel", "user"] {
            let _ = writeln!(text, "\t{c}_read_{field}_{space}(p{indices}, (const void *)8);");
        }
    }
    if size <= ON_STACK && !managed {
        let _ = writeln!(
            text,
            "\t{keyword} {c} local;\n\t{c}_init(&local);\n\tbpf_map_update_elem(&of_{c}, &zero, &local, 0);"
        );
    }
    if let RecordKind::Event { .. } = record.kind {
        let _ = writeln!(text, "\tp = {c}_reserve(&all_events);\n\tif (p)\n\t\tbpf_ringbuf_submit(p, 0);");
    }
    if scratch {
        let _ = writeln!(text, "\tp = {c}_scratch();\n\tif (p)\n\t\t{c}_init(p);");
    }
    text.push_str("\treturn 0;\n}\n");
}

/// Every function of a dictionary.
fn dictionary_program(text: &mut String, layouts: &Layouts, intern: &Intern) {
    let [from_kernel, from_user, from_bytes, find] = intern.functions();
    let id = &layouts.model.ty(intern.id).name().c;
    let _ = write!(
        text,
        "\n{};\n\nSEC(\"tc\")\nint intern_{}(void *skb)\n{{\n\tstruct {id} id = {from_kernel}((const void *)8);\n\n\
         \tif (!{find}(id))\n\t\tid = {from_user}((const void *)8);\n\
         \tif (!{find}(id))\n\t\tid = {from_bytes}(&id, bpf_get_prandom_u32() % 8);\n\treturn skb && {find}(id);\n}}\n",
        intern.c_macro(),
        intern.name.c
    );
}

/// Every function of a compact event, filling its fields in both orders, one of them twice.
fn compact_program(text: &mut String, record: &Record) {
    let (c, upper) = (&record.name.c, &record.name.upper);
    let _ = write!(
        text,
        "\nstruct {{\n\t__uint(type, 4);\n\t__uint(key_size, 4);\n\t__uint(value_size, 4);\n}} perf_{c} SEC(\".maps\");\n\n\
         DEFINE_{upper}_SCRATCH;\n\n\
         SEC(\"tc\")\nint use_{c}(void *skb)\n{{\n\tstruct {c} *p = {c}_scratch();\n\n\
         \tif (!p)\n\t\treturn 0;\n\t{c}_init(p);\n"
    );
    let mut calls = Vec::new();
    for field in &record.fields {
        let name = &field.name.c;
        let Type::Variable(variable) = &field.ty else { continue };
        calls.extend(match variable.kind {
            VariableKind::Bytes => ["kernel", "user"]
                .map(|space| format!("\t{c}_read_{name}_{space}(p, (const void *)8, bpf_get_prandom_u32());\n"))
                .to_vec(),
            VariableKind::Str | VariableKind::Strs(_) => vec![
                format!("\t{c}_read_{name}_kernel(p, (const void *)8);\n"),
                format!("\t{c}_read_{name}_user(p, (const void *)8);\n"),
                format!("\t{c}_copy_{name}(p, p, bpf_get_prandom_u32());\n"),
            ],
        });
    }
    text.extend(calls.iter().map(String::as_str));
    for field in record.fields.iter().filter(|field| matches!(field.ty, Type::Variable(_))) {
        let _ = writeln!(text, "\t{c}_cut_{}(p);", field.name.c);
    }
    let again = format!("\tp = {c}_scratch();\n\tif (!p)\n\t\treturn 0;\n");
    let _ = writeln!(text, "\tif ({c}_submit(&all_events, p, 0))\n\t\treturn 0;\n{again}\t{c}_init(p);");
    text.extend(calls.iter().rev().map(String::as_str));
    let _ = writeln!(text, "\t{c}_perf_submit(skb, &perf_{c}, p);\n{again}\t{c}_discard(p);\n\treturn 0;\n}}");
}

/// Kernel structs that kptrs point to. The kernel looks them up by name, but only if they are more than declared.
fn kptr_targets(layouts: &Layouts) -> BTreeSet<String> {
    let fields = layouts.model.records().flat_map(|(_, record)| &record.fields);
    fields.filter_map(|field| if let Type::Kptr(_, target) = &field.ty { Some(target.clone()) } else { None }).collect()
}

/// Strings of a record with how many indices their readers take.
fn strings(layouts: &Layouts, record: &Record) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for field in &record.fields {
        if let (true, Type::Def(id)) = (field.anonymous, &field.ty) {
            if let TypeDef::Record(inner) = layouts.model.ty(*id) {
                found.extend(strings(layouts, inner));
            }
            continue;
        }
        let (mut ty, mut dimensions) = (&field.ty, 0);
        while let Type::Array(element, _) = ty {
            (ty, dimensions) = (element, dimensions + 1);
        }
        if matches!(ty, Type::Str(_)) && !field.ty.is_open() {
            found.push((field.name.c.to_string(), dimensions));
        }
    }
    found
}

/// Whether the kernel manages bytes of it, so that it cannot lie on a stack or in a per-CPU map.
fn is_managed(layouts: &Layouts, ty: &Type) -> bool {
    match ty {
        Type::Kernel(_) | Type::Kptr(..) => true,
        Type::Array(element, _) => is_managed(layouts, element),
        Type::Def(id) => match layouts.model.ty(*id) {
            TypeDef::Record(record) => record.fields.iter().any(|field| is_managed(layouts, &field.ty)),
            _ => false,
        },
        _ => false,
    }
}
