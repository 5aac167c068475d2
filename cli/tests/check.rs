//! `check` against objects that clang builds.

mod common;
#[path = "common/objects.rs"]
mod objects;

use std::{fs, path::Path};

use common::{folder, golden, has, has_clang, run};
use objects::{compile, compile_with};
use tempfile::TempDir;

const RIGHT: &str = "struct value {\n\tunsigned int pid;\n\tchar path[64];\n};\n\
                     struct {\n\t__uint(type, 1);\n\t__uint(max_entries, 16);\n\t__type(key, unsigned int);\n\
                     \t__type(value, struct value);\n} values SEC(\".maps\");\n";

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
    assert_eq!(ran.out, "{\n  \"ok\": true,\n  \"differences\": [],\n  \"not_in_object\": [],\n  \"unknown\": []\n}\n");
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
    assert_eq!(found["severity"], "error");
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

/// A program that hands records to buffers: one to that of [`BUFFER_SPEC`], of four bytes too many, and one to its own.
const SENDS: &str = "struct conn {\n\tunsigned int a, b;\n};\n\
                     struct {\n\t__uint(type, 27);\n\t__uint(max_entries, 4096);\n} events SEC(\".maps\");\n\
                     struct {\n\t__uint(type, 27);\n\t__uint(max_entries, 4096);\n} other SEC(\".maps\");\n\
                     struct {\n\t__uint(type, 1);\n\t__uint(max_entries, 16);\n\t__type(key, unsigned int);\n\
                     \t__type(value, struct conn);\n} conns SEC(\".maps\");\n\
                     #define output ((long (*)(void *, void *, unsigned long long, unsigned long long))130)\n\
                     SEC(\"raw_tp/sys_enter\") int enter(void *ctx)\n{\n\tstruct conn c = {};\n\
                     \toutput(&events, &c, SIZE, 0);\n\toutput(&other, &c, 8, 0);\n\treturn 0;\n}\n";

const BUFFER_SPEC: &str = "spec = 1\n\n[event.open]\nfields = [{ name = \"pid\", type = \"u32\" }]\n\n\
                           [map.events]\ntype = \"ringbuf\"\nmax_entries = 4096\nevents = [\"open\"]\n";

/// A folder with the program above, its spec, and a line of it.
fn sending(size: &str, more_spec: &str) -> Option<TempDir> {
    let folder = built(&SENDS.replace("SIZE", size))?;
    fs::write(folder.path().join("layouts.toml"), format!("{BUFFER_SPEC}{more_spec}")).expect("writable");
    Some(folder)
}

/// The line of the C source that this text is in.
fn line_of(folder: &Path, text: &str) -> usize {
    let source = fs::read_to_string(folder.join("tracer.c")).expect("readable");
    1 + source.lines().position(|line| line.contains(text)).expect("a line with it")
}

#[test]
fn what_crosses_the_boundary_is_told_at_the_line_of_c() {
    let Some(folder) = sending("8", "") else { return };
    let wrong = line_of(folder.path(), "output(&events");
    let ran = run(folder.path(), &["check", "--object", "tracer.bpf.o"]);
    assert_eq!((ran.status, ran.err.as_str()), (1, ""));
    for expected in [
        "warning[unlisted-struct]: `conns.value` is struct conn of 8 bytes in tracer.bpf.o, not in the spec\n",
        "error[event-size]: `events` gets 8 bytes in tracer.bpf.o, layouts.toml says 4 bytes\n",
        &format!("--> tracer.c:{wrong}:2\n"),
        &format!("{wrong} |     output(&events, &c, 8, 0);\n"),
        "::: layouts.toml:3:8\n",
        "warning[unlisted-buffer]: `other` carries records of 8 bytes in tracer.bpf.o, not in the spec\n",
        "1 difference and 2 warnings; 0 types and 1 map agree with 1 object\n",
    ] {
        assert!(ran.out.contains(expected), "{expected} is not in\n{}", ran.out);
    }

    let ran = run(folder.path(), &["check", "--object", "tracer.bpf.o", "--format", "github"]);
    let expected = format!(
        "::error file=tracer.c,line={wrong},col=2,title=event-size::`events` gets 8 bytes in tracer.bpf.o, layouts.toml says 4 bytes"
    );
    assert!(ran.out.lines().any(|line| line.starts_with(&expected)), "{}", ran.out);
    assert_eq!(ran.out.lines().filter(|line| line.starts_with("::warning ")).count(), 2, "{}", ran.out);
}

