//! Dictionaries of interned strings, on the kernel that runs.

#[path = "support/object.rs"]
mod object;
mod support;

use std::{
    collections::{HashMap, HashSet},
    sync::OnceLock,
    thread,
    time::Duration,
};

use bpf_layout::{
    InternCounts, InternMap, Ktime, Layout as _, Map,
    libbpf::{
        Dictionary, InternText, TypedMap, intern_counts,
        libbpf_rs::{MapCore as _, MapFlags, Object, ObjectBuilder, ProgramInput},
    },
};
use support::kernel;

bpf_layout::include_layouts!("tests/intern/layouts.toml");

/// Makes the strings of a dictionary collide: their hashes are all 0 or 1.
const COLLIDING: &str = "-DBPF_LAYOUT_INTERN_HASH_BITS=1";

/// Where a program has the string from.
#[derive(Clone, Copy, Debug, PartialEq)]
enum From {
    Kernel,
    User,
    Bytes,
}

const ALL: [From; 3] = [From::Kernel, From::User, From::Bytes];

/// A loaded program that interns.
struct Bench {
    object: Object,
}

impl Bench {
    /// With the programs of these dictionaries: those of long strings take the verifier a while.
    fn open(arguments: &[&str], dictionaries: &[&str]) -> Option<Self> {
        if !kernel() || !object::clang() {
            return None;
        }
        static PLAIN: OnceLock<Vec<u8>> = OnceLock::new();
        static WEAK: OnceLock<Vec<u8>> = OnceLock::new();
        let built = if arguments.is_empty() { &PLAIN } else { &WEAK };
        let build = || object::compile("intern/layouts.toml", "intern/program.bpf.c", arguments);
        let mut open = ObjectBuilder::default().open_memory(built.get_or_init(build)).expect("an object");
        for mut program in open.progs_mut() {
            let name = program.name().to_string_lossy().into_owned();
            program.set_autoload(dictionaries.iter().any(|dictionary| name == format!("intern_{dictionary}")));
        }
        Some(Bench { object: open.load().expect("the verifier takes every function") })
    }

    fn map<M: Map>(&self) -> TypedMap<M> {
        TypedMap::new(object::handle(&self.object, M::NAME)).expect("it is the map of the spec")
    }

    fn dictionary<D: InternMap>(&self) -> Dictionary<D> {
        Dictionary::new(self.map::<D>())
    }

    fn counts<D: InternMap>(&self) -> InternCounts {
        intern_counts::<D>(&self.map::<D::Interning>()).expect("the kernel answers")
    }

    /// Runs a program: how, an address, a length.
    fn run(&self, dictionary: &str, arguments: [u64; 3]) -> u64 {
        let name = format!("intern_{dictionary}");
        let program =
            self.object.progs_mut().find(|program| program.name() == name.as_str()).expect("the object has it");
        let mut context: Vec<u8> = arguments.iter().flat_map(|argument| argument.to_ne_bytes()).collect();
        let input = ProgramInput { context_in: Some(&mut context), ..ProgramInput::default() };
        let result = program.test_run(input).expect("the program runs").return_value;
        assert_eq!(result, 0, "2: an id that was given is not there");
        let id = object::handle(&self.object, "results")
            .lookup(&0u32.to_ne_bytes(), MapFlags::ANY)
            .expect("a lookup")
            .expect("an entry");
        u64::from_ne_bytes(id.try_into().expect("8 bytes"))
    }

    /// The id that a program gives to a string.
    fn intern(&self, dictionary: &str, from: From, text: &[u8]) -> u64 {
        let mut room = vec![b'x'; 8192];
        room[..text.len()].copy_from_slice(text);
        room[text.len()] = 0;
        object::handle(&self.object, "source").update(&0u32.to_ne_bytes(), &room, MapFlags::ANY).expect("an update");
        // What it does with bytes must not hang on what follows them.
        self.run(dictionary, [from as u64, room.as_ptr() as u64, text.len() as u64])
    }
}

/// What `str[N]` holds of a text, and whether it is cut.
fn held(text: &[u8], room: usize) -> (Vec<u8>, bool) {
    if text.len() < room { (text.to_vec(), false) } else { (text[..room.saturating_sub(2)].to_vec(), true) }
}

