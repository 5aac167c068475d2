//! Events of openat on their way through a ring buffer: what they cost in the kernel and in userspace, and how many are
//! lost. A variant is a row of [`VARIANTS`].

pub(crate) mod program;
mod reader;
pub(crate) mod storm;

use std::{
    ffi::CStr,
    fs,
    hint::black_box,
    mem::offset_of,
    os::fd::AsFd as _,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use bpf_layout::{
    Layout as _,
    libbpf::{Dictionary, TypedMap, wake_promptly},
};
use libbpf_rs::{MapCore as _, MapFlags, ObjectBuilder, Program, query::ProgInfoIter};
use nix::{
    sys::resource::{UsageWho, getrusage},
    time::{ClockId, clock_gettime},
};
use tempfile::TempDir;

use crate::{
    Extent,
    report::{Bound, Section, number},
};
use reader::{Reader, Source};
use storm::{Pause, Storm};

pub(crate) mod layouts {
    bpf_layout::include_layouts!("kernel/layouts.toml");
}

/// One kind of event, and how userspace learns of it.
struct Variant {
    name: &'static str,
    program: Sender,
    /// Of `kernel/layouts.toml`.
    profile: Option<&'static str>,
    reader: Reader,
    /// How soon the reader runs once it is woken.
    woken: Woken,
}

impl Variant {
    const fn new(name: &'static str, program: Sender, profile: Option<&'static str>, reader: Reader) -> Self {
        Variant { name, program, profile, reader, woken: Woken::InTurn }
    }

    const fn promptly(self) -> Self {
        Variant { woken: Woken::Promptly, ..self }
    }
}

/// A BPF program.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Sender {
    /// In `kernel/`.
    source: &'static str,
    /// The ring buffer that it fills.
    buffer: &'static str,
    /// What is defined when it is compiled.
    define: Option<&'static str>,
}

/// How soon the scheduler runs a thread that was woken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Woken {
    /// As any.
    InTurn,
    /// By `bpf_layout::libbpf::wake_promptly`.
    Promptly,
}

const VARIANTS: &[Variant] = &[
    Variant::new("fixed 4096", FIXED, Some("large"), Reader::Waits),
    Variant::new("fixed 4096, adaptive wake-up", FIXED, Some("large_adaptive"), Reader::WaitsAndLooks),
    Variant::new(PEER, FIXED, None, Reader::Waits),
    Variant::new("fixed 512, prompt reader", FIXED, None, Reader::Waits).promptly(),
    Variant::new("fixed 512, gathered", FIXED, None, Reader::Gathers),
    Variant::new("fixed 512, gathered, prompt reader", FIXED, None, Reader::Gathers).promptly(),
    Variant::new("fixed 512, adaptive wake-up", FIXED, ADAPTIVE, Reader::WaitsAndLooks),
    Variant::new("fixed 512, no wake-up", FIXED, NEVER, Reader::Looks),
    Variant::new(CONTENDER, COMPACT, None, Reader::Waits),
    Variant::new("compact, prompt reader", COMPACT, None, Reader::Waits).promptly(),
    Variant::new(GATHERED, COMPACT, None, Reader::Gathers),
    Variant::new(GATHERED_AND_PROMPTLY, COMPACT, None, Reader::Gathers).promptly(),
    Variant::new(SELDOM, COMPACT, ADAPTIVE, Reader::WaitsAndLooks),
    Variant::new(SELDOM_AND_PROMPTLY, COMPACT, ADAPTIVE, Reader::WaitsAndLooks).promptly(),
    Variant::new("compact, no wake-up", COMPACT, NEVER, Reader::Looks),
    Variant::new("compact, no wake-up, prompt reader", COMPACT, NEVER, Reader::Looks).promptly(),
    Variant::new("compact by dynptr, no wake-up", BY_DYNPTR, NEVER, Reader::Looks),
    Variant::new("interned", INTERNED, None, Reader::Waits),
    Variant::new("interned, gathered", INTERNED, None, Reader::Gathers),
    Variant::new("interned, adaptive wake-up", INTERNED, ADAPTIVE, Reader::WaitsAndLooks),
    Variant::new("interned, no wake-up", INTERNED, NEVER, Reader::Looks),
];

