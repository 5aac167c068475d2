//! Tagged unions: an enum over the members, and methods of the record that holds tag and union.

use std::collections::HashSet;

use bpf_layout_spec::{
    layout::{Layouts, Member},
    model::{Field, Record, TagValue, Type, TypeDef, TypeId},
};

use super::{
    ALLOW, bits, docs,
    names::{Names, Selection, unique},
    out::Out,
    records::{is_aligned, offset_of, plain, setter, tag_integer, tag_number, union_member},
    types::Scope,
};

/// `enum AddrRef<'a>`, and the union's method that selects its member by the value of a tag.
pub(super) fn selection(out: &mut Out, layouts: &Layouts, (id, union): (TypeId, &Record), selection: &Selection) {
    let (name, own) = (&selection.name, &union.name.rust);
    let selected: Vec<_> = selected(layouts, (id, union), selection).collect();
    out.blank();
    out.write(format_args!("/// Which member of [`{own}`] its tag selects."));
    out.line(ALLOW);
    out.line("#[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]");
    out.open(&format!("pub enum {name}<'a>"));
    for Selected { variant, ty, field, .. } in &selected {
        docs::write(out, field.doc.as_deref(), Some(&format!("Member `{}`.", field.name.spec)));
        let reference = if field.bits.is_some() { "" } else { "&'a " };
        out.write(format_args!("{variant}({reference}{ty}),"));
    }
    out.line("/// The tag selects no member.");
    out.write(format_args!("Unknown(&'a {own}),"));
    out.close();
    out.blank();
    out.line(ALLOW);
    out.open(&format!("impl {own}"));
    out.line("/// The member that a tag of this value selects.");
    out.line("#[must_use]");
    let mut body = vec!["match tag {".to_owned()];
    for Selected { variant, field, .. } in &selected {
        let values: Vec<_> = field.when.iter().map(|value| pattern(layouts, value)).collect();
        body.push(format!("    {} => {name}::{variant}(self.{}()),", values.join(" | "), field.name.rust));
    }
    body.push(format!("    _ => {name}::Unknown(self),"));
    body.push("}".to_owned());
    let tag = format!("tag: {}", Scope::top(layouts).ty(&selection.tag));
    out.method(&selection.method, &["&self", &tag], Some(&format!("{name}<'_>")), &body);
    out.close();
}

/// A member that a tag selects.
struct Selected<'a> {
    variant: &'a str,
    /// Type of the member; of its value, for a bitfield.
    ty: String,
    field: &'a Field,
    /// Number in the union's table: members of whole bytes, then bitfields.
    position: usize,
}

fn selected<'a>(
    layouts: &'a Layouts,
    (id, union): (TypeId, &'a Record),
    selection: &'a Selection,
) -> impl Iterator<Item = Selected<'a>> {
    let whole = layouts.of(id).members.iter().filter_map(move |member| match member {
        Member::Field { field, .. } => {
            let ty = union_member(layouts, id, member, &union.fields[*field]);
            Some((*field, ty.into_owned()))
        }
        Member::Bits(_) | Member::Padding { .. } => None,
    });
    let bits = bits::fields(layouts, (id, union))
        .filter_map(move |(_, bits, field)| Some((bits.field?, bits::value_type(layouts, field))));
    whole.chain(bits).enumerate().filter_map(move |(position, (index, ty))| {
        let variant = selection.variants[index].as_deref()?;
        Some(Selected { variant, ty, field: &union.fields[index], position })
    })
}

fn pattern(layouts: &Layouts, value: &TagValue) -> String {
    match value {
        TagValue::Number(number) => number.to_string(),
        TagValue::Variant(id, index) => match layouts.model.ty(*id) {
            TypeDef::Enum(def) => format!("{}::{}", def.name.rust, def.variants[*index].name.rust),
            TypeDef::Flags(def) => format!("{}::{}", def.name.rust, def.bits[*index].name.rust),
            TypeDef::Record(_) | TypeDef::Extern(_) => tag_number(layouts, value).to_string(),
        },
    }
}

/// The union of a tagged field, with how its members are selected.
fn tagged<'a>(layouts: &'a Layouts, names: &'a Names, field: &Field) -> Option<(TypeId, &'a Record, &'a Selection)> {
    let (Some(_), Type::Def(id)) = (field.tag, &field.ty) else { return None };
    match layouts.model.ty(*id) {
        TypeDef::Record(union) => Some((*id, union, names.selection(*id)?)),
        _ => None,
    }
}

