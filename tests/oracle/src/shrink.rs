//! Makes a spec smaller for as long as something remains true of it.
//!
//! By delta debugging (Zeller, Hildebrandt: "Simplifying and isolating failure-inducing input", 2002), on what a spec
//! consists of instead of its characters: definitions first, then elements of arrays, then keys, then types.

use toml_edit::{Array, DocumentMut, InlineTable, Item, TableLike, Value};

/// The way to something in a document.
type Path = Vec<Step>;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// What can be taken out in one pass.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `struct.NAME`, `lengths.NAME`, and what stands at the top.
    Definition,
    /// Fields, variants, omitted fields and so on.
    Element,
    /// Of a definition or of an element.
    Key,
}

/// The smallest text that could be found of which `remains` is still true. It is asked about texts that are no valid spec,
/// too.
pub fn shrink(text: &str, remains: &mut dyn FnMut(&str) -> bool) -> String {
    let Ok(mut document) = text.parse::<DocumentMut>() else { return text.to_owned() };
    loop {
        let before = document.to_string();
        for kind in [Kind::Definition, Kind::Element, Kind::Key] {
            take_out(&mut document, kind, remains);
        }
        take_out_with_users(&mut document, remains);
        simplify_types(&mut document, remains);
        if document.to_string() == before {
            return without_comments(document, remains);
        }
    }
}

/// Takes out as much of one kind as can be, in ever smaller parts, later parts first: what is used stands before its users.
fn take_out(document: &mut DocumentMut, kind: Kind, remains: &mut dyn FnMut(&str) -> bool) {
    let mut size = paths(document, kind).len();
    while size > 0 {
        let mut end = paths(document, kind).len();
        while end > 0 {
            let start = end.saturating_sub(size);
            let mut smaller = document.clone();
            // From the back, so that indices of what is still to be taken out stay right.
            for path in paths(document, kind)[start..end].iter().rev() {
                remove(smaller.as_item_mut(), path);
            }
            if remains(&smaller.to_string()) {
                *document = smaller;
            }
            // Parts overlap, so that two that need each other go together.
            let step = size.div_ceil(2);
            end = end.saturating_sub(step).min(paths(document, kind).len());
        }
        size /= 2;
    }
}

/// Takes out definitions, each with all that is made of it: a union, and the fields of its type, which alone neither goes.
fn take_out_with_users(document: &mut DocumentMut, remains: &mut dyn FnMut(&str) -> bool) {
    let mut number = 0;
    while let Some(path) = paths(document, Kind::Definition).get(number) {
        let mut smaller = document.clone();
        if let Some(Step::Key(name)) = path.last() {
            remove_with_users(&mut smaller, name);
        }
        if smaller.to_string() != document.to_string() && remains(&smaller.to_string()) {
            *document = smaller;
        } else {
            number += 1;
        }
    }
}

/// Removes what has this name, then the fields, maps and events that name it, then the records that have no fields left.
fn remove_with_users(document: &mut DocumentMut, name: &str) {
    let mut gone = vec![name.to_owned()];
    while let Some(name) = gone.pop() {
        for (_, item) in document.iter_mut() {
            let Some(table) = item.as_table_like_mut() else { continue };
            table.remove(&name);
            for (other, definition) in table.iter_mut() {
                let Some(definition) = definition.as_table_like_mut() else { continue };
                let names =
                    |key: &str| definition.get(key).and_then(Item::as_str).is_some_and(|ty| is_made_of(ty, &name));
                let emptied = names("key") || names("value");
                let fields = definition.get_mut("fields").and_then(Item::as_array_mut);
                if emptied || fields.is_some_and(|fields| without_fields_of(fields, &name)) {
                    gone.push(other.get().to_owned());
                }
                if let Some(events) = definition.get_mut("events").and_then(Item::as_array_mut) {
                    events.retain(|event| event.as_str() != Some(&name));
                }
            }
        }
    }
}

/// Removes fields of a type. Whether that leaves none.
fn without_fields_of(fields: &mut Array, name: &str) -> bool {
    fields.retain(|field| {
        let ty = field.as_inline_table().and_then(|field| field.get("type")).and_then(Value::as_str);
        ty.is_none_or(|ty| !is_made_of(ty, name))
    });
    for field in fields.iter_mut().filter_map(Value::as_inline_table_mut) {
        for key in ["union", "struct"] {
            let inner = field.get_mut(key).and_then(Value::as_array_mut);
            if inner.is_some_and(|inner| without_fields_of(inner, name)) {
                field.remove(key);
            }
        }
    }
    fields.retain(|field| field.as_inline_table().is_none_or(|field| !field.is_empty()));
    fields.is_empty()
}

/// Whether a type is one of this name, or an array of it.
fn is_made_of(ty: &str, name: &str) -> bool {
    ty.split('[').next().is_some_and(|base| base.trim() == name)
}

