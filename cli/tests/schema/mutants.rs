//! Documents with one thing wrong.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// A document with one thing otherwise.
#[derive(Debug)]
pub(crate) struct Mutant {
    pub(crate) kind: &'static str,
    pub(crate) what: String,
    pub(crate) document: Value,
}

/// A step into a document.
#[derive(Clone, Debug)]
enum Step {
    Key(String),
    Index(usize),
}

/// Every mutant of a document. Of several things of a kind, such as fields with the same keys, those of one are enough, in
/// all documents together: `seen` has the kinds.
pub(crate) fn mutants(document: &Value, seen: &mut BTreeSet<String>) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    visit(document, document, &mut Vec::new(), seen, &mut mutants);
    mutants
}

fn visit(whole: &Value, value: &Value, path: &mut Vec<Step>, seen: &mut BTreeSet<String>, mutants: &mut Vec<Mutant>) {
    if seen.insert(shape(path, value)) {
        mutate(whole, value, path, mutants);
    }
    let children: Vec<(Step, &Value)> = match value {
        Value::Object(entries) => entries.iter().map(|(key, value)| (Step::Key(key.clone()), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, item)| (Step::Index(index), item)).collect(),
        _ => Vec::new(),
    };
    for (step, child) in children {
        path.push(step);
        visit(whole, child, path, seen, mutants);
        path.pop();
    }
}

/// The path without what the user chose, and what stands there.
fn shape(path: &[Step], value: &Value) -> String {
    let mut shape = String::new();
    for step in path {
        match step {
            Step::Key(_) if NAMED.contains(&shape.as_str()) => shape += "/*",
            Step::Key(key) => shape += &format!("/{key}"),
            Step::Index(_) => shape += "/#",
        }
    }
    let keys = value.as_object().filter(|_| !NAMED.contains(&shape.as_str()));
    let keys = keys.map(|entries| entries.keys().cloned().collect::<Vec<_>>().join(","));
    shape + " " + kind(value) + &keys.unwrap_or_default()
}

/// Tables whose keys the user chose: one is like the other.
const NAMED: &[&str] = &[
    "/lengths",
    "/capacities",
    "/alias",
    "/enum",
    "/flags",
    "/struct",
    "/event",
    "/union",
    "/extern",
    "/map",
    "/group",
    "/profile",
    "/profile/*/lengths",
    "/profile/*/capacities",
    "/profile/*/map",
    "/outside/map",
    "/outside/struct",
];

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "table",
    }
}

fn mutate(whole: &Value, value: &Value, path: &[Step], mutants: &mut Vec<Mutant>) {
    let mut push = |kind: &'static str, what: String, change: &dyn Fn(&mut Value)| {
        let mut document = whole.clone();
        change(at(&mut document, path));
        let place: String = path.iter().map(|step| format!("/{step:?}")).collect();
        mutants.push(Mutant { kind, what: format!("{place}: {what}"), document });
    };
    if !path.is_empty() {
        for other in
            [json!(true), json!(3), json!("x"), json!(1.5), json!([]), json!([3, "x"]), json!({}), json!({ "x": 1 })]
        {
            if kind(&other) != kind(value) {
                push("of another type", format!("{other} instead"), &|place| *place = other.clone());
            }
        }
    }
    match value {
        Value::Object(entries) => {
            push("unknown key", "a key more".to_owned(), &|place| place["no_such_key"] = json!(1));
            for key in entries.keys() {
                push("missing key", format!("without `{key}`"), &|place| {
                    place.as_object_mut().expect("a table").remove(key);
                });
                push("misspelt key", format!("`{key}` misspelt"), &|place| {
                    let table = place.as_object_mut().expect("a table");
                    let moved = table.remove(key).expect("it is there");
                    table.insert(format!("{key}e"), moved);
                });
            }
        }
        Value::Number(_) => {
            for other in [json!(0), json!(-1), json!(7), json!(4096), json!(u64::from(u32::MAX) + 1)] {
                push("another number", format!("{other} instead"), &|place| *place = other.clone());
            }
        }
        Value::String(text) => {
            for other in ["", "no such word", "u8", "hash", "__x", "9x", "a-b", &format!("{text}{text}")] {
                push("another word", format!("{other:?} instead"), &|place| *place = json!(other));
            }
        }
        Value::Array(_) => push("an empty list", "empty".to_owned(), &|place| *place = json!([])),
        _ => {}
    }
}

fn at<'a>(document: &'a mut Value, path: &[Step]) -> &'a mut Value {
    path.iter().fold(document, |value, step| match step {
        Step::Key(key) => &mut value[key.as_str()],
        Step::Index(index) => &mut value[*index],
    })
}
