//! Typed maps and buffers on the kernel that runs.

#[path = "support/sender.rs"]
mod sender;
mod support;

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime},
};

use bpf_layout::{
    Ktime, Layout as _, Map,
    libbpf::{BootClock, Error, Events, MapFlags, PerfEvents, RoomMap, Stats, TypedMap, libbpf_rs},
};
use sender::{Send, Sender};
use support::{create, kernel};

bpf_layout::layout! {
    /// A key that needs its padding to be the same each time.
    pub struct Key("key"): size 8, align 4 {
        pub id: u32 = 0,
        pub kind: u16 = 4,
        pub _pad0: bpf_layout::Pad<2> = 6,
    }
}

bpf_layout::layout! {
    /// 12 bytes, which per-CPU maps round up to 16.
    pub struct Value("value"): size 12, align 4 {
        pub count: u32 = 0,
        pub text: bpf_layout::Str<8> = 4,
    }
}

bpf_layout::layout! {
    pub struct OpenEvent("open"): size 16, align 8 {
        pub kind: u32 = 0,
        pub pid: u32 = 4,
        pub time: u64 = 8,
    }
    details [bpf_layout::Detail::event_tag::<u32>(0, 1)]
}

bpf_layout::layout! {
    pub struct CloseEvent("close"): size 12, align 4 {
        pub kind: u32 = 0,
        pub pid: u32 = 4,
        pub fd: u32 = 8,
    }
    details [bpf_layout::Detail::event_tag::<u32>(0, 2)]
}

/// Written by hand, against the root spec.
#[derive(Clone, Copy, bpf_layout::BpfLayout)]
#[bpf_layout(name = "exec_counters", derive(Debug, PartialEq))]
#[repr(C)]
struct Counters {
    started: u64,
    submitted: u64,
    #[bpf_layout(name = "lost_execs_full")]
    lost: u64,
    abandoned: u64,
}

#[derive(Clone, Copy, bpf_layout::BpfLayout)]
#[bpf_layout(derive(Debug))]
#[repr(transparent)]
struct Pid(u32);

macro_rules! maps {
    ($($name:ident: $kind:ident $key:ty => $value:ty;)+) => { $(
        struct $name;

        impl Map for $name {
            type Kind = bpf_layout::kind::$kind;
            type Key = $key;
            type Value = $value;
            const NAME: &'static str = stringify!($name);
            const MAX_ENTRIES: u32 = 0;
            const FLAGS: u32 = 0;
        }
    )+ };
}

maps! {
    Table: Hash Key => Value;
    Small: Hash u8 => u32;
    ByHand: Hash Pid => Counters;
    Slots: Array u32 => Value;
    Cpus: PercpuHash Key => Value;
    Line: Queue () => Value;
    Pile: Stack () => u64;
    Seen: BloomFilter () => Key;
    Rooms: PercpuArray u32 => Room;
    Ring: Ringbuf () => ();
    Samples: PerfEventArray u32 => u32;
}

bpf_layout::layout! {
    /// What a room of an event with fields of variable length begins with.
    pub struct Room("read_event_room"): size 48, align 8 {
        pub used: u64 = 0,
        pub lost: u64 = 8,
        pub taken: u64 = 16,
        pub rest: [u8; 24] = 24,
    }
}

bpf_layout::layout! {
    pub struct ReadEventHeader("read"): size 4, align 2 { pub data: bpf_layout::VarBytes<16> = 0 }
}

bpf_layout::compact! {
    pub struct ReadEvent: ReadEventHeader { data }
    rooms "__read_event_scratch": 2 of 48 bytes
}

bpf_layout::buffer! { enum RingRecord for Ring("ring") { Open(OpenEvent), Close(CloseEvent) } }
bpf_layout::buffer! { enum SamplesRecord for Samples("samples") { Open(OpenEvent), Close(CloseEvent) } }

fn key(id: u32) -> Key {
    Key { id, kind: 7, ..Default::default() }
}

fn value(count: u32) -> Value {
    Value { count, text: bpf_layout::Str::from_bytes(b"text") }
}

#[test]
fn kernel_hash_entries_come_back_as_they_went() {
    if !kernel() {
        return;
    }
    let map = TypedMap::<Table>::new(create::<Table>(16)).expect("it is the map of the spec");
    assert_eq!(map.lookup(&key(1)).unwrap(), None);
    map.update(&key(1), &value(10)).unwrap();
    map.update_with(&key(2), &value(20), MapFlags::NO_EXIST).unwrap();
    assert!(map.update_with(&key(2), &value(0), MapFlags::NO_EXIST).is_err());
    assert_eq!(map.lookup(&key(2)).unwrap(), Some(value(20)));

    let mut entries: Vec<_> = map.iter().map(Result::unwrap).collect();
    entries.sort_by_key(|(key, _)| key.id);
    assert_eq!(entries, [(key(1), value(10)), (key(2), value(20))]);

    assert_eq!(map.lookup_and_delete(&key(1)).unwrap(), Some(value(10)));
    assert_eq!((map.delete(&key(1)).unwrap(), map.delete(&key(2)).unwrap()), (false, true));
    assert_eq!(map.keys().count(), 0);
}

