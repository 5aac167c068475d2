//! Objects as compilers make them: what is imported of them reads as the goldens do, and says the same.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use bpf_layout_import::{Compiler, Found, Imported, Note, compare, merge, object, witness, write};

/// Compilers, and whether their BTF has all that the goldens have. GCC 12 gives an enum of few bytes no sign, clang before 14 has
/// no type tags, and so on; what is imported is identical in any case.
const COMPILERS: &[(&str, &[&str], bool)] = &[
    ("clang-19", &["--target=bpf", "-g", "-O2"], true),
    ("clang-16", &["--target=bpf", "-g", "-O2"], true),
    ("clang-15", &["--target=bpf", "-g", "-O2"], true),
    ("clang-14", &["--target=bpf", "-g", "-O2"], false),
    ("clang-13", &["--target=bpf", "-g", "-O2"], false),
    ("clang-19", &["--target=bpfeb", "-g", "-O2"], true),
    ("bpf-gcc", &["-gbtf", "-O2"], false),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/objects")
}

fn has_tool(program: &str) -> bool {
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if found.is_ok() {
        return true;
    }
    let required = std::env::var_os("BPF_LAYOUT_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(!required, "{program} is not installed, and BPF_LAYOUT_REQUIRE_TOOLS=1");
    eprintln!("skipped: {program} is not installed");
    false
}

/// Compiles a case; paths in what the compiler writes are those in the folder.
fn compile(compiler: &str, arguments: &[&str], case: &str) -> Vec<u8> {
    let out = tempfile::tempdir().expect("a temporary folder");
    let path = out.path().join("case.o");
    let ran = Command::new(compiler)
        .current_dir(folder())
        .args(arguments)
        .args(["-w", "-c", case, "-o"])
        .arg(&path)
        .output()
        .unwrap_or_else(|error| panic!("{compiler}: {error}"));
    assert!(ran.status.success(), "{compiler} {case}: {}", String::from_utf8_lossy(&ran.stderr));
    fs::read(path).expect("the compiler wrote an object")
}

fn cases() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("the cases").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.retain(|name| name.ends_with(".bpf.c"));
    names.sort();
    assert!(names.len() >= 3, "{names:?}");
    names
}

fn import<'a>(case: &str, data: &'a [u8]) -> (Imported, Found<'a>, Vec<Note>) {
    let (found, mut notes) = object(case, data).unwrap_or_else(|error| panic!("{case}: {error}"));
    let (found, more) = merge(vec![found]);
    notes.extend(more);
    let imported = write(&found, &format!("Imported from {case}.")).unwrap_or_else(|error| panic!("{case}: {error}"));
    notes.extend(imported.notes.iter().cloned());
    (imported, found, notes)
}

fn assert_identical(who: &str, imported: &Imported, found: &Found<'_>) {
    let proof = compare(imported, found).expect("what was written loads");
    for verdict in proof.types.iter().chain(&proof.maps) {
        assert!(verdict.is_identical(), "{who}: {}: {:?}\n{}", verdict.name, verdict.sentences(), imported.toml);
    }
    if !has_tool("clang") {
        return;
    }
    let witness = witness(imported, found, &Compiler::default())
        .unwrap_or_else(|error| panic!("{who}: {error}\n{}", imported.toml));
    for testimony in witness.types.iter().chain(&witness.maps) {
        let differences = &testimony.differences;
        assert!(differences.is_empty(), "{who}: {}: {differences:?}\n{}", testimony.name, imported.toml);
    }
}

#[test]
fn imports_are_identical_and_read_as_the_goldens() {
    for case in cases() {
        let golden = folder().join(case.replace(".bpf.c", ".toml"));
        for (compiler, arguments, whole) in COMPILERS.iter().filter(|(compiler, ..)| has_tool(compiler)) {
            let who = format!("{compiler} {} {case}", arguments[0]);
            let data = compile(compiler, arguments, &case);
            let (imported, found, notes) = import(&case, &data);
            assert_identical(&who, &imported, &found);
            let mut text = imported.toml;
            for note in notes {
                text += &format!("# note: {}: {}\n", note.subject, note.message);
            }
            if std::env::var_os("BPF_LAYOUT_BLESS").is_some() && *compiler == "clang-19" {
                fs::write(&golden, &text).expect("a writable golden");
            }
            if *whole {
                let golden = fs::read_to_string(&golden).expect("the golden is there");
                assert_eq!(text, golden, "{who}: run with BPF_LAYOUT_BLESS=1 and read the difference");
            }
        }
    }
}

#[test]
fn objects_of_one_project_become_one_spec() {
    if !has_tool("clang-19") {
        return;
    }
    let all: Vec<(String, Vec<u8>)> = cases()
        .into_iter()
        .map(|case| (case.clone(), compile("clang-19", &["--target=bpf", "-g", "-O2"], &case)))
        .collect();
    let found = all.iter().map(|(case, data)| object(case, data).expect("an object").0);
    let (whole, notes) = merge(found.collect());
    assert_eq!(notes, []);
    let imported = write(&whole, "Imported.").expect("it can be written");
    assert_identical("all", &imported, &whole);
    // Twice the same is the same.
    let twice = all.iter().chain(&all).map(|(case, data)| object(case, data).expect("an object").0);
    let (twice, notes) = merge(twice.collect());
    assert_eq!(notes, []);
    assert_eq!(write(&twice, "Imported.").expect("it can be written").toml, imported.toml);
}

#[test]
fn damaged_objects_give_errors_and_never_panics() {
    if !has_tool("clang-19") {
        return;
    }
    for case in cases() {
        let data = compile("clang-19", &["--target=bpf", "-g", "-O2"], &case);
        for len in (0..data.len()).step_by(data.len() / 64) {
            try_import(&data[..len]);
        }
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..150 {
            let mut damaged = data.clone();
            for _ in 0..3 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = (state >> 24) as usize % damaged.len();
                damaged[at] ^= 1 << (state >> 60 & 7);
            }
            try_import(&damaged);
        }
    }
}

/// Whatever comes of it, nothing panics, and what is written loads.
fn try_import(data: &[u8]) {
    let Ok((found, _)) = object("damaged", data) else { return };
    let (found, _) = merge(vec![found]);
    if let Ok(imported) = write(&found, "Imported.") {
        compare(&imported, &found).expect("what was written loads");
    }
}
