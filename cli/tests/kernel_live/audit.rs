//! `audit` against maps that are filled with known values.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    process::Stdio,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::Instant,
};

use bpf_layout_live::{Map, MapOptions};
use libbpf_rs::{MapCore as _, MapFlags, MapHandle, MapType, Object, UserRingBuffer, libbpf_sys};
use serde_json::{Value, json};

use crate::{
    agent::{Folder, can_load, id, unique},
    common::{self, Ran, run},
    program, spec,
    which::{BpfFs, as_nobody, bare},
};

const HASH: u32 = 1;
const ARRAY: u32 = 2;
const PROG_ARRAY: u32 = 3;
const PERCPU_HASH: u32 = 5;
const PERCPU_ARRAY: u32 = 6;
const LRU_HASH: u32 = 9;
const LPM_TRIE: u32 = 11;
const ARRAY_OF_MAPS: u32 = 12;
const QUEUE: u32 = 22;
const RINGBUF: u32 = 27;

fn audit(folder: &Folder, options: &[&str]) -> Ran {
    run(folder.path(), &[&["audit"], options].concat())
}

fn json_of(folder: &Folder, options: &[&str]) -> Value {
    let ran = audit(folder, &[options, &["--format", "json"]].concat());
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.out))
}

/// The only map of an audit of these maps.
fn only(folder: &Folder, options: &[&str]) -> Value {
    let found = json_of(folder, options);
    assert_eq!(found["maps"].as_array().map(Vec::len), Some(1), "{found}");
    found["maps"][0].clone()
}

fn of(map: &Map) -> Value {
    only(&Folder::new(""), &["--map-id", &map.info().id.to_string()])
}

/// The map `values` of [`spec`].
fn values(object: &Object) -> libbpf_rs::Map<'_> {
    object.maps().find(|map| map.name().to_string_lossy().ends_with("values")).expect("it is defined")
}

/// Puts a value with a path of `length` letters into it.
fn put(object: &Object, key: u32, length: usize) {
    let map = values(object);
    let mut value = vec![0; map.value_size() as usize];
    let path = value.len() - 64;
    value[path..path + length].fill(b'x');
    map.update(&key.to_ne_bytes(), &value, MapFlags::ANY).expect("there is room");
}

#[test]
fn percentiles_of_known_values_are_exact() {
    if !can_load() {
        return;
    }
    let name = unique();
    // Nothing but the map has the length.
    let folder = Folder::new(&spec(&name, "", ""));
    let object = folder.load(&program(&name));
    (1..=10).for_each(|number| put(&object, number, number as usize));
    let found = json_of(&folder, &["--spec", "layouts.toml"]);
    let values =
        &found["maps"].as_array().expect("maps").iter().find(|map| map["type"] == "hash").expect("it is loaded");
    assert_eq!(values["map"], json!(format!("{name}values")));
    assert_eq!(values["in_use"], json!({ "last": 10, "peak": 10, "samples": 1, "complete": true }));
    assert_eq!((&values["memlock"], &values["skipped"]), (&values["predicted"], &Value::Null));
    let lengths: serde_json::Map<_, _> = (2..=11).map(|used: u64| (used.to_string(), json!(1))).collect();
    assert_eq!(values["strings"], json!([{ "field": "value.path", "length": 64, "filled": 0, "lengths": lengths }]));
    let path = &found["proposals"][0];
    assert_eq!((&path["name"], &path["from"], &path["to"]), (&json!("PATH"), &json!(64), &json!(16)));
    assert_eq!((&path["truncated"], &path["unseen"]), (&json!(0), &json!([])));

    // Values without an end, and with room for nothing but it, may have been cut.
    put(&object, 11, 64);
    put(&object, 12, 63);
    let ran = audit(&folder, &["--spec", "layouts.toml", "--map-id", &id(&object, &format!("{name}values"))]);
    let strings = format!("{name}values value.path     64      12    7   64   64     64    64       2\n");
    let note = "note: PATH: 2 of 12 values (16.7 %) fill it, and may have been cut\n";
    assert!(ran.out.contains(&strings) && ran.out.contains(note), "{}", ran.out);
    (13..=16).for_each(|number| put(&object, number, 1));
    let ran = audit(&folder, &["--spec", "layouts.toml"]);
    assert!(
        ran.out.contains(&format!("note: map `{name}values` was full: at every new entry, updates fail\n")),
        "{}",
        ran.out
    );
}

