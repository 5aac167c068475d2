//! The BPF side: loaded, attached, read, and at the end asked for its account.

use std::{fmt, mem, time::Duration};

use bpf_layout::{
    FromLayout,
    libbpf::{Events, RoomMap, TypedMap},
};
use libbpf_rs::{Link, Object};
use tool::{Needs, Source, attach, explain, handle, keep_messages, load, settle};

use crate::{
    event::Call,
    layouts::{ExecCounters, ExecEvent, FINGERPRINTS, maps},
    totals::Totals,
};

/// The object that the build script made of `bpf-src/exec.bpf.c`.
///
/// libbpf-cargo's skeleton has it too, and names for its maps and programs, but also `unsafe` code, which this crate
/// forbids itself; the typed maps know their names anyway.
static OBJECT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/exec.bpf.o"));

/// In this order, so that no call is seen to begin whose end would be missed; and detached the other way round.
const PROGRAMS: [&str; 4] = ["exec_abandoned", "exec_failure", "exec_success", "exec_enter"];

const NEEDS: Needs = Needs { tool: "exec", linux: "5.17", capabilities: &["CAP_BPF", "CAP_PERFMON"] };

/// Programs that are attached, and their events.
pub(crate) struct Tracer<'cb> {
    /// Of [`PROGRAMS`], in their order.
    links: Vec<Link>,
    events: Events<'cb, maps::Events>,
    counters: TypedMap<maps::ExecStats>,
    rooms: RoomMap<ExecEvent<'static>>,
    calls: TypedMap<maps::Execs>,
    /// What the links are of; so it goes last.
    _object: Object,
}

impl<'cb> Tracer<'cb> {
    /// Loads and attaches; from now on the ring buffer fills. `on_event` is called from [`Tracer::poll`] and
    /// [`Tracer::finish`].
    ///
    /// # Errors
    /// If the kernel does not let us, with what to do about it.
    pub(crate) fn start(mut on_event: impl FnMut(&Call) + Send + 'cb) -> Result<Self, String> {
        keep_messages();
        let object = load(&NEEDS, OBJECT, &FINGERPRINTS)?;
        let handler = move |maps::EventsRecord::Exec(event): maps::EventsRecord<'_>| {
            // Nothing in a call asks for more than an event has.
            if let Ok(call) = Call::from_layout(&event) {
                on_event(&call);
            }
        };
        Ok(Tracer {
            events: Events::new(&handle::<maps::Events>(&object)?, handler).map_err(text)?,
            counters: TypedMap::new(handle::<maps::ExecStats>(&object)?).map_err(text)?,
            rooms: RoomMap::of(&object).map_err(text)?,
            calls: TypedMap::new(handle::<maps::Execs>(&object)?).map_err(text)?,
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
            unsent: self.rooms.lost().map_err(text)?,
            pending: self.calls.keys().count() as u64,
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
fn sum(per_cpu: &[ExecCounters]) -> ExecCounters {
    per_cpu.iter().fold(ExecCounters::default(), |sum, cpu| ExecCounters {
        started: sum.started + cpu.started,
        submitted: sum.submitted + cpu.submitted,
        lost_execs_full: sum.lost_execs_full + cpu.lost_execs_full,
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
        let cpu = ExecCounters { started: 15, submitted: 9, lost_execs_full: 1, abandoned: 3 };
        let expected = ExecCounters { started: 30, submitted: 18, lost_execs_full: 2, abandoned: 6 };
        assert_eq!(sum(&[cpu, ExecCounters::default(), cpu]), expected);
    }
}
