//! Structs, events and unions.

use std::borrow::Cow;

use bpf_layout_spec::{
    decimal::Decimal,
    fingerprint::Fingerprint,
    layout::{Layouts, Member, TypeLayout},
    model::{Field, Record, RecordKind, TagValue, Type, TypeDef, TypeId},
};

use super::{accessors, bits, compact, docs, fingerprints, names::Names, out::Out, tagged, types::Scope};

/// A struct or event: `::bpf_layout::layout! { … }`, then its accessors.
pub(super) fn structure(
    out: &mut Out,
    layouts: &Layouts,
    names: &Names,
    fingerprint: Fingerprint,
    (id, record): (TypeId, &Record),
) {
    let layout = layouts.of(id);
    out.open("::bpf_layout::layout!");
    docs::write(out, record.doc.as_deref(), None);
    open(out, ["pub struct ", &record.rust_struct()], record, layout, fingerprint);
    layout.members.iter().for_each(|member| self::member(out, layouts, (id, record), member));
    close_with_details(out, &details(layouts, names, (id, record)));
    out.close();
    accessors::write(out, layouts, names, (id, record));
    compact::view(out, layouts, (id, record));
}

/// `pub struct ExecEvent("exec"): size 8, align 4, fingerprint 0x… {`
fn open(out: &mut Out, [word, name]: [&str; 2], record: &Record, layout: &TypeLayout, fingerprint: Fingerprint) {
    let spec = docs::literal(&record.name.spec);
    let (size, align) = (Decimal::of(layout.size), Decimal::of(layout.align.into()));
    let fingerprint = fingerprints::literal(fingerprint);
    let head = [word, name, "(", &spec, "): size ", &size, ", align ", &align, ", fingerprint ", &fingerprint];
    out.open(&head.concat());
}

fn member(out: &mut Out, layouts: &Layouts, (id, record): (TypeId, &Record), member: &Member) {
    match member {
        Member::Field { field, offset, .. } => {
            let field = &record.fields[*field];
            docs::write(out, field.doc.as_deref(), None);
            let ty = Scope::top(layouts).placed(&field.ty, is_aligned(layouts, id, member));
            out.parts(&["pub ", &field.name.rust, ": ", &ty, " = ", &Decimal::of(*offset), ","]);
        }
        Member::Bits(run) => {
            out.write(format_args!("pub _bits{}: ::bpf_layout::Bits<{}> = {},", run.index, run.len, run.offset));
        }
        Member::Padding { index, offset, len } => {
            out.line("#[doc(hidden)]");
            let (index, len, offset) = (Decimal::of((*index).into()), Decimal::of(*len), Decimal::of(*offset));
            out.parts(&["pub _pad", &index, ": ::bpf_layout::Pad<", &len, "> = ", &offset, ","]);
        }
    }
}

/// Whether a field lies where its type may: in a record that is aligned enough, at a multiple of its alignment.
pub(super) fn is_aligned(layouts: &Layouts, id: TypeId, member: &Member) -> bool {
    match member {
        Member::Field { offset, align, .. } => *align <= layouts.of(id).align && offset.is_multiple_of((*align).into()),
        Member::Bits(_) | Member::Padding { .. } => true,
    }
}

fn close_with_details(out: &mut Out, details: &[String]) {
    if details.is_empty() {
        return out.close();
    }
    out.close_with("}");
    out.line("details [");
    details.iter().for_each(|detail| out.write(format_args!("    {detail},")));
    out.line("]");
}

/// What a list of fields cannot say.
fn details(layouts: &Layouts, names: &Names, (id, record): (TypeId, &Record)) -> Vec<String> {
    let mut details = bits::details(layouts, (id, record));
    if let RecordKind::Event { tag: Some(tag) } = &record.kind {
        let ty = tag_integer(layouts, &record.fields[tag.field].ty);
        let offset = offset_of(layouts, id, tag.field);
        let value = tag_number(layouts, &tag.value);
        details.push(format!("::bpf_layout::Detail::event_tag::<{ty}>({offset}, {value})"));
    }
    details.extend(tagged::details(layouts, names, (id, record)));
    details.extend(field_names(layouts, (id, record)));
    details
}

