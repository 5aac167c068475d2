//! Reads what `[alias]`, `[enum]`, `[flags]`, `[struct]`, `[event]`, `[union]` and `[extern]` define.

use super::{
    document::{Kind, Value},
    table::{Cx, Table, integer},
};
use crate::{
    diag::{Code, Diagnostic},
    source::Span,
    spec::{
        AliasDef, At, Body, Definition, EnumDef, EventTagDef, ExternDef, FieldDef, FieldKind, FieldMore, RecordDef,
        Selector, Shape, VariantDef,
    },
};

/// How deep unnamed members may lie in one another.
const MAX_DEPTH: usize = 16;

const KEYED_FIELDS: &str = "write `fields = [{ name = \"pid\", type = \"u32\" }, ...]`: TOML promises no order of a table's keys, and the order \
     of fields is the layout";

/// All type definitions of one file, in its order.
pub(super) fn read_definitions(cx: &mut Cx<'_>, top: &mut Table<'_>) -> Vec<Definition> {
    let mut definitions = Vec::new();
    for (name, value) in top.named(cx, "alias") {
        definitions.push(Definition::Alias(read_alias(cx, name, value)));
    }
    for (name, value) in top.named(cx, "enum") {
        definitions.push(Definition::Enum(read_enum(cx, name, value, "enum", "variants")));
    }
    for (name, value) in top.named(cx, "flags") {
        definitions.push(Definition::Flags(read_enum(cx, name, value, "flags", "bits")));
    }
    for (key, shape) in [("struct", Shape::Struct), ("event", Shape::Event), ("union", Shape::Union)] {
        let named = top.named(cx, key);
        definitions.extend(cx.each(named, |cx, (name, value)| Definition::Record(read_record(cx, name, shape, value))));
    }
    for (name, value) in top.named(cx, "extern") {
        definitions.push(Definition::Extern(read_extern(cx, name, value)));
    }
    definitions.sort_by_key(|definition| definition.name().span);
    definitions
}

fn read_alias(cx: &mut Cx<'_>, name: At<String>, value: &Value<'_>) -> AliasDef {
    if let Kind::String(ty) = value.get_ref() {
        let ty = Some(cx.text(ty, value.span()));
        return AliasDef { name, ty };
    }
    let wrong = cx.wrong_type(&format!("the alias `{}`", name.value), "a type in a string", value);
    cx.push(wrong.help(format!("write `{} = \"u32\"`", name.value)));
    AliasDef { name, ty: None }
}

fn read_enum(cx: &mut Cx<'_>, name: At<String>, value: &Value<'_>, what: &str, list: &'static str) -> EnumDef {
    let title = match what {
        "enum" => format!("the enum `{}`", name.value),
        _ => format!("`[flags.{}]`", name.value),
    };
    let mut def = EnumDef { name, c: None, doc: None, repr: None, prefix: None, variants: None, reserved: Vec::new() };
    let Some(mut table) = Table::open(cx, title, def.name.span, value) else { return def };
    def.doc = table.doc(cx);
    if what == "enum" {
        def.c = table.string(cx, "c");
    }
    def.repr = table.string(cx, "repr");
    if def.repr.is_none() && table.key_span("repr").is_none() {
        table.missing(cx, "repr", "say how many bytes it takes: `repr = \"u8\"`");
    }
    def.prefix = table.string(cx, "prefix");
    let keyed = format!("write `{list} = [{{ name = \"open\", value = 1 }}, ...]`");
    if let Some(items) = table.array(cx, list, "tables", Some(&keyed)) {
        def.variants = Some(items.value.iter().map(|item| read_variant(cx, item, what == "enum")).collect());
    } else if table.key_span(list).is_none() {
        table.missing(cx, list, &keyed);
    }
    def.reserved = read_reserved(cx, &mut table);
    table.finish(cx);
    def
}

/// `reserved = [3, "rename"]`
fn read_reserved(cx: &mut Cx<'_>, table: &mut Table<'_>) -> Vec<Selector> {
    let items = table.array(cx, "reserved", "names and values", None);
    items.into_iter().flat_map(|items| items.value).filter_map(|item| read_selector(cx, "`reserved`", item)).collect()
}

/// Bits of flags may overlap, so that only variants of an enum need second names.
fn read_variant(cx: &mut Cx<'_>, item: &Value<'_>, of_enum: bool) -> VariantDef {
    let mut def = VariantDef { name: None, c: None, value: None, same_as: None, doc: None, since: None };
    let span = cx.span(item.span());
    let Some(mut table) = Table::open(cx, "a variant", span, item) else { return def };
    def.name = table.name(cx, "the variant");
    if def.name.is_none() && table.key_span("name").is_none() {
        table.missing(cx, "name", "write `{ name = \"open\", value = 1 }`");
    }
    def.c = table.string(cx, "c");
    def.value = table.number(cx, "value");
    let second = of_enum && table.key_span("same_as").is_some();
    if of_enum {
        def.same_as = table.string(cx, "same_as");
    }
    if def.value.is_none() && table.key_span("value").is_none() && !second {
        table.missing(cx, "value", "values are part of the layout, so each is written down: `value = 1`");
    }
    def.doc = table.doc(cx);
    def.since = table.integer(cx, "since");
    table.finish(cx);
    def
}

