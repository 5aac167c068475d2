//! The BPF side: loaded, attached, read, and at the end asked for its account.

use std::{fmt, mem, time::Duration};

use bpf_layout::libbpf::{Events, RoomMap, TypedMap};
use libbpf_rs::{Link, Object};
use tool::{Needs, Source, attach, explain, handle, keep_messages, load, settle};

use crate::{
    event::Event,
    layouts::{FINGERPRINTS, FileCallEvent, FileCounters, FilePairEvent, maps},
    totals::Totals,
};

/// The object that the build script made of `bpf-src/fsnotify.bpf.c`.
static OBJECT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/fsnotify.bpf.o"));

/// In this order, so that no call is seen to begin whose end would be missed; and detached the other way round.
const PROGRAMS: [&str; 3] = ["fsnotify_abandoned", "fsnotify_exit", "fsnotify_enter"];

const NEEDS: Needs = Needs { tool: "fsnotify", linux: "5.17", capabilities: &["CAP_BPF", "CAP_PERFMON"] };

/// Programs that are attached, and their events.
pub(crate) struct Tracer<'cb> {
    /// Of [`PROGRAMS`], in their order.
    links: Vec<Link>,
    events: Events<'cb, maps::FsnotifyEvents>,
    counters: TypedMap<maps::FsnotifyStats>,
    calls: RoomMap<FileCallEvent<'static>>,
    pairs: RoomMap<FilePairEvent<'static>>,
    paths: TypedMap<maps::EnrichedFsnotifyEvents>,
    /// What the links are of; so it goes last.
    _object: Object,
}

impl<'cb> Tracer<'cb> {
    /// Loads and attaches; from now on the ring buffer fills. `on_event` is called while events are handled.
    ///
    /// # Errors
    /// If the kernel does not let us, with what to do about it.
    pub(crate) fn start(mut on_event: impl FnMut(&Event) + Send + 'cb) -> Result<Self, String> {
        keep_messages();
        let object = load(&NEEDS, OBJECT, &FINGERPRINTS)?;
        let handler = move |record: maps::FsnotifyEventsRecord<'_>| {
            // Nothing in an event asks for more than a record has.
            if let Ok(event) = Event::try_from(record) {
                on_event(&event);
            }
        };
        Ok(Tracer {
            events: Events::new(&handle::<maps::FsnotifyEvents>(&object)?, handler).map_err(text)?,
            counters: TypedMap::new(handle::<maps::FsnotifyStats>(&object)?).map_err(text)?,
            calls: RoomMap::of(&object).map_err(text)?,
            pairs: RoomMap::of(&object).map_err(text)?,
            paths: TypedMap::new(handle::<maps::EnrichedFsnotifyEvents>(&object)?).map_err(text)?,
            links: attach(&object, &PROGRAMS)
                .map_err(|error| explain(&NEEDS, "cannot attach the BPF programs", &error))?,
            _object: object,
        })
    }

    fn totals(&self) -> Result<Totals, String> {
        let per_cpu = self.counters.lookup_percpu(&0).map_err(text)?.unwrap_or_default();
        let stats = self.events.stats();
        Ok(Totals {
            kernel: sum(&per_cpu),
            received: stats.received,
            bytes: self.events.received_bytes(),
            malformed: stats.malformed,
            unsent: self.calls.lost().map_err(text)? + self.pairs.lost().map_err(text)?,
            // A second path has an entry of its own, under an odd key.
            pending: self.paths.keys().filter(|key| key.address() % 2 == 0).count() as u64,
            hidden: 0,
        })
    }
}

impl Source for Tracer<'_> {
    type Totals = Totals;

    fn poll(&mut self, timeout: Duration) -> Result<(), String> {
        self.events.poll(timeout).map(drop).map_err(text)
    }

    fn finish(mut self) -> Result<Totals, String> {
        settle(mem::take(&mut self.links), Totals::is_settled, || {
            self.events.consume().map_err(text)?;
            self.totals()
        })
    }
}

/// The sum over all CPUs.
fn sum(per_cpu: &[FileCounters]) -> FileCounters {
    per_cpu.iter().fold(FileCounters::default(), |sum, cpu| FileCounters {
        started: sum.started + cpu.started,
        submitted: sum.submitted + cpu.submitted,
        lost_calls_full: sum.lost_calls_full + cpu.lost_calls_full,
        abandoned: sum.abandoned + cpu.abandoned,
    })
}

fn text(error: impl fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_over_all_cpus() {
        let cpu = FileCounters { started: 15, submitted: 9, lost_calls_full: 1, abandoned: 3 };
        let expected = FileCounters { started: 30, submitted: 18, lost_calls_full: 2, abandoned: 6 };
        assert_eq!(sum(&[cpu, FileCounters::default(), cpu]), expected);
    }
}
