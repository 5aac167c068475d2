//! Dictionaries of interned strings: structs and maps like all others, which programs fill by functions.

use libbpf_rs::{MapCore as _, MapFlags, Object};

use crate::{
    agent::{Folder, can_load, id, unique},
    common::run,
};

const SPEC: &str = r#"spec = 1
[lengths]
BASE = 64
[intern.BASE]
max_entries = 16
[struct.value]
fields = [{ name = "pid", type = "u32" }, { name = "exe", type = "intern[BASE]" }]
[map.NAMEvalues]
type = "hash"
key = "u32"
value = "value"
max_entries = 16
"#;

const PROGRAM: &str = r#"
DEFINE_UPPERVALUES_MAP;
DEFINE_BASE_INTERN;
SEC("socket") int uses(void *ctx)
{
	unsigned int key = 0;
	struct value *value = lookup(&NAMEvalues, &key);
	char text[] = "/bin/true";
	if (value)
		value->exe = LOWER_intern_bytes(text, sizeof(text) - 1);
	return 0;
}
"#;

/// The names of a test: those of its maps begin with the first, its length is the second.
fn of(text: &str, name: &str, base: &str) -> String {
    let named = text.replace("NAME", name).replace("UPPERVALUES", &format!("{}VALUES", name.to_uppercase()));
    named.replace("BASE", base).replace("LOWER", &base.to_lowercase())
}

/// A name of its own, as that of maps and as that of a length.
fn names() -> (String, String) {
    let name = unique();
    // In C, digits and letters of a length's name stand apart.
    let (number, letter) = name.trim_end_matches('_').split_at(name.len() - 2);
    let base = format!("{number}_{letter}").to_uppercase();
    (name, base)
}

fn ids(object: &Object, name: &str, base: &str) -> Vec<String> {
    let base = base.to_lowercase();
    [format!("{name}values"), format!("{base}_strings"), format!("{base}_interning")]
        .iter()
        .map(|map| id(object, map))
        .collect()
}

#[test]
fn a_dictionary_agrees_and_its_ids_are_compared() {
    if !can_load() {
        return;
    }
    let (name, base) = names();
    let folder = Folder::new(&of(SPEC, &name, &base));
    let object = folder.load(&of(PROGRAM, &name, &base));
    let ran = folder.check(&[]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{}", ran.out);
    for id in ids(&object, &name, &base) {
        assert!(ran.out.contains(&format!("(map id {id})")), "{id} is not in {}", ran.out);
    }
    assert!(ran.out.ends_with("4 types and 3 maps agree with the running kernel\n"), "{}", ran.out);
}

#[test]
fn a_dictionary_of_another_length_is_told() {
    if !can_load() {
        return;
    }
    let (name, base) = names();
    let older = Folder::new(&of(SPEC, &name, &base));
    let _object = older.load(&of(PROGRAM, &name, &base));
    let newer = Folder::new(&of(SPEC, &name, &base).replace(" = 64", " = 128"));
    let ran = newer.check(&[]);
    assert_eq!((ran.status, ran.err.as_str()), (1, ""), "{}", ran.out);
    let base = base.to_lowercase();
    for expected in [
        format!("error[type-size]: `{base}_string` has 80 bytes in the running kernel, layouts.toml says 144 bytes"),
        format!(
            "error[map-value]: `{base}_strings.value` has 80 bytes in the running kernel, layouts.toml says 144 bytes"
        ),
        "2 types and 1 map agree with the running kernel\n".to_owned(),
    ] {
        assert!(ran.out.contains(&expected), "{expected} is not in\n{}", ran.out);
    }
    // Where strings are expected, ids are none.
    let strings = of(SPEC, &name, &base.to_uppercase()).replace("\"intern[", "\"str[");
    let ran = Folder::new(&strings).check(&[]);
    assert_eq!(ran.status, 1, "{}", ran.out);
    assert!(ran.out.contains("`value.exe`"), "{}", ran.out);
}

/// `audit` measures strings where they stand.
#[test]
fn strings_of_a_dictionary_are_measured() {
    if !can_load() {
        return;
    }
    let (name, base) = names();
    let folder = Folder::new(&of(SPEC, &name, &base));
    let object = folder.load(&of(PROGRAM, &name, &base));
    let map = |name: String| object.maps().find(|map| *map.name() == *name).expect("it is there");
    // An entry: when it was met, its size with the NUL, the text.
    let mut entry = vec![0; 80];
    entry[8] = 10;
    entry[16..25].copy_from_slice(b"/bin/true");
    map(format!("{}_strings", base.to_lowercase())).update(&7u64.to_ne_bytes(), &entry, MapFlags::ANY).expect("room");
    let ran = run(folder.path(), &["audit", "--spec", "layouts.toml", "--format", "json"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{}", ran.out);
    let json: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let maps = json["maps"].as_array().expect("maps");
    let strings = |name: &str| {
        let of_map = maps.iter().find(|map| map["map"] == name).unwrap_or_else(|| panic!("no {name} in {json}"));
        of_map["strings"].clone()
    };
    let base = base.to_lowercase();
    let text = serde_json::json!([{ "field": "value.text", "length": 64, "filled": 0, "lengths": { "10": 1 } }]);
    assert_eq!(strings(&format!("{base}_strings")), text);
    // What a CPU puts strings together in has no string of its own.
    assert_eq!(strings(&format!("{base}_interning")), serde_json::json!([]));
}
