//! Fingerprints of layouts in the object: in its `.rodata`, and in its BTF.
//!
//! Loaders find the table by its name, and what is in it by the names of its members, which BTF has; so it needs no
//! strings, and works for any set of definitions. It is static: every C file of a program has its own, whichever files are
//! linked, and neither bpftool nor libbpf-cargo give static variables a name in a skeleton. It is not `volatile`, which
//! GCC before 13 puts into `.data`; a section by name keeps compilers from moving it, `used` from dropping it.

use bpf_layout_spec::{
    fingerprint::{Fingerprint, Fingerprints},
    layout::Layouts,
    model::{MapId, Model, TypeDef, TypeId},
};

use super::out::Out;

/// The macro that tags a record. Where it means nothing, as for hosts and older compilers, it is empty.
pub(super) fn tag_macro(out: &mut Out) {
    out.blank();
    out.verbatim(TAG);
}

// `btf_decl_tag` is known to clang since version 14. The kernel takes such tags since Linux 5.16; for older ones libbpf
// takes them out, since version 0.6.
const TAG: &str = r#"#ifndef __bpf_layout_id
#if defined(__BPF__) && defined(__has_attribute) && \
	!defined(BPF_LAYOUT_NO_FINGERPRINTS)
#if __has_attribute(btf_decl_tag)
#define __bpf_layout_id(fingerprint) \
	__attribute__((btf_decl_tag("bpf_layout=" fingerprint)))
#endif
#endif
#ifndef __bpf_layout_id
#define __bpf_layout_id(fingerprint)
#endif
#endif
"#;

/// Adds what stands behind the closing brace of a record.
pub(super) fn push_tag(line: &mut String, fingerprint: Fingerprint) {
    line.push_str(" __bpf_layout_id(\"");
    push_digits(line, fingerprint);
    line.push_str("\")");
}

fn push_digits(line: &mut String, fingerprint: Fingerprint) {
    line.extend(fingerprint.digits().map(char::from));
}

/// The table, for a BPF program.
pub(super) fn table(out: &mut Out, layouts: &Layouts, fingerprints: &Fingerprints) {
    let model = &layouts.model;
    let groups = [("types", types(model, fingerprints)), ("maps", maps(model, fingerprints))];
    let groups = groups.each_ref().map(|(name, members)| (*name, members.as_slice()));
    let groups: Vec<Group<'_>> = groups.into_iter().filter(|(_, members)| !members.is_empty()).collect();
    if groups.is_empty() {
        return;
    }
    out.blank();
    out.line("#ifndef BPF_LAYOUT_NO_FINGERPRINTS");
    out.verbatim(COMMENT);
    out.line("static const struct {");
    out.indent();
    out.line("__u64 version;");
    groups.iter().for_each(|group| declare(out, *group));
    out.dedent();
    out.line("}");
    out.write(format_args!("{} __attribute__((section(\".rodata\"), used)) = {{", variable(model)));
    out.indent();
    out.write(format_args!(".version = {},", model.version.number));
    groups.iter().for_each(|group| initialise(out, *group));
    out.dedent();
    out.line("};");
    out.line("#endif");
}

const COMMENT: &str = "/*
 * Fingerprints of what this object was compiled with, for loaders to compare
 * with those of what they were built with.
 */
";

/// The name of the table: that of the spec's file, with `_` for whatever C cannot name.
fn variable(model: &Model) -> String {
    let stem: String = model.stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("__bpf_layout_fingerprints_{stem}")
}

/// A part of the table: its name, and its members by their names in C.
type Group<'a> = (&'static str, &'a [(&'a str, Fingerprint)]);

fn types<'a>(model: &'a Model, fingerprints: &Fingerprints) -> Vec<(&'a str, Fingerprint)> {
    let ids = (0..).map(TypeId).zip(&model.types);
    let named = ids.filter(|(_, def)| !matches!(def, TypeDef::Record(record) if record.anonymous));
    named.map(|(id, def)| (def.name().c.as_str(), fingerprints.ty(id))).collect()
}

fn maps<'a>(model: &'a Model, fingerprints: &Fingerprints) -> Vec<(&'a str, Fingerprint)> {
    let ids = (0..).map(MapId).zip(&model.maps);
    ids.map(|(id, map)| (map.name.c.as_str(), fingerprints.map(id))).collect()
}

fn declare(out: &mut Out, (name, members): Group<'_>) {
    out.line("struct {");
    out.indent();
    members.iter().for_each(|(member, _)| out.parts(&["__u64 ", member, ";"]));
    out.dedent();
    out.write(format_args!("}} {name};"));
}

fn initialise(out: &mut Out, (name, members): Group<'_>) {
    out.write(format_args!(".{name} = {{"));
    out.indent();
    for (member, fingerprint) in members {
        let left = [".", member, " ="];
        let push_right = |line: &mut String| {
            line.push_str("0x");
            push_digits(line, *fingerprint);
            line.push_str("ULL,");
        };
        let fits = out.line_if_it_fits(|line| {
            left.iter().for_each(|part| line.push_str(part));
            line.push(' ');
            push_right(line);
        });
        if !fits {
            out.parts(&left);
            out.indent();
            out.line_with(push_right);
            out.dedent();
        }
    }
    out.dedent();
    out.line("},");
}
