//! `audit --merge`: what several runs say together, what is proposed, and what is written. No kernel is needed.

mod common;

use std::{fs, path::Path};

use common::{Ran, run};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Two maps and an event; comments and spacing that must stay.
const SPEC: &str = r#"spec = 1 # the version

[lengths]
PATH = 4096     # as long as the kernel's PATH_MAX
COMM=16
TAIL = "2 * COMM"

[capacities]
SOCKETS = 16_384 # per node

[struct.socket]
fields = [
  { name = "comm", type = "str[COMM]" },
  { name = "cwd",  type = "str[PATH]" }, # where it runs
  { name = "exe",  type = "str[PATH]" },
  { name = "tail", type = "str[TAIL]" },
  { name = "note", type = "str[ 100 ]", doc = "free text" },
]

[map.sockets]
type = "hash"
key = "u64"
value = "socket"
max_entries = "SOCKETS"

[map.plain]
type = "hash"
key = "u32"
value = "u64"
max_entries = 0x4000  # hexadecimal

[profile.lean]
lengths.PATH = 512   # shorter
"#;

fn folder(spec: &str) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join("layouts.toml"), spec).expect("writable");
    folder
}

/// What a run prints, with these strings and entries of `sockets`.
fn document(peak: u64, strings: &Value) -> Value {
    let map = |name: &str, peak: u64, strings: &Value| {
        json!({
            "id": 7, "name": name, "map": name, "type": "hash", "key_size": 8, "value_size": 8, "max_entries": 16384,
            "map_flags": 0, "memlock": 1000 + peak, "predicted": 1000 + peak, "real": 2000, "strings": strings,
            "in_use": { "last": peak, "peak": peak, "samples": 1, "complete": true }, "skipped": null,
        })
    };
    json!({
        "audit": 1, "spec": "layouts.toml", "profile": null,
        "machines": [{ "kernel": "6.12.1", "cpus": 4, "page_size": 4096, "runs": 1 }],
        "maps": [map("sockets", peak, strings), map("plain", peak / 2, &json!([]))],
    })
}

fn strings(field: &str, length: u64, filled: u64, lengths: &Value) -> Value {
    json!({ "field": field, "length": length, "filled": filled, "lengths": lengths })
}

fn all(cwd: &Value, exe: &Value) -> Value {
    let comm = json!({ "16": 3, "5": 97 });
    json!([
        strings("value.comm", 16, 3, &comm),
        strings("value.cwd", 4096, 0, cwd),
        strings("value.exe", 4096, 0, exe),
        strings("value.tail", 32, 0, &json!({ "4": 100 })),
        strings("value.note", 100, 0, &json!({ "30": 100 })),
    ])
}

fn put(folder: &Path, name: &str, documents: &[Value]) {
    let text: String = documents.iter().map(|document| format!("{document}\n")).collect();
    fs::write(folder.join(name), text).expect("writable");
}

/// Two machines: 100 + 901 values of `cwd`, one of them long.
fn fleet(spec: &str) -> TempDir {
    let folder = folder(spec);
    put(folder.path(), "a.json", &[document(300, &all(&json!({ "20": 100 }), &json!({ "60": 100 })))]);
    let (cwd, exe) = (json!({ "40": 900, "300": 1 }), json!({ "64": 100 }));
    put(folder.path(), "b.json", &[document(100, &all(&cwd, &exe)), document(600, &json!([]))]);
    folder
}

fn audit(folder: &Path, options: &[&str]) -> Ran {
    run(folder, &[&["audit", "--merge", "a.json", "--merge", "b.json"], options].concat())
}

fn parsed(ran: &Ran) -> Value {
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.out))
}

#[test]
fn runs_and_machines_are_added_up() {
    let folder = fleet(SPEC);
    let sum = parsed(&audit(folder.path(), &["--format", "json"]));
    assert_eq!(sum["machines"], json!([{ "kernel": "6.12.1", "cpus": 4, "page_size": 4096, "runs": 3 }]));
    assert_eq!(sum["maps"].as_array().map(Vec::len), Some(2));
    let sockets = &sum["maps"][0];
    assert_eq!(sockets["in_use"], json!({ "last": null, "peak": 600, "samples": 3, "complete": true }));
    assert_eq!((&sockets["id"], &sockets["memlock"]), (&Value::Null, &json!(1600)));
    assert_eq!(sockets["strings"][1], strings("value.cwd", 4096, 0, &json!({ "20": 100, "40": 900, "300": 1 })));
    assert_eq!(sockets["strings"][0]["lengths"], json!({ "5": 194, "16": 6 }));
    assert_eq!(sum["proposals"], json!([]), "without a spec there is nothing to propose for");

    // What was merged can be merged again.
    fs::write(folder.path().join("c.json"), sum.to_string()).expect("writable");
    let again = parsed(&run(folder.path(), &["audit", "--merge", "c.json", "--format", "json"]));
    assert_eq!(again, sum);
}

