//! The BPF side: loaded, attached, read, and at the end asked for its account.

use std::{
    cell::RefCell,
    fmt, fs, mem,
    os::fd::AsRawFd,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bpf_layout::{
    FromLayout,
    libbpf::{Events, RoomMap, TypedMap},
};
use libbpf_rs::{Link, Object};
use tool::{Needs, Source, attach, explain, handle, keep_messages, load, settle};

use crate::{
    cgroup,
    layouts::{FINGERPRINTS, PacketEvent, SocketCounters, maps},
    owners::Owners,
    packet::Packet,
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

/// What to do with each packet.
type OnEvent<'cb> = Box<dyn FnMut(&Packet) + 'cb>;

/// Programs that are attached, and their events.
pub(crate) struct Tracer<'cb> {
    links: Vec<Link>,
    events: Events<'cb, maps::Packets>,
    counters: TypedMap<maps::SocketStats>,
    rooms: RoomMap<PacketEvent<'static>>,
    sockets: TypedMap<maps::GadgetSockets>,
    /// Packets of events that were read. Taking them along is quicker than any program that makes them, so there are never
    /// many more than the ring buffer had.
    read: Arc<Mutex<Vec<Packet>>>,
    on_event: RefCell<OnEvent<'cb>>,
    /// Where owners stand by themselves.
    owners: RefCell<Option<Owners>>,
    /// What the links are of; so it goes last.
    _object: Object,
}

impl<'cb> Tracer<'cb> {
    /// Loads and attaches; from now on the ring buffer fills. `on_event` is called while events are handled. Paths that no
    /// owner has any more are kept for `path_age`.
    ///
    /// # Errors
    /// If the kernel does not let us, with what to do about it.
    pub(crate) fn start(path_age: Duration, on_event: impl FnMut(&Packet) + 'cb) -> Result<Self, String> {
        keep_messages();
        let object = load(&NEEDS, OBJECT, &FINGERPRINTS)?;
        let read = Arc::new(Mutex::new(Vec::new()));
        let queue = Arc::clone(&read);
        let handler = move |maps::PacketsRecord::Packet(event): maps::PacketsRecord<'_>| {
            // Nothing in a packet asks for more than an event has.
            if let Ok(packet) = Packet::from_layout(&event) {
                lock(&queue).push(packet);
            }
        };
        Ok(Tracer {
            events: Events::new(&handle::<maps::Packets>(&object)?, handler).map_err(text)?,
            counters: TypedMap::new(handle::<maps::SocketStats>(&object)?).map_err(text)?,
            rooms: RoomMap::of(&object).map_err(text)?,
            sockets: TypedMap::new(handle::<maps::GadgetSockets>(&object)?).map_err(text)?,
            read,
            on_event: RefCell::new(Box::new(on_event)),
            owners: RefCell::new(Owners::of(&object, path_age)?),
            links: attach_all(&object)?,
            _object: object,
        })
    }

    /// Hands on what was read, with its paths.
    fn hand_on(&self) -> Result<(), String> {
        let read = mem::take(&mut *lock(&self.read));
        let mut owners = self.owners.borrow_mut();
        for mut packet in read {
            if let Some(owners) = owners.as_mut() {
                owners.resolve(&mut packet).map_err(|reason| format!("cannot look up a path: {reason}"))?;
            }
            (self.on_event.borrow_mut())(&packet);
        }
        Ok(())
    }

    fn totals(&self) -> Result<Totals, String> {
        let per_cpu = self.counters.lookup_percpu(&0).map_err(text)?.unwrap_or_default();
        let stats = self.events.stats();
        let open = self.sockets.keys().count() as u64;
        let owners = self.owners.borrow();
        Ok(Totals {
            kernel: sum(&per_cpu),
            open,
            owners: owners.as_ref().map_or(open, Owners::count),
            paths: owners.as_ref().map(Owners::paths).transpose()?,
            received: stats.received,
            bytes: self.events.received_bytes(),
            malformed: stats.malformed,
            unsent: self.rooms.lost().map_err(text)?,
            hidden: 0,
        })
    }
}

impl Source for Tracer<'_> {
    type Totals = Totals;

    fn poll(&mut self, timeout: Duration) -> Result<(), String> {
        self.events.poll(timeout).map_err(text)?;
        self.hand_on()?;
        self.owners.borrow_mut().as_mut().map_or(Ok(()), Owners::age_out)
    }

    fn finish(mut self) -> Result<Totals, String> {
        settle(mem::take(&mut self.links), Totals::is_settled, || {
            self.events.consume().map_err(text)?;
            self.hand_on()?;
            self.totals()
        })
    }
}

/// Nobody panics with a lock in hand.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
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
        lost_owners_busy: sum.lost_owners_busy + cpu.lost_owners_busy,
        packets: sum.packets + cpu.packets,
        named: sum.named + cpu.named,
    })
}

fn text(error: impl fmt::Display) -> String {
    error.to_string()
}