fn read_record(cx: &mut Cx<'_>, name: At<String>, shape: Shape, value: &Value<'_>) -> RecordDef {
    let title = format!("the {} `{}`", shape.what(), name.value);
    let (body, reserved) = (Body::default(), Vec::new());
    let mut def = RecordDef { name, c: None, shape, body, tag: None, rooms: None, reserved };
    let Some(mut table) = Table::open(cx, title, def.name.span, value) else { return def };
    if shape == Shape::Event {
        def.tag = read_event_tag(cx, &mut table);
        def.rooms = table.integer(cx, "rooms");
    }
    def.c = table.string(cx, "c");
    def.body = read_body(cx, &mut table, "fields", 0);
    def.reserved = table.strings(cx, "reserved").map(|names| names.value).unwrap_or_default();
    table.finish(cx);
    def
}

fn read_body(cx: &mut Cx<'_>, table: &mut Table<'_>, list: &'static str, depth: usize) -> Body {
    let doc = table.doc(cx);
    let packed = read_packed(cx, table);
    let align = table.integer(cx, "align");
    let mut fields = None;
    if let Some(items) = table.array(cx, list, "tables", Some(KEYED_FIELDS)) {
        fields = Some(items.value.iter().map(|item| read_field(cx, item, depth)).collect());
    } else if table.key_span(list).is_none() {
        table.missing(cx, list, "write `fields = [{ name = \"pid\", type = \"u32\" }]`");
    }
    Body { doc, packed, align, fields }
}

/// `packed = true` is `packed = 1`; `false` is as if left out.
fn read_packed(cx: &mut Cx<'_>, table: &mut Table<'_>) -> Option<At<u32>> {
    let value = table.take("packed")?;
    let span = cx.span(value.span());
    if let Kind::Boolean(packed) = value.get_ref() {
        return packed.then_some(At { value: 1, span });
    }
    let Some(number) = integer(cx, value) else {
        let wrong = cx.wrong_type("`packed`", "`true`, 1, 2, 4 or 8", value);
        cx.push(wrong);
        return None;
    };
    let number = number?.value;
    if let Some(packed) = [1u32, 2, 4, 8].into_iter().find(|&packed| i128::from(packed) == number) {
        return Some(At { value: packed, span });
    }
    cx.push(
        Diagnostic::new(Code::InvalidValue, format!("`packed` cannot be {number}"), span, "expected 1, 2, 4 or 8")
            .help("`packed = N` aligns no field to more than N bytes; `packed = true` is `packed = 1`"),
    );
    None
}

fn read_event_tag(cx: &mut Cx<'_>, table: &mut Table<'_>) -> Option<EventTagDef> {
    const HELP: &str = "write `tag = { kind = \"exec\" }`: the field, and the value it holds in this event";
    let value = table.take("tag")?;
    let Kind::Table(tag) = value.get_ref() else {
        let wrong = cx.wrong_type(&format!("`tag` of {}", table.what()), "a table", value);
        cx.push(wrong.help(HELP));
        return None;
    };
    let [entry] = &tag.entries[..] else {
        let message = format!("`tag` of {} names {} fields", table.what(), tag.entries.len());
        let span = cx.span(value.span());
        cx.push(Diagnostic::new(Code::InvalidValue, message, span, "expected one field").help(HELP));
        return None;
    };
    let value = read_selector(cx, &format!("`{}` in a tag", entry.name()), entry.value())?;
    Some(EventTagDef { field: cx.key(entry).owned(), value })
}

fn read_selector(cx: &mut Cx<'_>, what: &str, value: &Value<'_>) -> Option<Selector> {
    if let Kind::String(name) = value.get_ref() {
        return Some(Selector::Name(At { value: name.to_string(), span: cx.span(value.span()) }));
    }
    if let Some(number) = integer(cx, value) {
        return number.map(Selector::Number);
    }
    let wrong = cx.wrong_type(what, "the name of a variant or an integer", value);
    cx.push(wrong);
    None
}

fn read_field(cx: &mut Cx<'_>, item: &Value<'_>, depth: usize) -> FieldDef {
    let span = cx.span(item.span());
    let Some(table) = Table::open(cx, "a field", span, item) else { return broken_field(span) };
    let unnamed = [("union", Shape::Union), ("struct", Shape::Struct)]
        .into_iter()
        .find_map(|(key, shape)| Some((table.key_span(key)?, key, shape)));
    match unnamed {
        Some((span, key, shape)) => read_unnamed(cx, table, span, (key, shape), depth),
        None => read_named(cx, table, span),
    }
}

