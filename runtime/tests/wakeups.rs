//! Ring buffers whose records wake the reader always, seldom or never, on the kernel that runs.

#[path = "support/cpus.rs"]
mod cpus;
#[path = "support/object.rs"]
mod object;
mod support;

use std::{
    cell::Cell,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{self, Receiver},
    },
    thread,
    time::{Duration, Instant},
};

use bpf_layout::{
    Buffer, Map, Wakeup,
    kind::Ring,
    libbpf::{
        Events,
        libbpf_rs::{MapHandle, Object, ObjectBuilder, ProgramInput},
    },
};
use support::kernel;

bpf_layout::include_layouts!("tests/wakeups/layouts.toml");

/// What a record of the test takes in the buffer: its bytes, and the kernel's header (`BPF_RINGBUF_HDR_SZ`).
const RECORD: usize = size_of::<SeenEvent>() + 8;

const SIZE: usize = 64 * 1024;

/// Longer than the machine ever takes to wake a thread, shorter than the policies wait.
const SOON: Duration = Duration::from_millis(700);

/// The loaded object.
struct Bench {
    object: Object,
}

impl Bench {
    fn open() -> Option<Self> {
        if !kernel() || !object::clang() {
            return None;
        }
        let bytes = object::compile("wakeups/layouts.toml", "wakeups/program.bpf.c", &[]);
        let object = ObjectBuilder::default().open_memory(&bytes).unwrap().load().unwrap();
        Some(Bench { object })
    }

    fn map<M: Map>(&self) -> MapHandle {
        object::handle(&self.object, M::NAME)
    }

    /// Sends this many records; whether there was room for all.
    fn send<M: Map>(&self, count: u64) -> bool {
        self.run::<M>(&[count]) == 0
    }

    /// Sends compact records; how many there was room for.
    fn note<M: Map>(&self, writer: u64, first: u64, count: u64, text: u64) -> u64 {
        self.run::<M>(&[writer, first, count, text]).into()
    }

    fn run<M: Map>(&self, arguments: &[u64]) -> u32 {
        let name = format!("send_{}", M::NAME);
        let program =
            self.object.progs_mut().find(|program| program.name() == name.as_str()).expect("the object has it");
        let mut context: Vec<u8> = arguments.iter().flat_map(|argument| argument.to_ne_bytes()).collect();
        let input = ProgramInput { context_in: Some(&mut context), ..ProgramInput::default() };
        program.test_run(input).unwrap().return_value
    }
}

/// A thread that sleeps until it is woken, at most [`SOON`]; it says whether it was.
fn sleeper(epoll_fd: i32) -> Receiver<bool> {
    let (tell, told) = mpsc::channel();
    let (ready, started) = mpsc::channel();
    thread::spawn(move || {
        // SAFETY: an event of epoll is plain data, for which zeroes are values.
        let mut event: libc::epoll_event = unsafe { std::mem::zeroed() };
        ready.send(()).unwrap();
        // SAFETY: the event lives until the call returns, and there is room for one.
        let woken = unsafe { libc::epoll_wait(epoll_fd, &raw mut event, 1, SOON.as_millis() as i32) };
        let _ = tell.send(woken == 1);
    });
    started.recv().unwrap();
    // Until it sleeps; were it later, it would find the record there, and the tests of those that wake would still hold.
    thread::sleep(Duration::from_millis(100));
    told
}

/// Whether sending this many records wakes a reader that has read everything.
fn wakes<M: Map>(bench: &Bench, epoll_fd: i32, count: u64) -> bool {
    does_wake(epoll_fd, || bench.send::<M>(count))
}

/// Whether `send`, for which there is room, wakes such a reader.
fn does_wake(epoll_fd: i32, send: impl FnOnce() -> bool) -> bool {
    let told = sleeper(epoll_fd);
    assert!(send(), "there is room");
    told.recv().unwrap()
}