#[test]
fn proposals_hold_what_was_seen() {
    let folder = fleet(SPEC);
    let propose = |options: &[&str]| {
        let sum = parsed(&audit(folder.path(), &[&["--spec", "layouts.toml", "--format", "json"], options].concat()));
        let proposals = sum["proposals"].as_array().expect("an array").clone();
        let numbers = ["from", "to", "seen", "most", "truncated"];
        let of = |proposal: &Value| {
            let name = proposal["name"].as_str().expect("a name").to_owned();
            assert_eq!(proposal["unseen"], json!([]), "{name}");
            assert!(proposal["saves"]["real_full"].as_u64() > Some(0), "{proposal}");
            (name, numbers.map(|key| proposal[key].as_u64().expect("a number")))
        };
        let mut found: Vec<_> = proposals.iter().map(of).collect();
        found.sort();
        (found, sum["notes"].clone())
    };
    let (found, notes) = propose(&[]);
    let expected = |path: u64, truncated: u64, sockets: u64| {
        vec![
            ("PATH".to_owned(), [4096, path, 1201, 300, truncated]),
            ("SOCKETS".to_owned(), [16384, sockets, 3, 600, 0]),
            ("length of socket.note".to_owned(), [100, 32, 200, 30, 0]),
            ("max_entries of plain".to_owned(), [16384, sockets / 2, 3, 300, 0]),
        ]
    };
    assert_eq!(found, expected(512, 0, 1024));
    assert_eq!(
        notes,
        json!([
            "`value.tail` of map `sockets` (line 16) uses at most 4 of 32 bytes; its length is an expression, to be changed by hand",
            "COMM: 6 of 200 values (3.0 %) fill it, and may have been cut",
        ])
    );
    // One of 1,201 is 0.08 %.
    assert_eq!(propose(&["--cover", "99.9", "--headroom", "3"]).0, expected(64, 1, 2048));
    assert_eq!(propose(&["--cover", "99.95"]).0, expected(512, 0, 1024));
}