/// Profiles of the same lengths.
const ADAPTIVE: Option<&str> = Some("adaptive");
const NEVER: Option<&str> = Some("never");

const FIXED: Sender = Sender { source: "fixed.bpf.c", buffer: "events", define: None };
const COMPACT: Sender = Sender { source: "compact.bpf.c", buffer: "calls", define: None };
const BY_DYNPTR: Sender = Sender { define: Some("BPF_LAYOUT_DYNPTR"), ..COMPACT };
const INTERNED: Sender = Sender { source: "interned.bpf.c", buffer: "ids", define: None };

/// What others are compared with.
const PEER: &str = "fixed 512";

/// What has to beat it.
const CONTENDER: &str = "compact";

/// The same, read by `Events` of bpf-layout.
const GATHERED: &str = "compact, gathered";

/// And where the scheduler runs the reader soon.
const GATHERED_AND_PROMPTLY: &str = "compact, gathered, prompt reader";

/// The same with the wake-up for those who can wait.
const SELDOM: &str = "compact, adaptive wake-up";

/// And where the scheduler runs the reader soon.
const SELDOM_AND_PROMPTLY: &str = "compact, adaptive wake-up, prompt reader";

/// Bytes of an event's fields of fixed length, before its texts.
const FIELDS: usize = offset_of!(layouts::OpenatEvent, cwd);

/// Of so many events one has its delay measured: asking for the time takes longer than reading an event.
const SAMPLED: u64 = 16;

/// Texts of an event.
const TEXTS: usize = 3;

/// The calls of a run: how many each of two processes makes, and the pause after each.
struct Load {
    name: String,
    calls: u32,
    pause: Pause,
}

/// What became of them.
struct Outcome {
    delivered: u64,
    lost: u64,
    /// Paths of events that were delivered with ids that stand for none.
    unresolved: u64,
    seconds: f64,
    /// Bytes of the ring that an event takes, with its header.
    bytes: f64,
    /// Bytes of it that say something: fields, and texts with their NULs.
    used: f64,
    /// Nanoseconds of the program for one of the calls. That it ran for other processes too, and left, is in it.
    bpf: f64,
    /// Instructions that the verifier went through.
    verified: u32,
    /// Nanoseconds of userspace for one event.
    user: f64,
    /// Nanoseconds from the program's first look at the clock until userspace has the event, of one in
    /// [`SAMPLED`].
    delays: Delays,
}

pub(crate) fn run(extent: Extent) -> Result<Section, String> {
    let mut section = Section::default();
    if let Some(reason) = obstacle() {
        return Ok(section.skipped(&reason));
    }
    let calls = |full: u32| if extent == Extent::Full { full } else { 100 };
    let _counting = Counting::switch_on()?;
    let busy = busy_until_half_is_lost(calls(50_000), if extent == Extent::Full { 8 } else { 1 })?;
    let loads = [
        Load { name: "as fast as two processes can call".into(), calls: calls(200_000), pause: Pause::None },
        Load {
            name: format!("with {} µs of other work after each call", number(busy.as_secs_f64() * 1e6)),
            calls: calls(200_000),
            pause: Pause::Work(busy),
        },
        Load {
            name: "paced, 100 µs between calls of each process".into(),
            calls: calls(20_000),
            pause: Pause::Sleep(Duration::from_micros(100)),
        },
    ];
    for load in &loads {
        let mut outcomes = Vec::new();
        for variant in VARIANTS {
            eprintln!("{}: {}", load.name, variant.name);
            outcomes.push(middle(variant, load, if extent == Extent::Full { 3 } else { 1 })?);
        }
        rows(&mut section, load, &outcomes);
    }
    Ok(section)
}

