//! The tables of docs/language.md that repeat what the code knows are written from it.

use std::{fmt::Write as _, fs, path::Path};

use bpf_layout_spec::kernel::{MAP_FLAGS, MAP_KINDS, MapKind, Part};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/language.md");

fn part(part: Part, what: &str) -> &str {
    match part {
        Part::Required => what,
        Part::Optional => "may be left out",
        Part::Refused => "–",
        Part::U32 => "u32",
    }
}

fn map_table() -> String {
    let mut table = String::from(
        "| type | since Linux | key | value | `max_entries` | what it is |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for kind in MAP_KINDS {
        let MapKind { name, since, doc, .. } = kind;
        let value = if kind.map_in_map { "`inner`" } else { part(kind.value, "any") };
        let key = part(kind.key, "any");
        let entries = part(kind.max_entries, "yes");
        let _ = writeln!(table, "| `{name}` | {since} | {key} | {value} | {entries} | {doc} |");
    }
    table
}

fn flag_table() -> String {
    let mut table = String::from("| flag | what it does | map types |\n| --- | --- | --- |\n");
    for flag in MAP_FLAGS {
        let names = |takes: bool| {
            let kinds = MAP_KINDS.iter().filter(|kind| (kind.flags & flag.bit != 0) == takes);
            kinds.map(|kind| kind.name).collect::<Vec<_>>().join(", ")
        };
        let (taken, refused) = (names(true), names(false));
        let kinds = if refused.len() < taken.len() { format!("all but {refused}") } else { taken };
        let _ = writeln!(table, "| `{}` | {} | {kinds} |", flag.name, flag.doc);
    }
    table
}

/// The page with the text between two marks replaced.
fn with_section(page: &str, mark: &str, table: &str) -> String {
    let (open, close) = (format!("<!-- {mark} -->\n"), format!("<!-- end of {mark} -->\n"));
    let (before, rest) = page.split_once(&open).unwrap_or_else(|| panic!("{mark} has no start"));
    let (_, after) = rest.split_once(&close).unwrap_or_else(|| panic!("{mark} has no end"));
    format!("{before}{open}\n{table}\n{close}{after}")
}

#[test]
fn tables_say_what_the_code_knows() {
    let page = fs::read_to_string(Path::new(PAGE)).unwrap();
    let expected = with_section(&page, "maps", &map_table());
    let expected = with_section(&expected, "flags", &flag_table());
    if std::env::var_os("BPF_LAYOUT_BLESS").is_some() {
        fs::write(PAGE, &expected).unwrap();
    }
    assert!(page == expected, "docs/language.md is out of date: run this test with BPF_LAYOUT_BLESS=1");
}

#[test]
fn every_example_of_the_page_is_toml() {
    let page = fs::read_to_string(Path::new(PAGE)).unwrap();
    let examples: Vec<&str> = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() > 10);
    for example in examples {
        let mut reader = |path: &Path| match path.to_str() {
            Some("layouts.toml") => Ok(format!("spec = 1\n{}", example.replace("spec = 1 ", "#"))),
            _ => Ok("spec = 1\n".to_owned()),
        };
        let loaded = bpf_layout_spec::load_with(Path::new("layouts.toml"), &mut reader, &Default::default());
        let Err(failure) = loaded else { continue };
        for found in failure.diagnostics {
            // Examples use names that stand elsewhere on the page; their shape must be right.
            assert!(
                matches!(found.code.id(), "unknown-type" | "unknown-name") || found.message.contains("`fields`"),
                "{}: {}\n{example}",
                found.code.id(),
                found.message
            );
        }
    }
}
