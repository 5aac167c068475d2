//! Events of openat on their way through a ring buffer: what they cost in the kernel and in userspace, and how many are
//! lost. A variant is a row of [`VARIANTS`].

pub(crate) mod storm;

use std::{
    cell::Cell,
    fs,
    hint::black_box,
    os::fd::AsFd as _,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use bpf_layout_emit::c;
use bpf_layout_spec::{Options, load};
use libbpf_rs::{MapCore as _, MapFlags, ObjectBuilder, Program, RingBufferBuilder, libbpf_sys, query::ProgInfoIter};
use nix::sys::resource::{UsageWho, getrusage};
use tempfile::TempDir;

use crate::{
    Extent,
    report::{Bound, Section, number},
};
use storm::Storm;

/// One kind of event, and how userspace learns of it.
struct Variant {
    name: &'static str,
    /// In `kernel/`.
    program: &'static str,
    profile: Option<&'static str>,
    wake_up: WakeUp,
}

/// How userspace learns that there are events.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WakeUp {
    /// The kernel decides, as it does where nobody says anything: when userspace has read all there was.
    Kernel,
    /// Never: userspace looks every [`LOOK`].
    Never,
}

/// How often userspace looks by itself.
const LOOK: Duration = Duration::from_millis(1);

const VARIANTS: &[Variant] = &[
    fixed("fixed 4096", Some("large"), WakeUp::Kernel),
    fixed("fixed 4096, no wake-up", Some("large"), WakeUp::Never),
    fixed("fixed 512", None, WakeUp::Kernel),
    fixed("fixed 512, no wake-up", None, WakeUp::Never),
];

const fn fixed(name: &'static str, profile: Option<&'static str>, wake_up: WakeUp) -> Variant {
    Variant { name, program: "fixed.bpf.c", profile, wake_up }
}

/// What others are compared with.
const PEER: usize = 2;

/// The calls of a run: how many each of two processes makes, and the pause after each.
struct Load {
    name: &'static str,
    calls: u32,
    pause: Duration,
}

/// What became of them.
struct Outcome {
    delivered: u64,
    lost: u64,
    seconds: f64,
    /// Bytes of the ring that an event takes, with its header.
    bytes: f64,
    /// Nanoseconds of the program for one of the calls. That it ran for other processes too, and left, is in it.
    bpf: f64,
    /// Instructions that the verifier went through.
    verified: u32,
    /// Nanoseconds of userspace for one event.
    user: f64,
}

pub(crate) fn run(extent: Extent) -> Result<Section, String> {
    let mut section = Section::default();
    if let Some(reason) = obstacle() {
        return Ok(section.skipped(&reason));
    }
    let calls = |full: u32| if extent == Extent::Full { full } else { 100 };
    let loads = [
        Load { name: "as fast as two processes can call", calls: calls(200_000), pause: Duration::ZERO },
        Load {
            name: "paced, 100 µs between calls of each process",
            calls: calls(20_000),
            pause: Duration::from_micros(100),
        },
    ];
    let _counting = Counting::switch_on()?;
    for load in &loads {
        let mut outcomes = Vec::new();
        for variant in VARIANTS {
            eprintln!("{}: {}", load.name, variant.name);
            outcomes.push(measure(variant, load)?);
        }
        rows(&mut section, load, &outcomes);
    }
    Ok(section)
}

/// Why nothing can be measured here.
fn obstacle() -> Option<String> {
    let required = std::env::var_os("BPF_LAYOUT_REQUIRE_KERNEL").is_some_and(|value| value == "1");
    let writable = fs::OpenOptions::new().write(true).open(STATS).err()?;
    (!required).then(|| format!("{STATS}: {writable}; measuring BPF programs takes root"))
}

fn rows(section: &mut Section, load: &Load, outcomes: &[Outcome]) {
    let title = format!("{} calls, {}, ring of 256 KiB:", 2 * load.calls, load.name);
    let head = [
        "event",
        "bytes in the ring",
        "lost",
        "delivered per s",
        "of fixed 512's",
        "BPF ns per call",
        "verified",
        "user ns per event",
    ];
    let table = section.table(&title, &head);
    let rate = |outcome: &Outcome| outcome.delivered as f64 / outcome.seconds;
    let peer = rate(&outcomes[PEER]);
    for (variant, outcome) in VARIANTS.iter().zip(outcomes) {
        let lost = 100.0 * outcome.lost as f64 / (outcome.lost + outcome.delivered).max(1) as f64;
        table.row(vec![
            variant.name.into(),
            number(outcome.bytes),
            format!("{} %", number(lost)),
            number(rate(outcome)),
            format!("{}x", number(rate(outcome) / peer)),
            number(outcome.bpf),
            outcome.verified.to_string(),
            number(outcome.user),
        ]);
    }
    let unaccounted = outcomes.iter().filter(|one| one.delivered + one.lost != u64::from(2 * load.calls)).count();
    section.aim(&format!("{}: runs with calls that became nothing", load.name), unaccounted as f64, Bound::AtMost(0.0));
}