fn events<'a, M>(bench: &Bench, numbers: &'a Mutex<Vec<u64>>) -> Events<'a, M>
where
    M: for<'r> Buffer<Kind: Ring, Record<'r>: Into<u64>>,
{
    Events::<M>::new(&bench.map::<M>(), |record| numbers.lock().unwrap().push(record.into())).unwrap()
}

macro_rules! numbers {
    ($($record:ident)+) => { $(
        impl From<maps::$record<'_>> for u64 {
            fn from(record: maps::$record<'_>) -> u64 {
                match record {
                    maps::$record::Seen(event) => event.number,
                }
            }
        }
    )+ };
}

numbers!(EachRecord SomeRecord QuickRecord NoneRecord);

#[test]
fn policies_are_those_of_the_spec() {
    assert_eq!(maps::Each::WAKEUP, Wakeup::Always);
    assert_eq!(maps::Some::WAKEUP, Wakeup::Adaptive { after: Duration::from_secs(2) });
    assert_eq!(maps::Quick::WAKEUP, Wakeup::Adaptive { after: Duration::from_millis(20) });
    assert_eq!(maps::None::WAKEUP, Wakeup::Never);
    assert_eq!(maps::Storm::WAKEUP, Wakeup::Always, "by default");
}

#[test]
fn kernel_always_wakes_a_reader_that_waits() {
    let Some(bench) = Bench::open() else { return };
    let numbers = Mutex::default();
    let events = events::<maps::Each>(&bench, &numbers);
    for _ in 0..2 {
        assert!(wakes::<maps::Each>(&bench, events.epoll_fd(), 1));
        assert_eq!(events.poll(Duration::ZERO).unwrap(), 1);
        assert_eq!(events.poll(Duration::ZERO).unwrap(), 0);
    }
}

#[test]
fn kernel_never_leaves_it_to_the_reader_to_look() {
    let Some(bench) = Bench::open() else { return };
    let numbers = Mutex::default();
    let events = events::<maps::None>(&bench, &numbers);
    // The kernel keeps one byte free (`__bpf_ringbuf_reserve`).
    let enough = ((SIZE - 1) / RECORD) as u64;
    assert!(!wakes::<maps::None>(&bench, events.epoll_fd(), enough), "not even when it is full");
    let start = Instant::now();
    assert_eq!(events.poll(Duration::from_secs(30)).unwrap() as u64, enough);
    assert!(start.elapsed() < Duration::from_secs(10), "it looked before the timeout");
    assert_eq!(*numbers.lock().unwrap(), (0..enough).collect::<Vec<_>>());
}

#[test]
fn kernel_adaptive_wakes_when_its_share_is_written() {
    let Some(bench) = Bench::open() else { return };
    let numbers = Mutex::default();
    let events = events::<maps::Some>(&bench, &numbers);
    let mut expected: Vec<u64> = vec![0];
    assert!(wakes::<maps::Some>(&bench, events.epoll_fd(), 1), "the first record wakes the reader");
    assert_eq!(events.consume().unwrap(), 1);

    let half = (SIZE / 2 / RECORD) as u64;
    assert!(!wakes::<maps::Some>(&bench, events.epoll_fd(), half - 1), "less than half, and less than two seconds");
    assert!(wakes::<maps::Some>(&bench, events.epoll_fd(), 3), "more than half");
    assert_eq!(events.poll(Duration::ZERO).unwrap() as u64, half + 2);
    expected.extend((0..half - 1).chain(0..3));

    assert!(!wakes::<maps::Some>(&bench, events.epoll_fd(), 1), "the count begins anew");
    assert_eq!(events.poll(Duration::ZERO).unwrap(), 1, "whoever polls looks, even without waiting");
    expected.push(0);
    thread::sleep(Duration::from_secs(2));
    assert!(wakes::<maps::Some>(&bench, events.epoll_fd(), 1), "two seconds later");
    assert_eq!(events.poll(Duration::ZERO).unwrap(), 1);
    expected.push(0);
    assert_eq!(*numbers.lock().unwrap(), expected);
}

