//! `schema`: the JSON Schema of `layouts.toml`, by which editors complete, explain and check a spec while it is written.
//!
//! It says what the reader of `bpf-layout-spec` takes, as far as a schema can: which keys a table has, of what type, and
//! which must be there. Words of the language (scalars, map types, flags, rules) come from the tables that the reader
//! uses. `tests/schema.rs` holds both against each other, key by key, so that neither can have what the other has not.

mod maps;
mod parts;
mod types;

use std::process::ExitCode;

use bpf_layout_emit::write::{self, Output};
use serde_json::{Value, json};

use self::parts::{explained, integer, list_of, name, named, number, object, reference, string};
use crate::{args, failure::Failure, print};

/// The name of the file that `init` writes beside a spec, and names in it.
pub(crate) const FILE: &str = "layouts.schema.json";

pub(crate) fn run(options: &args::Schema) -> Result<ExitCode, Failure> {
    match &options.out {
        None => print(&text())?,
        Some(path) => {
            let outputs = [Output { path: path.clone(), contents: text().into_bytes() }];
            let word = if write::write_if_changed(&outputs)?.is_empty() { "unchanged" } else { "wrote" };
            print(&format!("{word:<9} {}\n", path.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The schema as a file.
pub(crate) fn text() -> String {
    format!("{:#}\n", schema())
}

fn schema() -> Value {
    let mut spec = object(
        "The layouts that BPF programs and userspace share.",
        &["spec"],
        [
            ("spec", json!({ "description": "The version of the language.", "const": 1 })),
            ("version", integer("The version of these layouts: counts up with each change.", 1, u32::MAX.into())),
            ("include", list_of("Other specs, relative to the folder of this file.", &string("The path of a spec."))),
            ("lengths", constants("Named numbers of bytes or elements, for types. That of a string includes its NUL.")),
            ("capacities", constants("Named numbers of entries, for maps. They may use lengths.")),
            ("alias", named("Other names of types.", &name(), &reference("type"))),
            ("enum", named("Named values.", &name(), &reference("enum"))),
            ("flags", named("Named bits.", &name(), &reference("flags"))),
            ("struct", named("Structs.", &name(), &reference("struct"))),
            ("event", named("Structs that travel through a ring buffer or perf buffer.", &name(), &reference("event"))),
            ("union", named("Unions.", &name(), &reference("struct"))),
            ("extern", named("Types that C headers define.", &name(), &reference("extern"))),
            ("map", named("Maps.", &name(), &reference("map"))),
            ("intern", maps::interns()),
            ("budget", maps::budget()),
            ("group", maps::groups()),
            ("outside", outside()),
            ("profile", maps::profiles()),
            ("allow", allow()),
        ],
    );
    let mut definitions = types::definitions();
    definitions.extend(maps::definitions());
    definitions.insert("number".to_owned(), number());
    spec["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    spec["title"] = json!("layouts.toml of bpf-layout");
    spec["$defs"] = Value::Object(definitions);
    spec
}

fn constants(doc: &str) -> Value {
    named(doc, &name(), &reference("number"))
}

/// `[outside]`
fn outside() -> Value {
    let reasons = |doc| {
        let reason = json!({ "description": "Why the spec leaves it out.", "type": "string", "pattern": "\\S" });
        named(doc, &parts::c_name(), &reason)
    };
    object(
        "What objects have, and the spec knowingly leaves out.",
        &[],
        [
            ("map", reasons("Maps and buffers, by their names in C.")),
            ("struct", reasons("Structs and unions, by their names in C.")),
        ],
    )
}

/// `[[allow]]`
fn allow() -> Value {
    let rules = bpf_layout_spec::breaking::RULES.iter().map(|rule| (rule.id, rule.summary.to_owned()));
    let one = object(
        "A breaking change that is meant.",
        &["rule", "on", "reason"],
        [
            ("rule", explained("The rule that finds it.", rules)),
            ("on", string("What it is found in, as the error names it: `exec.comm`, or `exec` for all of its fields.")),
            ("reason", json!({ "description": "Why it breaks nobody.", "type": "string", "pattern": "\\S" })),
        ],
    );
    list_of("Findings of the comparison with an older version that are meant.", &one)
}