/// A text with odd bytes, other for each seed.
fn text(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|at| [0x20, 0x7f, 0xff, 0x80, b'/', 1][(at * 7 + seed + at / 5 * seed) % 6]).collect()
}

fn lengths(room: usize) -> Vec<usize> {
    let mut lengths: Vec<usize> = vec![0, 1, 7, 8, 9, room / 2, room - 1, room, room + 1, room + 70];
    lengths.extend(room.checked_sub(2));
    lengths.sort_unstable();
    lengths.dedup();
    lengths
}

fn round_trips<D: InternMap>(bench: &Bench, name: &str, room: usize, id: fn(u64) -> D::Key) {
    let mut dictionary = bench.dictionary::<D>();
    let mut seen: HashMap<(Vec<u8>, bool), u64> = HashMap::new();
    let mut met = 0;
    for len in lengths(room) {
        for from in ALL {
            let text = text(len, 3);
            let expected = held(&text, room);
            let number = bench.intern(name, from, &text);
            met += 1;
            assert_ne!(number, 0, "{name} {from:?} {len}");
            let first = *seen.entry(expected.clone()).or_insert(number);
            assert_eq!(number, first, "{name} {from:?} {len}: equal strings have one id");
            let found = dictionary.resolve(id(number)).expect("the kernel answers").expect("it is there");
            let found = (found.as_bytes().to_vec(), found.is_truncated());
            // A room of one byte has none for the mark.
            let expected = if room == 1 { (Vec::new(), false) } else { expected };
            assert_eq!(found, expected, "{name} {from:?} {len}");
        }
    }
    let ids: HashSet<u64> = seen.values().copied().collect();
    let counts = bench.counts::<D>();
    assert_eq!((counts.inserts, counts.hits, counts.lost()), (ids.len() as u64, met - ids.len() as u64, 0), "{name}");
    if room > 2 {
        assert_eq!(ids.len(), seen.len(), "{name}: different strings have different ids");
    }
}

#[test]
fn kernel_intern_gives_back_every_length_from_everywhere() {
    let Some(bench) = Bench::open(&[], &["path", "long", "odd", "one"]) else { return };
    round_trips::<maps::PathStrings>(&bench, "path", 512, |id| PathId { id });
    round_trips::<maps::LongStrings>(&bench, "long", 4096, |id| LongId { id });
    round_trips::<maps::OddStrings>(&bench, "odd", 13, |id| OddId { id });
    round_trips::<maps::OneStrings>(&bench, "one", 1, |id| OneId { id });
}

#[test]
fn kernel_intern_keeps_bytes_with_nuls_and_nothing_behind_them() {
    let Some(bench) = Bench::open(&[], &["path"]) else { return };
    let mut dictionary = bench.dictionary::<maps::PathStrings>();
    let long = bench.intern("path", From::Kernel, &text(500, 1));
    let (one, other) = (bench.intern("path", From::Bytes, b"a\0b"), bench.intern("path", From::Bytes, b"a\0c"));
    assert_ne!(one, other);
    for (id, expected) in [(one, b"a\0b"), (other, b"a\0c")] {
        let found = dictionary.resolve(PathId { id }).unwrap().expect("it is there");
        assert_eq!(found.as_bytes(), expected);
        // The string that was put together before, on the same CPU, was longer.
        let entry = dictionary.map().lookup(&PathId { id }).unwrap().expect("it is there");
        assert!(entry.text.raw()[3..].iter().all(|&byte| byte == 0), "{:?}", entry.text.raw());
    }
    assert_eq!(dictionary.resolve(PathId { id: long }).unwrap().expect("it is there").as_bytes(), text(500, 1));
}

#[test]
fn kernel_intern_counts_what_cannot_be_read() {
    let Some(bench) = Bench::open(&[], &["path"]) else { return };
    for (how, address) in [(1, 0), (1, 0x10), (3, 0), (3, u64::MAX - 0x1000)] {
        assert_eq!(bench.run("path", [how, address, 0]), 0);
    }
    let expected = InternCounts { lost_unreadable: 4, ..InternCounts::default() };
    assert_eq!(bench.counts::<maps::PathStrings>(), expected);
    assert_eq!(bench.dictionary::<maps::PathStrings>().resolve(PathId::NONE).unwrap(), None);
    // It is not busy afterwards.
    assert_ne!(bench.intern("path", From::User, b"readable"), 0);
}

