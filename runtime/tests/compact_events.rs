//! Events with fields of variable length that travel with fixed ones, through the typed buffers, on the kernel that runs.

#[path = "support/cpus.rs"]
mod cpus;
#[path = "support/object.rs"]
mod object;
mod support;

use std::{ffi::CString, sync::Mutex, time::Duration};

use bpf_layout::{
    Compact, Map,
    libbpf::{
        Events, PerfEvents, RoomMap, Stats,
        libbpf_rs::{MapCore as _, MapFlags, Object, ObjectBuilder, ProgramInput},
    },
};
use support::kernel;

bpf_layout::include_layouts!("tests/compact/layouts.toml");

/// Enough that each kind has its texts empty, cut and of every length modulo 8.
const RECORDS: u32 = 150;

/// What can be read of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Open { number: u32, path: (Vec<u8>, bool), args: (Vec<Vec<u8>>, bool) },
    Close { number: u32 },
    Exit { number: u32, reason: (Vec<u8>, bool) },
}

/// What the program should have sent.
fn sent(number: u32) -> Seen {
    let cut = |len: u32, most: usize| (source()[..(len as usize).min(most)].to_vec(), len as usize > most);
    match number % 3 {
        0 => {
            let (arg, is_cut) = cut(number % 20, 15);
            let args = (0..(number % 6).min(4)).map(|_| arg.clone()).collect::<Vec<_>>();
            // A fifth finds no room, and of others a part may be cut.
            let is_cut = number % 6 > 4 || is_cut && !args.is_empty();
            Seen::Open { number, path: cut(number * 37 % 300, 255), args: (args, is_cut) }
        }
        1 => Seen::Close { number },
        _ => Seen::Exit { number, reason: cut(number * 7 % 80, 64) },
    }
}

fn source() -> Vec<u8> {
    (0..512).map(|at| b'a' + (at * at % 23) as u8).collect()
}

fn open(event: &OpenEvent<'_>) -> Seen {
    assert_eq!((event.kind, event.flags), (Kind::OPEN, 0));
    let args = event.args().iter().map(|arg| arg.as_bytes().to_vec()).collect();
    Seen::Open {
        number: event.number,
        path: (event.path().as_bytes().to_vec(), event.path().is_truncated()),
        args: (args, event.args().is_truncated()),
    }
}

fn close(event: &CloseEvent) -> Seen {
    assert_eq!((event.kind, event.fd), (Kind::CLOSE, 0));
    Seen::Close { number: event.number }
}

fn exit(event: &ExitEvent<'_>) -> Seen {
    assert_eq!(event.kind, Kind::EXIT);
    Seen::Exit { number: event.number, reason: (event.reason().to_vec(), event.reason.is_truncated()) }
}

struct Bench {
    object: Object,
}

impl Bench {
    fn open() -> Option<Self> {
        if !kernel() || !object::clang() {
            return None;
        }
        let bytes = object::compile("compact/layouts.toml", "compact/program.bpf.c", &[]);
        let object = ObjectBuilder::default().open_memory(&bytes).expect("an object").load().expect("it can be loaded");
        let bench = Bench { object };
        object::handle(&bench.object, "source")
            .update(&0u32.to_ne_bytes(), &source(), MapFlags::ANY)
            .expect("an update");
        Some(bench)
    }

    /// Sends an event. Whether there was room.
    fn send<M: Map>(&self, number: u32) -> bool {
        let to_perf = u64::from(M::NAME == maps::Perf::NAME);
        self.run("send", [to_perf, number.into()])
    }

    /// Whether the program of this name did not fail.
    fn run<const N: usize>(&self, name: &str, arguments: [u64; N]) -> bool {
        let program = self.object.progs_mut().find(|program| program.name() == name).expect("the object has it");
        let mut context = arguments.map(u64::to_ne_bytes).concat();
        let input = ProgramInput { context_in: Some(&mut context), ..ProgramInput::default() };
        program.test_run(input).expect("the program runs").return_value == 0
    }

    fn lost<E: Compact>(&self) -> u64 {
        RoomMap::<E>::of(&self.object).expect("the object builds it").lost().expect("the kernel answers")
    }
}

#[test]
fn kernel_a_ring_buffer_hands_on_compact_and_fixed_events() {
    let Some(bench) = Bench::open() else { return };
    let seen = Mutex::new(Vec::new());
    let events = Events::<maps::Ring>::new(&object::handle(&bench.object, "ring"), |record| {
        seen.lock().unwrap().push(match record {
            maps::RingRecord::Open(event) => open(&event),
            maps::RingRecord::Close(event) => close(&event),
            maps::RingRecord::Exit(event) => exit(&event),
        });
    })
    .unwrap();
    for round in 0..2 {
        let numbers = round * RECORDS..(round + 1) * RECORDS;
        assert!(numbers.clone().all(|number| bench.send::<maps::Ring>(number)));
        assert_eq!(events.poll(Duration::from_secs(5)).unwrap(), RECORDS as usize);
        assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), numbers.map(sent).collect::<Vec<_>>());
    }
    assert_eq!(events.stats(), Stats { received: u64::from(2 * RECORDS), malformed: 0, lost: 0 });
    assert_eq!((bench.lost::<OpenEvent<'_>>(), bench.lost::<ExitEvent<'_>>()), (0, 0));
}

