//! The specs of the repository, as JSON documents, and what the reader says of such.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use bpf_layout_spec::{
    Options,
    diag::{Diagnostic, Severity},
};
use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

/// A spec of the repository.
#[derive(Debug)]
pub(crate) struct Spec {
    /// Its path below the repository, or that of the page that it is an example on.
    pub(crate) name: String,
    /// Where includes are looked for.
    folder: PathBuf,
    pub(crate) document: Value,
}

/// Every TOML file of the repository and every example of its documentation that is a spec and valid TOML, without those
/// that the build makes.
pub(crate) fn specs() -> Vec<Spec> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository");
    let mut found = Vec::new();
    visit(&root, &root, &mut found);
    found
}

fn visit(root: &Path, folder: &Path, found: &mut Vec<Spec>) {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        let name = path.strip_prefix(root).expect("it lies below").display().to_string();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" {
                visit(root, &path, found);
            }
            continue;
        }
        let texts = match path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => vec![fs::read_to_string(&path).expect("readable")],
            Some("md") => examples(&fs::read_to_string(&path).expect("readable")),
            _ => continue,
        };
        for text in texts {
            // A file that lacks the line is a test of that, if it has nothing of a manifest.
            let is_spec = text.lines().any(|line| line.starts_with("spec =")) || name.contains("diagnostics");
            if let Some(document) = parse(&text).filter(|_| is_spec) {
                found.push(Spec { name: name.clone(), folder: folder.to_path_buf(), document });
            }
        }
    }
}

/// The blocks of TOML of a page.
fn examples(page: &str) -> Vec<String> {
    let blocks = page.split("```toml\n").skip(1);
    blocks.filter_map(|block| Some(block.split_once("```")?.0.to_owned())).collect()
}

/// A document as JSON has it; none if it is no TOML, or has what JSON has not: dates, infinities, and numbers beyond 64
/// bits.
fn parse(text: &str) -> Option<Value> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() { of_table(table.get_ref()) } else { None }
}

fn of_table(table: &DeTable<'_>) -> Option<Value> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let entries = entries.into_iter().map(|(key, value)| Some((key.get_ref().to_string(), of(value.get_ref())?)));
    entries.collect::<Option<Map<_, _>>>().map(Value::Object)
}

fn of(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::String(text) => Some(Value::String(text.to_string())),
        DeValue::Integer(integer) => {
            let number = i128::from_str_radix(integer.as_str(), integer.radix()).ok()?;
            serde_json::Number::from_i128(number).map(Value::Number)
        }
        DeValue::Float(float) => float.as_str().parse::<f64>().ok().filter(|float| float.is_finite()).map(Value::from),
        DeValue::Boolean(boolean) => Some(Value::Bool(*boolean)),
        DeValue::Datetime(_) => None,
        DeValue::Array(items) => {
            items.iter().map(|item| of(item.get_ref())).collect::<Option<Vec<_>>>().map(Value::Array)
        }
        DeValue::Table(table) => of_table(table),
    }
}

/// The document as TOML, each of its tables in one line.
pub(crate) fn to_toml(document: &Value) -> String {
    let entries = document.as_object().expect("a document is a table").iter();
    entries.map(|(key, value)| format!("{} = {}\n", Value::from(key.as_str()), inline(value))).collect()
}

fn inline(value: &Value) -> String {
    match value {
        Value::Object(entries) => {
            let entries =
                entries.iter().map(|(key, value)| format!("{} = {}", Value::from(key.as_str()), inline(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Null => unreachable!("TOML has no null"),
        leaf => leaf.to_string(),
    }
}

/// The errors that the reader finds in a text in the place of a spec.
pub(crate) fn reader_says(text: &str, spec: &Spec) -> Vec<Diagnostic> {
    let path = spec.folder.join("under-test.toml");
    let mut read = |wanted: &Path| -> io::Result<String> {
        if wanted == path { Ok(text.to_owned()) } else { fs::read_to_string(wanted) }
    };
    match bpf_layout_spec::load_with(&path, &mut read, &Options::default()) {
        Ok(_) => Vec::new(),
        Err(failure) => {
            let errors = failure.diagnostics.into_iter();
            errors.filter(|diagnostic| diagnostic.code.severity() == Severity::Error).collect()
        }
    }
}
