//! What schemas of tables are made of. Each has the description that editors show.

use serde_json::{Map, Value, json};

/// A table with these keys and no others.
pub(super) fn object<'a>(doc: &str, required: &[&str], keys: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let properties: Map<String, Value> = keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let mut object = json!({
        "description": doc,
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

/// A table whose keys are names that the user chooses.
pub(super) fn named(doc: &str, name: &Value, of: &Value) -> Value {
    json!({ "description": doc, "type": "object", "propertyNames": name, "additionalProperties": of })
}

/// What may be the name of a definition.
pub(super) fn name() -> Value {
    json!({ "pattern": "^(_[A-Za-z0-9]|[A-Za-z])[A-Za-z0-9_]*$", "maxLength": 64 })
}

/// What may be the name of something that others define, or that is in no generated code.
pub(super) fn c_name() -> Value {
    json!({ "pattern": "^_*[A-Za-z0-9]", "allOf": [{ "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" }], "maxLength": 64 })
}

/// One of the schemas under `$defs`.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// Another schema under another description.
pub(super) fn described(doc: &str, name: &str) -> Value {
    json!({ "description": doc, "$ref": format!("#/$defs/{name}") })
}

pub(super) fn string(doc: &str) -> Value {
    json!({ "description": doc, "type": "string" })
}

/// The documentation of something.
pub(super) fn doc() -> Value {
    string("Documentation, which stands in the generated C and Rust.")
}

/// One of a few words.
pub(super) fn word<'a>(doc: &str, words: impl IntoIterator<Item = &'a str>) -> Value {
    json!({ "description": doc, "enum": words.into_iter().collect::<Vec<_>>() })
}

/// One of some words, of which editors show what each means: JSON Schema has no place for that, Taplo has.
pub(super) fn explained<'a>(doc: &str, words: impl IntoIterator<Item = (&'a str, String)>) -> Value {
    let (words, docs): (Vec<&str>, Vec<String>) = words.into_iter().unzip();
    json!({ "description": doc, "enum": words, "x-taplo": { "docs": { "enumValues": docs } } })
}

pub(super) fn integer(doc: &str, least: i64, most: i64) -> Value {
    json!({ "description": doc, "type": "integer", "minimum": least, "maximum": most })
}

/// Bytes that something is aligned to.
pub(super) fn align(doc: &str) -> Value {
    let powers: Vec<u32> = (0..=12).map(|exponent| 1 << exponent).collect();
    json!({ "description": doc, "enum": powers })
}

pub(super) fn list_of(doc: &str, items: &Value) -> Value {
    json!({ "description": doc, "type": "array", "items": items })
}

/// A list that must not be empty.
pub(super) fn some_of(doc: &str, items: &Value) -> Value {
    json!({ "description": doc, "type": "array", "items": items, "minItems": 1 })
}

/// A number, or an expression that gives one.
pub(super) fn number() -> Value {
    json!({
        "description": "A number, or an expression over names: `4096`, `\"8 * PATH\"`, `\"256 KiB\"`.",
        "type": ["integer", "string"],
        "minLength": 1,
    })
}