#[test]
fn kernel_intern_tells_strings_apart_that_collide() {
    let Some(bench) = Bench::open(&[COLLIDING], &["path"]) else { return };
    let mut dictionary = bench.dictionary::<maps::PathStrings>();
    let mut ids: HashMap<Vec<u8>, u64> = HashMap::new();
    let mut lost = 0;
    for round in 0..3 {
        for seed in 0..20usize {
            let text = format!("/bin/{seed}").into_bytes();
            let id = bench.intern("path", From::User, &text);
            if id == 0 {
                lost += 1;
                assert!(!ids.contains_key(&text), "what was entered once is found");
                continue;
            }
            assert_eq!(*ids.entry(text.clone()).or_insert(id), id, "round {round}");
            assert_eq!(dictionary.resolve(PathId { id }).unwrap().expect("it is there").as_bytes(), text);
        }
    }
    // Hashes are 0 and 1, ids the next four of each without 0: 1, 2, 3 and 1, 2, 3, 4.
    let numbers: HashSet<u64> = ids.values().copied().collect();
    assert_eq!(numbers, HashSet::from([1, 2, 3, 4]));
    let counts = bench.counts::<maps::PathStrings>();
    assert_eq!((counts.lost_collision, counts.inserts, counts.lost_full), (lost, 4, 0));

    // An id that was free meanwhile may be another string's, and the resolver that freed it does not mix them up.
    let freed = *ids.values().next().expect("some");
    let old = Ktime::from_nanos(1);
    let mut entry = dictionary.map().lookup(&PathId { id: freed }).unwrap().expect("it is there");
    entry.used = old;
    dictionary.map().update(&PathId { id: freed }, &entry).unwrap();
    let removed = dictionary.age_out(Duration::from_secs(60), |_| false).unwrap();
    assert_eq!(removed, 1);
    assert_eq!(dictionary.resolve(PathId { id: freed }).unwrap(), None, "it is forgotten");
    let newcomer = (100..200)
        .map(|seed| format!("/sbin/{seed}"))
        .find(|text| bench.intern("path", From::User, text.as_bytes()) == freed);
    let found = dictionary.resolve(PathId { id: freed }).unwrap().expect("it is there");
    assert_eq!(Some(found.to_string()), newcomer);
}

#[test]
fn kernel_intern_counts_strings_for_which_there_is_no_room() {
    let Some(bench) = Bench::open(&[], &["short", "odd"]) else { return };
    let all: Vec<u64> =
        (0..12).map(|seed| bench.intern("short", From::Bytes, format!("string {seed}").as_bytes())).collect();
    assert!(all[..8].iter().all(|&id| id != 0) && all[8..].iter().all(|&id| id == 0), "{all:?}");
    let counts = bench.counts::<maps::ShortStrings>();
    assert_eq!((counts.inserts, counts.lost_full, counts.hits), (8, 4, 0));
    assert_eq!(bench.intern("short", From::User, b"string 3"), all[3], "what is there is found");

    // An LRU map makes room by itself; what it dropped has no string any more, and no wrong one.
    let mut dictionary = bench.dictionary::<maps::OddStrings>();
    for seed in 0..1000 {
        let text = format!("o{seed}");
        let id = bench.intern("odd", From::Bytes, text.as_bytes());
        let found = dictionary.resolve(OddId { id }).unwrap();
        assert_eq!(found.map(|found| found.to_string()), Some(text));
    }
    assert_eq!(bench.counts::<maps::OddStrings>().lost(), 0);
}

#[test]
fn kernel_intern_does_not_mix_strings_of_programs_that_interrupt_one_another() {
    let Some(bench) = Bench::open(&[], &["path"]) else { return };
    let interning = bench.map::<maps::PathInterning>();
    let mut cpus = interning.lookup_percpu(&0).unwrap().expect("an entry");
    cpus.iter_mut().for_each(|cpu| cpu.busy = 1);
    interning.update_percpu(&0, &cpus).unwrap();
    assert_eq!(bench.intern("path", From::User, b"interrupts"), 0);
    let counts = bench.counts::<maps::PathStrings>();
    assert_eq!((counts.lost_busy, counts.lost()), (1, 1));
    cpus.iter_mut().for_each(|cpu| cpu.busy = 0);
    interning.update_percpu(&0, &cpus).unwrap();
    assert_ne!(bench.intern("path", From::User, b"interrupts"), 0);
}

