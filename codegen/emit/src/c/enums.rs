//! Enums and flags.

use bpf_layout_spec::{
    model::{Enum, Flags, TypeDef, Variant},
    scalar::{Scalar, ScalarClass},
};

use super::{
    comment::comment,
    out::Out,
    types::{enum_tag, has_enumerators, is_enumerator},
};

/// An enum or flags, with macros for the values that an enumerator cannot have.
pub(super) fn definition(out: &mut Out, def: &TypeDef) {
    let tag = enum_tag(def);
    match def {
        TypeDef::Enum(def) => write(out, &Set::of_enum(tag, def)),
        TypeDef::Flags(def) => write(out, &Set::of_flags(tag, def)),
        TypeDef::Record(_) | TypeDef::Extern(_) => {}
    }
}

/// What enums and flags have in common.
struct Set<'a> {
    tag: String,
    doc: Option<&'a str>,
    repr: Scalar,
    values: &'a [Variant],
    /// Whether C has a typedef of the same name.
    typedef: bool,
    /// Whether values are bits, which people read in hexadecimal.
    bits: bool,
    /// What members of this type are declared with, if not with the enum.
    stored_as: Option<&'static str>,
}

impl<'a> Set<'a> {
    fn of_enum(tag: String, def: &'a Enum) -> Self {
        let stored_as = (!def.is_natural()).then_some(def.repr.info().c);
        let (doc, typedef) = (def.doc.as_deref(), def.typedef);
        Set { tag, doc, repr: def.repr, values: &def.variants, typedef, bits: false, stored_as }
    }

    fn of_flags(tag: String, def: &'a Flags) -> Self {
        let stored_as = Some(def.repr.info().c);
        let doc = def.doc.as_deref();
        Set { tag, doc, repr: def.repr, values: &def.bits, typedef: false, bits: true, stored_as }
    }

    fn doc(&self) -> String {
        let doc = self.doc.unwrap_or_default().trim_end();
        let gap = if doc.is_empty() { "" } else { "\n" };
        match (self.stored_as, self.bits) {
            (Some(ty), true) => format!("{doc}{gap}Bits of a {ty}."),
            (Some(ty), false) => format!("{doc}{gap}Stored as {ty}."),
            (None, _) => doc.to_owned(),
        }
    }
}

fn write(out: &mut Out, set: &Set<'_>) {
    out.blank();
    let doc = set.doc();
    if !doc.is_empty() {
        let lines = comment(&doc, out.room());
        out.lines(lines);
    }
    if has_enumerators(set.repr, set.values) {
        out.write(format_args!("enum {} {{", set.tag));
        out.indent();
        for (index, value) in set.values.iter().enumerate().filter(|(_, value)| is_enumerator(set.repr, value)) {
            value_doc(out, value);
            out.write(format_args!("{} = {},", value.name.c, number(set, index)));
        }
        out.dedent();
        out.line("};");
    }
    if set.typedef {
        out.write(format_args!("typedef enum {0} {0};", set.tag));
    }
    for value in set.values.iter().filter(|value| !is_enumerator(set.repr, value)) {
        value_doc(out, value);
        out.define(&value.name.c, &literal(set, value.value));
    }
}

fn value_doc(out: &mut Out, value: &Variant) {
    if let Some(doc) = &value.doc {
        let lines = comment(doc, out.room());
        out.lines(lines);
    }
}

/// The value of an enumerator: a second name is that of the first, if C knows it by then.
fn number(set: &Set<'_>, index: usize) -> String {
    let value = &set.values[index];
    match value.same_as.filter(|first| *first < index) {
        Some(first) => set.values[first].name.c.to_string(),
        None => literal(set, value.value),
    }
}

/// A value with the suffix that gives it its type. C has no negative literals, so the smallest `long long` is a sum.
fn literal(set: &Set<'_>, value: i128) -> String {
    let wide = i32::try_from(value).is_err() && u32::try_from(value).is_err();
    let signed = set.repr.info().class == ScalarClass::Signed;
    let suffix = match (wide || signed && i32::try_from(value).is_err(), signed) {
        (true, true) => "LL",
        (true, false) => "ULL",
        (false, _) if i32::try_from(value).is_err() => "U",
        (false, _) => "",
    };
    if value == i128::from(i64::MIN) {
        return format!("(-{}LL - 1)", i64::MAX);
    }
    match (set.bits, value < 0, suffix.is_empty()) {
        (true, ..) => format!("{value:#x}{suffix}"),
        (false, true, false) => format!("({value}{suffix})"),
        (false, ..) => format!("{value}{suffix}"),
    }
}