/// How long each process has to do something else after a call for the [`PEER`] to lose half of the events, to within some
/// percent; looked for in so many steps.
fn busy_until_half_is_lost(calls: u32, steps: usize) -> Result<Duration, String> {
    let peer = VARIANTS.iter().find(|variant| variant.name == PEER).ok_or("no peer")?;
    let (mut least, mut most) = (Duration::ZERO, Duration::from_micros(20));
    let mut busy = most / 2;
    for _ in 0..steps {
        eprintln!("with {busy:?} of other work: {PEER}");
        let load = Load { name: String::new(), calls, pause: Pause::Work(busy) };
        let lost = middle(peer, &load, 1)?.lost_percent();
        if (47.0..=53.0).contains(&lost) {
            break;
        }
        if lost > 50.0 {
            least = busy
        } else {
            most = busy
        }
        busy = (least + most) / 2;
    }
    Ok(busy)
}

/// Why nothing can be measured here.
pub(crate) fn obstacle() -> Option<String> {
    let required = std::env::var_os("BPF_LAYOUT_REQUIRE_KERNEL").is_some_and(|value| value == "1");
    let writable = fs::OpenOptions::new().write(true).open(STATS).err()?;
    (!required).then(|| format!("{STATS}: {writable}; measuring BPF programs takes root"))
}

fn rows(section: &mut Section, load: &Load, outcomes: &[Outcome]) {
    let title = format!("{} calls, {}, ring of 256 KiB:", 2 * load.calls, load.name);
    let head = [
        "event",
        "bytes in the ring",
        "of them used",
        "lost",
        "delivered per s",
        "of fixed 512's",
        "BPF ns per call",
        "per event delivered",
        "verified",
        "user ns per event",
        "delay, median µs",
        "99th percentile",
    ];
    let found = |name: &str| VARIANTS.iter().position(|variant| variant.name == name).map(|index| &outcomes[index]);
    let [Some(peer), Some(contender)] = [PEER, CONTENDER].map(found) else { return };
    let table = section.table(&title, &head);
    for (variant, outcome) in VARIANTS.iter().zip(outcomes) {
        table.row(vec![
            variant.name.into(),
            number(outcome.bytes),
            number(outcome.used),
            format!("{} %", number(outcome.lost_percent())),
            number(outcome.rate()),
            format!("{}x", number(outcome.rate() / peer.rate())),
            number(outcome.bpf),
            number(outcome.bpf_of_delivered()),
            outcome.verified.to_string(),
            number(outcome.user),
            number(outcome.delays.median / 1e3),
            number(outcome.delays.percentile_99 / 1e3),
        ]);
    }
    let aim = |section: &mut Section, what: &str, found, bound| {
        section.aim(&format!("{}: {what}", load.name), found, bound);
    };
    let overhead = contender.bytes - contender.used;
    aim(section, "bytes that a compact event takes beyond those used", overhead, Bound::AtMost(32.0));
    let bpf = contender.bpf_of_delivered() / peer.bpf_of_delivered();
    aim(section, "BPF time of a compact event that arrives to that of a fixed 512", bpf, Bound::AtMost(1.0));
    for name in [CONTENDER, GATHERED, GATHERED_AND_PROMPTLY, SELDOM, SELDOM_AND_PROMPTLY] {
        let Some(one) = found(name) else { continue };
        match load.pause {
            Pause::None => {
                let delivered = format!("delivered per s by `{name}`, of fixed 512's");
                aim(section, &delivered, one.rate() / peer.rate(), Bound::AtLeast(3.0));
            }
            Pause::Work(_) => {
                let peer = number(peer.lost_percent());
                let lost = format!("percent of events lost by `{name}`, where fixed 512 loses {peer}");
                aim(section, &lost, one.lost_percent(), Bound::AtMost(0.0));
            }
            Pause::Sleep(_) => {}
        }
    }
    let unaccounted = outcomes.iter().filter(|one| !one.is_whole(load)).count();
    aim(section, "runs with calls or paths that became nothing", unaccounted as f64, Bound::AtMost(0.0));
}

/// Of many delays, in nanoseconds.
struct Delays {
    median: f64,
    percentile_99: f64,
}

