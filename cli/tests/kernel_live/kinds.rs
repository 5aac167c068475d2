//! Every kind of map that can be loaded: what loading makes of a map is no difference.

use std::{fs, path::Path};

use libbpf_rs::{Map, MapCore as _, Object};

use crate::{
    agent::{Folder, can_load},
    common::Ran,
};

/// The golden spec with a map of every kind, as a program that uses each of its types.
fn golden() -> (Folder, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/maps/layouts.toml");
    let text = fs::read_to_string(path).expect("the golden case");
    // libbpf would pin it where all others of its name are pinned.
    let text = text.replace("pinning = \"by_name\"\n", "");
    let maps = text.lines().filter_map(|line| line.strip_prefix("[map.")?.strip_suffix(']'));
    let define = |map: &str| format!("DEFINE_{}_MAP;\n", map.to_uppercase());
    let types = "struct seen_event uses_seen;\nstruct gone_event uses_gone;\n";
    let program = maps.map(define).collect::<String>() + types;
    (Folder::new(&text), program)
}

/// Uses those maps that the kernel is given no types of: whoever uses them has their definitions in its BTF.
const USES: &str = r#"
static long (*peek)(void *, void *) = (void *)89;
static long (*get_stackid)(void *, void *, unsigned long long) = (void *)27;
SEC("tracepoint") int uses(void *ctx)
{
	struct peer_value value = {};
	unsigned int key = 0;
	peek(&pending, &value);
	get_stackid(ctx, &stacks, 0);
	return lookup(&outer, &key) && lookup(&outer_array, &key);
}
"#;

/// `check --live` of all maps of an object.
fn check_all(folder: &Folder, object: &Object) -> Ran {
    let of_spec = |map: &Map<'_>| !map.name().to_string_lossy().contains('.');
    let ids = object.maps().filter(of_spec).map(|map| map.info().expect("it is loaded").info.id.to_string());
    let options: Vec<String> = ids.flat_map(|id| ["--map-id".into(), id]).collect();
    folder.check(&options.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn maps_of_every_kind_agree() {
    if !can_load() {
        return;
    }
    let (folder, program) = golden();
    let ran = check_all(&folder, &folder.load(&(program + USES)));
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{}", ran.out);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(
        matches!(lines[..], [compared, "5 types and 29 maps agree with the running kernel"]
        if compared.starts_with("compared: ")),
        "{}",
        ran.out
    );
}

#[test]
fn what_no_program_uses_is_unknown_where_its_types_are_not_loaded() {
    if !can_load() {
        return;
    }
    let (folder, program) = golden();
    let ran = check_all(&folder, &folder.load(&program));
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{}", ran.out);
    let unknown = ran.out.lines().filter_map(|line| line.strip_prefix("unknown: ")?.split_once(": "));
    let unknown: Vec<(&str, &str)> = unknown.collect();
    let (types, maps) = (
        "no BTF that is loaded has its types, so that only sizes could be compared",
        "no BTF that is loaded says what maps it holds",
    );
    assert_eq!(
        unknown,
        [("map `pending`", types), ("map `stacks`", types), ("map `outer`", maps), ("map `outer_array`", maps)]
    );
}

#[test]
fn maps_that_are_held_are_compared_by_their_definition() {
    if !can_load() {
        return;
    }
    let (folder, program) = golden();
    let object = folder.load(&(program + USES));
    let text = fs::read_to_string(folder.path().join("layouts.toml")).expect("the spec");
    let inner = "[map.inner]\ntype = \"array\"\nkey = \"u32\"\nvalue = \"u64\"";
    let other = Folder::new(&text.replace(inner, &inner.replace("u64", "u32")));
    let ran = check_all(&other, &object);
    for expected in
        ["`outer.inner.value` has 8 bytes", "`outer_array.inner.value` has 8 bytes", "`inner.value` has 8 bytes"]
    {
        assert!(ran.status == 1 && ran.out.contains(expected), "{expected} is not in\n{}", ran.out);
    }
}