#[test]
fn another_layout_is_not_read() {
    if !can_load() {
        return;
    }
    let name = unique();
    let older = Folder::new(&spec(&name, "", ""));
    let object = older.load(&program(&name));
    put(&object, 1, 5);
    let values = id(&object, &format!("{name}values"));
    let newer = Folder::new(&spec(&name, r#"{ name = "gid", type = "u32" }, "#, ""));
    let found = only(&newer, &["--spec", "layouts.toml", "--map-id", &values]);
    assert_eq!((&found["strings"], &found["in_use"]["last"]), (&json!([]), &json!(1)));
    let why = found["skipped"].as_str().expect("a reason");
    assert!(why.contains(" in the running kernel, layouts.toml says ") && why.contains("`value"), "{why}");

    // An event that changed has nothing to do with the strings of the map.
    let newer = Folder::new(&spec(&name, "", r#"{ name = "gid", type = "u32" }, "#));
    let found = only(&newer, &["--spec", "layouts.toml", "--map-id", &values]);
    assert_eq!((&found["strings"][0]["lengths"], &found["skipped"]), (&json!({ "6": 1 }), &Value::Null));

    // The right sizes prove nothing.
    let other = unique();
    let folder = Folder::new(&spec(&other, "", ""));
    let untyped = bare(&format!("{other}values"), HASH, 4, 68, 16);
    let found = only(&folder, &["--spec", "layouts.toml", "--map-id", &untyped.info().id.to_string()]);
    let why = json!("no BTF that is loaded has its types, so that only sizes could be compared");
    assert_eq!((&found["strings"], &found["skipped"]), (&json!([]), &why));
}

/// Keys in use of a map, and that the prediction holds.
fn in_use(map: &Map) -> Value {
    let found = of(map);
    assert_eq!(found["memlock"], found["predicted"], "{found}");
    assert!(found["real"].as_u64() > Some(0), "{found}");
    found["in_use"]["last"].clone()
}

fn fill(map: &Map, count: u32) {
    let elements = map.elements().expect("a known type");
    for number in 0..count {
        let key = match map.info().kind {
            LPM_TRIE => [32_u32.to_ne_bytes(), number.to_be_bytes()].concat(),
            QUEUE => Vec::new(),
            _ => number.to_ne_bytes().to_vec(),
        };
        elements.update(&key, &vec![1; elements.value_len()]).expect("there is room");
    }
}

#[test]
fn entries_in_use_of_every_kind_of_map() {
    if !can_load() {
        return;
    }
    for (kind, key, value, count) in [
        (HASH, 4, 8, 70),
        (PERCPU_HASH, 4, 12, 70),
        (LRU_HASH, 4, 8, 70),
        (LPM_TRIE, 8, 8, 70),
        (ARRAY, 4, 8, 33),
        (PERCPU_ARRAY, 4, 12, 33),
    ] {
        let flags = u32::from(kind == LPM_TRIE);
        let options = MapOptions {
            kind,
            key_size: key,
            value_size: value,
            max_entries: 100,
            map_flags: flags,
            ..Default::default()
        };
        let map = Map::create(&options).expect("these are old types");
        assert_eq!(in_use(&map), json!(0), "type {kind}");
        fill(&map, count);
        assert_eq!(in_use(&map), json!(count), "type {kind}");
        assert_eq!(in_use(&map), json!(count), "type {kind}: looking changes nothing");
    }
    let inner = bare("inner", ARRAY, 4, 4, 1);
    let options = MapOptions {
        kind: ARRAY_OF_MAPS,
        key_size: 4,
        value_size: 4,
        max_entries: 8,
        inner: Some(&inner),
        ..Default::default()
    };
    let outer = Map::create(&options).expect("an inner map is given");
    assert_eq!(in_use(&outer), json!(0), "no slot is taken");
    assert_eq!(in_use(&bare("programs", PROG_ARRAY, 4, 4, 8)), json!(0));
    assert_eq!(in_use(&bare("ring", RINGBUF, 0, 0, 4096)), json!(0));
    let options = libbpf_sys::bpf_map_create_opts {
        sz: size_of::<libbpf_sys::bpf_map_create_opts>() as u64,
        ..Default::default()
    };
    let ring = MapHandle::create(MapType::UserRingBuf, Some("ring"), 0, 0, 4096, &options).expect("since Linux 6.1");
    let writer = UserRingBuffer::new(&ring).expect("its pages can be mapped");
    writer.submit(writer.reserve(100).expect("there is room")).expect("it was reserved here");
    let found = of(&Map::from_id(ring.info().expect("it is loaded").info.id).expect("it is loaded"));
    // A header of 8 bytes, and all of it at a multiple of 8.
    assert_eq!(found["in_use"]["last"], json!(8 + 104), "{found}");
    let queue = bare("queue", QUEUE, 0, 8, 8);
    fill(&queue, 3);
    assert_eq!(in_use(&queue), Value::Null, "the kernel shows the next one only");
    assert!(queue.elements().expect("known").lookup(&[]).expect("peeked").is_some(), "and it is still there");
}

#[test]
fn looking_does_not_change_what_is_evicted() {
    if !can_load() {
        return;
    }
    let map = bare("lru", LRU_HASH, 4, 8, 1000);
    fill(&map, 5000);
    let present = || -> Vec<Vec<u8>> {
        let mut keys: Vec<_> = map.elements().expect("known").keys().map(|key| key.expect("a key")).collect();
        keys.sort();
        keys
    };
    let before = present();
    let found = in_use(&map);
    assert_eq!((found, present()), (json!(before.len()), before));
}

#[test]
fn a_million_entries_are_counted_in_time() {
    if !can_load() {
        return;
    }
    const ENTRIES: u32 = 1_000_000;
    let map = bare("million", HASH, 4, 8, ENTRIES);
    fill(&map, ENTRIES);
    let id = map.info().id.to_string();
    let folder = Folder::new("");
    let began = Instant::now();
    let found = only(&folder, &["--map-id", &id, "--time-limit", "60"]);
    println!("{ENTRIES} entries counted in {} ms", began.elapsed().as_millis());
    assert_eq!(found["in_use"], json!({ "last": ENTRIES, "peak": ENTRIES, "samples": 1, "complete": true }));
    let found = only(&folder, &["--map-id", &id, "--time-limit", "0.01"]);
    assert_eq!(found["in_use"]["complete"], json!(false), "{found}");
    let counted = found["in_use"]["last"].as_u64().expect("a number");
    assert!((1..u64::from(ENTRIES)).contains(&counted), "{counted}");
    let ran = audit(&folder, &["--map-id", &id, "--time-limit", "0.01"]);
    assert!(ran.out.contains("≥: not everything could be counted in time"), "{}", ran.out);
}

/// Fills the map of [`spec`] with paths of 64 bytes, `of_thousand` times each of these numbers of bytes in use.
fn fill_paths(object: &Object, entries: u32, of_thousand: &[(usize, usize)]) {
    let map = values(object);
    let mut thousand = Vec::new();
    for (used, count) in of_thousand {
        // What lies behind the end of a path is no part of it, whatever it is.
        let mut value = vec![b'x'; map.value_size() as usize];
        let path = value.len() - 64;
        if *used < 64 {
            value[path + used - 1] = 0;
        }
        thousand.extend(value.repeat(*count));
    }
    for first in (0..entries).step_by(1000) {
        let keys: Vec<u8> = (first..first + 1000).flat_map(u32::to_ne_bytes).collect();
        map.update_batch(&keys, &thousand, 1000, MapFlags::ANY, MapFlags::ANY).expect("there is room");
    }
}

/// Percentiles lie where one value more or less would move them.
#[test]
fn strings_of_a_million_entries_are_measured_in_time() {
    if !can_load() {
        return;
    }
    const ENTRIES: u32 = 1_000_000;
    let name = unique();
    let folder = Folder::new(&spec(&name, "", "").replace("VALUES = 16", &format!("VALUES = {ENTRIES}")));
    let object = folder.load(&program(&name));
    fill_paths(&object, ENTRIES, &[(8, 500), (16, 400), (24, 90), (40, 9), (64, 1)]);
    let of_values = ["--spec", "layouts.toml", "--map-id", &id(&object, &format!("{name}values"))];
    let began = Instant::now();
    let ran = audit(&folder, &[&of_values[..], &["--time-limit", "60", "--format", "json"]].concat());
    println!("strings of {ENTRIES} entries measured in {} ms", began.elapsed().as_millis());
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    fs::write(folder.path().join("a.json"), &ran.out).expect("writable");
    let found: Value = serde_json::from_str(&ran.out).expect("JSON");
    let values = &found["maps"][0];
    assert_eq!(values["in_use"], json!({ "last": ENTRIES, "peak": ENTRIES, "samples": 1, "complete": true }));
    let lengths = json!({ "8": 500_000, "16": 400_000, "24": 90_000, "40": 9_000, "64": 1_000 });
    let path = json!({ "field": "value.path", "length": 64, "filled": 1_000, "lengths": lengths });
    assert_eq!((&values["strings"], &values["skipped"]), (&json!([path]), &Value::Null));

    // The table of what was measured, without measuring it again.
    let ran = audit(&folder, &["--spec", "layouts.toml", "--merge", "a.json"]);
    let strings = format!("{name}values value.path     64  1,000,000    8   16   24     40    64   1,000\n");
    assert!(ran.status == 0 && ran.out.contains(&strings), "{}{}", ran.out, ran.err);

    // What was not counted in time is told, and its strings are those of what was.
    let found = only(&folder, &[&of_values[..], &["--time-limit", "0.01"]].concat());
    let counted = found["in_use"]["last"].as_u64().expect("a number");
    let lengths = found["strings"][0]["lengths"].as_object().expect("lengths");
    assert_eq!(lengths.values().map(|count| count.as_u64().expect("a number")).sum::<u64>(), counted, "{found}");
    assert!(found["in_use"]["complete"] == json!(false) && (1..u64::from(ENTRIES)).contains(&counted), "{found}");
}

/// Programs that put in and take out while it counts neither hold it up nor make it count what cannot be.
#[test]
fn maps_that_never_rest_are_counted_in_time() {
    if !can_load() {
        return;
    }
    const ROOM: u32 = 20_000;
    for (kind, key) in [(HASH, 4), (LRU_HASH, 4), (LPM_TRIE, 8)] {
        let flags = u32::from(kind == LPM_TRIE);
        let options = MapOptions {
            kind,
            key_size: key,
            value_size: 8,
            max_entries: ROOM,
            map_flags: flags,
            ..Default::default()
        };
        let map = Map::create(&options).expect("these are old types");
        fill(&map, ROOM / 2);
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| churn(&map, &stop));
            let began = Instant::now();
            let found = of(&map);
            stop.store(true, Relaxed);
            let in_use = &found["in_use"];
            let counted = in_use["peak"].as_u64().expect("it is counted");
            assert!(counted > 0 && counted <= ROOM.into(), "type {kind}: {found}");
            assert!(began.elapsed().as_secs() < 30, "type {kind}: {:?}", began.elapsed());
        });
    }
}

/// Puts in and takes out whatever there is room for.
fn churn(map: &Map, stop: &AtomicBool) {
    let elements = map.elements().expect("a known type");
    let value = vec![1; elements.value_len()];
    for number in (0_u32..).step_by(7) {
        if stop.load(Relaxed) {
            return;
        }
        let number = number % map.info().max_entries;
        let key = match map.info().kind {
            LPM_TRIE => [32_u32.to_ne_bytes(), number.to_be_bytes()].concat(),
            _ => number.to_ne_bytes().to_vec(),
        };
        match elements.delete(&key) {
            Ok(true) => {}
            // Its elements are allocated as they come, and there may be none for a moment.
            _ => elements.update(&key, &value).unwrap_or_default(),
        }
    }
}

#[test]
fn a_map_changes_and_vanishes_under_it() {
    if !can_load() {
        return;
    }
    let (folder, map) = (Folder::new(""), bare(&unique(), HASH, 4, 8, 100));
    let id = map.info().id.to_string();
    fill(&map, 7);
    let arguments = ["audit", "--map-id", &id, "--watch", "0.05", "--format", "json"];
    let mut child = common::command(folder.path(), &arguments).stdout(Stdio::piped()).spawn().expect("it runs");
    let out = BufReader::new(child.stdout.take().expect("it is a pipe"));
    let mut rounds =
        out.lines().map(|line| serde_json::from_str::<Value>(&line.expect("text")).expect("a document a line"));
    let mut until = |is: &dyn Fn(&Value) -> bool| rounds.by_ref().take(1000).find(|round| is(&round["maps"])).is_some();
    assert!(until(&|maps| maps[0]["in_use"]["last"] == 7));
    fill(&map, 50);
    assert!(until(&|maps| maps[0]["in_use"]["last"] == 50));
    let removed = map.elements().expect("known").delete(&3_u32.to_ne_bytes()).expect("it may be written");
    assert!(removed && until(&|maps| maps[0]["in_use"]["last"] == 49));
    drop(map);
    assert!(until(&|maps| maps.as_array().is_some_and(Vec::is_empty)));
    child.kill().expect("it still runs");
    child.wait().expect("it ran");
}

#[test]
fn rounds_are_added_up() {
    if !can_load() {
        return;
    }
    let (folder, map) = (Folder::new(""), bare(&unique(), HASH, 4, 8, 100));
    fill(&map, 7);
    let id = map.info().id.to_string();
    let ran = audit(&folder, &["--map-id", &id, "--watch", "0.01", "--rounds", "3"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    let rounds: Vec<&str> = ran.out.split("kernel ").skip(1).collect();
    assert!(rounds.len() == 3 && rounds[2].contains(", 3 runs\n") && !ran.out.contains('\u{1b}'), "{}", ran.out);
    let ran = audit(&folder, &["--map-id", &id, "--watch", "0.01", "--rounds", "3", "--format", "json"]);
    fs::write(folder.path().join("a.json"), &ran.out).expect("writable");
    let found = only(&folder, &["--merge", "a.json"]);
    assert_eq!(found["in_use"], json!({ "last": null, "peak": 7, "samples": 3, "complete": true }));
}

#[test]
fn who_may_not_look_is_told_and_who_may_read_a_pin_sees_it() {
    if !can_load() {
        return;
    }
    let folder = Folder::new("");
    let ran = as_nobody(&folder, &["audit"]);
    let expected = "error: cannot audit what is loaded: BPF_MAP_GET_NEXT_ID: Operation not permitted";
    assert!(
        ran.status == 2 && ran.err.starts_with(expected) && ran.err.contains("= help: run it as root"),
        "{}",
        ran.err
    );
    assert_eq!(ran.out, "");

    let (map, bpffs) = (bare("pinned", HASH, 4, 8, 100), BpfFs::new());
    fill(&map, 7);
    let path = bpffs.0.path().join("values");
    map.pin(&path).expect("a free path");
    for (path, mode) in [(bpffs.0.path(), 0o755), (&path, 0o444)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    }
    let ran = as_nobody(&folder, &["audit", "--pin", &path.display().to_string(), "--format", "json"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    let found: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(found["maps"][0]["in_use"]["last"], json!(7), "{found}");

    let absent = Folder::new(&spec(&unique(), "", ""));
    let id = map.info().id.to_string();
    for options in [&["--spec", "layouts.toml"][..], &["--spec", "layouts.toml", "--map-id", &id]] {
        let ran = audit(&absent, options);
        let expected = "error: none of the spec's maps is loaded, or among those that were named\n  = help: ";
        assert!(ran.status == 2 && ran.err.starts_with(expected), "{}{}", ran.out, ran.err);
    }
    let last = i32::MAX.to_string();
    let ran = audit(&folder, &["--map-id", &last]);
    assert!(ran.status == 2 && ran.err.contains(&format!("on map id {last}: No such file")), "{}", ran.err);
}
