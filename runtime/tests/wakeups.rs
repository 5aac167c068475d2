//! Ring buffers whose records wake the reader always, seldom or never, on the kernel that runs.

#[path = "support/object.rs"]
mod object;
mod support;

use std::{
    cell::RefCell,
    sync::{
        Mutex,
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
        libbpf_rs::{MapCore as _, MapHandle, Object, ObjectBuilder, ProgramInput},
    },
};
use support::kernel;

bpf_layout::include_layouts!("tests/wakeups/layouts.toml");

/// What a record of the test takes in the buffer: its bytes, and the kernel's header (`BPF_RINGBUF_HDR_SZ`).
const RECORD: usize = size_of::<SeenEvent>() + 8;

const SIZE: usize = 64 * 1024;

/// Longer than the machine ever takes to wake a thread, shorter than the policies wait.
const SOON: Duration = Duration::from_millis(700);

/// The loaded object, whose programs change nothing of it by running.
struct Bench {
    object: RefCell<Object>,
}

impl Bench {
    fn open() -> Option<Self> {
        if !kernel() || !object::clang() {
            return None;
        }
        let bytes = object::compile("wakeups/layouts.toml", "wakeups/program.bpf.c", &[]);
        let object = ObjectBuilder::default().open_memory(&bytes).unwrap().load().unwrap();
        Some(Bench { object: RefCell::new(object) })
    }

    fn map<M: Map>(&self) -> MapHandle {
        let object = self.object.borrow();
        let map = object.maps().find(|map| map.name() == M::NAME).expect("the object has the map");
        MapHandle::try_from(&map).unwrap()
    }

    /// Sends this many records; whether there was room for all.
    fn send<M: Map>(&self, count: u64) -> bool {
        let name = format!("send_{}", M::NAME);
        let object = self.object.borrow_mut();
        let program = object.progs_mut().find(|program| program.name() == name.as_str()).expect("the object has it");
        let mut context = count.to_ne_bytes();
        let input = ProgramInput { context_in: Some(&mut context), ..ProgramInput::default() };
        program.test_run(input).unwrap().return_value == 0
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
    let told = sleeper(epoll_fd);
    assert!(bench.send::<M>(count), "there is room");
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