#[test]
fn kernel_no_record_is_stuck_behind_a_wakeup() {
    let Some(bench) = Bench::open() else { return };
    let numbers = Mutex::default();
    let events = events::<maps::Quick>(&bench, &numbers);
    assert!(bench.send::<maps::Quick>(1));
    assert_eq!(events.poll(Duration::from_secs(30)).unwrap(), 1);
    // Right behind one that woke the reader, with none to follow.
    thread::scope(|scope| {
        let waiting = scope.spawn(move || {
            let start = Instant::now();
            let records = events.poll(Duration::from_secs(30)).unwrap();
            (records + events.poll(Duration::from_millis(100)).unwrap(), start.elapsed())
        });
        thread::sleep(Duration::from_millis(5));
        assert!(bench.send::<maps::Quick>(2));
        let (records, waited) = waiting.join().unwrap();
        assert_eq!(records, 2);
        assert!(waited < Duration::from_secs(10), "{waited:?}");
    });
    assert_eq!(*numbers.lock().unwrap(), [0, 0, 1]);
}

#[test]
fn kernel_a_wait_ends_when_its_time_is_over() {
    let Some(bench) = Bench::open() else { return };
    let numbers = Mutex::default();
    let events = events::<maps::Quick>(&bench, &numbers);
    let start = Instant::now();
    assert_eq!(events.poll(Duration::from_millis(90)).unwrap(), 0);
    assert!(start.elapsed() >= Duration::from_millis(90));
    assert_eq!(events.poll(Duration::ZERO).unwrap(), 0);
}

#[test]
fn kernel_adaptive_counts_the_bytes_of_compact_records() {
    // Bytes of text, and what a record takes then: 24 of its struct, and 8 of the kernel's header.
    for (text, record) in [(0u64, 32u64), (3, 40), (1000, 1032)] {
        let Some(bench) = Bench::open() else { return };
        let read = AtomicU64::new(0);
        let events = Events::<maps::Notes>::new(&bench.map::<maps::Notes>(), |maps::NotesRecord::Noted(event)| {
            assert_eq!((event.text().len() as u64, event.number), (text, read.fetch_add(1, Relaxed)));
        })
        .unwrap();
        let sent = Cell::new(0);
        let wakes = |count: u64| {
            let first = sent.replace(sent.get() + count);
            does_wake(events.epoll_fd(), || bench.note::<maps::Notes>(0, first, count, text) == count)
        };
        assert!(wakes(1), "the first record wakes the reader");
        assert_eq!(events.consume().unwrap(), 1);
        let half = SIZE as u64 / 2 / record;
        assert!(!wakes(half - 1), "{text}: less than half, and less than a minute");
        assert!(wakes(3), "{text}: more than half");
        assert_eq!(events.poll(Duration::ZERO).unwrap() as u64, half + 2);
        assert!(!wakes(1), "{text}: the count begins anew");
        assert_eq!(events.poll(Duration::ZERO).unwrap(), 1);
        assert_eq!(read.load(Relaxed), sent.get());
    }
}

