//! `schema`: what it says of a spec, and what the reader says, are the same as far as a schema can see; so neither can
//! have a key, a type of a key or a word that the other does not know.

mod common;
mod schema {
    pub(crate) mod mutants;
    pub(crate) mod specs;
    pub(crate) mod validate;
    pub(crate) mod walk;
}

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use bpf_layout_spec::diag::Code;
use common::{names, run};
use schema::{
    mutants::{Mutant, mutants},
    specs::{Spec, reader_says, specs, to_toml},
    validate::errors,
    walk::{known_keys, subschemas, visited},
};
use serde_json::Value;
use tempfile::TempDir;

fn schema() -> Value {
    let ran = run(Path::new("."), &["schema"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    serde_json::from_str(&ran.out).expect("it is JSON")
}

/// What a schema can see of what the reader finds. `contains` is missing or not depending on what a type's text says.
fn is_visible(diagnostic: &bpf_layout_spec::diag::Diagnostic) -> bool {
    let of_the_shape = [Code::SpecVersion, Code::UnknownKey, Code::MissingKey, Code::WrongType];
    of_the_shape.contains(&diagnostic.code) && !diagnostic.message.ends_with("does not say what it contains")
}

/// Where the two do not agree about a document, if they do not.
fn disagreement(schema: &Value, document: &Value, spec: &Spec) -> Option<String> {
    let found = reader_says(&to_toml(document), spec);
    let refused = errors(schema, document);
    let visible = found.iter().find(|diagnostic| is_visible(diagnostic));
    match (visible, refused.as_slice()) {
        (Some(diagnostic), []) => Some(format!("the reader says: {}; the schema takes it", diagnostic.message)),
        (None, [first, ..]) if found.is_empty() => Some(format!("the schema says: {first}; the reader takes it")),
        _ => None,
    }
}

/// Every valid spec of the repository, the shortest first, so that what several have is tried in the shortest.
fn valid_specs() -> Vec<Spec> {
    let mut specs = specs();
    specs.retain(|spec| reader_says(&to_toml(&spec.document), spec).is_empty());
    specs.sort_by_key(|spec| to_toml(&spec.document).len());
    specs
}

/// Every spec of the repository, right or wrong, examples of the documentation among them.
#[test]
fn reader_and_schema_agree_about_every_spec_there_is() {
    let schema = schema();
    let specs = specs();
    let (mut right, mut wrong) = (0, 0);
    for spec in &specs {
        assert_eq!(disagreement(&schema, &spec.document, spec), None, "{}", spec.name);
        *if errors(&schema, &spec.document).is_empty() { &mut right } else { &mut wrong } += 1;
    }
    println!("{right} specs are accepted, {wrong} refused");
    assert!(right > 100 && wrong > 35, "{right} right ones, {wrong} wrong ones: where are the others?");
}

/// Of every valid spec: each key misspelt, missing, or with a value of each other type, and what has no such key.
#[test]
fn reader_and_schema_agree_about_every_mutant() {
    let schema = schema();
    let mut tried: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for spec in &valid_specs() {
        for Mutant { kind, what, document } in mutants(&spec.document, &mut seen) {
            let found = disagreement(&schema, &document, spec);
            assert_eq!(found, None, "{}: {what}\n{}", spec.name, to_toml(&document));
            let (all, refused) = tried.entry(kind).or_default();
            *all += 1;
            *refused += usize::from(!errors(&schema, &document).is_empty());
        }
    }
    for (kind, (all, refused)) in &tried {
        println!("{kind}: {all} tried, {refused} refused by both");
        assert!(*refused > 10, "{kind}: {refused} refused of {all}");
    }
}

/// A key that the reader takes and the schema lacks would be marked as wrong in every editor.
#[test]
fn tables_have_the_same_keys() {
    let schema = schema();
    let (mut tables, mut keys) = (BTreeSet::new(), BTreeSet::new());
    for spec in &valid_specs() {
        for (table, of_reader, of_schema) in known_keys(&schema, spec) {
            assert_eq!(of_reader, of_schema, "`{table}` of {}", spec.name);
            keys.extend(of_schema.into_iter().map(|key| format!("{table}.{key}")));
            tables.insert(table);
        }
    }
    println!("{} kinds of tables, {} keys", tables.len(), keys.len());
    assert!(tables.len() >= 17, "{tables:#?}");
}

/// What no valid spec of the repository has, the tests above say nothing of.
#[test]
fn every_part_of_the_schema_is_met_by_some_spec() {
    let schema = schema();
    let mut met = BTreeSet::new();
    for spec in &valid_specs() {
        met.extend(visited(&schema, &spec.document));
    }
    let all = subschemas(&schema);
    let never: Vec<_> = all.difference(&met).collect();
    assert_eq!(never, Vec::<&String>::new());
    assert!(all.len() > 90, "{}", all.len());
}

#[test]
fn every_key_is_explained() {
    fn check(value: &Value, place: &str) {
        if let Some(properties) = value.get("properties").and_then(Value::as_object) {
            for (key, property) in properties.iter().filter(|(_, property)| property.is_object()) {
                let referred = property.get("$ref").is_some();
                let explained = property.get("description").and_then(Value::as_str).is_some_and(|doc| doc.len() > 4);
                assert!(explained || referred, "{place}/{key}");
            }
        }
        match value {
            Value::Object(entries) => entries.iter().for_each(|(key, value)| check(value, &format!("{place}/{key}"))),
            Value::Array(items) => items.iter().for_each(|item| check(item, place)),
            _ => {}
        }
    }
    let schema = schema();
    check(&schema, "");
    let definitions = schema["$defs"].as_object().expect("it has definitions");
    assert!(definitions.values().all(|definition| definition["description"].is_string()));
}

#[test]
fn it_is_written_to_a_file_and_only_if_it_changes() {
    let folder = TempDir::new().expect("a temporary folder");
    let printed = run(folder.path(), &["schema"]).out;
    assert_eq!(run(folder.path(), &["schema", "--out", "sub/s.json"]).out, "wrote     sub/s.json\n");
    assert_eq!(run(folder.path(), &["schema", "--out", "sub/s.json"]).out, "unchanged sub/s.json\n");
    assert_eq!(fs::read_to_string(folder.path().join("sub/s.json")).expect("readable"), printed);
    assert_eq!(names(&folder.path().join("sub")), ["s.json"]);
}
