//! There and back: random specs become headers, headers objects, and what is imported of these says the same again.

use std::{
    fmt::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use bpf_layout_emit::{c, render};
use bpf_layout_import::{Compiler, compare, merge, object, witness, write};
use bpf_layout_random::familiar_bundle;
use bpf_layout_spec::{
    Options,
    layout::Layouts,
    model::{RecordKind, TypeDef},
};

/// Small specs in each file, so that the compiler starts once for all of them.
const CHUNKS: u64 = 20;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect("a number"))
}

fn load(text: &str) -> Layouts {
    let read = &mut |_: &Path| Ok(text.to_owned());
    match bpf_layout_spec::load_with(Path::new("random.toml"), read, &Options::default()) {
        Ok(loaded) => loaded.layouts,
        Err(failure) => panic!("{}", render::plain(&failure.diagnostics, &failure.sources)),
    }
}

/// What programs have from libbpf's headers.
const LIBBPF: &str = "
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) __typeof__(val) *name
#define __array(name, val) __typeof__(val) *name[]
#define __concat_(a, b) a##b
#define __concat(a, b) __concat_(a, b)
#define __ulong(name, val) enum { __concat(__value_, __COUNTER__) = val } name
enum libbpf_pin_type { LIBBPF_PIN_NONE, LIBBPF_PIN_BY_NAME };
";

/// A program that has every record, enum and map of a spec in its BTF.
fn program(layouts: &Layouts) -> String {
    let mut text = LIBBPF.to_owned() + &c::header(layouts);
    for map in &layouts.model.maps {
        let _ = writeln!(text, "DEFINE_{}_MAP;", map.name.upper);
    }
    for (_, record) in layouts.model.records().filter(|(_, record)| !record.anonymous) {
        let word = if record.kind == RecordKind::Union { "union" } else { "struct" };
        let _ = writeln!(text, "{word} {0} *uses_{0};", record.name.c);
    }
    for def in &layouts.model.types {
        if let TypeDef::Enum(def) = def {
            let _ = writeln!(text, "enum {0} *uses_enum_{0};", def.name.c);
        }
    }
    text
}

fn compile(program: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (source, object) = (folder.path().join("random.c"), folder.path().join("random.o"));
    std::fs::write(&source, program).expect("writable");
    let ran = Command::new("clang")
        .args(["--target=bpf", "-g", "-O2", "-w", "-c"])
        .arg(&source)
        .arg("-o")
        .arg(&object)
        .output();
    let ran = ran.expect("clang runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    std::fs::read(object).expect("clang wrote an object")
}

fn has_clang() -> bool {
    let has = Command::new("clang").arg("--version").stdout(Stdio::null()).status().is_ok();
    if !has {
        assert!(std::env::var_os("BPF_LAYOUT_REQUIRE_TOOLS").is_none(), "clang is missing and was required");
        eprintln!("skipped: there is no clang");
    }
    has
}

/// Specs that persons have written: the root's and all golden cases, under each of their profiles.
#[test]
fn goldens_and_the_root_spec_come_back() {
    if !has_clang() {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let cases =
        std::fs::read_dir(root.join("tests/golden")).expect("the goldens").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<_> = cases.map(|case| case.join("layouts.toml")).filter(|path| path.is_file()).collect();
    paths.push(root.join("layouts.toml"));
    paths.sort();
    assert!(paths.len() > 10, "{paths:?}");
    for path in paths {
        let plain = bpf_layout_spec::load(&path, &Options::default()).expect("a golden is valid");
        let profiles = plain.layouts.model.profiles.iter().cloned().map(Some);
        for profile in std::iter::once(None).chain(profiles) {
            let who = format!("{} {profile:?}", path.display());
            let loaded = bpf_layout_spec::load(&path, &Options { profile }).expect("a golden is valid");
            // What other headers define is theirs to bring.
            if loaded.layouts.model.types.iter().any(|def| matches!(def, TypeDef::Extern(_))) {
                continue;
            }
            let data = compile(&program(&loaded.layouts));
            let (found, _) = object("golden.o", &data).expect("clang wrote it");
            let (found, notes) = merge(vec![found]);
            assert_eq!(notes, [], "{who}");
            let imported = write(&found, "Imported.").expect("it can be written");
            assert_eq!(
                imported.maps.len(),
                loaded.layouts.model.maps.len(),
                "{who}: {:?}\n{}",
                imported.notes,
                imported.toml
            );
            let proof = compare(&imported, &found).expect("what was written loads");
            for verdict in proof.types.iter().chain(&proof.maps) {
                assert!(
                    verdict.is_identical(),
                    "{who}, {}: {:?}\n{}",
                    verdict.name,
                    verdict.sentences(),
                    imported.toml
                );
                assert!(!verdict.opaque, "{who}, {}\n{}", verdict.name, imported.toml);
            }
            let testimony = witness(&imported, &found, &Compiler::default());
            let testimony = testimony.unwrap_or_else(|error| panic!("{who}: {error}\n{}", imported.toml));
            for testimony in testimony.types.iter().chain(&testimony.maps) {
                let differences = &testimony.differences;
                assert!(differences.is_empty(), "{who}, {}: {differences:?}\n{}", testimony.name, imported.toml);
            }
        }
    }
}

#[test]
fn what_was_generated_is_imported_as_it_was() {
    if !has_clang() {
        return;
    }
    let seed = number("BPF_LAYOUT_ORACLE_SEED", 1);
    let bundles = number("BPF_LAYOUT_ORACLE_SPECS", 60).div_ceil(CHUNKS);
    let (mut types, mut opaque) = (0, 0);
    for bundle in 0..bundles {
        let text = familiar_bundle(seed.wrapping_add(bundle), 0..CHUNKS);
        let data = compile(&program(&load(&text)));
        let (found, _) = object("random.o", &data).expect("clang wrote it");
        let (found, _) = merge(vec![found]);
        let imported = write(&found, "Imported from random.o.").expect("it can be written");
        let proof = compare(&imported, &found).expect("what was written loads");
        for verdict in &proof.types {
            assert!(
                verdict.is_identical(),
                "seed {seed}+{bundle}, {}: {:?}\n{}",
                verdict.name,
                verdict.sentences(),
                imported.toml
            );
            types += 1;
            opaque += usize::from(verdict.opaque);
        }
        let testimony = witness(&imported, &found, &Compiler::default())
            .unwrap_or_else(|error| panic!("{error}\n{}", imported.toml));
        for testimony in testimony.types {
            let differences = &testimony.differences;
            assert!(
                differences.is_empty(),
                "seed {seed}+{bundle}, {}: {differences:?}\n{}",
                testimony.name,
                imported.toml
            );
        }
    }
    eprintln!("{types} types of {} specs, {opaque} of them only as large", bundles * CHUNKS);
    assert_eq!(opaque, 0, "the language has written them, so it can write them again");
}
