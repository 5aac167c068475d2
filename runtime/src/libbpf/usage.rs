//! What this program sees of the use of its maps, which nobody else does: the strings of events, which are gone once they
//! are read, and updates that fail.

mod places;

use std::{
    borrow::ToOwned,
    collections::BTreeMap,
    string::String,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
    vec::Vec,
};

use bpf_layout_live::{Map as LiveMap, page_size, possible_cpus};
use bpf_layout_usage::{Counted, Document, InUse, Machine, Part, Row, Strings, Tally, count, kernel_release};
use libbpf_rs::MapCore;

use self::places::places;
use super::{error::Error, handle::TypedMap};
use crate::{
    kind::Kind,
    layout::Layout,
    map::{Buffer, Map, pick_event},
    shape::Shape,
};

/// A record of how maps are used, in the same form as `cargo bpf-layout audit --format json` prints it.
///
/// ```no_run
/// # bpf_layout::layout! { pub struct FileEvent("file"): size 64, align 1 { pub path: bpf_layout::Str<64> = 0 } }
/// # mod maps {
/// #     pub struct Events;
/// #     impl bpf_layout::Map for Events {
/// #         type Kind = bpf_layout::kind::Ringbuf;
/// #         type Key = ();
/// #         type Value = ();
/// #         const NAME: &'static str = "events";
/// #         const MAX_ENTRIES: u32 = 4096;
/// #         const FLAGS: u32 = 0;
/// #     }
/// #     bpf_layout::buffer! { pub enum EventsRecord for Events("events") { File(super::FileEvent) } }
/// #     pub struct Sockets;
/// #     impl bpf_layout::Map for Sockets {
/// #         type Kind = bpf_layout::kind::Hash;
/// #         type Key = u32;
/// #         type Value = u64;
/// #         const NAME: &'static str = "sockets";
/// #         const MAX_ENTRIES: u32 = 16;
/// #         const FLAGS: u32 = 0;
/// #     }
/// # }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (events, sockets) = (
/// #     libbpf_rs::MapHandle::from_pinned_path("/sys/fs/bpf/a")?, libbpf_rs::MapHandle::from_pinned_path("/sys/fs/bpf/b")?);
/// use std::time::Duration;
/// use bpf_layout::libbpf::{Events, TypedMap, Usage};
///
/// let usage = Usage::new();
/// let sockets = TypedMap::<maps::Sockets>::new(&sockets)?;
/// let events = Events::<maps::Events>::builder(&events).usage(&usage)?.build(|_| {})?;
/// events.poll(Duration::from_secs(60))?;
/// usage.look(&sockets, Duration::from_millis(100))?; // every minute, say
/// std::fs::write("/var/lib/agent/usage.json", usage.to_json())?;
/// # Ok(())
/// # }
/// ```
///
/// Files of many machines are added up by `cargo bpf-layout audit --spec layouts.toml --merge usage.json`, which proposes
/// what to write into the spec. Clones are of one record.
#[derive(Clone, Debug, Default)]
pub struct Usage(Arc<Mutex<BTreeMap<u32, Seen>>>);

/// What was seen of one map.
#[derive(Debug)]
struct Seen {
    row: Row,
    /// Of the events that travel through it.
    events: Option<Arc<[Mutex<Tally>]>>,
}

