//! `check --live` and `audit` against maps that libbpf loads into this kernel.

mod agent;
mod audit;
#[path = "../common/mod.rs"]
mod common;
mod interned;
mod kinds;
mod which;

use agent::{Folder, can_load, id, load, unique};

/// A hash map and a ring buffer. `VALUE` and `EVENT` are further fields, put before the last.
const SPEC: &str = r#"spec = 1
[lengths]
PATH = 64
[capacities]
VALUES = 16
[struct.value]
fields = [{ name = "pid", type = "u32" }, VALUE { name = "path", type = "str[PATH]" }]
[event.seen]
fields = [{ name = "time", type = "ktime" }, EVENT { name = "pid", type = "u32" }, { name = "uid", type = "u32" }]
[map.NAMEvalues]
type = "hash"
key = "u32"
value = "value"
max_entries = "VALUES"
[map.NAMEevents]
type = "ringbuf"
max_entries = 4096
events = ["seen"]
"#;

/// Uses both.
const PROGRAM: &str = r#"
DEFINE_UPPERVALUES_MAP;
DEFINE_UPPEREVENTS_MAP;
SEC("socket") int uses(void *ctx)
{
	unsigned int key = 0;
	struct value *value = lookup(&NAMEvalues, &key);
	struct seen_event *seen = reserve(&NAMEevents, sizeof(*seen), 0);
	if (!seen)
		return 0;
	seen->pid = value ? value->pid : 0;
	discard(seen, 0);
	return 0;
}
"#;

/// The spec with these fields more.
fn spec(name: &str, value: &str, event: &str) -> String {
    SPEC.replace("NAME", name).replace("VALUE ", value).replace("EVENT ", event)
}

fn program(name: &str) -> String {
    PROGRAM.replace("NAME", name).replace("UPPER", &name.to_uppercase())
}

#[test]
fn what_was_loaded_from_the_same_spec_agrees() {
    if !can_load() {
        return;
    }
    let name = unique();
    let folder = Folder::new(&spec(&name, "", ""));
    let object = folder.load(&program(&name));
    let (values, events) = (id(&object, &format!("{name}values")), id(&object, &format!("{name}events")));
    let ran = folder.check(&[]);
    let expected = format!(
        "compared: `{name}values` (map id {values}), `{name}events` (map id {events})\n\
         2 types and 2 maps agree with the running kernel\n"
    );
    assert_eq!((ran.status, ran.out, ran.err.as_str()), (0, expected, ""));
    assert_eq!(folder.check(&["--format", "github"]).out, "");

    let (status, json) = folder.json(&[]);
    assert_eq!((status, &json["ok"], &json["not_in_object"]), (0, &true.into(), &serde_json::json!([])));
    let map = &json["live"]["maps"][0];
    assert_eq!((&map["name"], map["id"].to_string()), (&format!("{name}values").into(), values));
    assert_eq!(
        (&map["programs"], &map["pids"]),
        (&serde_json::json!(["uses"]), &serde_json::json!([std::process::id()]))
    );
    assert_eq!(json["live"]["not_loaded"], serde_json::json!([]));
}

#[test]
fn what_an_older_spec_has_loaded_is_named_field_by_field() {
    if !can_load() {
        return;
    }
    let name = unique();
    let older = Folder::new(&spec(&name, "", ""));
    let object = older.load(&program(&name));
    let gid = r#"{ name = "gid", type = "u32" }, "#;
    let newer = Folder::new(&spec(&name, gid, gid));
    let ran = newer.check(&[]);
    assert_eq!((ran.status, ran.err.as_str()), (1, ""));
    let values = id(&object, &format!("{name}values"));
    for expected in [
        "error[type-size]: `value` has 68 bytes in the running kernel, layouts.toml says 72 bytes",
        "error[missing-field]: `value.gid` is missing (`path` lies there) in the running kernel, layouts.toml says u32 at byte 4",
        "error[field-offset]: `value.path` starts at byte 4 in the running kernel, layouts.toml says byte 8",
        "error[field-offset]: `seen.pid` starts at byte 8 in the running kernel, layouts.toml says byte 12",
        "likewise 4 bytes earlier: uid",
        &format!(
            "error[map-value]: `{name}values.value` has 68 bytes in the running kernel, layouts.toml says 72 bytes"
        ),
        &format!("= note: in the kernel: map id {values} of "),
        &format!(" (pid {})", std::process::id()),
        "; 0 types and 1 map agree with the running kernel\n",
    ] {
        assert!(ran.out.contains(expected), "{expected} is not in\n{}", ran.out);
    }
    let ran = newer.check(&["--format", "github"]);
    let annotation = "title=field-offset::`value.path` starts at byte 4 in the running kernel, layouts.toml says byte 8 \
                      (the running kernel: BTF id ";
    assert!(ran.out.contains(annotation), "{}", ran.out);
}

#[test]
fn what_was_resized_at_load_is_told_and_no_difference() {
    if !can_load() {
        return;
    }
    let name = unique();
    let folder = Folder::new(&spec(&name, "", ""));
    let built = folder.compile(&program(&name));
    let object = load(&built, |map| {
        if map.name().to_string_lossy().ends_with("values") {
            map.set_max_entries(40).expect("not loaded yet");
        }
    });
    let values = id(&object, &format!("{name}values"));
    let ran = folder.check(&[]);
    let expected =
        format!("note: map `{name}values` was resized at load: 40 entries instead of 16 (map id {values} of ");
    assert!(ran.status == 0 && ran.out.starts_with(&expected), "{}{}", ran.out, ran.err);
    let (status, json) = folder.json(&[]);
    assert_eq!((status, &json["differences"]), (0, &serde_json::json!([])));
    let resized = &json["live"]["resized"][0];
    assert_eq!((&resized["expected"], &resized["found"]), (&16.into(), &40.into()));
    let ran = folder.check(&["--format", "github"]);
    assert!(ran.out.starts_with("::notice file=layouts.toml,line=10,col=6,title=map-resized::map `"), "{}", ran.out);

    // Built with another number is something else: the object is of another spec.
    let other = Folder::new(&spec(&name, "", "").replace("VALUES = 16", "VALUES = 32"));
    drop(object);
    let _object = folder.load(&program(&name));
    let ran = other.check(&[]);
    let expected =
        format!("error[map-max-entries]: `{name}values.max_entries` is 16 in the running kernel, layouts.toml says 32");
    assert!(ran.status == 1 && ran.out.contains(&expected), "{}", ran.out);
}