#[test]
fn kernel_maps_take_structs_written_by_hand() {
    if !kernel() {
        return;
    }
    let map = TypedMap::<ByHand>::new(create::<ByHand>(16)).expect("it is the map of the spec");
    let counters = Counters { started: 3, submitted: 1, lost: 2, abandoned: 0 };
    map.update(&Pid(7), &counters).expect("there is room");
    assert_eq!(map.lookup(&Pid(7)).expect("the kernel answers"), Some(counters));
    assert!(map.lookup(&Pid(8)).expect("the kernel answers").is_none());
    let sum = |it: &Counters| it.submitted + it.lost + it.abandoned;
    let entries: Vec<_> = map.iter().map(|entry| entry.expect("the kernel answers")).collect();
    assert!(matches!(&entries[..], [(Pid(7), found)] if found.started == sum(found)), "{entries:?}");
}

#[test]
fn kernel_batches_are_complete() {
    if !kernel() {
        return;
    }
    let map = TypedMap::<Table>::new(create::<Table>(2000)).expect("it is the map of the spec");
    let entries: Vec<_> = (0..1500).map(|id| (key(id), value(id))).collect();
    map.update_batch(&entries).unwrap();
    let sorted = |mut entries: Vec<(Key, Value)>| {
        entries.sort_by_key(|(key, _)| key.id);
        entries
    };
    assert_eq!(sorted(map.entries().unwrap()), entries);
    let keys: Vec<_> = (0..3000).step_by(2).map(key).collect(); // half of them are not there
    map.delete_batch(&keys).unwrap();
    assert_eq!(map.entries().unwrap().len(), 750);
    assert_eq!(map.drain().unwrap().len(), 750);
    assert!(map.entries().unwrap().is_empty());

    let too_many: Vec<_> = (0..3000).map(|id| (key(id), value(id))).collect();
    let error = map.update_batch(&too_many).unwrap_err();
    assert!(matches!(error, Error::Batch { done: 2000, .. }), "{error}");
    map.delete_batch(&[]).unwrap();
}

#[test]
fn kernel_a_key_shorter_than_a_position_works_in_batches() {
    if !kernel() {
        return;
    }
    let map = TypedMap::<Small>::new(create::<Small>(300)).expect("it is the map of the spec");
    map.update_batch(&(0..=255).map(|key| (key, u32::from(key))).collect::<Vec<_>>()).unwrap();
    let mut keys: Vec<_> = map.entries().unwrap().into_iter().map(|(key, _)| key).collect();
    keys.sort_unstable();
    assert_eq!(keys, (0..=255).collect::<Vec<u8>>());
}

#[test]
fn kernel_arrays_have_all_their_entries() {
    if !kernel() {
        return;
    }
    let handle = create::<Slots>(300);
    let map = TypedMap::<Slots>::new(&handle).expect("it is the map of the spec");
    map.update(&299, &value(1)).unwrap();
    assert!(map.update(&300, &value(1)).is_err());
    let entries = map.entries().unwrap();
    assert_eq!((entries.len(), entries[299]), (300, (299, value(1))));
}

#[test]
fn kernel_per_cpu_values_are_one_per_possible_cpu() {
    if !kernel() {
        return;
    }
    let map = TypedMap::<Cpus>::new(create::<Cpus>(16)).expect("it is the map of the spec");
    let cpus = libbpf_rs::num_possible_cpus().unwrap();
    let values: Vec<_> = (0..cpus as u32).map(value).collect();
    map.update_percpu(&key(1), &values).unwrap();
    assert_eq!(map.lookup_percpu(&key(1)).unwrap(), Some(values));
    assert_eq!(map.lookup_percpu(&key(2)).unwrap(), None);
    assert!(matches!(map.update_percpu(&key(1), &[]), Err(Error::Cpus { values: 0, .. })));
    assert!(map.delete(&key(1)).unwrap());
}

#[test]
fn kernel_queues_stacks_and_bloom_filters_take_values_without_keys() {
    if !kernel() {
        return;
    }
    let queue = TypedMap::<Line>::new(create::<Line>(2)).expect("it is the map of the spec");
    let stack = TypedMap::<Pile>::new(create::<Pile>(2)).expect("it is the map of the spec");
    for count in [1, 2] {
        queue.push(&value(count)).unwrap();
        stack.push(&count.into()).unwrap();
    }
    assert!(queue.push(&value(3)).is_err(), "it is full");
    assert_eq!((queue.peek().unwrap(), queue.pop().unwrap()), (Some(value(1)), Some(value(1))));
    assert_eq!([stack.pop().unwrap(), stack.pop().unwrap(), stack.pop().unwrap()], [Some(2), Some(1), None]);

    let seen = TypedMap::<Seen>::new(create::<Seen>(100)).expect("it is the map of the spec");
    seen.push(&key(1)).unwrap();
    assert!(seen.may_contain(&key(1)).unwrap());
    assert!((2..100).any(|id| !seen.may_contain(&key(id)).unwrap()));
}