/// Everything of one kind, each before what is in it.
fn paths(document: &DocumentMut, kind: Kind) -> Vec<Path> {
    let mut found = Vec::new();
    for (key, item) in document.iter() {
        let top = vec![Step::Key(key.to_owned())];
        match item.as_table_like() {
            Some(table) if table.is_empty() && kind == Kind::Definition => found.push(top),
            Some(table) if key != "budget" => {
                for (name, definition) in table.iter() {
                    let path = [top.as_slice(), &[Step::Key(name.to_owned())]].concat();
                    if kind == Kind::Definition {
                        found.push(path);
                    } else {
                        collect(definition, &path, kind, &mut found);
                    }
                }
            }
            _ if kind == Kind::Definition && key != "spec" => found.push(top),
            _ => collect(item, &top, kind, &mut found),
        }
    }
    found
}

fn collect(item: &Item, path: &Path, kind: Kind, found: &mut Vec<Path>) {
    match item {
        Item::Value(value) => collect_in_value(value, path, kind, found),
        Item::Table(table) => collect_in_table(table, path, kind, found),
        Item::ArrayOfTables(tables) => {
            for (index, table) in tables.iter().enumerate() {
                collect_in_table(table, &below(path, Step::Index(index)), kind, found);
            }
        }
        Item::None => {}
    }
}

fn collect_in_table(table: &dyn TableLike, path: &Path, kind: Kind, found: &mut Vec<Path>) {
    for (key, item) in table.iter() {
        let path = below(path, Step::Key(key.to_owned()));
        if kind == Kind::Key {
            found.push(path.clone());
        }
        collect(item, &path, kind, found);
    }
}

fn collect_in_value(value: &Value, path: &Path, kind: Kind, found: &mut Vec<Path>) {
    match value {
        Value::Array(array) => {
            for (index, element) in array.iter().enumerate() {
                let path = below(path, Step::Index(index));
                if kind == Kind::Element {
                    found.push(path.clone());
                }
                collect_in_value(element, &path, kind, found);
            }
        }
        Value::InlineTable(table) => collect_in_table(table, path, kind, found),
        _ => {}
    }
}

fn below(path: &Path, step: Step) -> Path {
    [path.as_slice(), &[step]].concat()
}

fn remove(item: &mut Item, path: &[Step]) {
    let [step, rest @ ..] = path else { return };
    if !rest.is_empty() {
        if let Some(inner) = step_into(item, step) {
            remove_below(inner, rest);
        }
        return;
    }
    match (item, step) {
        (Item::Value(value), step) => remove_from_value(value, step),
        (Item::Table(table), Step::Key(key)) => {
            table.remove(key);
        }
        (Item::ArrayOfTables(tables), Step::Index(index)) if *index < tables.len() => {
            tables.remove(*index);
        }
        _ => {}
    }
}

/// What a step leads to.
enum Inner<'a> {
    Item(&'a mut Item),
    Value(&'a mut Value),
    Table(&'a mut toml_edit::Table),
}

fn step_into<'a>(item: &'a mut Item, step: &Step) -> Option<Inner<'a>> {
    match (item, step) {
        (Item::Table(table), Step::Key(key)) => table.get_mut(key).map(Inner::Item),
        (Item::ArrayOfTables(tables), Step::Index(index)) => tables.get_mut(*index).map(Inner::Table),
        (Item::Value(value), step) => value_step(value, step).map(Inner::Value),
        _ => None,
    }
}

fn value_step<'a>(value: &'a mut Value, step: &Step) -> Option<&'a mut Value> {
    match (value, step) {
        (Value::Array(array), Step::Index(index)) => array.get_mut(*index),
        (Value::InlineTable(table), Step::Key(key)) => table.get_mut(key),
        _ => None,
    }
}

fn remove_below(inner: Inner<'_>, rest: &[Step]) {
    match inner {
        Inner::Item(item) => remove(item, rest),
        Inner::Table(table) => {
            let [Step::Key(key), below @ ..] = rest else { return };
            match below {
                [] => {
                    table.remove(key);
                }
                below => {
                    if let Some(item) = table.get_mut(key) {
                        remove(item, below);
                    }
                }
            }
        }
        Inner::Value(value) => match rest {
            [step] => remove_from_value(value, step),
            [step, below @ ..] => {
                if let Some(inner) = value_step(value, step) {
                    remove_below(Inner::Value(inner), below);
                }
            }
            [] => {}
        },
    }
}

fn remove_from_value(value: &mut Value, step: &Step) {
    match (value, step) {
        (Value::Array(array), Step::Index(index)) if *index < array.len() => {
            array.remove(*index);
        }
        (Value::InlineTable(table), Step::Key(key)) => {
            table.remove(key);
        }
        _ => {}
    }
}

