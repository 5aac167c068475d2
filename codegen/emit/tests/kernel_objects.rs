//! Generated code as the kernel that runs judges it: it takes each map and program of each object that has nothing newer
//! than it, and refuses the others; what it took does there what it should. `cargo xtask kernels` runs this in other kernels,
//! with objects that were built before.

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::OnceLock,
};

use libbpf_rs::{MapCore as _, MapFlags, Object};
use support::{
    age::{Need, Version},
    bpf::{first_value, is_permitted, load, run_program, set_first_value, with_map},
    compact::{Case, RECORDS, stay_on_one_cpu},
    judge::{Verdict, is_due, judge},
    objects::{self, Built},
    rooms,
};

/// Every object. They are built once for all tests.
fn objects() -> &'static [Built] {
    static OBJECTS: OnceLock<Vec<Built>> = OnceLock::new();
    OBJECTS.get_or_init(|| objects::objects(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("objects")))
}

/// Those that this kernel has everything for, loaded, with what they are called.
fn due(wanted: impl Fn(&Built) -> bool) -> impl Iterator<Item = (&'static Built, String, Object)> {
    let kernel = Version::running();
    let found = objects().iter().filter(move |built| wanted(built) && is_due(&built.path, kernel));
    found.map(|built| (built, format!("{}, {}", built.source, built.compiler), load(&built.path)))
}

/// What became of the objects of one source.
#[derive(Default)]
struct Row {
    objects: usize,
    maps: usize,
    programs: usize,
    early: usize,
    lacking: BTreeSet<Need>,
    wrong: usize,
}

impl Row {
    fn add(&mut self, verdict: &Verdict) {
        self.objects += 1;
        self.maps += verdict.maps;
        self.programs += verdict.programs;
        self.early += verdict.early;
        self.lacking.extend(verdict.lacking.iter().cloned());
        self.wrong += verdict.wrong.len();
    }

    fn print(&self, name: &str) {
        let lacking: Vec<String> = self.lacking.iter().map(|need| format!("{} ({})", need.what, need.since)).collect();
        let Row { objects, maps, programs, early, wrong, .. } = self;
        println!("{name:<24} {objects:>5} {maps:>6} {programs:>8} {early:>6} {wrong:>6}  {}", lacking.join(", "));
    }
}

#[test]
fn kernel_takes_every_object_that_is_not_newer_than_it() {
    if !is_permitted() {
        return;
    }
    let kernel = Version::running();
    let (mut rows, mut all, mut wrong) = (BTreeMap::<&str, Row>::new(), Row::default(), Vec::new());
    for built in objects() {
        let verdict = judge(&built.path, kernel);
        rows.entry(&built.source).or_default().add(&verdict);
        all.add(&verdict);
        wrong.extend(verdict.wrong.iter().map(|what| format!("{}, {}: {what}", built.source, built.compiler)));
    }
    // The name of the test stands in this line.
    println!();
    println!(
        "judged by {kernel:<14} {:>5} {:>6} {:>8} {:>6} {:>6}  too old for",
        "objects", "maps", "programs", "early", "wrong"
    );
    rows.iter().for_each(|(name, row)| row.print(name));
    all.print("all");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn kernel_sends_compact_events_of_each_object() {
    if !is_permitted() {
        return;
    }
    stay_on_one_cpu();
    let mut sent = 0;
    for (built, _, object) in due(|built| built.compact().is_some()) {
        let mut case = Case::new(built.compact().expect("it was asked for"));
        sent += (0..RECORDS).map(|_| case.send(&object)).count();
    }
    let mut built_at_once = 0;
    for (_, place, object) in due(|built| built.source.starts_with("rooms")) {
        rooms::check(&object, &place);
        built_at_once += 1;
    }
    println!("\n{sent} compact events arrived as they should, and of {built_at_once} objects those of several rooms");
    assert!(sent > 0 && built_at_once > 0);
}

#[test]
fn kernel_interns_strings_of_each_object() {
    if !is_permitted() {
        return;
    }
    let mut strings = 0;
    for (_, place, object) in due(|built| built.source == "intern") {
        let first = ["/usr/bin/true", "/usr/bin/false", ""].map(|text| intern(&object, &place, text));
        assert!(first[0] != first[1] && first[1] != first[2] && first[2] != first[0], "{place}");
        let again = ["/usr/bin/true", "/usr/bin/false", ""].map(|text| intern(&object, &place, text));
        assert_eq!(first, again, "{place}");
        strings += first.len();
    }
    println!("\n{strings} strings interned, and found again");
    assert!(strings > 0);
}

/// The id of a string, which is the same wherever the program has it from, and under which it stands.
fn intern(object: &Object, place: &str, text: &str) -> u64 {
    let mut room = vec![b'x'; 8192];
    room[..text.len()].copy_from_slice(text.as_bytes());
    room[text.len()] = 0;
    set_first_value(object, "source", &room);
    // How it is read: from kernel memory, from ours, and so many bytes.
    let ids = [0, 1, 2].map(|how| {
        let arguments = [how, room.as_ptr().addr() as u64, text.len() as u64, 0];
        assert_eq!(run_program(object, "intern_path", &arguments), 0, "{place}");
        u64::from_ne_bytes(first_value(object, "results").try_into().expect("8 bytes"))
    });
    assert!(ids[0] != 0 && ids.iter().all(|id| *id == ids[0]), "{place}: {text:?} is {ids:?}");
    let entry = with_map(object, "path_strings", |map| map.lookup(&ids[0].to_ne_bytes(), MapFlags::ANY));
    // Behind when it was used last and its size.
    let entry = entry.expect("a lookup").expect("it is there");
    assert_eq!(entry[16..=16 + text.len()], room[..=text.len()], "{place}");
    ids[0]
}