/// For the record's table.
pub(super) fn details(layouts: &Layouts, names: &Names, (id, record): (TypeId, &Record)) -> Vec<String> {
    let mut details = Vec::new();
    for field in record.fields.iter().filter(|field| !field.omitted) {
        let (Some(tag), Some((union_id, union, selection))) = (field.tag, tagged(layouts, names, field)) else {
            continue;
        };
        let cases: Vec<_> = selected(layouts, (union_id, union), selection)
            .flat_map(|member| {
                let numbers = member.field.when.iter().map(|value| tag_number(layouts, value));
                numbers.map(move |number| format!("({number}, {})", member.position)).collect::<Vec<_>>()
            })
            .collect();
        let name = docs::literal(plain(&field.name.rust));
        let (ty, offset) = (tag_integer(layouts, &record.fields[tag].ty), offset_of(layouts, id, tag));
        details.push(format!("::bpf_layout::Detail::union_tag::<{ty}>({name}, {offset}, &[{}])", cases.join(", ")));
    }
    details
}

/// `fn addr(&self) -> AddrRef<'_>` and a setter per member. Whether the field is a tagged union that has them.
pub(super) fn accessors(
    out: &mut Out,
    layouts: &Layouts,
    names: &Names,
    (id, record): (TypeId, &Record),
    index: usize,
    taken: &mut HashSet<String>,
) -> bool {
    let field = &record.fields[index];
    let (Some(tag), Some((union_id, union, selection))) = (field.tag, tagged(layouts, names, field)) else {
        return false;
    };
    let place = |wanted: usize| {
        let is_it = |member: &&Member| matches!(member, Member::Field { field, .. } if *field == wanted);
        layouts.of(id).members.iter().find(is_it)
    };
    if place(index).is_some_and(|member| !is_aligned(layouts, id, member)) {
        return false; // no reference to it can be had; `select` works on a copy
    }
    let tag_aligned = place(tag).is_none_or(|member| is_aligned(layouts, id, member));
    let tag = Tag { field: &record.fields[tag], aligned: tag_aligned };
    getter(out, field, &tag, selection);
    if !field.omitted {
        for member in selected(layouts, (union_id, union), selection) {
            let name = format!("{}_{}", setter(field), plain(&member.field.name.rust));
            set_member(out, layouts, &unique(name, taken), field, &tag, &member);
        }
    }
    true
}

/// The field that says which member is in use.
struct Tag<'a> {
    field: &'a Field,
    aligned: bool,
}

impl Tag<'_> {
    fn read(&self) -> String {
        let get = if self.aligned { "" } else { ".get()" };
        format!("self.{}{get}", self.field.name.rust)
    }

    fn write(&self, value: &str) -> String {
        if self.aligned {
            format!("self.{} = {value};", self.field.name.rust)
        } else {
            format!("self.{}.set({value});", self.field.name.rust)
        }
    }
}

fn getter(out: &mut Out, field: &Field, tag: &Tag<'_>, selection: &Selection) {
    let name = &field.name.rust;
    out.blank();
    let doc = format!("The member of `{}` that `{}` selects.", field.name.rust, tag.field.name.spec);
    docs::write(out, field.doc.as_deref(), Some(&doc));
    out.line("#[must_use]");
    let read = format!("self.{name}.{}({})", selection.method, tag.read());
    let plain = format!("{}<'_>", selection.name);
    let optional = format!("::core::option::Option<{plain}>");
    let (result, body) = match (field.optional, field.omitted) {
        (false, _) => (plain, read),
        (true, false) => (optional, format!("::core::option::Option::Some({read})")),
        (true, true) => (optional, "::core::option::Option::None".to_owned()),
    };
    out.method(name, &["&self"], Some(&result), &[body]);
}

/// `fn set_addr_v4(&mut self, value: Ipv4)`
fn set_member(out: &mut Out, layouts: &Layouts, name: &str, field: &Field, tag: &Tag<'_>, member: &Selected<'_>) {
    let mut values: Vec<_> = member.field.when.iter().map(|value| pattern(layouts, value)).collect();
    let Some(first) = values.first().cloned() else { return };
    values.sort();
    values.dedup();
    let (own, spec) = (setter(member.field), &member.field.name.spec);
    out.blank();
    out.write(format_args!("/// Puts `{spec}` in use: sets it and the tag `{}`.", tag.field.name.spec));
    let mut body = vec![format!("self.{}.{own}(value);", field.name.rust)];
    if values.len() > 1 {
        out.line("///");
        out.line("/// The tag stays as it is if it selects this member already.");
        body.push(format!("if !::core::matches!({}, {}) {{", tag.read(), values.join(" | ")));
        body.push(format!("    {}", tag.write(&first)));
        body.push("}".to_owned());
    } else {
        body.push(tag.write(&first));
    }
    out.method(name, &["&mut self", &format!("value: {}", member.ty)], None, &body);
}