#[test]
fn warnings_that_are_denied_are_errors() {
    let Some(folder) = sending("4", "") else { return };
    let check = |deny: &[&str]| run(folder.path(), &[&["check", "--object", "tracer.bpf.o"], deny].concat());
    let ran = check(&["--deny", "unlisted-buffer"]);
    assert_eq!(ran.status, 1);
    assert!(ran.out.contains("warning[unlisted-struct]") && ran.out.contains("error[unlisted-buffer]"), "{}", ran.out);
    assert!(ran.out.contains("1 difference and 1 warning; "), "{}", ran.out);
    let ran = check(&["--deny-warnings"]);
    assert_eq!((ran.status, ran.out.contains("warning")), (1, false), "{}", ran.out);
}

#[test]
fn warnings_are_status_0() {
    let Some(folder) = sending("4", "") else { return };
    let ran = run(folder.path(), &["check", "--object", "tracer.bpf.o", "--format", "json"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    let json: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(json["ok"], true);
    let found = json["differences"].as_array().expect("an array");
    let codes: Vec<(&str, &str)> = found
        .iter()
        .map(|found| (found["code"].as_str().expect("a code"), found["severity"].as_str().expect("a severity")))
        .collect();
    assert_eq!(codes, [("unlisted-struct", "warning"), ("unlisted-buffer", "warning")]);
    let line = line_of(folder.path(), "output(&other");
    let place = found[1]["where"].as_str().expect("a string");
    assert!(
        place.starts_with(&format!("tracer.c:{line}:2, tracer.bpf.o: bpf_ringbuf_output() in enter(), ")),
        "{place}"
    );
    assert_eq!(
        (&found[0]["expected"], &found[0]["found"]),
        (&"not in the spec".into(), &"struct conn of 8 bytes".into())
    );
}

#[test]
fn what_is_outside_is_not_told() {
    let outside = "\n[outside]\nmap.conns = \"a cache\"\nmap.other = \"of another tool\"\n";
    let Some(folder) = sending("4", outside) else { return };
    let ran = run(folder.path(), &["check", "--object", "tracer.bpf.o"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    assert_eq!(ran.out, "not in 1 object: `open`\n0 types and 1 map agree with 1 object\n");
}

#[test]
fn sarif_has_rules_results_and_places() {
    let Some(folder) = sending("8", "") else { return };
    let ran = run(folder.path(), &["check", "--object", "tracer.bpf.o", "--format", "sarif"]);
    assert_eq!((ran.status, ran.err.as_str()), (1, ""));
    let mut json: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let run = &mut json["runs"][0];
    let driver = run["tool"]["driver"].as_object_mut().expect("an object");
    assert_eq!(driver.remove("version").expect("a version"), env!("CARGO_PKG_VERSION"));
    let rules = driver.remove("rules").expect("rules");
    for result in run["results"].as_array_mut().expect("an array") {
        let result = result.as_object_mut().expect("an object");
        let index = result.remove("ruleIndex").and_then(|index| index.as_u64()).expect("a number");
        assert_eq!(rules[usize::try_from(index).expect("small")]["id"], result["ruleId"]);
        let witness = &mut result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"];
        *witness = steady(witness.as_str().expect("a text")).into();
    }
    golden("check.sarif", &(serde_json::to_string_pretty(&json).expect("it was JSON") + "\n"));
}

/// Without what changes with compilers: numbers of types, and places in sections.
fn steady(witness: &str) -> String {
    witness.trim_end_matches(|letter: char| letter.is_ascii_hexdigit()).to_owned() + "N"
}

#[test]
fn sarif_of_what_agrees_has_no_results() {
    let Some(folder) = built(RIGHT) else { return };
    let ran = run(folder.path(), &["check", "--object", "tracer.bpf.o", "--format", "sarif"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    let json: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(json["runs"][0]["results"], serde_json::json!([]));
    let rules = json["runs"][0]["tool"]["driver"]["rules"].as_array().expect("an array");
    let mut ids = std::collections::BTreeSet::new();
    for rule in rules {
        assert!(ids.insert(rule["id"].as_str().expect("an id")), "{} stands twice", rule["id"]);
        assert!(rule["shortDescription"]["text"].as_str().is_some_and(|text| text.ends_with('.')), "{rule}");
        assert!(rule["helpUri"].as_str().is_some_and(|uri| uri.contains("/docs/")), "{rule}");
        assert!(
            ["error", "warning", "note"].map(Into::into).contains(&rule["defaultConfiguration"]["level"]),
            "{rule}"
        );
    }
    assert!(ids.contains("field-offset") && ids.contains("event-size"), "{ids:?}");
}

/// clang before 15 writes 32 bits of values that have 64.
#[test]
fn what_a_compiler_writes_wrong_is_unknown_in_every_format() {
    if !has("clang-14") {
        return;
    }
    let folder = folder();
    let wide = "\n[enum.wide]\nrepr = \"u64\"\nvariants = [{ name = \"all\", value = 0x123456789 }]\n";
    fs::write(folder.path().join("layouts.toml"), format!("{}{wide}", common::SPEC)).expect("writable");
    let program = format!("{RIGHT}enum wide {{ WIDE_ALL = 0x123456789 }};\nenum wide uses_wide;\n");
    compile_with("clang-14", folder.path(), "tracer", &program);
    let check = |format| {
        let ran = run(folder.path(), &["check", "--object", "tracer.bpf.o", "--format", format]);
        assert_eq!((ran.status, ran.err.as_str()), (0, ""));
        ran.out
    };
    let why = "its values have 64 bits, of which clang before 15 writes only 32";
    assert_eq!(
        check("human"),
        format!("unknown: `wide` in tracer.bpf.o: {why}\n1 type and 1 map agree with 1 object\n")
    );
    let json: serde_json::Value = serde_json::from_str(&check("json")).expect("JSON");
    let unknown = serde_json::json!([{ "what": "wide", "why": why, "where": "tracer.bpf.o" }]);
    assert_eq!((&json["unknown"], &json["differences"]), (&unknown, &serde_json::json!([])));
    assert_eq!(
        check("github"),
        format!(
            "::notice file=layouts.toml,line=18,col=7,title=unknown::`wide` in tracer.bpf.o could not be compared: {why}\n"
        )
    );
    let sarif: serde_json::Value = serde_json::from_str(&check("sarif")).expect("JSON");
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"unknown".into(), &"note".into()));
}

#[test]
fn what_cannot_be_checked_is_status_2_and_says_why() {
    let folder = folder();
    fs::write(folder.path().join("text.o"), "no object").expect("writable");
    for (arguments, expected) in [
        (&["check"][..], "name the BPF objects"),
        (&["check", "--object", "missing.o"], "cannot read `missing.o`"),
        (&["check", "--object", "text.o"], "cannot check `text.o`: this is no ELF object"),
        (&["check", "--object", common::COMMAND], "this is no BPF object: it was built for another machine"),
        (&["check", "--spec", "none.toml", "--object", "text.o"], "none.toml"),
    ] {
        let ran = run(folder.path(), arguments);
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.err.contains(expected), "{arguments:?}: {}", ran.err);
    }
}