impl Delays {
    fn of(mut delays: Vec<f64>) -> Self {
        delays.sort_by(f64::total_cmp);
        let at = |percent: usize| delays[delays.len() * percent / 100];
        Delays { median: at(50), percentile_99: at(99) }
    }
}

/// Nanoseconds since the program took the event's time, which is its first field.
fn delay(record: &[u8]) -> Option<f64> {
    let sent = Duration::from_nanos(u64::from_ne_bytes(*record.first_chunk()?));
    let now: Duration = clock_gettime(ClockId::CLOCK_MONOTONIC).ok()?.into();
    Some(now.saturating_sub(sent).as_nanos() as f64)
}

impl Outcome {
    fn rate(&self) -> f64 {
        self.delivered as f64 / self.seconds
    }

    /// Nanoseconds of the program for one event that arrived. A call that finds no room is cheap, and what loses most of
    /// its events is not cheaper for that.
    fn bpf_of_delivered(&self) -> f64 {
        self.bpf * (self.delivered + self.lost) as f64 / self.delivered.max(1) as f64
    }

    /// Whether every call of the load became an event or was counted as lost, and every id a path.
    fn is_whole(&self, load: &Load) -> bool {
        self.delivered + self.lost == u64::from(2 * load.calls) && self.unresolved == 0
    }

    fn lost_percent(&self) -> f64 {
        100.0 * self.lost as f64 / (self.lost + self.delivered).max(1) as f64
    }
}

/// Bytes of a record that say something. A reader has to find the ends of the texts as well.
fn used(program: Sender, record: &[u8]) -> usize {
    if program.source == COMPACT.source {
        return layouts::CallEvent::parse(record).map_or(0, |event| {
            FIELDS + event.cwd().raw().len() + event.exepath().raw().len() + event.path().raw().len()
        });
    }
    if program == INTERNED {
        return record.len();
    }
    let Some((_, texts)) = record.split_at_checked(FIELDS) else { return 0 };
    let used = |room: &[u8]| CStr::from_bytes_until_nul(room).map_or(room.len(), |text| text.count_bytes() + 1);
    FIELDS + texts.chunks_exact(texts.len() / TEXTS).map(used).sum::<usize>()
}

/// What userspace has seen of the events.
struct Seen {
    program: Sender,
    delivered: u64,
    /// Of the ring, with headers.
    bytes: u64,
    /// Those of them that say something.
    meant: u64,
    delays: Vec<f64>,
    /// Paths by their ids, as a reader of interned events has them.
    paths: Option<Dictionary<layouts::maps::PathStrings>>,
    unresolved: u64,
}

impl Seen {
    fn see(&mut self, record: &[u8]) {
        if self.delivered.is_multiple_of(SAMPLED) {
            self.delays.extend(delay(record));
        }
        self.delivered += 1;
        // Each record follows a header of 8 bytes, and both together are rounded up to 8 (kernel/bpf/ringbuf.c).
        self.bytes += (record.len() as u64 + 8).next_multiple_of(8);
        self.meant += used(self.program, record) as u64;
        if let Some(paths) = &mut self.paths {
            self.unresolved += resolve(paths, record);
        }
        black_box(record.iter().step_by(64).fold(0u8, |sum, byte| sum ^ byte));
    }
}

/// Resolves the ids of an event, and looks at the paths. How many stand for none.
fn resolve(paths: &mut Dictionary<layouts::maps::PathStrings>, record: &[u8]) -> u64 {
    let Ok(event) = layouts::InternedEvent::parse(record) else { return TEXTS as u64 };
    let path = |id| paths.resolve(id).ok().flatten().map(|path| black_box(path.as_bytes().len()));
    [event.cwd, event.exepath, event.path].map(path).iter().filter(|path| path.is_none()).count() as u64
}

