//! Every struct and map of the corpus can be written down, and lies where it was found.

use std::{collections::BTreeMap, path::Path};

use bpf_layout_corpus::{Project, Unit, projects, units};
use bpf_layout_import::{compare, write};

#[test]
fn everything_is_written_down_to_the_byte() {
    for project in projects() {
        for unit in units(&project) {
            let found = unit.found();
            let imported = match write(&found, "Of the corpus.") { Ok(i) => i, Err(e) => { println!("{}: {e}", unit.name); continue } };
            let proof = compare(&imported, &found).expect("it loads");
            for verdict in proof.types.iter().chain(&proof.maps) {
                if !verdict.is_identical() || verdict.opaque { println!("{} {} opaque {} {:?}", unit.name, verdict.name, verdict.opaque, verdict.differences.iter().map(|d| (d.rule.id, &d.field, &d.expected, &d.found)).collect::<Vec<_>>()); }
            }
            for note in &imported.notes { println!("  note {} {}: {}", unit.name, note.subject, note.message); }
            if let Ok(dir) = std::env::var("CORPUS_OUT") { std::fs::write(format!("{dir}/{}.toml", unit.name), &imported.toml).unwrap(); }
        }
    }
}