impl Usage {
    /// A record of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Usage::default()
    }

    /// Looks at a map once: counts its entries in use, or the bytes of a ring buffer that wait, and measures the strings of
    /// its keys and values, for at most about as long as `limit`. A string that is there at several looks counts at each.
    /// Nothing is changed by looking. `docs/audit.md` tells what is counted of each type of map.
    ///
    /// # Errors
    /// If the kernel does not say what map it is.
    pub fn look<M: Map>(&self, map: &TypedMap<M>, limit: Duration) -> Result<(), Error> {
        let live = open::<M>(map.as_libbpf())?;
        let mut strings = places("key", Part::Key, &M::Key::SHAPE);
        strings.extend(places("value", Part::Value, &M::Value::SHAPE));
        let Counted { in_use, strings } = count(&live, strings, Instant::now() + limit);
        let memlock = memlock::<M>(&live)?;
        let mut maps = lock(&self.0);
        let seen = seen::<M>(&mut maps, &live, memlock);
        seen.row.in_use = match (seen.row.in_use, in_use) {
            (Some(before), Some(now)) => Some(before.with(now)),
            (before, now) => before.or(now),
        };
        strings.iter().for_each(|strings| add(&mut seen.row.strings, strings));
        Ok(())
    }

    /// So many more updates of a map have failed, as far as this program knows: its own, or those that its BPF programs
    /// counted.
    ///
    /// # Errors
    /// If the kernel does not say what map it is.
    pub fn failed<M: Map>(&self, map: &TypedMap<M>, updates: u64) -> Result<(), Error> {
        let live = open::<M>(map.as_libbpf())?;
        let memlock = memlock::<M>(&live)?;
        let mut maps = lock(&self.0);
        let failed = &mut seen::<M>(&mut maps, &live, memlock).row.failed;
        *failed = Some(failed.unwrap_or(0).saturating_add(updates));
        Ok(())
    }

    /// What was seen up to now.
    #[must_use]
    pub fn document(&self) -> Document {
        let maps = lock(&self.0);
        let rows: Vec<Row> = maps.values().map(Seen::row).collect();
        let looks = rows.iter().filter_map(|row| row.in_use).map(|in_use: InUse| in_use.samples).max();
        let cpus = possible_cpus().map_or(1, |cpus| cpus as u64);
        let machine = Machine { kernel: kernel_release(), cpus, page_size: page_size(), runs: looks.unwrap_or(1) };
        Document { maps: rows, ..Document::of(machine) }
    }

    /// [`document`](Self::document) as one line of JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.document().to_json() + "\n"
    }

    /// What measures the records of a buffer.
    pub(super) fn recorder<M: Buffer>(&self, map: &dyn MapCore) -> Result<Recorder, Error> {
        let live = open::<M>(map)?;
        let memlock = memlock::<M>(&live)?;
        let mut maps = lock(&self.0);
        let events = &mut seen::<M>(&mut maps, &live, memlock).events;
        let tally = |event: &Shape| Mutex::new(Tally::new(places(event.name(), Part::Value, event), usize::MAX, false));
        let events = events.get_or_insert_with(|| M::EVENTS.iter().map(tally).collect());
        Ok(Recorder { buffer: M::NAME, shapes: M::EVENTS, events: Arc::clone(events) })
    }
}

/// Measures the strings of records.
#[derive(Debug)]
pub(super) struct Recorder {
    buffer: &'static str,
    shapes: &'static [Shape],
    /// By the number of the event.
    events: Arc<[Mutex<Tally>]>,
}

impl Recorder {
    /// Measures a record as the buffer delivered it.
    pub(super) fn record(&self, bytes: &[u8]) {
        if let Ok(event) = pick_event(self.buffer, self.shapes, bytes) {
            self.record_event(event, bytes);
        }
    }

    /// Measures a record that is this event.
    pub(super) fn record_event(&self, event: usize, bytes: &[u8]) {
        if let Some(tally) = self.events.get(event) {
            lock(tally).element(&[], bytes);
        }
    }
}

impl Seen {
    fn row(&self) -> Row {
        let mut row = self.row.clone();
        for tally in self.events.iter().flat_map(|events| events.iter()) {
            lock(tally).strings().iter().for_each(|strings| add(&mut row.strings, strings));
        }
        row
    }
}

/// What was seen of a map, nothing if it is seen for the first time.
fn seen<'a, M: Map>(maps: &'a mut BTreeMap<u32, Seen>, live: &LiveMap, memlock: u64) -> &'a mut Seen {
    let info = live.info();
    let seen = maps.entry(info.id).or_insert_with(|| Seen {
        row: Row {
            id: Some(info.id),
            name: info.name.clone(),
            map: Some(M::NAME.to_owned()),
            ty: M::Kind::NAME.to_owned(),
            key_size: info.key_size.into(),
            value_size: info.value_size.into(),
            max_entries: info.max_entries.into(),
            map_flags: info.map_flags,
            memlock,
            predicted: None,
            real: None,
            in_use: None,
            strings: Vec::new(),
            skipped: None,
            failed: None,
        },
        events: None,
    });
    seen.row.memlock = seen.row.memlock.max(memlock);
    seen
}

fn add(all: &mut Vec<Strings>, strings: &Strings) {
    match all.iter_mut().find(|known| known.field == strings.field) {
        Some(known) => known.add(strings),
        None => all.push(strings.clone()),
    }
}

/// The same map through a file of its own.
fn open<M: Map>(map: &dyn MapCore) -> Result<LiveMap, Error> {
    let failed =
        |error: std::io::Error| Error::Libbpf { map: M::NAME, operation: "open it again", source: error.into() };
    LiveMap::from_owned_fd(map.as_fd().try_clone_to_owned().map_err(failed)?).map_err(kernel::<M>)
}

fn memlock<M: Map>(map: &LiveMap) -> Result<u64, Error> {
    map.memlock().map_err(kernel::<M>)
}

fn kernel<M: Map>(source: bpf_layout_live::Error) -> Error {
    Error::Kernel { map: M::NAME, source }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
