//! `show`: tables for people, JSON for programs, both compared with what stands in tests/golden.

mod common;

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::Stdio,
};

use common::{command, folder, golden, run};
use serde_json::Value;

fn golden_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn show(arguments: &[&str]) -> String {
    let ran = run(&golden_folder(), &[&["show"], arguments].concat());
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{arguments:?}");
    ran.out
}

#[test]
fn people_see_tables() {
    golden("show.txt", &show(&[]));
    golden("show-lean.txt", &show(&["--profile", "lean"]));
}

#[test]
fn a_name_stands_for_a_record_or_a_map() {
    let text = show(&["file"]);
    assert!(text.starts_with("event file  layouts.toml:"), "{text}");
    assert_eq!(text.matches("alignment").count(), 1, "{text}");
    let text = show(&["sockets"]);
    for part in ["struct socket_key", "struct socket_value", "sockets  hash"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn programs_get_json() {
    let text = show(&["--format", "json"]);
    golden("show.json", &text);
    let document: Value = serde_json::from_str(&text).expect("it is JSON");
    let structs = document["structs"].as_array().expect("structs");
    let names: Vec<&str> = structs.iter().filter_map(|one| one["name"].as_str()).collect();
    assert!(names.contains(&"socket_key") && names.contains(&"file"), "{names:?}");
    let only = show(&["--format", "json", "socket_key"]);
    let document: Value = serde_json::from_str(&only).expect("it is JSON");
    assert_eq!(document["structs"].as_array().map(Vec::len), Some(1));
}

/// Every byte of a struct belongs to one member; a reader of the JSON may rely on it.
#[test]
fn members_of_the_json_cover_the_struct() {
    let document: Value = serde_json::from_str(&show(&["--format", "json"])).expect("it is JSON");
    let number = |value: &Value| value.as_u64().expect("a number");
    let mut seen = 0;
    for one in document["structs"].as_array().expect("structs") {
        let name = one["name"].as_str().expect("a name");
        if name.contains("addr") || name.contains("anon") {
            continue; // In a union, members lie over one another.
        }
        let mut bits = 0;
        for member in one["members"].as_array().expect("members") {
            let start = member.get("bit_offset").map_or_else(|| number(&member["offset"]) * 8, number);
            assert_eq!(start, bits, "{name}.{}", member["name"]);
            bits += member.get("bits").map_or_else(|| number(&member["size"]) * 8, number);
        }
        assert_eq!(bits, number(&one["size"]) * 8, "{name}");
        seen += 1;
    }
    assert!(seen >= 3, "{seen} structs");
}

#[test]
fn an_unknown_name_is_an_error_with_the_nearest() {
    let folder = folder();
    let ran = run(folder.path(), &["show", "vlaue"]);
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert_eq!(
        ran.err,
        "error: `layouts.toml` has no struct, event, union or map `vlaue`\n  = help: did you mean `value`?\n"
    );
    let ran = run(folder.path(), &["show", "something_else"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.ends_with("  = help: there is `value`, `values`\n"), "{}", ran.err);
    let ran = run(&golden_folder(), &["show", "file_op"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.starts_with("error: `file_op` is an enum"), "{}", ran.err);
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut child = command(&golden_folder(), &["show"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command can be run");
    drop(child.stdout.take());
    let stderr = child.stderr.take().expect("it was asked for");
    assert_eq!(BufReader::new(stderr).lines().count(), 0);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn colours_only_where_asked() {
    let coloured = command(&golden_folder(), &["show"]).env("CLICOLOR_FORCE", "1").output().expect("it runs");
    assert!(coloured.stdout.contains(&0x1b));
    assert!(!show(&[]).contains('\x1b'));
}

#[test]
fn holes_that_another_order_closes_are_told() {
    let holes = r#"spec = 1
[struct.holes]
fields = [{ name = "a", type = "u8" }, { name = "b", type = "u64" }, { name = "c", type = "u8" }]
[struct.none]
fields = [{ name = "b", type = "u64" }, { name = "a", type = "u8" }, { name = "c", type = "u8" }]
"#;
    let folder = folder();
    std::fs::write(folder.path().join("layouts.toml"), holes).expect("writable");
    let shown = run(folder.path(), &["show"]);
    assert_eq!((shown.status, shown.err.as_str()), (0, ""));
    let advice: Vec<&str> = shown.out.lines().filter(|line| line.contains("advice")).collect();
    assert_eq!(advice, ["  advice: has 24 bytes; 16 with its fields in the order b, a, c: 8 bytes less"]);
}

/// Of an event with fields of variable length: the struct with nothing in them, with the longest in all, and with the 64
/// bytes that most make use of, where so many fit.
#[test]
fn a_compact_event_has_three_sizes() {
    let spec = r#"spec = 1
[event.open]
fields = [
  { name = "time", type = "u64" },
  { name = "path", type = "str[..256]" },
  { name = "data", type = "bytes[..40]" },
]
"#;
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    std::fs::write(folder.path().join("layouts.toml"), spec).expect("writable");
    let text = run(folder.path(), &["show"]).out;
    assert!(text.contains("; on the wire 16 to 312 bytes, typically 120\n"), "{text}");
    let json: Value = serde_json::from_str(&run(folder.path(), &["show", "--format", "json"]).out).expect("it is JSON");
    let open = json["structs"].as_array().and_then(|all| all.iter().find(|one| one["name"] == "open"));
    let wire = serde_json::json!({ "smallest": 16, "typical": 120, "largest": 312 });
    assert_eq!(open.expect("the event")["wire"], wire);
}