#[test]
fn kernel_a_perf_buffer_hands_on_compact_and_fixed_events_and_counts_the_lost() {
    let Some(bench) = Bench::open() else { return };
    // Each CPU has a buffer, and says what it has lost when there is room again.
    cpus::stay();
    assert!((0..3).all(|number| !bench.send::<maps::Perf>(number)), "nobody reads");
    assert_eq!((bench.lost::<OpenEvent<'_>>(), bench.lost::<ExitEvent<'_>>()), (1, 1));

    let seen = Mutex::new(Vec::new());
    let events = PerfEvents::<maps::Perf>::builder(&object::handle(&bench.object, "perf"))
        .pages(1)
        .build(|_, record| {
            seen.lock().unwrap().push(match record {
                maps::PerfRecord::Open(event) => open(&event),
                maps::PerfRecord::Close(event) => close(&event),
                maps::PerfRecord::Exit(event) => exit(&event),
            });
        })
        .unwrap();
    // A few at a time, as the buffer is small.
    for start in (0..RECORDS).step_by(5) {
        assert!((start..start + 5).all(|number| bench.send::<maps::Perf>(number)));
        events.poll(Duration::from_secs(5)).unwrap();
        events.consume().unwrap();
    }
    let taken = || std::mem::take(&mut *seen.lock().unwrap());
    assert_eq!(taken(), (0..RECORDS).map(sent).collect::<Vec<_>>());
    assert_eq!(events.stats(), Stats { received: RECORDS.into(), malformed: 0, lost: 0 });

    // More than there is room for. Of those that were sent each arrives, and the others are counted on both sides.
    let (arriving, lost): (Vec<u32>, Vec<u32>) = (0..RECORDS).partition(|number| bench.send::<maps::Perf>(*number));
    events.consume().unwrap();
    assert_eq!(taken(), arriving.iter().copied().map(sent).collect::<Vec<_>>());
    let of = |kind| 1 + lost.iter().filter(|number| *number % 3 == kind).count() as u64;
    assert_eq!((bench.lost::<OpenEvent<'_>>(), bench.lost::<ExitEvent<'_>>()), (of(0), of(2)));
    assert!(of(0) > 5 && of(2) > 5 && arriving.len() > 5, "{lost:?}");
    assert!(bench.send::<maps::Perf>(0));
    events.consume().unwrap();
    let received = u64::from(RECORDS) + arriving.len() as u64 + 1;
    assert_eq!(events.stats(), Stats { received, malformed: 0, lost: lost.len() as u64 });
}

/// Runs the loop that docs/generated-code.md shows.
#[test]
fn kernel_strings_that_the_caller_has_arrive_or_are_marked_as_cut() {
    let Some(bench) = Bench::open() else { return };
    let seen = Mutex::new(Vec::new());
    let events = Events::<maps::Ring>::new(&object::handle(&bench.object, "ring"), |record| {
        if let maps::RingRecord::Open(event) = record {
            seen.lock().unwrap().push(open(&event));
        }
    })
    .unwrap();
    let received = |argv: u64| {
        assert!(bench.run("send_argv", [argv]));
        assert_eq!(events.poll(Duration::from_secs(5)).unwrap(), 1);
        seen.lock().unwrap().pop().expect("an event with strings")
    };
    let event = |args: Vec<&str>, is_cut| {
        let args = args.into_iter().map(|arg| arg.as_bytes().to_vec()).collect();
        Seen::Open { number: 0, path: (vec![], false), args: (args, is_cut) }
    };
    // An address in a page that no process has.
    const NOWHERE: u64 = 8;
    let (longer, longest) = ("x".repeat(16), "x".repeat(15));
    for (texts, end, arriving, is_cut) in [
        (vec![], 0, vec![], false),
        (vec!["ls", "", "-l", ""], 0, vec!["ls", "", "-l", ""], false),
        (vec!["ls"], NOWHERE, vec!["ls"], true),
        (vec![&longer], 0, vec![&longest], true),
        (vec![&longest; 4], 0, vec![&longest; 4], false),
        (vec![&longest; 5], 0, vec![&longest; 4], true),
        // As many as the loop takes, which is less than there is room for.
        (vec!["x"; 16], 0, vec!["x"; 16], false),
        (vec!["x"; 17], 0, vec!["x"; 16], true),
    ] {
        let texts: Vec<CString> = texts.into_iter().map(|text| CString::new(text).expect("no NUL")).collect();
        let argv: Vec<u64> = texts.iter().map(|text| text.as_ptr() as u64).chain([end]).collect();
        assert_eq!(received(argv.as_ptr() as u64), event(arriving, is_cut));
    }
    assert_eq!(received(NOWHERE), event(vec![], true));
}

#[test]
fn the_loop_of_the_documentation_is_the_one_that_runs() {
    let shown = include_str!("../../docs/generated-code.md").split("```").find_map(|block| {
        let (_, function) = block.split_once("static __always_inline void read_args(")?;
        Some(function.trim_end().replace("exec_event", "open_event"))
    });
    let shown = shown.expect("it shows one");
    assert!(include_str!("compact/program.bpf.c").contains(&shown), "{shown}");
}
