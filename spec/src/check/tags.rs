//! What ties fields together: tags that select union members, tags that tell events apart.

use std::collections::HashMap;

use super::records::Checked;
use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    model::{EventTag, Field, Record, RecordKind, TagValue, Type, TypeDef, TypeId},
    scalar::ScalarClass,
    source::Span,
    spec::{At, Body, Selector},
    suggest,
};

/// One field that selects the members of a union.
struct Use {
    /// Type of the tag.
    tag: Type,
    span: Span,
}

/// Resolves `tag` and `when` of every record, and the tags of events. `complete` says that no record is missing among
/// the checked: one that is may have the tag of a union.
pub(super) fn check_tags(checked: &[Checked<'_>], complete: bool, defs: &mut [Option<TypeDef>], cx: &mut Diagnostics) {
    let mut uses: HashMap<TypeId, Vec<Use>> = HashMap::new();
    for record in checked {
        check_tagged_fields(record, defs, &mut uses, cx);
        check_event_tag(record, defs, cx);
    }
    for record in checked {
        match uses.get(&record.id) {
            Some(uses) => check_when(record, defs, uses, cx),
            None if complete => report_idle_when(record, defs, cx),
            None => {}
        }
    }
}

fn record(defs: &[Option<TypeDef>], id: TypeId) -> Option<&Record> {
    match defs.get(id.0 as usize)?.as_ref()? {
        TypeDef::Record(record) => Some(record),
        _ => None,
    }
}

fn record_mut(defs: &mut [Option<TypeDef>], id: TypeId) -> Option<&mut Record> {
    match defs.get_mut(id.0 as usize)?.as_mut()? {
        TypeDef::Record(record) => Some(record),
        _ => None,
    }
}

/// The sibling of this name. A record has one lookup per tag, and tags are few, so no index is kept.
fn find_field(body: &Body, name: &str) -> Option<usize> {
    body.fields.as_ref()?.iter().position(|field| field.name().is_some_and(|own| own.value == name))
}

fn unknown_field(record: &Record, body: &Body, name: &At<String>) -> Diagnostic {
    let owner = if record.anonymous { "the unnamed member".to_owned() } else { format!("`{}`", record.name.spec) };
    let message = format!("{owner} has no field `{}`", name.value.escape_debug());
    let unknown = Diagnostic::new(Code::UnknownName, message, name.span, "not a field of the same record");
    let names = body.fields.iter().flatten().filter_map(|field| Some(field.name()?.value.as_str()));
    match suggest::nearest(&name.value, names) {
        Some(near) => unknown.help(format!("did you mean `{near}`?")),
        None => unknown.help("a tag is a field of the record itself"),
    }
}

fn check_tagged_fields(
    checked: &Checked<'_>,
    defs: &mut [Option<TypeDef>],
    uses: &mut HashMap<TypeId, Vec<Use>>,
    cx: &mut Diagnostics,
) {
    for (index, def) in checked.body.fields.iter().flatten().enumerate() {
        let Some(tag) = &def.more().tag else { continue };
        let Some(own) = record(defs, checked.id) else { continue };
        let field = &own.fields[index];
        let Some(union) = tagged_union(defs, field) else {
            let message = format!("`{}` has a tag, but is no union", field.name.spec);
            cx.push(
                Diagnostic::new(Code::Tag, message, tag.span, "selects nothing")
                    .also(field.ty_span, "this type has no members to select")
                    .help("`tag` stands at a field whose type is a union, or at an unnamed union"),
            );
            continue;
        };
        let uses = uses.entry(union).or_default();
        let Some(tag_index) = find_field(checked.body, &tag.value) else {
            cx.push(unknown_field(own, checked.body, tag));
            continue;
        };
        let tag_field = &own.fields[tag_index];
        if !check_tag_field(tag_field, tag, defs, cx) {
            continue;
        }
        uses.push(Use { tag: tag_field.ty.clone(), span: tag.span });
        if let Some(own) = record_mut(defs, checked.id) {
            own.fields[index].tag = Some(tag_index);
        }
    }
}

fn tagged_union(defs: &[Option<TypeDef>], field: &Field) -> Option<TypeId> {
    let Type::Def(id) = &field.ty else { return None };
    let is_union = match defs.get(id.0 as usize)? {
        Some(TypeDef::Record(record)) => record.kind == RecordKind::Union,
        Some(_) => false,
        // Its definition was wrong, which has been reported.
        None => true,
    };
    is_union.then_some(*id)
}

/// A tag is a whole enum or integer of up to 64 bits that every profile keeps.
fn check_tag_field(field: &Field, tag: &At<String>, defs: &[Option<TypeDef>], cx: &mut Diagnostics) -> bool {
    let fits = match &field.ty {
        Type::Scalar(scalar) => {
            matches!(scalar.info().class, ScalarClass::Unsigned | ScalarClass::Signed) && scalar.info().size <= 8
        }
        Type::Def(id) => matches!(defs.get(id.0 as usize), Some(Some(TypeDef::Enum(_)) | None)),
        _ => false,
    };
    let (label, help) = if !fits {
        ("neither an enum nor an integer", "a tag is an enum, `u8` to `u64` or `i8` to `i64`")
    } else if field.bits.is_some() {
        (
            "a bitfield",
            "give the tag whole bytes; where the layout exists, leave `tag` out, and choose the member by hand",
        )
    } else if field.optional {
        ("optional", "remove `optional`: without its tag, nobody knows what the rest holds")
    } else {
        return true;
    };
    let message = format!("`{}` cannot be a tag", field.name.spec);
    let span = if fits { field.name.span } else { field.ty_span };
    cx.push(Diagnostic::new(Code::Tag, message, tag.span, "used as a tag here").also(span, label).help(help));
    false
}

/// The value of a tag that a selector stands for.
fn tag_value(selector: &Selector, tag: &Type, defs: &[Option<TypeDef>], cx: &mut Diagnostics) -> Option<TagValue> {
    match tag {
        Type::Def(id) => match defs.get(id.0 as usize)? {
            Some(TypeDef::Enum(def)) => enum_value(selector, *id, def, cx),
            _ => None,
        },
        Type::Scalar(scalar) => {
            let number = match selector {
                Selector::Number(number) => number,
                Selector::Name(name) => {
                    let message = format!("the tag is a number, and `{}` is none", name.value.escape_debug());
                    cx.push(
                        Diagnostic::new(Code::Tag, message, name.span, "expected a number")
                            .help("write a number, or make the tag an `[enum.NAME]`"),
                    );
                    return None;
                }
            };
            let (least, most) = scalar.integer_range()?;
            if (least..=most).contains(&number.value) {
                return Some(TagValue::Number(number.value));
            }
            let message = format!("the tag is never {}", number.value);
            let label = format!("`{}` holds {least} to {most}", scalar.info().name);
            cx.push(Diagnostic::new(Code::ValueOutOfRange, message, number.span, label));
            None
        }
        _ => None,
    }
}

fn enum_value(selector: &Selector, id: TypeId, def: &crate::model::Enum, cx: &mut Diagnostics) -> Option<TagValue> {
    let (found, shown) = match selector {
        Selector::Name(name) => (
            def.variants.iter().position(|variant| variant.name.spec == name.value),
            format!("`{}`", name.value.escape_debug()),
        ),
        Selector::Number(number) => {
            (def.variants.iter().position(|variant| variant.value == number.value), number.value.to_string())
        }
    };
    if let Some(index) = found {
        // A second name of a value is that value.
        return Some(TagValue::Variant(id, def.variants[index].same_as.unwrap_or(index)));
    }
    let message = format!("the enum `{}` has no variant {shown}", def.name.spec);
    let unknown = Diagnostic::new(Code::UnknownName, message, selector.span(), "not a variant")
        .also(def.name.span, "the tag is of this enum");
    let names = def.variants.iter().map(|variant| variant.name.spec.as_str());
    let near = match selector {
        Selector::Name(name) => suggest::nearest(&name.value, names),
        Selector::Number(_) => None,
    };
    cx.push(match near {
        Some(near) => unknown.help(format!("did you mean `{near}`?")),
        None => {
            let names: Vec<&str> = def.variants.iter().take(8).map(|variant| variant.name.spec.as_str()).collect();
            let some = if names.len() < def.variants.len() { "some of " } else { "" };
            unknown.help(format!("{some}its variants are {}", crate::read::list(&names)))
        }
    });
    None
}

fn check_event_tag(checked: &Checked<'_>, defs: &mut [Option<TypeDef>], cx: &mut Diagnostics) {
    let Some(tag) = checked.def.and_then(|def| def.tag.as_ref()) else { return };
    let Some(own) = record(defs, checked.id) else { return };
    let Some(index) = find_field(checked.body, &tag.field.value) else {
        cx.push(unknown_field(own, checked.body, &tag.field));
        return;
    };
    let field = &own.fields[index];
    if !check_tag_field(field, &tag.field, defs, cx) {
        return;
    }
    let value = tag_value(&tag.value, &field.ty.clone(), defs, cx);
    if let (Some(own), Some(value)) = (record_mut(defs, checked.id), value) {
        own.kind = RecordKind::Event { tag: Some(EventTag { field: index, value }) };
    }
}

/// Resolves `when` of a union's members by the tag that selects them. `uses` is empty if every tag was wrong, which has
/// been reported.
fn check_when(checked: &Checked<'_>, defs: &mut [Option<TypeDef>], uses: &[Use], cx: &mut Diagnostics) {
    let Some(first) = uses.first() else { return };
    if let Some(other) = uses.iter().find(|other| other.tag != first.tag) {
        cx.push(
            Diagnostic::new(Code::Tag, "one union has tags of different types", other.span, "this tag")
                .also(first.span, "and this one")
                .help("let both tags have the type of one of them, or define a union for each"),
        );
        return;
    }
    let mut seen: Vec<(TagValue, Span)> = Vec::new();
    for (index, def) in checked.body.fields.iter().flatten().enumerate() {
        let Some(when) = &def.more().when else {
            cx.push(
                Diagnostic::new(Code::Tag, "this member does not say when it is in use", def.span, "has no `when`")
                    .also(first.span, "this tag selects the members")
                    .help("write `when = \"variant\"`, or a number if the tag is one"),
            );
            continue;
        };
        let values: Vec<(TagValue, Span)> = when
            .value
            .iter()
            .filter_map(|selector| Some((tag_value(selector, &first.tag, defs, cx)?, selector.span())))
            .collect();
        if let Some(own) = record_mut(defs, checked.id) {
            own.fields[index].when = values.iter().map(|(value, _)| value.clone()).collect();
        }
        seen.extend(values);
    }
    check_distinct(&seen, cx);
}

fn check_distinct(seen: &[(TagValue, Span)], cx: &mut Diagnostics) {
    let mut by_value: HashMap<(i128, bool), Span> = HashMap::new();
    for (value, span) in seen {
        let key = match value {
            TagValue::Number(number) => (*number, false),
            TagValue::Variant(_, index) => (i128::try_from(*index).unwrap_or(i128::MAX), true),
        };
        if let Some(first) = by_value.insert(key, *span) {
            cx.push(
                Diagnostic::new(Code::Tag, "one value of the tag selects two members", *span, "selects this one, too")
                    .also(first, "already selects another")
                    .help("let each value select one member"),
            );
        }
    }
}

fn report_idle_when(checked: &Checked<'_>, defs: &[Option<TypeDef>], cx: &mut Diagnostics) {
    let is_union = record(defs, checked.id).is_some_and(|own| own.kind == RecordKind::Union);
    for def in checked.body.fields.iter().flatten() {
        let Some(when) = &def.more().when else { continue };
        let (message, help) = if is_union {
            ("no tag selects this member", "write `tag = \"FIELD\"` where the union is used, or remove `when`")
        } else {
            ("`when` stands outside a union", "only members of a union are selected: remove `when`")
        };
        cx.push(Diagnostic::new(Code::Tag, message, when.span, "has no effect").help(help));
    }
}