fn measure(variant: &Variant, load: &Load) -> Result<Outcome, String> {
    let folder = TempDir::new().map_err(|error| format!("no temporary folder: {error}"))?;
    let path = compile(variant, folder.path())?;
    let failed = |error: libbpf_rs::Error| format!("{}: {error:#}", variant.name);
    let open = ObjectBuilder::default().open_file(path).map_err(failed)?;
    let object = open.load().map_err(failed)?;
    let map = |name: &str| {
        object.maps().find(|map| map.name() == name).ok_or_else(|| format!("{}: no map `{name}`", variant.program))
    };
    let (storm, counters, events) = (map("storm")?, map("counters")?, map("events")?);

    let mut storms = [Storm::prepare(load.calls, load.pause)?, Storm::prepare(load.calls, load.pause)?];
    let pids = storms.each_ref().map(|storm| storm.pid().to_ne_bytes()).concat();
    storm.update(&0u32.to_ne_bytes(), &pids, MapFlags::ANY).map_err(failed)?;

    let (delivered, bytes) = (Cell::new(0u64), Cell::new(0u64));
    let mut builder = RingBufferBuilder::new();
    let seen = |record: &[u8]| {
        delivered.set(delivered.get() + 1);
        // Each record follows a header of 8 bytes, and both together are rounded up to 8 (kernel/bpf/ringbuf.c).
        bytes.set(bytes.get() + (record.len() as u64 + 8).next_multiple_of(8));
        black_box(record.iter().step_by(64).fold(0u8, |sum, byte| sum ^ byte));
        0
    };
    builder.add(&events, seen).map_err(failed)?;
    let ring = builder.build().map_err(failed)?;

    let program = object.progs_mut().next().ok_or("no program")?;
    let link = program.attach().map_err(failed)?;
    let id = Program::id_from_fd(program.as_fd()).map_err(failed)?;
    let (started, before) = (Instant::now(), own_cpu()?);
    for storm in &mut storms {
        storm.go()?;
    }
    let mut over = false;
    while !over {
        over = storms[0].is_over()? & storms[1].is_over()?;
        match variant.wake_up {
            WakeUp::Kernel => ring.poll(Duration::from_millis(10)).map_err(failed)?,
            WakeUp::Never => {
                ring.consume().map_err(failed)?;
                thread::sleep(LOOK);
            }
        }
    }
    ring.consume().map_err(failed)?;
    let (seconds, user) = (started.elapsed().as_secs_f64(), own_cpu()? - before);
    drop(link);
    let info = ProgInfoIter::default().find(|info| info.id == id).ok_or("the program is gone")?;
    let counted = counters.lookup(&0u32.to_ne_bytes(), MapFlags::ANY).map_err(failed)?.ok_or("no counters")?;
    let lost =
        counted.get(8..16).and_then(|bytes| bytes.try_into().ok()).map(u64::from_ne_bytes).ok_or("no counter")?;
    let delivered = delivered.get();
    Ok(Outcome {
        delivered,
        lost,
        seconds,
        bytes: bytes.get() as f64 / delivered.max(1) as f64,
        bpf: info.run_time_ns as f64 / (delivered + lost).max(1) as f64,
        verified: info.verified_insns,
        user: user * 1e9 / delivered.max(1) as f64,
    })
}

/// Seconds of CPU that this process has taken, its children not counted.
fn own_cpu() -> Result<f64, String> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).map_err(|error| format!("getrusage: {error}"))?;
    Ok([usage.user_time(), usage.system_time()]
        .iter()
        .map(|time| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6)
        .sum())
}

fn compile(variant: &Variant, folder: &Path) -> Result<PathBuf, String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("kernel");
    let options = Options { profile: variant.profile.map(str::to_owned) };
    let loaded =
        load(&sources.join("layouts.toml"), &options).map_err(|failure| format!("{:?}", failure.diagnostics))?;
    let headers = folder.join("bpf");
    let write = |path: &Path, text: &str| fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()));
    fs::create_dir_all(&headers).map_err(|error| format!("{}: {error}", headers.display()))?;
    for (name, text) in libbpf_sys::API_HEADERS {
        write(&headers.join(name), text)?;
    }
    write(&folder.join("layouts.h"), &c::header(&loaded.layouts))?;
    let object = folder.join("program.bpf.o");
    // `BPF_RB_NO_WAKEUP` is 1.
    let flags = format!("-DSUBMIT_FLAGS={}", u32::from(variant.wake_up == WakeUp::Never));
    let mut clang = Command::new("clang");
    clang.args(["--target=bpf", "-g", "-O2", "-Wall", "-Werror", "-idirafter", "/usr/include", "-idirafter"]);
    clang.arg(format!("/usr/include/{}-linux-gnu", std::env::consts::ARCH)).arg("-I").arg(folder).arg(flags);
    clang.arg("-c").arg(sources.join(variant.program)).arg("-o").arg(&object);
    let output = clang.output().map_err(|error| format!("cannot run clang: {error}"))?;
    if output.status.success() { Ok(object) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// Where the kernel is told to measure programs.
const STATS: &str = "/proc/sys/kernel/bpf_stats_enabled";

/// As long as it lives, the kernel measures how long programs run.
struct Counting(String);

impl Counting {
    fn switch_on() -> Result<Self, String> {
        let failed = |error| format!("{STATS}: {error}");
        let before = fs::read_to_string(STATS).map_err(failed)?;
        fs::write(STATS, "1").map_err(failed)?;
        Ok(Counting(before))
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        // Nobody is left to hear of an error; the next run sets it again.
        let _ = fs::write(STATS, &self.0);
    }
}