/// Fields that C calls otherwise, because one of the languages reserves the name.
fn field_names<'a>(layouts: &'a Layouts, (id, record): (TypeId, &'a Record)) -> impl Iterator<Item = String> + 'a {
    let placed = layouts.of(id).members.iter().flat_map(|member| {
        let (whole, bits) = match member {
            Member::Field { field, .. } => (Some(*field), [].as_slice()),
            Member::Bits(run) => (None, run.bits.as_slice()),
            Member::Padding { .. } => (None, [].as_slice()),
        };
        whole.into_iter().chain(bits.iter().filter_map(|bits| bits.field))
    });
    let names = placed.map(|field| &record.fields[field].name);
    names.filter(|name| plain(&name.rust) != name.c).map(|name| {
        let (rust, c) = (docs::literal(plain(&name.rust)), docs::literal(&name.c));
        format!("::bpf_layout::Detail::FieldName {{ field: {rust}, c: {c} }}")
    })
}

/// Byte of the record where a field of whole bytes lies; 0 for one that takes no room.
pub(super) fn offset_of(layouts: &Layouts, id: TypeId, wanted: usize) -> u64 {
    let found = layouts.of(id).members.iter().find_map(|member| match member {
        Member::Field { field, offset, .. } if *field == wanted => Some(*offset),
        _ => None,
    });
    found.unwrap_or(0)
}

/// The integer that a tag is made of.
pub(super) fn tag_integer(layouts: &Layouts, ty: &Type) -> &'static str {
    match ty {
        Type::Scalar(scalar) => scalar.info().rust,
        Type::Def(id) => match layouts.model.ty(*id) {
            TypeDef::Enum(def) => def.repr.info().rust,
            TypeDef::Flags(def) => def.repr.info().rust,
            TypeDef::Record(_) | TypeDef::Extern(_) => "u8",
        },
        Type::Str(_) | Type::Bytes(_) | Type::Variable(_) | Type::Array(..) | Type::Kernel(_) | Type::Kptr(..) => "u8",
    }
}

/// The number that a tag's value is.
pub(super) fn tag_number(layouts: &Layouts, value: &TagValue) -> i128 {
    match value {
        TagValue::Number(number) => *number,
        TagValue::Variant(id, index) => match layouts.model.ty(*id) {
            TypeDef::Enum(def) => def.variants[*index].value,
            TypeDef::Flags(def) => def.bits[*index].value,
            TypeDef::Record(_) | TypeDef::Extern(_) => 0,
        },
    }
}

/// A union: `::bpf_layout::layout_union! { … }`, then its bitfields, then the enum over its members if tags select them.
pub(super) fn union(
    out: &mut Out,
    layouts: &Layouts,
    names: &Names,
    fingerprint: Fingerprint,
    (id, record): (TypeId, &Record),
) {
    let layout = layouts.of(id);
    out.open("::bpf_layout::layout_union!");
    docs::write(out, record.doc.as_deref(), None);
    open(out, ["pub union ", &record.name.rust], record, layout, fingerprint);
    for member in &layout.members {
        if let Member::Field { field, .. } = member {
            let field = &record.fields[*field];
            docs::write(out, field.doc.as_deref(), None);
            out.write(format_args!(
                "{}, {}: {},",
                field.name.rust,
                setter(field),
                union_member(layouts, id, member, field)
            ));
        }
    }
    // Behind the others, whose positions a tag's table counts.
    for member in &layout.members {
        if let Member::Bits(run) = member {
            out.line("#[doc(hidden)]");
            out.line(&bits::union_member(run));
        }
    }
    let mut details = bits::details(layouts, (id, record));
    details.extend(field_names(layouts, (id, record)));
    close_with_details(out, &details);
    out.close();
    accessors::write_union(out, layouts, (id, record));
    if let Some(selection) = names.selection(id) {
        tagged::selection(out, layouts, (id, record), selection);
    }
}

/// The type of a union's member.
pub(super) fn union_member<'a>(layouts: &'a Layouts, id: TypeId, member: &Member, field: &Field) -> Cow<'a, str> {
    Scope::top(layouts).placed(&field.ty, is_aligned(layouts, id, member))
}

/// `set_type` for `r#type`.
pub(super) fn setter(field: &Field) -> String {
    format!("set_{}", plain(&field.name.rust))
}

/// A name without `r#`.
pub(super) fn plain(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}