fn broken_field(span: Span) -> FieldDef {
    FieldDef { span, kind: FieldKind::Broken { name: None }, more: None }
}

fn read_named(cx: &mut Cx<'_>, mut table: Table<'_>, span: Span) -> FieldDef {
    let name = table.name(cx, "the field");
    if name.is_none() && table.key_span("name").is_none() {
        let help = "write `{ name = \"pid\", type = \"u32\" }`, or `{ union = [...] }` for an unnamed member";
        table.missing(cx, "name", help);
    }
    let ty = table.text(cx, "type");
    if ty.is_none() && table.key_span("type").is_none() {
        table.missing(cx, "type", "write `type = \"u32\"`");
    }
    let more = table.has_others(&["name", "type"]).then(|| Box::new(read_more(cx, &mut table)));
    let sound = table.finish(cx);
    let span = name.as_ref().map_or(span, |name| name.span);
    let kind = match (name, ty) {
        (Some(name), Some(ty)) if sound => FieldKind::Named { name, ty },
        (name, _) => FieldKind::Broken { name },
    };
    FieldDef { span, kind, more }
}

fn read_more(cx: &mut Cx<'_>, table: &mut Table<'_>) -> FieldMore {
    FieldMore {
        c: table.string(cx, "c"),
        doc: table.doc(cx),
        bits: table.integer(cx, "bits"),
        offset: table.integer(cx, "offset"),
        align: table.integer(cx, "align"),
        optional: table.boolean(cx, "optional").unwrap_or(false),
        tag: table.string(cx, "tag"),
        when: read_when(cx, table),
        contains: table.string(cx, "contains"),
        since: table.integer(cx, "since"),
    }
}

fn read_unnamed(
    cx: &mut Cx<'_>,
    mut table: Table<'_>,
    span: Span,
    (key, shape): (&'static str, Shape),
    depth: usize,
) -> FieldDef {
    if depth == MAX_DEPTH {
        let message = format!("unnamed members lie more than {MAX_DEPTH} deep in one another");
        cx.push(
            Diagnostic::new(Code::TooLarge, message, span, "one too many")
                .help(format!("define this one as `[{key}.NAME]` and use it by its name")),
        );
        return broken_field(span);
    }
    let body = read_body(cx, &mut table, key, depth + 1);
    let more = FieldMore {
        offset: table.integer(cx, "offset"),
        tag: table.string(cx, "tag"),
        when: read_when(cx, &mut table),
        ..FieldMore::NONE
    };
    table.finish(cx);
    FieldDef { span, kind: FieldKind::Unnamed { shape, body: Box::new(body) }, more: Some(Box::new(more)) }
}

/// `when = "v4"`, `when = 2`, `when = ["v4", "v4_mapped"]`.
fn read_when(cx: &mut Cx<'_>, table: &mut Table<'_>) -> Option<At<Vec<Selector>>> {
    let value = table.take("when")?;
    let span = cx.span(value.span());
    let selectors = match value.get_ref() {
        Kind::Array(array) => {
            array.items.iter().map(|item| read_selector(cx, "`when`", item)).collect::<Option<Vec<_>>>()?
        }
        _ => vec![read_selector(cx, "`when`", value)?],
    };
    if selectors.is_empty() {
        let message = "`when` has no value";
        cx.push(Diagnostic::new(Code::InvalidValue, message, span, "expected at least one value of the tag"));
        return None;
    }
    Some(At { value: selectors, span })
}

fn read_extern(cx: &mut Cx<'_>, name: At<String>, value: &Value<'_>) -> ExternDef {
    let title = format!("the extern type `{}`", name.value);
    let span = name.span;
    let mut def = ExternDef { name, doc: None, size: None, align: None, c: None, include: None, rust: None };
    let Some(mut table) = Table::open(cx, title, span, value) else { return def };
    def.doc = table.doc(cx);
    def.size = table.number(cx, "size");
    def.align = table.integer(cx, "align");
    def.c = table.string(cx, "c");
    for (key, help) in [
        ("size", "write its size in bytes, as C's `sizeof` gives it: `size = 16`"),
        ("align", "write its alignment in bytes, as C's `_Alignof` gives it: `align = 4`"),
        ("c", "write how C names it: `c = \"struct sockaddr_in\"`"),
    ] {
        if table.key_span(key).is_none() {
            table.missing(cx, key, help);
        }
    }
    def.include = table.string(cx, "include");
    def.rust = table.string(cx, "rust");
    table.finish(cx);
    def
}