#[test]
fn kernel_intern_ages_out_what_nothing_refers_to() {
    let Some(bench) = Bench::open(&[], &["path"]) else { return };
    let mut dictionary = bench.dictionary::<maps::PathStrings>();
    let ids: Vec<PathId> = (0..600)
        .map(|seed| PathId { id: bench.intern("path", From::User, format!("/tmp/{seed}").as_bytes()) })
        .collect();
    assert_eq!(dictionary.age_out(Duration::ZERO, |_| false).unwrap(), 0, "all were met just now");
    let resolved: Vec<InternText> = ids.iter().map(|id| dictionary.resolve(*id).unwrap().expect("there")).collect();
    assert_eq!(resolved[599].to_string(), "/tmp/599");

    // All but the first ten were met when the machine was booted.
    for id in &ids[10..] {
        let mut entry = dictionary.map().lookup(id).unwrap().expect("it is there");
        entry.used = Ktime::from_nanos(1);
        dictionary.map().update(id, &entry).unwrap();
    }
    // A program meets one of them again, which shows in its entry.
    assert_eq!(bench.intern("path", From::User, b"/tmp/20"), ids[20].id);
    let referenced: HashSet<PathId> = ids[30..40].iter().copied().collect();
    let removed = dictionary.age_out(Duration::from_secs(60), |id| referenced.contains(&id)).unwrap();
    assert_eq!(removed, 600 - 10 - 1 - 10);
    for (at, id) in ids.iter().enumerate() {
        let stays = at < 10 || at == 20 || referenced.contains(id);
        assert_eq!(dictionary.resolve(*id).unwrap().is_some(), stays, "{at}");
    }
    // A string that comes back has the id that it had.
    assert_eq!(bench.intern("path", From::User, b"/tmp/599"), ids[599].id);
    assert_eq!(dictionary.resolve(ids[599]).unwrap().as_ref(), Some(&resolved[599]));
}

#[test]
fn kernel_intern_resolver_asks_the_kernel_once() {
    let Some(bench) = Bench::open(&[], &["path"]) else { return };
    let mut dictionary = bench.dictionary::<maps::PathStrings>();
    let id = PathId { id: bench.intern("path", From::User, b"/bin/sh") };
    let first = dictionary.resolve(id).unwrap().expect("it is there");
    assert!(bench.map::<maps::PathStrings>().delete(&id).unwrap());
    assert_eq!(dictionary.resolve(id).unwrap(), Some(first), "from the cache");
    dictionary.forget();
    assert_eq!(dictionary.resolve(id).unwrap(), None);
}

#[test]
fn kernel_intern_resolver_outlives_the_object_in_any_thread() {
    let Some(bench) = Bench::open(&[], &["path"]) else { return };
    let mut dictionary = bench.dictionary::<maps::PathStrings>();
    let id = PathId { id: bench.intern("path", From::User, b"/bin/sh") };
    drop(bench);
    // As a handler of `Events` has it.
    let resolved: Box<dyn FnOnce() -> Option<InternText> + Send> = Box::new(move || dictionary.resolve(id).unwrap());
    let text = thread::spawn(resolved).join().unwrap();
    assert_eq!(text.expect("it is there").as_bytes(), b"/bin/sh");
}

#[test]
fn interned_fields_are_ids_in_every_way() {
    let owner = Owner { pid: 7, path: PathId { id: 9 }, ..Owner::default() };
    assert!(owner.args.iter().all(|id| id.is_none()) && !owner.path.is_none());
    assert_eq!((size_of::<PathId>(), size_of::<Owner>()), (8, 56));
    assert_eq!(Owner::parse(owner.as_bytes()).unwrap().path, owner.path);
    assert_eq!(serde_json::to_value(owner).unwrap()["path"]["id"], 9);
}