#[test]
fn what_is_written_is_the_numbers_and_nothing_else() {
    let folder = fleet(SPEC);
    let ran = audit(folder.path(), &["--spec", "layouts.toml", "--write"]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    for line in [
        "layouts.toml:4:1: PATH 4096 -> 512\n",
        "layouts.toml:9:1: SOCKETS 16384 -> 1024\n",
        ": max_entries of plain 16384 -> 512\n",
        ": length of socket.note 100 -> 32\n",
    ] {
        assert!(ran.err.contains(line), "{line} is not in\n{}", ran.err);
    }
    let expected = SPEC
        .replace("PATH = 4096     #", "PATH = 512     #")
        .replace("16_384", "1024")
        .replace("0x4000", "512")
        .replace("str[ 100 ]", "str[32]");
    assert_eq!(fs::read_to_string(folder.path().join("layouts.toml")).expect("it is there"), expected);
    // Nothing is left to do.
    let again = audit(folder.path(), &["--spec", "layouts.toml", "--write"]);
    assert_eq!((again.status, again.err.as_str()), (0, "there is nothing to write\n"));
}

#[test]
fn a_profile_has_numbers_of_its_own() {
    let folder = fleet(&SPEC.replace("512   # shorter", "1024   # shorter"));
    let ran = audit(folder.path(), &["--spec", "layouts.toml", "--profile", "lean", "--write"]);
    assert!(ran.status == 0 && ran.err.contains("PATH 1024 -> 512\n"), "{}", ran.err);
    let text = fs::read_to_string(folder.path().join("layouts.toml")).expect("it is there");
    assert!(text.contains("lengths.PATH = 512   # shorter") && text.contains("PATH = 4096     #"), "{text}");
    assert!(text.contains("SOCKETS = 1024 # per node"), "{text}");
}

#[test]
fn what_was_not_seen_whole_is_left_alone() {
    let event = "[event.seen]\nfields = [{ name = \"path\", type = \"str[PATH]\" }]\n";
    let other = "[map.other]\ntype = \"lru_hash\"\nkey = \"u32\"\nvalue = \"socket\"\nmax_entries = \"SOCKETS\"\n";
    let spec = format!("{SPEC}{event}{other}");
    let folder = fleet(&spec);
    let ran = audit(folder.path(), &["--spec", "layouts.toml", "--write"]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    for expected in [
        "PATH is left at 4096: not everything that hangs on it was seen: `value.cwd` of map `other`, `value.exe` of map `other`, \
         `path` of event `seen`\n",
        "SOCKETS is left at 16384: not everything that hangs on it was seen: `max_entries` of map `other`\n",
        "max_entries of plain 16384 -> 512\n",
    ] {
        assert!(ran.err.contains(expected), "{expected} is not in\n{}", ran.err);
    }
    let line = "  not seen, and decided by it as well: `value.cwd` of map `other`, ";
    assert!(ran.out.contains(line), "{}", ran.out);
    let text = fs::read_to_string(folder.path().join("layouts.toml")).expect("it is there");
    assert_eq!(text, spec.replace("0x4000", "512"));
}

/// The proposals of one run.
fn proposed(document: Value, options: &[&str]) -> Vec<(String, Value, usize)> {
    let folder = folder(SPEC);
    put(folder.path(), "a.json", &[document]);
    let arguments = ["audit", "--merge", "a.json", "--spec", "layouts.toml", "--format", "json"];
    let found = parsed(&run(folder.path(), &[&arguments, options].concat()));
    let proposals = found["proposals"].as_array().expect("an array").iter();
    let unseen = |proposal: &Value| proposal["unseen"].as_array().map_or(0, Vec::len);
    let name = |proposal: &Value| proposal["name"].as_str().expect("a name").to_owned();
    proposals.map(|proposal| (name(proposal), proposal["to"].clone(), unseen(proposal))).collect()
}

#[test]
fn what_may_have_been_more_is_no_evidence() {
    let lengths = json!([
        strings("value.cwd", 512, 2, &json!({ "20": 998, "512": 2 })),
        strings("value.exe", 4096, 0, &json!({ "9": 1 }))
    ]);
    let of = |options: &[&str], document: &Value| proposed(document.clone(), options);
    let (path, sockets) = (("PATH".to_owned(), json!(32), 0), ("SOCKETS".to_owned(), json!(64), 0));
    let seen = document(40, &lengths);
    // Two of a thousand may have been cut at 512 bytes, on a machine with another length.
    assert_eq!(of(&[], &seen).iter().filter(|found| found.0 == "PATH").count(), 0);
    assert!(of(&["--cover", "99.5"], &seen).contains(&path));
    // One of two maps was not counted to the end, nor measured.
    assert!(of(&[], &seen).contains(&sockets));
    let mut more = seen;
    let mut second = more["maps"][0].clone();
    (second["id"], second["map_flags"]) = (json!(8), json!(1));
    (second["strings"], second["skipped"]) = (json!([]), json!("another layout"));
    second["in_use"]["complete"] = json!(false);
    more["maps"].as_array_mut().expect("an array").push(second);
    let found = of(&["--cover", "99.5"], &more);
    assert!(found.contains(&(path.0, path.1, 2)), "{found:?}");
    assert!(found.iter().all(|found| found.0 != "SOCKETS"), "{found:?}");
}

#[test]
fn what_a_program_saw_of_its_events_counts() {
    let event = "[event.seen]\nfields = [{ name = \"path\", type = \"str[PATH]\" }]\n";
    let buffer = "[map.events]\ntype = \"ringbuf\"\nmax_entries = \"64 KiB\"\nevents = [\"seen\"]\n";
    let folder = fleet(&format!("{SPEC}{event}{buffer}"));
    let path = || {
        let sum = parsed(&audit(folder.path(), &["--spec", "layouts.toml", "--format", "json"]));
        let proposals = sum["proposals"].as_array().expect("an array").iter();
        let found = proposals
            .filter(|proposal| proposal["name"] == "PATH")
            .map(|proposal| (proposal["to"].clone(), proposal["seen"].clone(), proposal["unseen"].clone()));
        found.collect::<Vec<_>>()
    };
    // Whoever looks at the map sees the buffer, and none of its events.
    let mut looked = document(1, &json!([]));
    let mut row = looked["maps"][0].take();
    for key in ["name", "map"] {
        row[key] = json!("events");
    }
    row["type"] = json!("ringbuf");
    looked["maps"] = json!([row]);
    put(folder.path(), "b.json", &[document(600, &json!([])), looked.clone()]);
    assert_eq!(path(), [(json!(64), json!(200), json!(["`path` of event `seen`"]))]);

    // A program that read them does.
    let mut program = looked.clone();
    program["maps"][0]["strings"] = json!([strings("seen.path", 4096, 0, &json!({ "10": 50, "700": 1 }))]);
    program["maps"][0]["failed"] = json!(3);
    put(folder.path(), "b.json", &[looked, program.clone(), program]);
    assert_eq!(path(), [(json!(1024), json!(302), json!([]))]);
    let ran = audit(folder.path(), &["--spec", "layouts.toml"]);
    let note = "note: 6 updates of map `events` failed, as its program counted\n";
    assert!(ran.out.contains("events seen.path") && ran.out.contains(note), "{}", ran.out);
}

#[test]
fn included_files_are_edited_where_the_number_is() {
    let common = "[lengths]\nPATH = 4096 # in common\nCOMM = 16\nTAIL = \"2 * COMM\"\n";
    let lengths =
        &SPEC[SPEC.find("[lengths]").expect("it has lengths")..SPEC.find("[capacities]").expect("and capacities")];
    let spec = SPEC.replace(lengths, "").replace("spec = 1 # the version\n", "spec = 1\ninclude = [\"common.toml\"]\n");
    let folder = fleet(&spec);
    fs::write(folder.path().join("common.toml"), format!("spec = 1\n{common}")).expect("writable");
    let ran = audit(folder.path(), &["--spec", "layouts.toml", "--write"]);
    assert!(ran.status == 0 && ran.err.contains("common.toml:3:1: PATH 4096 -> 512\n"), "{}", ran.err);
    let text = fs::read_to_string(folder.path().join("common.toml")).expect("it is there");
    assert_eq!(text, format!("spec = 1\n{}", common.replace("4096", "512")));
}

#[test]
fn tables_show_percentiles_and_bars() {
    let folder = fleet(SPEC);
    let ran = audit(folder.path(), &["--spec", "layouts.toml"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    for expected in [
        "kernel 6.12.1, 4 possible CPUs, pages of 4,096 bytes, 3 runs\n",
        "map      id  type  in use  peak      of  peak share  memlock  predicted  really taken\n",
        "sockets      hash       -   600  16,384       3.7 %    1,600      1,600         2,000\n",
        "string, with its NUL  bytes  values  p50  p90  p99  p99.9  most  filled\n",
        "sockets value.cwd     4,096   1,001   40   40   40     40   300       0\n",
        "        17-32           100  ####\n",
        "        33-64           900  ########################################\n",
        "      257-512             1  #\n",
        "\nproposals\nSOCKETS 16384 -> 1024 (layouts.toml:9:1) saves ",
        "PATH 4096 -> 512 (layouts.toml:4:1) saves ",
        "; cuts none of 1,201 values, the longest of 300 bytes\n",
        "; at most 600 were in use, in 3 looks\n",
        "together they save ",
        "note: COMM: 6 of 200 values (3.0 %) fill it, and may have been cut\n",
    ] {
        assert!(ran.out.contains(expected), "{expected} is not in\n{}", ran.out);
    }
}

#[test]
fn what_cannot_be_merged_is_status_2() {
    let folder = fleet(SPEC);
    let mut newer = document(1, &json!([]));
    newer["audit"] = json!(2);
    put(folder.path(), "newer.json", &[newer]);
    fs::write(folder.path().join("empty.json"), "").expect("writable");
    fs::write(folder.path().join("cut.json"), &document(1, &json!([])).to_string()[..99]).expect("writable");
    fs::write(folder.path().join("report.json"), "{\"maps\": []}").expect("writable");
    for (file, why) in [
        ("newer.json", "it is of version 2, and this reads version 1"),
        ("empty.json", "it is empty"),
        ("cut.json", "EOF while parsing"),
        ("report.json", "missing field `audit`"),
        ("none.json", "No such file"),
    ] {
        let ran = run(folder.path(), &["audit", "--merge", file]);
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{file}");
        let expected = format!("error: cannot read `{file}`: {why}");
        assert!(ran.err.starts_with(&expected) && ran.err.contains("= help: "), "{}", ran.err);
    }
    for wrong in [&["--write"][..], &["--rounds", "3"], &["--cover", "101"], &["--headroom", "nan"], &["--map-id", "3"]]
    {
        assert_eq!(audit(folder.path(), wrong).status, 2, "{wrong:?}");
    }
}

#[test]
fn names_from_files_write_nothing_to_the_terminal() {
    let folder = fleet(SPEC);
    let mut hostile = document(1, &json!([]));
    for key in ["name", "map", "type", "skipped"] {
        hostile["maps"][0][key] = json!("a\u{1b}[31mb\n");
    }
    hostile["maps"][0]["strings"] =
        json!([strings("\u{7}", u64::MAX, u64::MAX, &json!({ "18446744073709551615": u64::MAX }))]);
    hostile["maps"][0]["memlock"] = json!(u64::MAX);
    put(folder.path(), "hostile.json", &[hostile.clone(), hostile]);
    let ran = run(folder.path(), &["audit", "--merge", "hostile.json"]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(!ran.out.contains('\u{1b}') && !ran.out.contains('\u{7}'), "{:?}", ran.out);
}
