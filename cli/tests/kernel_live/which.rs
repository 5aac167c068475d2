//! Which maps are compared, and what is said when there are none.

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use bpf_layout_live::{Map, MapOptions};
use tempfile::TempDir;

use crate::{
    agent::{Folder, can_load, id, unique},
    common::{COMMAND, Ran},
    program, spec,
};

const HASH: u32 = 1;
const ARRAY: u32 = 2;
const RINGBUF: u32 = 27;

/// A map by itself, without BTF, as loaders other than libbpf may have it.
pub(crate) fn bare(name: &str, kind: u32, key_size: u32, value_size: u32, max_entries: u32) -> Map {
    let options = MapOptions { name, kind, key_size, value_size, max_entries, ..MapOptions::default() };
    Map::create(&options).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A BPF file system of its own, until it is dropped.
pub(crate) struct BpfFs(pub(crate) TempDir);

impl BpfFs {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let mounted = Command::new("mount").args(["-t", "bpf", "bpf"]).arg(folder.path()).status().expect("mount runs");
        assert!(mounted.success(), "a BPF file system can be mounted where maps can be created");
        BpfFs(folder)
    }
}

impl Drop for BpfFs {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.0.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "{} stays mounted", self.0.path().display());
    }
}

#[test]
fn several_maps_of_one_name_are_compared_each() {
    if !can_load() {
        return;
    }
    let name = unique();
    let gid = r#"{ name = "gid", type = "u32" }, "#;
    let (older, newer) = (Folder::new(&spec(&name, "", "")), Folder::new(&spec(&name, gid, gid)));
    let (old, new) = (older.load(&program(&name)), newer.load(&program(&name)));
    let map = format!("{name}values");
    let (status, json) = newer.json(&[]);
    assert_eq!((status, json["live"]["maps"].as_array().map(Vec::len)), (1, Some(4)));
    let places: Vec<&str> = json["differences"]
        .as_array()
        .expect("differences")
        .iter()
        .filter(|found| found["code"] == "map-value")
        .map(|found| found["where"].as_str().expect("a place"))
        .collect();
    assert!(places.len() == 1 && places[0].contains(&format!("map id {} of ", id(&old, &map))), "{places:?}");
    let ran = newer.check(&["--map-id", &id(&new, &map)]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    assert!(ran.out.ends_with("2 types and 1 map agree with the running kernel\n"), "{}", ran.out);
    assert_eq!(newer.check(&["--map-id", &id(&old, &map)]).status, 1);
}

/// The kernel frees what nobody holds any more a moment later.
fn wait_until_gone(map: u32) {
    let began = Instant::now();
    while Map::from_id(map).is_ok() {
        assert!(began.elapsed() < Duration::from_secs(30), "map {map} stays");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_pinned_map_needs_no_process() {
    if !can_load() {
        return;
    }
    let (name, bpffs) = (unique(), BpfFs::new());
    let older = Folder::new(&spec(&name, "", ""));
    let mut object = older.load(&program(&name));
    let path = bpffs.0.path().join("agent_values");
    for mut map in object.maps_mut().filter(|map| libbpf_rs::MapCore::name(map).to_string_lossy().ends_with("values")) {
        map.pin(&path).expect("a free path");
    }
    let events = id(&object, &format!("{name}events")).parse().expect("a number");
    drop(object);
    wait_until_gone(events);
    let path = path.display().to_string();
    let newer = Folder::new(&spec(&name, r#"{ name = "gid", type = "u32" }, "#, ""));
    for options in [&["--pin", &path][..], &[]] {
        let ran = newer.check(options);
        let moved =
            "error[field-offset]: `value.path` starts at byte 4 in the running kernel, layouts.toml says byte 8";
        assert!(ran.status == 1 && ran.out.contains(moved), "{}{}", ran.out, ran.err);
        assert!(ran.out.contains(&format!(", pinned at {path}\n")), "{}", ran.out);
        assert_eq!(ran.out.contains(&format!("not loaded: `{name}events`")), options.is_empty(), "{}", ran.out);
    }
    assert_eq!(older.check(&["--pin", &path]).status, 0);
}

#[test]
fn without_btf_sizes_are_compared_and_the_rest_is_unknown() {
    if !can_load() {
        return;
    }
    let name = unique();
    let folder = Folder::new(&spec(&name, "", ""));
    let right = bare(&format!("{name}values"), HASH, 4, 68, 16);
    let ring = bare(&format!("{name}events"), RINGBUF, 0, 0, 4096);
    let ran = folder.check(&[]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    for expected in [
        format!(
            "unknown: map `{name}values`: no BTF that is loaded has its types, so that only sizes could be compared\n"
        ),
        "unknown: `seen`: no program that uses its map has it in its BTF\n".to_owned(),
        "0 types and 1 map agree with the running kernel\n".to_owned(),
    ] {
        assert!(ran.out.contains(&expected), "{expected} is not in\n{}", ran.out);
    }
    drop((right, ring));
    let _wrong = bare(&format!("{name}values"), HASH, 8, 72, 16);
    let ran = folder.check(&[]);
    for (part, found, expected) in [("key", 8, 4), ("value", 72, 68)] {
        let line = format!(
            "error[map-{part}]: `{name}values.{part}` has {found} bytes in the running kernel, layouts.toml says {expected} bytes"
        );
        assert!(ran.status == 1 && ran.out.contains(&line), "{line} is not in\n{}", ran.out);
    }
}

#[test]
fn names_that_the_kernel_cuts_are_told_apart_where_they_can_be() {
    if !can_load() {
        return;
    }
    let name = format!("{}as_long_as_it_gets", unique());
    let map = |last: &str, value: &str| {
        format!("[map.{name}_{last}]\ntype = \"array\"\nkey = \"u32\"\nvalue = \"{value}\"\nmax_entries = 4\n")
    };
    let text = format!(
        "spec = 1\n[struct.one]\nfields = [{{ name = \"a\", type = \"u32\" }}]\n{}{}",
        map("first", "one"),
        map("second", "u64")
    );
    let folder = Folder::new(&text);
    let upper = name.to_uppercase();
    let _object = folder.load(&format!("DEFINE_{upper}_FIRST_MAP;\nDEFINE_{upper}_SECOND_MAP;\n"));
    let ran = folder.check(&[]);
    assert!(
        ran.status == 0 && ran.out.ends_with("1 type and 2 maps agree with the running kernel\n"),
        "{}{}",
        ran.out,
        ran.err
    );

    let _bare = bare(&name, ARRAY, 4, 4, 4);
    let ran = folder.check(&[]);
    let expected = format!(": the kernel cuts names, and calls `{name}_first` and `{name}_second` the same\n");
    assert!(ran.status == 0 && ran.out.contains(&expected), "{}{}", ran.out, ran.err);
}

#[test]
fn ten_thousand_maps_of_others_take_no_long_time() {
    if !can_load() {
        return;
    }
    const OTHERS: u32 = 10_000;
    let (name, bpffs) = (unique(), BpfFs::new());
    for number in 0..OTHERS {
        let map = bare("somebody_elses", ARRAY, 4, 4, 1);
        map.pin(&bpffs.0.path().join(number.to_string())).expect("a free path");
    }
    let folder = Folder::new(&spec(&name, "", ""));
    let _object = folder.load(&program(&name));
    let began = Instant::now();
    let ran = folder.check(&[]);
    println!("{} ms with {OTHERS} maps of others, all of them pinned", began.elapsed().as_millis());
    assert!(ran.status == 0 && ran.out.ends_with("2 types and 2 maps agree with the running kernel\n"), "{}", ran.err);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

/// The command's error, which must be one of status 2.
fn refused(ran: &Ran) -> &str {
    assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{}", ran.err);
    &ran.err
}

#[test]
fn what_cannot_be_compared_is_status_2_and_says_why() {
    if !can_load() {
        return;
    }
    let name = unique();
    let folder = Folder::new(&spec(&name, "", ""));
    let ran = folder.check(&[]);
    let expected = format!(
        "error: none of the spec's maps is loaded: `{name}values`, `{name}events`\n  = help: start the program"
    );
    assert!(refused(&ran).starts_with(&expected), "{}", ran.err);

    let last = i32::MAX.to_string();
    let ran = folder.check(&["--map-id", &last]);
    assert!(refused(&ran).contains(&format!("BPF_MAP_GET_FD_BY_ID on map id {last}: No such file")), "{}", ran.err);
    let ran = folder.check(&["--pin", "/sys/fs/bpf/there/is/none"]);
    assert!(refused(&ran).contains("BPF_OBJ_GET on /sys/fs/bpf/there/is/none: No such file"), "{}", ran.err);

    let other = bare("somebody_elses", HASH, 4, 4, 4);
    let other_id = other.info().id.to_string();
    let ran = folder.check(&["--map-id", &other_id]);
    let expected = format!("error: map id {other_id} is called `somebody_elses`, and the spec has no map of that name");
    assert!(refused(&ran).starts_with(&expected), "{}", ran.err);

    let ran = crate::common::run(folder.path(), &["check", "--map-id", "1"]);
    assert!(refused(&ran).contains("--live"), "{}", ran.err);
    let empty = Folder::new("spec = 1\n[struct.a]\nfields = [{ name = \"b\", type = \"u32\" }]\n");
    assert!(refused(&empty.check(&[])).starts_with("error: the spec has no maps"));
}

/// `check --live` as [`as_nobody`].
fn check_as_nobody(folder: &Folder, options: &[&str]) -> Ran {
    as_nobody(folder, &[&["check", "--live"], options].concat())
}

/// The command as a user without any capability, in a folder that everybody may read.
pub(crate) fn as_nobody(folder: &Folder, arguments: &[&str]) -> Ran {
    const NOBODY: u32 = 65_534;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
    // The command itself may be where only root looks. Another process copies it: a child that another test starts meanwhile
    // would inherit a descriptor of ours that writes to it, and the kernel runs no file that somebody writes to.
    let copy = folder.path().join("command");
    assert!(Command::new("cp").args([Path::new(COMMAND), &copy]).status().expect("cp runs").success());
    let mut command = Command::new(&copy);
    command.args(arguments).current_dir(folder.path()).uid(NOBODY).gid(NOBODY);
    command.output().expect("it runs").into()
}

#[test]
fn who_may_not_look_is_told_what_it_takes() {
    if !can_load() {
        return;
    }
    let folder = Folder::new(&spec(&unique(), "", ""));
    let ran = check_as_nobody(&folder, &[]);
    let expected = "error: cannot check what is loaded: BPF_MAP_GET_NEXT_ID: Operation not permitted";
    assert!(refused(&ran).starts_with(expected), "{}", ran.err);
    assert!(ran.err.contains("= help: run it as root"), "{}", ran.err);
}

#[test]
fn who_may_read_a_pin_gets_as_far_as_sizes() {
    if !can_load() {
        return;
    }
    let (name, bpffs) = (unique(), BpfFs::new());
    let folder = Folder::new(&spec(&name, "", ""));
    let mut object = folder.load(&program(&name));
    let path = bpffs.0.path().join("values");
    for mut map in object.maps_mut().filter(|map| libbpf_rs::MapCore::name(map).to_string_lossy().ends_with("values")) {
        map.pin(&path).expect("a free path");
    }
    for (path, mode) in [(bpffs.0.path(), 0o755), (&path, 0o444)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    }
    let path = path.display().to_string();
    let ran = check_as_nobody(&folder, &["--pin", &path]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    for expected in [
        format!(
            "unknown: map `{name}values`: no BTF that is loaded has its types, so that only sizes could be compared\n"
        ),
        ": BPF_BTF_GET_FD_BY_ID on BTF id ".into(),
        ": Operation not permitted (os error 1)\n".into(),
    ] {
        assert!(ran.out.contains(&expected), "{expected} is not in\n{}", ran.out);
    }
    let other = Folder::new(&spec(&name, r#"{ name = "gid", type = "u32" }, "#, ""));
    let ran = check_as_nobody(&other, &["--pin", &path]);
    let expected =
        format!("error[map-value]: `{name}values.value` has 68 bytes in the running kernel, layouts.toml says 72");
    assert!(ran.status == 1 && ran.out.contains(&expected), "{}{}", ran.out, ran.err);
}
