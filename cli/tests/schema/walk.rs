//! Which parts of the schema stand for which parts of a document.

use std::collections::BTreeSet;

use bpf_layout_spec::diag::Code;
use serde_json::{Value, json};

use super::specs::{Spec, reader_says, to_toml};

/// Every part of the schema that stands for a value, by its JSON pointer: properties, and what names and items are.
pub(crate) fn subschemas(schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(schema, String::new(), &mut found);
    found
}

fn collect(schema: &Value, place: String, found: &mut BTreeSet<String>) {
    for key in ["properties", "$defs"] {
        for (name, child) in schema.get(key).and_then(Value::as_object).into_iter().flatten() {
            let place = format!("{place}/{key}/{name}");
            found.insert(place.clone());
            collect(child, place, found);
        }
    }
    for key in ["additionalProperties", "items"] {
        if let Some(child) = schema.get(key).filter(|child| child.is_object()) {
            let place = format!("{place}/{key}");
            found.insert(place.clone());
            collect(child, place, found);
        }
    }
}

/// The parts that a document meets.
pub(crate) fn visited(schema: &Value, document: &Value) -> BTreeSet<String> {
    let mut met = BTreeSet::new();
    meet(schema, (String::new(), schema), document, &mut met);
    met
}

fn meet(whole: &Value, (place, schema): (String, &Value), value: &Value, met: &mut BTreeSet<String>) {
    met.insert(place.clone());
    if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#')) {
        meet(whole, (target.to_owned(), whole.pointer(target).expect("it is there")), value, met);
    }
    // Words that stand for one value, as in `when`, are told by what the value is.
    for choice in schema.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
        let fits =
            choice.get("type").is_none_or(|ty| ty == "array") && choice.get("type").is_some() == value.is_array();
        if fits && (choice.get("$ref").is_some() || choice.get("items").is_some()) {
            meet(whole, (place.clone(), choice), value, met);
        }
    }
    for (key, value) in value.as_object().into_iter().flatten() {
        if let Some(child) = schema.get("properties").and_then(|properties| properties.get(key)) {
            meet(whole, (format!("{place}/properties/{key}"), child), value, met);
        } else if let Some(child) = schema.get("additionalProperties").filter(|child| child.is_object()) {
            meet(whole, (format!("{place}/additionalProperties"), child), value, met);
        }
    }
    for value in value.as_array().into_iter().flatten() {
        if let Some(child) = schema.get("items") {
            meet(whole, (format!("{place}/items"), child), value, met);
        }
    }
}

/// For each kind of table in a spec: where it stands, the keys that the reader knows there, and those of the schema.
///
/// The reader is asked by a key that nothing is called like: it then lists those that it knows.
pub(crate) fn known_keys(schema: &Value, spec: &Spec) -> Vec<(String, BTreeSet<String>, BTreeSet<String>)> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    ask(schema, ("", schema), (&spec.document, String::new()), spec, &mut seen, &mut found);
    found
}

type Keys = (String, BTreeSet<String>, BTreeSet<String>);

fn ask(
    whole: &Value,
    (place, schema): (&str, &Value),
    (value, pointer): (&Value, String),
    spec: &Spec,
    seen: &mut BTreeSet<String>,
    found: &mut Vec<Keys>,
) {
    if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#')) {
        let referred = whole.pointer(target).expect("it is there");
        return ask(whole, (target, referred), (value, pointer), spec, seen, found);
    }
    if let (Some(properties), Some(table)) = (schema.get("properties").and_then(Value::as_object), value.as_object()) {
        let place = format!("{place}{}", if is_unnamed(table) { " (unnamed)" } else { "" });
        if seen.insert(place.clone()) {
            let of_schema = properties.keys().filter(|key| is_open(schema, table, key)).cloned().collect();
            found.push((place, of_reader(spec, &pointer), of_schema));
        }
    }
    for (key, child) in value.as_object().into_iter().flatten() {
        let pointer = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
        if let Some(of_key) = schema.get("properties").and_then(|properties| properties.get(key)) {
            ask(whole, (&format!("{place}/{key}"), of_key), (child, pointer), spec, seen, found);
        } else if let Some(of_key) = schema.get("additionalProperties").filter(|schema| schema.is_object()) {
            ask(whole, (&format!("{place}/*"), of_key), (child, pointer), spec, seen, found);
        }
    }
    for (index, child) in value.as_array().into_iter().flatten().enumerate() {
        if let Some(items) = schema.get("items") {
            ask(whole, (&format!("{place}/#"), items), (child, format!("{pointer}/{index}")), spec, seen, found);
        }
    }
}

fn is_unnamed(table: &serde_json::Map<String, Value>) -> bool {
    table.get("union").or(table.get("struct")).is_some_and(Value::is_array)
}

/// Whether a key may stand in this table, beside those that are there: of fields, named and unnamed ones have others.
fn is_open(schema: &Value, table: &serde_json::Map<String, Value>, key: &str) -> bool {
    let excluded = schema["not"]["anyOf"].as_array().into_iter().flatten();
    let mut pairs = excluded.filter_map(|pair| pair["required"].as_array());
    !pairs.any(|pair| pair.contains(&json!(key)) && pair.iter().any(|other| other != key && is_there(table, other)))
}

fn is_there(table: &serde_json::Map<String, Value>, key: &Value) -> bool {
    key.as_str().is_some_and(|key| table.contains_key(key))
}

/// The keys that the reader lists when a table has one that it does not know.
fn of_reader(spec: &Spec, pointer: &str) -> BTreeSet<String> {
    const STRANGE: &str = "zzqqxxkkwwvvjj";
    let mut document = spec.document.clone();
    document.pointer_mut(pointer).expect("it is there")[STRANGE] = json!(1);
    let found = reader_says(&to_toml(&document), spec);
    let unknown = found.iter().find(|found| found.code == Code::UnknownKey && found.message.contains(STRANGE));
    let help = &unknown.unwrap_or_else(|| panic!("{pointer} of {}: {found:#?}", spec.name)).help;
    let list = help.iter().find_map(|help| help.strip_prefix("keys here are ")).expect("it lists them");
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
