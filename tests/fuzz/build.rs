//! Generates the types whose parsers are fuzzed, and tables of them: of the root spec, of every golden case, and of the
//! spec that conversions are tested with.

use std::{
    env,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use bpf_layout_emit::{render, rust};
use bpf_layout_spec::{Options, layout::Layouts, load, model::RecordKind};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let (mut modules, mut tables) = (String::new(), String::new());
    for (name, spec) in specs()? {
        println!("cargo::rerun-if-changed={}", spec.display());
        let layouts = read(&spec);
        let file = out.join(format!("{name}.rs"));
        fs::write(&file, rust::module(&layouts) + &table(&layouts))?;
        let _ = write!(modules, "pub(crate) mod {name} {{\n    include!({file:?});\n}}\n\n");
        let _ = write!(tables, "{name}::TABLE, ");
    }
    let all = format!("{modules}pub(crate) static TABLES: &[&crate::records::Table] = &[{tables}];\n");
    fs::write(out.join("generated.rs"), all)
}

/// Names of modules, and their specs.
fn specs() -> io::Result<Vec<(String, PathBuf)>> {
    println!("cargo::rerun-if-changed=../golden");
    let mut specs = Vec::new();
    for entry in fs::read_dir("../golden")? {
        let folder = entry?.path();
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        specs.push((format!("golden_{name}"), folder.join("layouts.toml")));
    }
    specs.retain(|(_, spec)| spec.is_file());
    specs.sort();
    specs.push(("root".into(), "../../layouts.toml".into()));
    specs.push(("from".into(), "../../runtime/tests/from/layouts.toml".into()));
    Ok(specs)
}

fn read(spec: &Path) -> Layouts {
    match load(spec, &Options::default()) {
        Ok(loaded) => loaded.layouts,
        Err(failure) => panic!("{}\n{}", spec.display(), render::plain(&failure.diagnostics, &failure.sources)),
    }
}

/// Rows for every record and every buffer of a spec.
fn table(layouts: &Layouts) -> String {
    let (mut records, mut compacts, mut buffers) = (String::new(), String::new(), String::new());
    for (_, record) in layouts.model.records() {
        let (spec, rust) = (&record.name.spec, record.rust_struct());
        let tagged = matches!(record.kind, RecordKind::Event { tag: Some(_) });
        let _ = writeln!(records, "    crate::records::record!({spec:?}, {rust}, {tagged}),");
        if record.is_compact() {
            let fields: Vec<&str> = record.variable().map(|(field, _)| field.name.rust.as_str()).collect();
            let _ = writeln!(
                compacts,
                "    crate::compact::compact!({spec:?}, {}, {rust}, {tagged}, [{}]),",
                record.name.rust,
                fields.join(", ")
            );
        }
    }
    for map in layouts.model.maps.iter().filter(|map| !map.events.is_empty()) {
        let _ = writeln!(buffers, "    crate::records::buffer!({:?}, maps::{}),", map.name.spec, map.name.rust);
    }
    format!(
        "\npub(crate) static TABLE: &crate::records::Table = &crate::records::Table {{\n    records: &[\n{records}    ],\n    \
         compacts: &[\n{compacts}    ],\n    buffers: &[\n{buffers}    ],\n}};\n"
    )
}