/// Of so many runs the one in the middle, by the events that it lost and, where none has lost any, by how fast they came; or
/// one in which something became nothing.
fn middle(variant: &Variant, load: &Load, runs: usize) -> Result<Outcome, String> {
    let folder = TempDir::new().map_err(|error| format!("no temporary folder: {error}"))?;
    let object = program::compile(variant.program.source, variant.profile, variant.program.define, folder.path())?;
    let mut outcomes = (0..runs).map(|_| measure(variant, &object, load)).collect::<Result<Vec<_>, _>>()?;
    outcomes.sort_by(|one, other| one.lost.cmp(&other.lost).then(other.rate().total_cmp(&one.rate())));
    let broken = outcomes.iter().position(|outcome| !outcome.is_whole(load));
    Ok(outcomes.swap_remove(broken.unwrap_or(runs / 2)))
}

/// In a thread of its own: what the scheduler is told of it does not hold for the next.
fn measure(variant: &Variant, object: &Path, load: &Load) -> Result<Outcome, String> {
    thread::scope(|scope| {
        let reader = scope.spawn(|| read(variant, object, load));
        reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Has the calls made, and reads their events.
fn read(variant: &Variant, object: &Path, load: &Load) -> Result<Outcome, String> {
    let failed = |error: libbpf_rs::Error| format!("{}: {error:#}", variant.name);
    let object = ObjectBuilder::default().open_file(object).and_then(libbpf_rs::OpenObject::load).map_err(failed)?;
    let map = |name: &str| {
        object
            .maps()
            .find(|map| map.name() == name)
            .ok_or_else(|| format!("{}: no map `{name}`", variant.program.source))
    };
    let (storm, counters, events) = (map("storm")?, map("counters")?, map(variant.program.buffer)?);

    let prepared = || Storm::prepare(load.calls, load.pause);
    let mut storms = [prepared()?, prepared()?];
    let pids = storms.each_ref().map(|storm| storm.pid().to_ne_bytes()).concat();
    storm.update(&0u32.to_ne_bytes(), &pids, MapFlags::ANY).map_err(failed)?;

    let strings = (variant.program == INTERNED).then(|| map("path_strings")).transpose()?;
    let strings = strings.as_ref().map(TypedMap::new).transpose().map_err(|error| error.to_string())?;
    let mut seen = Seen {
        program: variant.program,
        delivered: 0,
        bytes: 0,
        meant: 0,
        delays: Vec::new(),
        paths: strings.map(Dictionary::new),
        unresolved: 0,
    };
    let source = Source::open(&events, variant.reader, |record| seen.see(record))?;

    let program = object.progs_mut().next().ok_or("no program")?;
    let link = program.attach().map_err(failed)?;
    let id = Program::id_from_fd(program.as_fd()).map_err(failed)?;
    // Processes that are started later would be like this thread.
    if variant.woken == Woken::Promptly {
        wake_promptly().map_err(|error| format!("sched_setattr: {error}"))?;
    }
    let (started, before) = (Instant::now(), own_cpu()?);
    for storm in &mut storms {
        storm.go()?;
    }
    let mut over = false;
    while !over {
        over = storms[0].is_over()? & storms[1].is_over()?;
        source.next()?;
    }
    source.rest()?;
    let (seconds, user) = (started.elapsed().as_secs_f64(), own_cpu()? - before);
    drop((link, source));
    let info = ProgInfoIter::default().find(|info| info.id == id).ok_or("the program is gone")?;
    let counted = counters.lookup(&0u32.to_ne_bytes(), MapFlags::ANY).map_err(failed)?.ok_or("no counters")?;
    let lost =
        counted.get(8..16).and_then(|bytes| bytes.try_into().ok()).map(u64::from_ne_bytes).ok_or("no counter")?;
    if seen.delays.is_empty() {
        return Err(format!("{}: nothing came through the ring buffer", variant.name));
    }
    let of_each = |sum: u64| sum as f64 / seen.delivered.max(1) as f64;
    Ok(Outcome {
        delivered: seen.delivered,
        lost,
        unresolved: seen.unresolved,
        seconds,
        bytes: of_each(seen.bytes),
        used: of_each(seen.meant),
        bpf: info.run_time_ns as f64 / (seen.delivered + lost).max(1) as f64,
        verified: info.verified_insns,
        user: user * 1e9 / seen.delivered.max(1) as f64,
        delays: Delays::of(seen.delays),
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