#[test]
fn kernel_a_map_of_another_layout_is_refused_with_every_difference() {
    if !kernel() {
        return;
    }
    let handle = create::<Small>(1);
    let mismatch = TypedMap::<Table>::new(&handle).expect_err("key and value differ");
    let expected =
        "map `Table` differs from its layout: key: 1 bytes, expected 8 (key); value: 4 bytes, expected 12 (value)";
    assert_eq!(mismatch.to_string(), expected);
    let Err(Error::Mismatch(mismatch)) = TypedMap::<Slots>::new(&handle) else { panic!("the type differs") };
    assert_eq!(mismatch.differences, ["type: Hash, expected array (2)"]);
    assert!(matches!(Events::<Ring>::new(&handle, |_| {}), Err(Error::Mismatch(_))));
}

#[test]
fn kernel_a_ring_buffer_hands_on_each_event_as_its_type() {
    if !kernel() {
        return;
    }
    let buffer = create::<Ring>(4096);
    let [open, close, odd] = [16, 12, 9].map(|len| Sender::new(Send::Ringbuf, &buffer, len));
    let (opens, closes, reports) = (AtomicUsize::new(0), Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let events = Events::<Ring>::builder(&buffer)
        .on_malformed(|error, bytes| reports.lock().unwrap().push((error.to_string(), bytes.len())))
        .build(|record| match record {
            RingRecord::Open(event) => {
                assert!(event.is_borrowed(), "the ring buffer aligns to 8");
                opens.fetch_add(event.pid as usize, Relaxed);
            }
            RingRecord::Close(event) => closes.lock().unwrap().push(*event),
        })
        .unwrap();
    open.send(OpenEvent { pid: 40, ..Default::default() }.as_bytes());
    close.send(CloseEvent { pid: 1, fd: 3, ..Default::default() }.as_bytes());
    odd.send(&[9; 9]);
    open.send(OpenEvent { pid: 2, ..Default::default() }.as_bytes());

    assert_eq!(events.consume_up_to(1).unwrap(), 1);
    assert_eq!(events.poll(Duration::from_secs(5)).unwrap(), 3);
    assert_eq!(events.poll(Duration::ZERO).unwrap(), 0);
    assert_eq!(opens.load(Relaxed), 42);
    assert_eq!(*closes.lock().unwrap(), [CloseEvent { pid: 1, fd: 3, ..Default::default() }]);
    assert_eq!(events.stats(), Stats { received: 3, malformed: 1, lost: 0 });
    assert_eq!(events.received_bytes(), 16 + 12 + 16);
    let report = "ring: a record of 9 bytes is none of the buffer's events".to_owned();
    assert_eq!(events.last_error().map(|error| error.to_string()), Some(report.clone()));
    assert_eq!(*reports.lock().unwrap(), [(report, 9)]);
    assert!(events.epoll_fd() >= 0);
}

#[test]
fn kernel_a_panic_of_a_handler_reaches_whoever_polls() {
    if !kernel() {
        return;
    }
    let buffer = create::<Ring>(4096);
    let sender = Sender::new(Send::Ringbuf, &buffer, 12);
    let calls = AtomicUsize::new(0);
    let events = Events::<Ring>::new(&buffer, |_| {
        calls.fetch_add(1, Relaxed);
        std::panic::resume_unwind(Box::new("from the handler"));
    })
    .unwrap();
    sender.send(CloseEvent::default().as_bytes());
    sender.send(CloseEvent::default().as_bytes());
    let panic = catch_unwind(AssertUnwindSafe(|| events.consume())).expect_err("the handler panicked");
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"from the handler"));
    assert_eq!(calls.load(Relaxed), 1, "nothing is handed on after a panic");
}

