//! `check --source`: numbers in C sources that the spec has a name for.

mod common;

use std::{fs, path::Path};

use common::{Ran, folder, golden, run};
use tempfile::TempDir;

const SOURCE: &str = "#include \"layouts.h\"\n#include \"own.h\"\n\n\
                      int f(struct value *value, const void *from, unsigned int at)\n{\n\
                      \tvalue->path[at & 4095] = 0;\n\
                      \treturn bpf_probe_read_kernel_str(value->path, 64, from);\n}\n";

/// A folder with the common spec, a source and a header of its own.
fn with_source() -> TempDir {
    let folder = folder();
    fs::write(folder.path().join("tracer.bpf.c"), SOURCE).expect("writable");
    fs::write(folder.path().join("own.h"), "#define MAX_PATH_LEN 64\n").expect("writable");
    folder
}

fn check(folder: &Path, more: &[&str]) -> Ran {
    let arguments = [&["check", "--source", "tracer.bpf.c"], more].concat();
    run(folder, &arguments)
}

#[test]
fn findings_are_warnings_at_their_lines_of_c() {
    let folder = with_source();
    let ran = check(folder.path(), &[]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    golden("check-sources.txt", &ran.out);
}

#[test]
fn what_is_denied_is_an_error() {
    let folder = with_source();
    for (arguments, errors) in [
        (&["--deny-warnings"][..], 3),
        (&["--deny", "stale-literal"], 1),
        (&["--deny", "stale-literal", "--deny", "shadow-define"], 2),
        (&["--deny", "literal-mask"], 0),
    ] {
        let ran = check(folder.path(), arguments);
        assert_eq!((ran.status, ran.err.as_str()), (i32::from(errors > 0), ""), "{arguments:?}");
        let found = ran.out.lines().filter(|line| line.starts_with("error[")).count();
        assert_eq!(found, errors, "{arguments:?}\n{}", ran.out);
    }
}

#[test]
fn the_profile_decides_what_is_stale() {
    let folder = with_source();
    let ran = check(folder.path(), &["--profile", "long"]);
    assert!(ran.out.contains("warning[literal-mask]: `4095` is the mask of the length of `value.path`"), "{}", ran.out);
    assert!(
        ran.out.contains("warning[stale-literal]: `64` is not the length of `value.path`, which is 4096"),
        "{}",
        ran.out
    );
}

#[test]
fn programs_and_workflows_get_the_line_of_c() {
    let folder = with_source();
    let ran = check(folder.path(), &["--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!((&json["ok"], ran.status), (&true.into(), 0));
    let stale = &json["differences"][0];
    assert_eq!(
        *stale,
        serde_json::json!({
            "code": "stale-literal", "severity": "warning", "what": "value", "field": "path", "expected": 64,
            "found": 4095, "where": "tracer.bpf.c:6:19, layouts.toml:4:1",
        })
    );
    let ran = check(folder.path(), &["--format", "github", "--deny", "stale-literal"]);
    assert_eq!(
        ran.out,
        "::error file=tracer.bpf.c,line=6,col=19,title=stale-literal::`4095` is the mask of a length of 4096, and that of \
         `value.path` is 64: write `PATH_LEN_MASK`\n\
         ::warning file=tracer.bpf.c,line=7,col=48,title=literal-length::`64` is the length of `value.path`: write \
         `PATH_LEN`\n\
         ::warning file=own.h,line=1,col=9,title=shadow-define::`MAX_PATH_LEN` is 64, as `PATH` is in the spec: write \
         `PATH_LEN` instead of `MAX_PATH_LEN`, or `#define MAX_PATH_LEN PATH_LEN`\n"
    );
}

#[test]
fn code_scanning_gets_the_rule_and_both_places() {
    let folder = with_source();
    let ran = check(folder.path(), &["--format", "sarif"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    let json: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let result = &json["runs"][0]["results"][1];
    assert_eq!((&result["ruleId"], &result["level"]), (&"literal-length".into(), &"warning".into()));
    let place = |location: &serde_json::Value| {
        let place = &location["physicalLocation"];
        (place["artifactLocation"]["uri"].clone(), place["region"]["startLine"].clone())
    };
    assert_eq!(place(&result["locations"][0]), ("tracer.bpf.c".into(), 7.into()));
    assert_eq!(place(&result["relatedLocations"][0]), ("layouts.toml".into(), 4.into()));
}

#[test]
fn clean_sources_are_said_to_be_clean() {
    let folder = with_source();
    let clean = SOURCE.replace("4095", "PATH_LEN_MASK").replace("64", "PATH_LEN").replace("#include \"own.h\"\n", "");
    fs::write(folder.path().join("tracer.bpf.c"), &clean).expect("writable");
    fs::write(folder.path().join("other.bpf.c"), clean.replace("\"layouts.h\"", "\"mine.h\"")).expect("writable");
    fs::write(folder.path().join("mine.h"), "#include \"layouts.h\"\n").expect("writable");
    let ran = check(folder.path(), &["other.bpf.c", "--deny-warnings"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    assert_eq!(ran.out, "no numbers that the spec has a name for in 2 sources and 1 header\n");
}

#[test]
fn what_cannot_be_looked_through_is_status_2() {
    let folder = with_source();
    for (arguments, expected) in [
        (&["check", "--source", "none.bpf.c"][..], "cannot read `none.bpf.c`"),
        (&["check", "--source", "tracer.bpf.c", "--deny", "literal-lenght"], "write `literal-length`"),
        (&["check", "--source", "tracer.bpf.c", "--deny", "padding"], "there is no rule `padding` to deny"),
        (&["check", "--source"], "--source"),
    ] {
        let ran = run(folder.path(), arguments);
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.err.contains(expected), "{arguments:?}: {}", ran.err);
    }
}
