//! Dictionaries of interned strings that several use at once, on the kernel that runs.

#[path = "support/cpus.rs"]
mod cpus;
#[path = "support/object.rs"]
mod object;
#[path = "support/refusing.rs"]
mod refusing;
mod support;

use std::{
    collections::{HashMap, HashSet},
    sync::{Barrier, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use bpf_layout::{
    InternCounts, InternMap, Map,
    libbpf::{
        Dictionary, Error, TypedMap, intern_counts,
        libbpf_rs::{MapCore as _, MapFlags, MapHandle, Object, ObjectBuilder, ProgramInput},
    },
};
use cpus::{run_on, two_cpus};
use refusing::refuse_to_take;
use support::kernel;

bpf_layout::include_layouts!("tests/intern/races.toml");

/// What the program has room for.
const STRINGS: usize = 512;

/// What a program asks bpf_loop() for that waits for the other CPU at a string: a fraction of a millisecond. At the start it
/// waits 256 times as long, which is the most that the kernel allows.
const PATIENCE: u64 = 1 << 15;

/// Has clang know the atomic addition that gives what was there before.
const ARGUMENTS: &[&str] = &["-mcpu=v3"];

/// Strings have two hashes, and so there are seven ids.
const COLLIDING: &[&str] = &["-mcpu=v3", "-DBPF_LAYOUT_INTERN_HASH_BITS=1"];

/// `struct race` of the program.
#[derive(Clone, Copy, Debug, Default)]
struct Race {
    patience: u64,
    arrived: u64,
    faster: u64,
    taken: u64,
    pause: u64,
}

/// The loaded program, with texts to intern.
struct Bench {
    object: Object,
    texts: Vec<Vec<u8>>,
    /// Tests that share the CPUs would have one another's threads wait in vain.
    _alone: MutexGuard<'static, ()>,
}

impl Bench {
    fn open(arguments: &[&str]) -> Option<Self> {
        if !kernel() || !object::clang() {
            return None;
        }
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = object::compile("intern/races.toml", "intern/races.bpf.c", arguments);
        let object = ObjectBuilder::default().open_memory(&bytes).expect("an object").load().expect("it can be loaded");
        let texts = (0..STRINGS).map(|seed| format!("/{:x<1$}{seed}", "", seed % 20).into_bytes()).collect();
        let bench = Bench { object, texts, _alone: alone };
        let map = object::handle(&bench.object, "texts");
        for (at, text) in bench.texts.iter().enumerate() {
            let mut value = [0; 32];
            value[..4].copy_from_slice(&(text.len() as u32).to_ne_bytes());
            value[4..4 + text.len()].copy_from_slice(text);
            map.update(&(at as u32).to_ne_bytes(), &value, MapFlags::ANY).expect("there is room");
        }
        Some(bench)
    }

    fn map<M: Map>(&self) -> TypedMap<M> {
        TypedMap::new(object::handle(&self.object, M::NAME)).expect("it is the map of the spec")
    }

    fn dictionary<D: InternMap>(&self) -> Dictionary<D> {
        Dictionary::with_cache(self.map::<D>(), 0)
    }

    fn counts<D: InternMap>(&self) -> InternCounts {
        intern_counts::<D>(&self.map::<D::Interning>()).expect("the kernel answers")
    }

    fn run(&self, program: &str, arguments: [u64; 4]) {
        let found = self.object.progs_mut().find(|found| found.name() == program).expect("the object has it");
        let mut context: Vec<u8> = arguments.iter().flat_map(|argument| argument.to_ne_bytes()).collect();
        let input = ProgramInput { context_in: Some(&mut context), ..ProgramInput::default() };
        assert_eq!(
            found.test_run(input).expect("the program runs").return_value,
            0,
            "{program} did not come to its end"
        );
    }

    fn race(&self) -> Race {
        let value = object::handle(&self.object, "race")
            .lookup(&0u32.to_ne_bytes(), MapFlags::ANY)
            .expect("a lookup")
            .expect("an entry");
        let number = |at: usize| u64::from_ne_bytes(value[8 * at..8 * at + 8].try_into().expect("8 bytes"));
        Race { patience: number(0), arrived: number(1), faster: number(2), taken: number(3), pause: number(4) }
    }

    fn set_race(&self, race: Race) {
        let value = [race.patience, race.arrived, race.faster, race.taken, race.pause].map(u64::to_ne_bytes).concat();
        object::handle(&self.object, "race").update(&0u32.to_ne_bytes(), &value, MapFlags::ANY).expect("an update");
    }

    /// The ids that a thread was given for these many strings.
    fn ids(&self, thread: usize, count: usize) -> Vec<u64> {
        let map = object::handle(&self.object, "ids");
        (0..count).map(|at| id_at(&map, thread * STRINGS + at)).collect()
    }

    /// Has both CPUs intern the same strings at once, the second from the last on if `backwards`.
    fn both<D: InternMap>(&self, cpus: [usize; 2], count: usize, backwards: bool) -> [Vec<u64>; 2] {
        let program = format!("walk_{}", D::NAME.trim_end_matches("_strings"));
        let start = Barrier::new(2);
        thread::scope(|scope| {
            for (thread, cpu) in cpus.into_iter().enumerate() {
                let (start, program) = (&start, &program);
                scope.spawn(move || {
                    run_on(cpu);
                    start.wait();
                    self.run(program, [thread as u64, 0, count as u64, u64::from(backwards && thread == 1)]);
                });
            }
        });
        [0, 1].map(|thread| self.ids(thread, count))
    }

    /// Ages out three old strings that nothing refers to, of which a program meets the second after the ages were read.
    /// What came of it, and which are still there under their ids.
    fn age_out_while_the_second_is_met(&self) -> (Result<usize, Error>, [bool; 3]) {
        self.run("walk_name", [0, 0, 3, 0]);
        let ids = self.ids(0, 3);
        self.run("make_all_old", [0; 4]);
        let mut dictionary = self.dictionary::<maps::NameStrings>();
        let removed = dictionary.age_out(AGE, |id| {
            if id.id == ids[1] {
                self.run("walk_name", [0, 1, 1, 0]);
            }
            false
        });
        let is_there = |at: usize| {
            let found = dictionary.resolve(NameId { id: ids[at] }).expect("the kernel answers");
            found.is_some_and(|found| found.as_bytes() == self.texts[at])
        };
        (removed, [0, 1, 2].map(is_there))
    }

    /// The same on a kernel that answers so when it is asked to take an entry.
    fn with_refusals(&self, errno: i32) -> (Result<usize, Error>, [bool; 3]) {
        let aged = || {
            refuse_to_take(errno);
            self.age_out_while_the_second_is_met()
        };
        thread::scope(|scope| scope.spawn(aged).join().expect("no panic"))
    }

    /// Holds that no id is that of two strings, and that each gives its string back. How many there are.
    fn check<D: InternMap>(&self, ids: &[Vec<u64>; 2], id: fn(u64) -> D::Key) -> usize {
        let mut dictionary = self.dictionary::<D>();
        let mut by_id: HashMap<u64, &[u8]> = HashMap::new();
        for (number, text) in ids.iter().flat_map(|ids| ids.iter().zip(&self.texts)).filter(|(number, _)| **number != 0)
        {
            assert_eq!(*by_id.entry(*number).or_insert(text), text, "two strings have the id {number}");
            let found = dictionary.resolve(id(*number)).expect("the kernel answers").expect("it is there");
            assert_eq!(found.as_bytes(), text, "{number}");
        }
        let texts: HashSet<&[u8]> = by_id.values().copied().collect();
        assert_eq!(texts.len(), by_id.len(), "a string has two ids");
        by_id.len()
    }
}

/// An entry of the map of ids.
fn id_at(map: &MapHandle, at: usize) -> u64 {
    let value = map.lookup(&(at as u32).to_ne_bytes(), MapFlags::ANY).expect("a lookup").expect("an entry");
    u64::from_ne_bytes(value.try_into().expect("8 bytes"))
}

/// What age_out() is asked for, of strings that are made as old as can be.
const AGE: Duration = Duration::from_secs(60);

/// The first string that has not the same id on both CPUs.
fn first_difference(ids: &[Vec<u64>; 2]) -> Option<usize> {
    ids[0].iter().zip(&ids[1]).position(|(one, other)| one != other)
}

const ROUNDS: usize = 8;

#[test]
fn kernel_two_cpus_that_meet_a_new_string_at_once_give_it_one_id() {
    let Some(bench) = Bench::open(ARGUMENTS) else { return };
    let Some(cpus) = two_cpus() else { return };
    let mut faster = 0;
    // In the second half, nobody waits, and what happens is whatever does.
    for round in 0..2 * ROUNDS {
        let patience = if round < ROUNDS { PATIENCE } else { 0 };
        bench.set_race(Race { patience, ..Race::default() });
        let before = bench.counts::<maps::NameStrings>();
        let ids = bench.both::<maps::NameStrings>(cpus, STRINGS, false);
        assert_eq!(first_difference(&ids), None);
        assert_eq!(bench.check::<maps::NameStrings>(&ids, |id| NameId { id }), STRINGS);
        let counts = bench.counts::<maps::NameStrings>();
        assert_eq!((counts.inserts - before.inserts, counts.hits - before.hits), (STRINGS as u64, STRINGS as u64));
        assert_eq!(counts.lost(), 0);
        if patience > 0 {
            faster += bench.race().faster;
        }
        assert_eq!(bench.map::<maps::NameStrings>().drain().expect("the kernel answers").len(), STRINGS);
    }
    assert!(faster > (ROUNDS * STRINGS) as u64 / 10, "the CPUs did not meet: {faster}");
}

#[test]
fn kernel_two_cpus_that_fill_a_dictionary_agree_on_what_is_in_it() {
    let Some(bench) = Bench::open(ARGUMENTS) else { return };
    let Some(cpus) = two_cpus() else { return };
    let (mut lost, mut faster) = (0, 0);
    for _ in 0..ROUNDS {
        bench.set_race(Race { patience: PATIENCE, ..Race::default() });
        let before = bench.counts::<maps::FewStrings>();
        let ids = bench.both::<maps::FewStrings>(cpus, STRINGS, false);
        assert_eq!(first_difference(&ids), None, "what found no room on one CPU has no id on the other");
        assert_eq!(bench.check::<maps::FewStrings>(&ids, |id| FewId { id }), 64);
        let counts = bench.counts::<maps::FewStrings>();
        assert_eq!((counts.inserts - before.inserts, counts.hits - before.hits), (64, 64));
        lost += 2 * (STRINGS as u64 - 64);
        assert_eq!((counts.lost_full, counts.lost()), (lost, lost));
        faster += bench.race().faster;
        // What is there is found when all is full, however long ago it was met.
        bench.run("make_all_old", [0; 4]);
        let again = bench.both::<maps::FewStrings>(cpus, STRINGS, true);
        assert!(again == ids, "a string that is there has another id");
        lost += 2 * (STRINGS as u64 - 64);
        assert_eq!(bench.counts::<maps::FewStrings>().lost(), lost);
        assert_eq!(bench.map::<maps::FewStrings>().drain().expect("the kernel answers").len(), 64);
    }
    assert!(faster > 64 * ROUNDS as u64 / 10, "the CPUs did not meet: {faster}");
}

#[test]
fn kernel_two_cpus_that_want_one_id_for_two_strings_do_not_mix_them_up() {
    let Some(bench) = Bench::open(COLLIDING) else { return };
    let Some(cpus) = two_cpus() else { return };
    let (mut faster, mut collided) = (0, 0);
    for round in 0..50 {
        bench.set_race(Race { patience: PATIENCE, ..Race::default() });
        let ids = bench.both::<maps::NameStrings>(cpus, 16, true);
        let entered = bench.check::<maps::NameStrings>(&ids, |id| NameId { id });
        let counts = bench.counts::<maps::NameStrings>();
        assert_eq!(counts.hits + counts.inserts + counts.lost_collision, 2 * 16 * (round + 1));
        assert_eq!(counts.lost(), counts.lost_collision);
        let entries = bench.map::<maps::NameStrings>().drain().expect("the kernel answers");
        assert_eq!(entries.len(), entered, "each entry is the id of a string that was asked for");
        faster += bench.race().faster;
        collided += counts.lost_collision;
    }
    assert!(faster > 50 && collided > 0, "the CPUs did not meet: {faster} {collided}");
}

#[test]
fn kernel_ageing_puts_back_what_a_program_meets_meanwhile() {
    let Some(bench) = Bench::open(ARGUMENTS) else { return };
    let (removed, kept) = bench.age_out_while_the_second_is_met();
    assert_eq!((removed.expect("the kernel answers"), kept), (2, [false, true, false]));
    let counts = bench.counts::<maps::NameStrings>();
    assert_eq!((counts.inserts, counts.hits), (3, 1), "it was there when it was met");
    let mut dictionary = bench.dictionary::<maps::NameStrings>();
    assert_eq!(dictionary.age_out(AGE, |_| false).expect("the kernel answers"), 0, "it is as young as it was put back");
}

#[test]
fn kernel_ageing_looks_once_more_where_the_kernel_takes_nothing_out() {
    // Hashes cannot be taken from before Linux 5.14 (ENOTSUPP), and nothing before 4.20 (EINVAL).
    for errno in [libc::EINVAL, 524] {
        let Some(bench) = Bench::open(ARGUMENTS) else { return };
        let (removed, kept) = bench.with_refusals(errno);
        assert_eq!((removed.expect("there is another way"), kept), (2, [false, true, false]), "{errno}");
        assert_eq!(bench.counts::<maps::NameStrings>().inserts, 3, "{errno}");
    }
    let Some(bench) = Bench::open(ARGUMENTS) else { return };
    let (removed, kept) = bench.with_refusals(libc::EPERM);
    let error = removed.expect_err("it is not that the kernel does not know how").to_string();
    assert_eq!((error.contains("take a key"), kept), (true, [true; 3]), "{error}");
}

#[test]
fn kernel_an_id_is_good_if_its_string_is_taken_out_while_it_is_found() {
    let Some(bench) = Bench::open(ARGUMENTS) else { return };
    bench.run("walk_name", [0, 0, 1, 0]);
    let id = bench.ids(0, 1)[0];
    bench.run("make_all_old", [0; 4]);
    // What is found first is the room that strings are put together in, which stays.
    bench.set_race(Race { taken: 2, ..Race::default() });
    bench.run("walk_name", [0, 0, 1, 0]);
    assert_eq!((bench.race().taken, bench.ids(0, 1)[0]), (0, id));
    let found = bench.dictionary::<maps::NameStrings>().resolve(NameId { id }).expect("the kernel answers");
    assert_eq!(found.expect("it is there").as_bytes(), bench.texts[0]);
}

#[test]
fn kernel_ageing_takes_no_string_from_who_refers_to_it() {
    const MET: usize = STRINGS - 64;
    let Some(bench) = Bench::open(ARGUMENTS) else { return };
    let Some([writing, ageing]) = two_cpus() else { return };
    bench.run("walk_name", [0, 0, STRINGS as u64, 0]);
    let ids = bench.ids(0, STRINGS);
    let places: HashMap<u64, usize> = ids.iter().copied().zip(0..).collect();
    bench.set_race(Race { pause: 50, ..Race::default() });
    let owners = object::handle(&bench.object, "ids");
    let mut dictionary = bench.dictionary::<maps::NameStrings>();
    let (mut removed, mut spared, mut lost) = (0, 0, 0);
    run_on(ageing);
    for round in 0..100u64 {
        // All are old, and something refers to those that are not met again.
        bench.run("walk_name", [0, 0, STRINGS as u64, 0]);
        bench.run("make_all_old", [0; 4]);
        for at in 0..MET as u32 {
            owners.update(&at.to_ne_bytes(), &0u64.to_ne_bytes(), MapFlags::ANY).expect("an update");
        }
        let start = Barrier::new(2);
        removed += thread::scope(|scope| {
            scope.spawn(|| {
                run_on(writing);
                start.wait();
                bench.run("walk_name", [0, 0, MET as u64, round % 2]);
            });
            start.wait();
            let referenced = |id: NameId| {
                let refers = id_at(&owners, places[&id.id]) == id.id;
                spared += usize::from(refers);
                refers
            };
            dictionary.age_out(AGE, referenced).expect("the kernel answers")
        });
        for (at, number) in bench.ids(0, STRINGS).into_iter().enumerate() {
            if number == 0 {
                lost += 1;
                continue;
            }
            assert_eq!(number, ids[at]);
            let found = dictionary.resolve(NameId { id: number }).expect("the kernel answers");
            let found = found.unwrap_or_else(|| panic!("round {round}: string {at} was taken from who has its id"));
            assert_eq!(found.as_bytes(), bench.texts[at]);
        }
    }
    assert!(removed > 100 && spared > 100, "ageing and the program did not meet: {removed} {spared}");
    assert_eq!(bench.counts::<maps::NameStrings>().lost(), lost);
}
