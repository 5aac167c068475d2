//! `check` against objects that clang builds.

mod common;

use std::{fs, path::Path, process::Command};

use common::{folder, run};
use tempfile::TempDir;

/// Map macros of libbpf, without the need for its headers.
const MACROS: &str = "#define __uint(name, val) int(*name)[val]\n#define __type(name, val) typeof(val) *name\n\
                      #define SEC(name) __attribute__((section(name), used))\n";

const RIGHT: &str = "struct value {\n\tunsigned int pid;\n\tchar path[64];\n};\n\
                     struct {\n\t__uint(type, 1);\n\t__uint(max_entries, 16);\n\t__type(key, unsigned int);\n\
                     \t__type(value, struct value);\n} values SEC(\".maps\");\n";

/// Whether there is a clang; says so if not.
fn has_clang() -> bool {
    let has = Command::new("clang").arg("--version").output().is_ok();
    if !has {
        assert!(std::env::var_os("BPF_LAYOUT_REQUIRE_TOOLS").is_none(), "clang is missing and was required");
        eprintln!("skipped: there is no clang");
    }
    has
}

fn compile(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(format!("{name}.c")), format!("{MACROS}{text}")).expect("writable");
    let (source, object) = (format!("{name}.c"), format!("{name}.bpf.o"));
    let clang = Command::new("clang")
        .args(["--target=bpf", "-g", "-O2", "-w", "-c", &source, "-o", &object])
        .current_dir(folder)
        .output()
        .expect("clang runs");
    assert!(clang.status.success(), "{}", String::from_utf8_lossy(&clang.stderr));
}

/// A folder with the common spec and one object, if there is a clang.
fn built(text: &str) -> Option<TempDir> {
    if !has_clang() {
        return None;
    }
    let folder = folder();
    compile(folder.path(), "tracer", text);
    Some(folder)
}

#[test]
fn what_agrees_is_status_0() {
    let Some(folder) = built(RIGHT) else { return };
    let ran = run(folder.path(), &["check", "--spec", "layouts.toml", "--object", "tracer.bpf.o"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    assert_eq!(ran.out, "1 type and 1 map agree with 1 object\n");
    let ran = run(folder.path(), &["check", "--object", "tracer.bpf.o", "--format", "json"]);
    assert_eq!(ran.out, "{\n  \"ok\": true,\n  \"differences\": [],\n  \"not_in_object\": []\n}\n");
    let ran = run(folder.path(), &["check", "--object", "tracer.bpf.o", "--format", "github"]);
    assert_eq!((ran.status, ran.out.as_str()), (0, ""));
}

#[test]
fn what_differs_is_status_1_and_told_at_the_line_of_the_spec() {
    let text = RIGHT.replace("unsigned int pid", "unsigned long long pid").replace("max_entries, 16", "max_entries, 8");
    let Some(folder) = built(&text) else { return };
    let ran = run(folder.path(), &["check", "--object", "tracer.bpf.o"]);
    assert_eq!((ran.status, ran.err.as_str()), (1, ""));
    for expected in [
        "error[field-size]: `value.pid` has 8 bytes in tracer.bpf.o, layouts.toml says 4 bytes",
        "--> layouts.toml:7:20",
        "error[field-offset]: `value.path` starts at byte 8 in tracer.bpf.o, layouts.toml says byte 4",
        "error[map-max-entries]: `values.max_entries` is 8 in tracer.bpf.o, layouts.toml says 16",
        "5 differences; 0 types and 0 maps agree with 1 object",
    ] {
        assert!(ran.out.contains(expected), "{expected} is not in\n{}", ran.out);
    }
}

#[test]
fn json_has_both_sides_of_every_difference() {
    let Some(folder) = built(&RIGHT.replace("char path[64]", "char path[32]")) else { return };
    let ran = run(folder.path(), &["check", "--object", "tracer.bpf.o", "--format", "json"]);
    assert_eq!((ran.status, ran.err.as_str()), (1, ""));
    let json: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(json["ok"], false);
    let found = json["differences"].as_array().expect("an array").iter().find(|found| found["code"] == "array-length");
    let found = found.expect("the string is shorter");
    assert_eq!((&found["what"], &found["field"]), (&"value".into(), &"path".into()));
    assert_eq!((&found["expected"], &found["found"]), (&64.into(), &32.into()));
    let place = found["where"].as_str().expect("a string");
    assert!(place.starts_with("layouts.toml:7:") && place.contains(", tracer.bpf.o: BTF type "), "{place}");
    assert_eq!(json["not_in_object"], serde_json::json!([]));
}

#[test]
fn github_gets_one_annotation_a_difference() {
    let Some(folder) = built(&RIGHT.replace("char path[64]", "char path[32]")) else { return };
    let ran = run(folder.path(), &["check", "--object", "tracer.bpf.o", "--format", "github"]);
    assert_eq!(ran.status, 1);
    let expected = "::error file=layouts.toml,line=7,col=52,title=array-length::`value.path` has 32 elements in tracer.bpf.o, \
                    layouts.toml says 64 elements (tracer.bpf.o: BTF type ";
    assert!(ran.out.lines().any(|line| line.starts_with(expected)), "{}", ran.out);
    assert!(ran.out.lines().all(|line| line.starts_with("::error ")), "{}", ran.out);
}

#[test]
fn what_no_object_has_is_named_and_no_error() {
    let Some(folder) = built("unsigned int nothing;\n") else { return };
    let ran = run(folder.path(), &["check", "--object", "tracer.bpf.o"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    assert!(ran.out.starts_with("not in 1 object: `value`, map `values`\n"), "{}", ran.out);
}

#[test]
fn one_name_with_two_layouts_in_two_objects_is_found() {
    let private = "struct state {\n\tunsigned int FIELD;\n};\nstruct {\n\t__uint(type, 1);\n\t__uint(max_entries, 1);\n\
                   \t__type(key, unsigned int);\n\t__type(value, struct state);\n} states SEC(\".maps\");\n";
    let Some(folder) = built(&private.replace("FIELD", "a")) else { return };
    compile(folder.path(), "other", &private.replace("FIELD", "a, b"));
    let ran = run(folder.path(), &["check", "--object", "tracer.bpf.o", "--object", "other.bpf.o"]);
    assert_eq!((ran.status, ran.err.as_str()), (1, ""));
    let expected = "error[two-layouts]: `state.b` is at byte 4, 4 bytes in other.bpf.o, missing in tracer.bpf.o";
    assert!(ran.out.contains(expected), "{}", ran.out);
}

#[test]
fn what_cannot_be_checked_is_status_2_and_says_why() {
    let folder = folder();
    fs::write(folder.path().join("text.o"), "no object").expect("writable");
    for (arguments, expected) in [
        (&["check"][..], "name the BPF objects"),
        (&["check", "--object", "missing.o"], "cannot read `missing.o`"),
        (&["check", "--object", "text.o"], "cannot check `text.o`: this is no ELF object"),
        (&["check", "--spec", "none.toml", "--object", "text.o"], "none.toml"),
    ] {
        let ran = run(folder.path(), arguments);
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.err.contains(expected), "{arguments:?}: {}", ran.err);
    }
}