#[test]
fn kernel_a_perf_buffer_hands_on_events_and_counts_what_was_lost() {
    if !kernel() {
        return;
    }
    let buffer = create::<Samples>(libbpf_rs::num_possible_cpus().unwrap() as u32);
    let [open, close, odd] = [16, 12, 9].map(|len| Sender::new(Send::Perf, &buffer, len));
    let (pids, copies) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    let events = PerfEvents::<Samples>::builder(&buffer)
        .pages(1)
        .build(|_, record| match record {
            SamplesRecord::Open(event) => {
                copies.fetch_add(usize::from(!event.is_borrowed()), Relaxed);
                pids.lock().unwrap().push(event.pid);
            }
            SamplesRecord::Close(event) => pids.lock().unwrap().push(event.pid),
        })
        .unwrap();
    open.send(OpenEvent { pid: 1, ..Default::default() }.as_bytes());
    close.send(CloseEvent { pid: 2, ..Default::default() }.as_bytes());
    odd.send(&[9; 9]);
    events.poll(Duration::from_secs(5)).unwrap();
    events.consume().unwrap();
    let mut pids = std::mem::take(&mut *pids.lock().unwrap());
    pids.sort_unstable();
    assert_eq!(pids, [1, 2]);
    assert_eq!(copies.load(Relaxed), 1, "a perf sample lies at 4 mod 8");
    assert_eq!(events.stats(), Stats { received: 2, malformed: 1, lost: 0 });

    for _ in 0..1000 {
        open.send(OpenEvent::default().as_bytes());
    }
    events.consume().unwrap();
    open.send(OpenEvent::default().as_bytes()); // the kernel reports losses when there is room again
    events.consume().unwrap();
    let stats = events.stats();
    assert!(stats.lost > 0 && stats.received < 1003, "{stats:?}");
}

#[test]
fn kernel_a_signal_ends_the_wait() {
    if !kernel() {
        return;
    }
    let buffer = create::<Ring>(4096);
    let events = Events::<Ring>::new(&buffer, |_| {}).unwrap();
    extern "C" fn nothing(_: i32) {}
    // SAFETY: the handler does nothing, and without SA_RESTART a wait is interrupted.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing as *const () as usize;
        libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut());
    }
    // SAFETY: asks for the calling thread's own handle.
    let waiting = unsafe { libc::pthread_self() };
    let done = Cell::new(false);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            // SAFETY: the thread waits for this one at the end of the scope, so it exists.
            unsafe { libc::pthread_kill(waiting, libc::SIGUSR1) };
        });
        let started = Instant::now();
        assert_eq!(events.poll(Duration::from_secs(30)).unwrap(), 0);
        done.set(started.elapsed() < Duration::from_secs(20));
    });
    assert!(done.get(), "the signal did not end the wait");
}

#[test]
fn the_boot_clock_gives_times_of_day() {
    let clock = BootClock::now();
    let boot = clock.time_of(Ktime::from_nanos(0)).expect("boot was a time of day");
    assert!(boot < SystemTime::now());
    assert_eq!(clock.time_of(Ktime::from_nanos(5)), Some(boot + Duration::from_nanos(5)));
    let uptime = std::fs::read_to_string("/proc/uptime").expect("Linux has it");
    let uptime: f64 = uptime.split(' ').next().and_then(|seconds| seconds.parse().ok()).expect("a number");
    let since_boot = SystemTime::now().duration_since(boot).expect("boot is past").as_secs_f64();
    assert!((since_boot - uptime).abs() < 1.0, "{since_boot} {uptime}");
}

#[test]
fn kernel_rooms_tell_what_was_lost_in_all_of_them() {
    if !kernel() {
        return;
    }
    let map = create::<Rooms>(2);
    let rooms = RoomMap::<ReadEvent<'_>>::new(&map).expect("two rooms of 48 bytes");
    assert_eq!((rooms.lost().unwrap(), rooms.taken().unwrap()), (0, 0));
    let cpus = libbpf_rs::num_possible_cpus().unwrap() as u64;
    let typed = TypedMap::<Rooms>::new(&map).unwrap();
    for room in 0..2u32 {
        let of_cpu = |cpu| Room { used: 7, lost: cpu + 10 * u64::from(room), taken: u64::from(room), rest: [9; 24] };
        typed.update_percpu(&room, &(0..cpus).map(of_cpu).collect::<Vec<_>>()).unwrap();
    }
    assert_eq!((rooms.lost().unwrap(), rooms.taken().unwrap()), (cpus * (cpus - 1) + 10 * cpus, cpus));
}

#[test]
fn kernel_what_is_no_room_is_refused_with_every_difference() {
    if !kernel() {
        return;
    }
    let refusal = |map: &libbpf_rs::MapHandle| RoomMap::<ReadEvent<'_>>::new(map).unwrap_err().to_string();
    let start = "map `__read_event_scratch` differs from its layout: ";
    assert_eq!(refusal(&create::<Rooms>(1)), format!("{start}max_entries: 1 rooms, expected 2 rooms"));
    let table = format!(
        "{start}type: Hash, expected percpu_array; key: 8 bytes, expected 4 bytes; value: {} bytes, expected 48 bytes; \
         max_entries: 16 rooms, expected 2 rooms",
        size_of::<Value>()
    );
    assert_eq!(refusal(&create::<Table>(16)), table);
}