/// Takes dimensions off the types of fields, or makes them bytes.
fn simplify_types(document: &mut DocumentMut, remains: &mut dyn FnMut(&str) -> bool) {
    let mut number = 0;
    while number < types(document).len() {
        let simpler = |ty: &str| {
            let element =
                ty.strip_suffix(']').and_then(|ty| ty.rsplit_once('[')).map(|(element, _)| element.to_owned());
            let element = element.filter(|element| !["str", "bytes"].contains(&element.as_str()));
            element.into_iter().chain((ty != "u8").then(|| "u8".to_owned())).collect::<Vec<_>>()
        };
        let mut candidate = document.clone();
        let current =
            types(&mut candidate).get(number).and_then(|ty| ty.as_str().map(str::to_owned)).unwrap_or_default();
        let found = simpler(&current).into_iter().find_map(|simpler| {
            **types(&mut candidate).get_mut(number)? = simpler.into();
            remains(&candidate.to_string()).then(|| candidate.clone())
        });
        match found {
            Some(simpler) => *document = simpler,
            None => number += 1,
        }
    }
}

/// The `type` of every field.
fn types(document: &mut DocumentMut) -> Vec<&mut Value> {
    let mut found = Vec::new();
    for (_, item) in document.iter_mut() {
        let Some(table) = item.as_table_like_mut() else { continue };
        for (_, definition) in table.iter_mut() {
            let fields = definition.as_table_like_mut().and_then(|table| table.get_mut("fields"));
            if let Some(fields) = fields.and_then(Item::as_array_mut) {
                types_of_fields(fields, &mut found);
            }
        }
    }
    found
}

fn types_of_fields<'a>(fields: &'a mut Array, found: &mut Vec<&'a mut Value>) {
    for field in fields.iter_mut().filter_map(Value::as_inline_table_mut) {
        types_of_field(field, found);
    }
}

fn types_of_field<'a>(field: &'a mut InlineTable, found: &mut Vec<&'a mut Value>) {
    for (key, value) in field.iter_mut() {
        match (key.get(), value) {
            ("type", ty) => found.push(ty),
            ("union" | "struct", Value::Array(fields)) => types_of_fields(fields, found),
            _ => {}
        }
    }
}

/// Without what stands between and behind the definitions.
fn without_comments(document: DocumentMut, remains: &mut dyn FnMut(&str) -> bool) -> String {
    let text = document.to_string();
    let is_comment = |line: &&str| line.trim_start().starts_with('#');
    let bare: String = text.lines().filter(|line| !is_comment(line)).map(|line| format!("{line}\n")).collect();
    let bare = bare.trim_start().to_owned();
    if remains(&bare) { bare } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: &str = r#"spec = 1

[lengths]
A = 1
B = 2

# chunk 1
[enum.kind]
repr = "u8"
variants = [{ name = "x", value = 1 }, { name = "y", value = 2 }]

[struct.first]
packed = true
fields = [
  { name = "a", type = "u32" },
  { name = "bad", type = "u64[A][2]", align = 4, doc = "text" },
  { union = [{ name = "b", type = "u8" }, { name = "c", type = "u16" }] },
]

[struct.second]
fields = [{ name = "z", type = "first" }]

[profile.lean]
lengths.A = 3
omit = ["first.a"]
"#;

    /// Something that hangs on one field, its attribute and its record.
    fn smallest(needles: &[&str]) -> String {
        shrink(SPEC, &mut |text| needles.iter().all(|needle| text.contains(needle)))
    }

    #[test]
    fn what_does_not_matter_goes() {
        assert_eq!(
            smallest(&["struct.first", "\"bad\"", "align = 4", "u64"]),
            "spec = 1\n\n[struct.first]\nfields = [\n  { name = \"bad\", type = \"u64\", align = 4},\n]\n"
        );
    }

    #[test]
    fn what_needs_one_another_goes_together() {
        let spec = "spec = 1\n[enum.kind]\nrepr = \"u8\"\nvariants = [{ name = \"x\", value = 1 }]\n\
                    [union.either]\nfields = [{ name = \"x\", type = \"u8\", when = \"x\" }]\n\
                    [struct.told]\nfields = [{ name = \"kind\", type = \"kind\" }, { name = \"u\", type = \"either\", tag = \"kind\" }]\n\
                    [map.m]\ntype = \"array\"\nvalue = \"told\"\nmax_entries = 1\n[struct.bad]\nfields = [{ name = \"bad\", type = \"u8\" }]\n";
        // None of the union, its tag and their map goes without another, where a spec has to be one.
        let is_spec = |text: &str| crate::specs::parse(text, std::path::Path::new("s.toml"), None).is_ok();
        let text = shrink(spec, &mut |text| text.contains("\"bad\"") && is_spec(text));
        assert_eq!(text, "spec = 1\n[struct.bad]\nfields = [{ name = \"bad\", type = \"u8\" }]\n");
    }

    #[test]
    fn members_of_unnamed_members_go_one_by_one() {
        let text = smallest(&["struct.first", "union", "\"c\"", "u16"]);
        assert!(!text.contains("\"b\"") && !text.contains("bad"), "{text}");
    }

    #[test]
    fn what_matters_stays() {
        let text = smallest(&["struct.second", "lengths.A = 3", "\"y\""]);
        assert!(!text.contains("\"x\"") && !text.contains("struct.first"), "{text}");
    }

    #[test]
    fn what_is_no_toml_stays_as_it_is() {
        assert_eq!(shrink("[", &mut |_| true), "[");
    }
}
