//! As much of JSON Schema (draft 2020-12) as the schema of `layouts.toml` uses. Validators of the registry bring some thirty
//! crates, and other features of those that are built already, into every build of the tests; a keyword that is not known
//! here is no keyword to be ignored but a panic, so that none is believed to work that does not.

use std::{cell::RefCell, collections::HashMap};

use regex_lite::Regex;
use serde_json::{Map, Value};

/// What a schema does not accept of a value, each with the place of the value.
pub(crate) fn errors(schema: &Value, value: &Value) -> Vec<String> {
    let mut errors = Vec::new();
    check(schema, schema, value, "", &mut errors);
    errors
}

/// Keywords that say nothing of values.
const SILENT: &[&str] = &["$schema", "$defs", "title", "description", "x-taplo"];

fn check(root: &Value, schema: &Value, value: &Value, place: &str, errors: &mut Vec<String>) {
    let keywords = match schema {
        Value::Bool(true) => return,
        Value::Bool(false) => return errors.push(format!("{place}: nothing may stand here")),
        schema => schema.as_object().expect("a schema is a boolean or an object"),
    };
    let fits = |schema: &Value| accepts(root, schema, value);
    for (keyword, of) in keywords.iter().filter(|(keyword, _)| !SILENT.contains(&keyword.as_str())) {
        let holds = match keyword.as_str() {
            "$ref" => {
                let target = of.as_str().and_then(|target| target.strip_prefix('#')).expect("a reference into itself");
                check(root, root.pointer(target).expect("it is there"), value, place, errors);
                true
            }
            "type" => match of {
                Value::Array(types) => types.iter().any(|ty| is_of_type(value, ty)),
                ty => is_of_type(value, ty),
            },
            "enum" => list(of).contains(value),
            "const" => of == value,
            "anyOf" => list(of).iter().any(fits),
            "allOf" => list(of).iter().all(fits),
            "not" => !fits(of),
            "minimum" => value.is_f64() || integer(value).is_none_or(|number| number >= bound(of)),
            "maximum" => value.is_f64() || integer(value).is_none_or(|number| number <= bound(of)),
            "minLength" => value.as_str().is_none_or(|text| text.chars().count() as i128 >= bound(of)),
            "maxLength" => value.as_str().is_none_or(|text| text.chars().count() as i128 <= bound(of)),
            "pattern" => {
                let pattern = of.as_str().expect("a pattern");
                value.as_str().is_none_or(|text| is_match(pattern, text))
            }
            "minItems" => value.as_array().is_none_or(|items| items.len() as i128 >= bound(of)),
            "minProperties" => value.as_object().is_none_or(|entries| entries.len() as i128 >= bound(of)),
            "maxProperties" => value.as_object().is_none_or(|entries| entries.len() as i128 <= bound(of)),
            "required" => {
                let keys = list(of).iter().map(|key| key.as_str().expect("a key"));
                value.as_object().is_none_or(|entries| keys.into_iter().all(|key| entries.contains_key(key)))
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, of, item, &format!("{place}/{index}"), errors);
                }
                true
            }
            "properties" => {
                for (key, schema) in of.as_object().expect("properties") {
                    if let Some(value) = value.get(key).filter(|_| value.is_object()) {
                        check(root, schema, value, &format!("{place}/{key}"), errors);
                    }
                }
                true
            }
            "additionalProperties" => {
                for (key, value) in more(keywords, value) {
                    check(root, of, value, &format!("{place}/{key}"), errors);
                }
                true
            }
            "propertyNames" => {
                let names = value.as_object().into_iter().flat_map(|entries| entries.keys());
                names.for_each(|name| check(root, of, &Value::from(name.as_str()), &format!("{place}/{name}"), errors));
                true
            }
            unknown => panic!("`{unknown}` is no keyword that is known here"),
        };
        if !holds {
            errors.push(format!("{place}: `{keyword}` does not hold"));
        }
    }
}

fn accepts(root: &Value, schema: &Value, value: &Value) -> bool {
    let mut errors = Vec::new();
    check(root, schema, value, "", &mut errors);
    errors.is_empty()
}

/// The entries that `properties` of the same schema does not name.
fn more<'v>(keywords: &Map<String, Value>, value: &'v Value) -> impl Iterator<Item = (&'v String, &'v Value)> {
    let named = keywords.get("properties").and_then(Value::as_object);
    let entries = value.as_object().into_iter().flatten();
    entries.filter(move |(key, _)| !named.is_some_and(|named| named.contains_key(*key)))
}

fn is_match(pattern: &str, text: &str) -> bool {
    thread_local!(static COMPILED: RefCell<HashMap<String, Regex>> = RefCell::default());
    COMPILED.with_borrow_mut(|compiled| {
        let compile = || Regex::new(pattern).expect("a pattern");
        compiled.entry(pattern.to_owned()).or_insert_with(compile).is_match(text)
    })
}

fn is_of_type(value: &Value, ty: &Value) -> bool {
    match ty.as_str().expect("the name of a type") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => integer(value).is_some(),
        other => panic!("no key of the language is of type {other}"),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn integer(value: &Value) -> Option<i128> {
    value.as_number().and_then(serde_json::Number::as_i128)
}

fn bound(value: &Value) -> i128 {
    integer(value).expect("a number")
}
