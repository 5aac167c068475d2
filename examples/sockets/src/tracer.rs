//! The BPF side: loaded, attached, read, and at the end asked for its account.

use std::{
    collections::HashSet,
    fmt, fs, mem,
    os::fd::AsRawFd,
    time::{Duration, Instant},
};

use bpf_layout::libbpf::{Dictionary, Events, TypedMap, intern_counts};
use libbpf_rs::{Link, Object};
use tool::{Needs, Source, attach, explain, handle, keep_messages, load, settle};

use crate::{
    cgroup,
    layouts::{FINGERPRINTS, PacketEvent, PathId, SocketCounters, maps},
    totals::Totals,
};

/// The object that the build script made of `bpf-src/sockets.bpf.c`.
static OBJECT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/sockets.bpf.o"));

const NEEDS: Needs =
    Needs { tool: "sockets", linux: "5.17", capabilities: &["CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN"] };

/// In this order, so that no socket is seen to be opened whose end would be missed. The first is there only where owners
/// stand by themselves.
const TRACEPOINTS: [&str; 4] =
    ["sockets_process_ended", "sockets_tcp_closed", "sockets_opened", "sockets_opening_enter"];
const BEFORE: [&str; 1] = ["sockets_released"];
const AFTER: [&str; 2] = ["sockets_sent", "sockets_received"];

/// How often paths are removed that no owner has any more, and how long they have not been met then.
const AGE: Duration = Duration::from_secs(60);

/// Owners where they stand by themselves, and the paths that they have.
struct Owners {
    owners: TypedMap<'static, maps::SocketOwners>,
    paths: Dictionary<'static, maps::PathStrings>,
    interning: TypedMap<'static, maps::PathInterning>,
    aged: Instant,
}

impl Owners {
    /// `None` in profiles where each socket says who opened it.
    fn of(object: &Object) -> Result<Option<Self>, String> {
        let Ok(owners) = handle::<maps::SocketOwners>(object) else { return Ok(None) };
        Ok(Some(Owners {
            owners: TypedMap::from_handle(owners).map_err(text)?,
            paths: Dictionary::new(TypedMap::from_handle(handle::<maps::PathStrings>(object)?).map_err(text)?),
            interning: TypedMap::from_handle(handle::<maps::PathInterning>(object)?).map_err(text)?,
            aged: Instant::now(),
        }))
    }

    fn age_out(&mut self) -> Result<(), String> {
        if self.aged.elapsed() < AGE {
            return Ok(());
        }
        self.aged = Instant::now();
        let mut in_use: HashSet<PathId> = HashSet::new();
        for entry in self.owners.iter() {
            let (_, owner) = entry.map_err(text)?;
            in_use.extend([owner.cwd, owner.exepath]);
        }
        self.paths.age_out(AGE, |id| in_use.contains(&id)).map(drop).map_err(text)
    }

    fn lost_paths(&self) -> Result<u64, String> {
        let counts = intern_counts::<maps::PathStrings>(&self.interning).map_err(text)?;
        Ok(counts.lost())
    }
}

/// Programs that are attached, and their events.
pub(crate) struct Tracer<'cb> {
    links: Vec<Link>,
    events: Events<'cb, maps::Packets>,
    counters: TypedMap<'static, maps::SocketStats>,
    sockets: TypedMap<'static, maps::GadgetSockets>,
    owners: Option<Owners>,
    /// What the links are of; so it goes last.
    _object: Object,
}

impl<'cb> Tracer<'cb> {
    /// Loads and attaches; from now on the ring buffer fills. `on_event` is called while events are handled.
    ///
    /// # Errors
    /// If the kernel does not let us, with what to do about it.
    pub(crate) fn start(mut on_event: impl FnMut(&PacketEvent) + Send + 'cb) -> Result<Self, String> {
        keep_messages();
        let object = load(&NEEDS, OBJECT, &FINGERPRINTS)?;
        let handler = move |maps::PacketsRecord::Packet(event): maps::PacketsRecord<'_>| on_event(&event);
        Ok(Tracer {
            events: Events::new(&handle::<maps::Packets>(&object)?, handler).map_err(text)?,
            counters: TypedMap::from_handle(handle::<maps::SocketStats>(&object)?).map_err(text)?,
            sockets: TypedMap::from_handle(handle::<maps::GadgetSockets>(&object)?).map_err(text)?,
            owners: Owners::of(&object)?,
            links: attach_all(&object)?,
            _object: object,
        })
    }

    fn totals(&self) -> Result<Totals, String> {
        let per_cpu = self.counters.lookup_percpu(&0).map_err(text)?.unwrap_or_default();
        let stats = self.events.stats();
        let open = self.sockets.keys().count() as u64;
        Ok(Totals {
            kernel: sum(&per_cpu),
            open,
            owners: self.owners.as_ref().map_or(open, |owners| owners.owners.keys().count() as u64),
            lost_paths: self.owners.as_ref().map_or(Ok(0), Owners::lost_paths)?,
            received: stats.received,
            bytes: self.events.received_bytes(),
            malformed: stats.malformed,
            hidden: 0,
        })
    }
}

impl Source for Tracer<'_> {
    type Totals = Totals;

    fn poll(&mut self, timeout: Duration) -> Result<(), String> {
        self.events.poll(timeout).map_err(text)?;
        self.owners.as_mut().map_or(Ok(()), Owners::age_out)
    }

    fn finish(mut self) -> Result<Totals, String> {
        settle(mem::take(&mut self.links), Totals::is_settled, || {
            self.events.consume().map_err(text)?;
            self.totals()
        })
    }
}

fn attach_all(object: &Object) -> Result<Vec<Link>, String> {
    let refused = |error| explain(&NEEDS, "cannot attach the BPF programs", &error);
    let mut links = attach_to_cgroup(object, &BEFORE)?;
    links.extend(attach(object, &TRACEPOINTS).map_err(refused)?);
    links.extend(attach_to_cgroup(object, &AFTER)?);
    Ok(links)
}

fn attach_to_cgroup(object: &Object, programs: &[&str]) -> Result<Vec<Link>, String> {
    let root = cgroup::root()?;
    let folder = fs::File::open(&root).map_err(|error| format!("cannot open {}: {error}", root.display()))?;
    let mut links = Vec::new();
    for name in programs {
        for program in object.progs_mut().filter(|program| program.name() == *name) {
            let link = program.attach_cgroup(folder.as_raw_fd());
            links.push(link.map_err(|error| explain(&NEEDS, &format!("cannot attach to {}", root.display()), &error))?);
        }
    }
    Ok(links)
}

/// The sum over all CPUs.
fn sum(per_cpu: &[SocketCounters]) -> SocketCounters {
    per_cpu.iter().fold(SocketCounters::default(), |sum, cpu| SocketCounters {
        opened: sum.opened + cpu.opened,
        closed: sum.closed + cpu.closed,
        replaced: sum.replaced + cpu.replaced,
        lost_sockets_full: sum.lost_sockets_full + cpu.lost_sockets_full,
        lost_owners_full: sum.lost_owners_full + cpu.lost_owners_full,
        packets: sum.packets + cpu.packets,
        named: sum.named + cpu.named,
        lost_packets_full: sum.lost_packets_full + cpu.lost_packets_full,
    })
}

fn text(error: impl fmt::Display) -> String {
    error.to_string()
}