#[test]
fn kernel_records_that_gather_arrive_all_and_in_order() {
    /// In bursts that come fast enough to gather, and take a small part of the buffer.
    const BURSTS: u64 = 200;
    const EACH: u64 = 100;
    let Some(bench) = Bench::open() else { return };
    for gathers in [true, false] {
        let (map, next) = (bench.map::<maps::Storm>(), AtomicU64::new(0));
        let builder = Events::<maps::Storm>::builder(&map);
        let builder = if gathers { builder } else { builder.without_gathering() };
        let arrived = |maps::StormRecord::Noted(event): maps::StormRecord<'_>| {
            assert_eq!(event.number, next.fetch_add(1, Relaxed));
        };
        let events = builder.build(arrived).unwrap();
        let poll = |timeout| events.poll(timeout).unwrap() as u64;
        for burst in 0..BURSTS {
            assert_eq!(bench.note::<maps::Storm>(0, burst * EACH, EACH, 0), EACH);
            let mut read = 0;
            while read < EACH {
                let records = poll(Duration::from_secs(20));
                assert!(records > 0, "of burst {burst}, none came in 20 seconds after {read}");
                read += records;
            }
        }
        let mut sent = BURSTS * EACH;
        let mut send = |count| {
            assert_eq!(bench.note::<maps::Storm>(0, sent, count, 0), count);
            sent += count;
        };
        send(3);
        assert_eq!(poll(Duration::ZERO), 3, "who does not want to wait does not");
        assert_eq!(poll(Duration::from_micros(50)), 0);
        let start = Instant::now();
        assert_eq!(poll(Duration::from_millis(30)), 0);
        assert!(start.elapsed() >= Duration::from_millis(29), "it waits also when nothing had gathered");
        // In the quiet after the storm.
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(20));
                send(1);
            });
            assert_eq!(poll(Duration::from_secs(30)), 1);
            assert!(start.elapsed() < Duration::from_secs(10), "woken");
        });
        assert_eq!(next.load(Relaxed), sent);
    }
}

/// Nanoseconds since the machine was booted.
fn now() -> u64 {
    // SAFETY: a time is plain data for which zeroes are values, and it lives until the call returns.
    unsafe {
        let mut time: libc::timespec = std::mem::zeroed();
        assert_eq!(libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut time), 0);
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }
}

#[test]
fn kernel_of_two_writers_no_record_is_lost_or_stuck() {
    const EACH: u64 = 3000;
    let Some(bench) = Bench::open() else { return };
    let Some(cpus) = cpus::two_cpus() else { return };
    // Numbers of each writer, in the order in which they came, and how long one was on its way at most.
    let (arrived, longest) = (Mutex::new([const { Vec::new() }; 2]), AtomicU64::new(0));
    let events = Events::<maps::Shared>::new(&bench.map::<maps::Shared>(), |maps::SharedRecord::Noted(event)| {
        assert_eq!(event.text().len() as u64, event.number % 300);
        longest.fetch_max(now().saturating_sub(event.time.as_nanos()), Relaxed);
        arrived.lock().unwrap()[event.writer as usize].push(event.number);
    })
    .unwrap();
    thread::scope(|scope| {
        for (writer, cpu) in cpus.into_iter().enumerate() {
            let bench = &bench;
            scope.spawn(move || {
                cpus::run_on(cpu);
                let mut number = 0;
                while number < EACH {
                    if bench.note::<maps::Shared>(writer as u64, number, 1, number % 300) == 0 {
                        thread::sleep(Duration::from_millis(1));
                        continue;
                    }
                    number += 1;
                    // Some of the pauses are longer than a record may be left alone, others let many be written at once.
                    // The last record is right behind one that woke the reader, with none to follow.
                    match number {
                        _ if number == EACH - 1 => thread::sleep(Duration::from_millis(5)),
                        _ if number % 500 == 0 || number == EACH - 2 => thread::sleep(Duration::from_millis(130)),
                        _ if number % 40 == writer as u64 * 20 => thread::sleep(Duration::from_millis(3)),
                        _ => {}
                    }
                }
            });
        }
        let mut read = 0;
        while read < 2 * EACH {
            let records = events.poll(Duration::from_secs(20)).unwrap() as u64;
            assert!(records > 0, "after {read} records, none came in 20 seconds");
            read += records;
        }
    });
    let longest = Duration::from_nanos(longest.load(Relaxed));
    // The machine may have other things to do than to wake a reader in time.
    assert!(longest < Duration::from_millis(50) + Duration::from_secs(5), "a record was on its way for {longest:?}");
    assert!(*arrived.lock().unwrap() == [0, 1].map(|_| (0..EACH).collect::<Vec<_>>()), "not all, or not in order");
    assert_eq!(events.poll(Duration::from_millis(100)).unwrap(), 0);
}
