//! An exec event with room for the longest path in each of its strings.

use std::hint::black_box;

use bpf_layout::Layout as _;

use super::{
    EVENTS, Subject, Way,
    layouts::{COMM_LEN, ExecEvent, PATH_LEN},
    owned::{Owned, decoded, text},
};

/// The same events as transports deliver them, and as bincode writes them.
pub(super) struct Fixed {
    records: Vec<ExecEvent>,
    encoded: Vec<Vec<u8>>,
}

impl Subject for Fixed {
    const NAME: &'static str = "fixed";

    const WAYS: &'static [Way<Self>] = &[
        Way { name: "raw pointer cast, nothing checked", read: raw },
        Way { name: "bpf-layout `parse`", read: ours },
        Way { name: "zerocopy `ref_from_bytes`", read: zerocopy },
        Way { name: "bytemuck `try_from_bytes`", read: bytemuck },
        Way { name: "plain `from_bytes`", read: plain },
        Way { name: "`ptr::read_unaligned`, a copy", read: copied },
        Way { name: "field by field into an owned struct", read: by_field },
        Way { name: "serde with bincode", read: bincode },
    ];

    fn new() -> Self {
        let events: Vec<Owned> = (1..).take(EVENTS).map(Owned::new).collect();
        Fixed { records: events.iter().map(record).collect(), encoded: events.iter().map(Owned::encoded).collect() }
    }

    fn what() -> String {
        format!("Four fields of a fixed exec event of {} bytes", size_of::<ExecEvent>())
    }

    fn expected(&self) -> u64 {
        self.records.iter().map(fields).fold(0, u64::wrapping_add)
    }

    fn is_never_copied(&self) -> bool {
        self.records.iter().all(|record| ExecEvent::parse(record.as_bytes()).is_ok_and(|event| event.is_borrowed()))
    }
}

impl Fixed {
    /// Reads each record's bytes so many times.
    fn sum(&self, rounds: usize, mut read: impl FnMut(&[u8]) -> u64) -> u64 {
        let once = |sum: u64, record: &ExecEvent| sum.wrapping_add(read(black_box(record.as_bytes())));
        let mut once = once;
        (0..rounds).fold(0, |sum, _| self.records.iter().fold(sum, &mut once))
    }
}

fn record(event: &Owned) -> ExecEvent {
    let text = |text: &str| bpf_layout::Str::from_bytes(text.as_bytes());
    ExecEvent {
        timestamp: bpf_layout::Ktime::from_nanos(event.timestamp),
        mntns: event.mntns,
        pid: event.pid,
        ppid: event.ppid,
        uid: event.uid,
        retval: event.retval,
        comm: bpf_layout::Str::from_bytes(event.comm.as_bytes()),
        cwd: text(&event.cwd),
        exepath: text(&event.exepath),
        file: text(&event.file),
    }
}

/// The fields that every way has to come to. Not inlined, since programs hand an event on: what a way gives has to be
/// there as a whole.
#[inline(never)]
fn fields(event: &ExecEvent) -> u64 {
    event.timestamp.as_nanos() ^ u64::from(event.pid) ^ u64::from(event.uid) ^ u64::from(event.retval.unsigned_abs())
}

#[allow(unsafe_code, reason = "the peer that checks nothing")]
fn raw(events: &Fixed, rounds: usize) -> u64 {
    // SAFETY: the bytes are those of an ExecEvent, aligned as one.
    events.sum(rounds, |bytes| fields(unsafe { &*bytes.as_ptr().cast::<ExecEvent>() }))
}

fn ours(events: &Fixed, rounds: usize) -> u64 {
    events.sum(rounds, |bytes| ExecEvent::parse(bytes).map_or(0, |event| fields(&event)))
}

fn zerocopy(events: &Fixed, rounds: usize) -> u64 {
    events.sum(rounds, |bytes| <ExecEvent as zerocopy::FromBytes>::ref_from_bytes(bytes).map_or(0, fields))
}

fn bytemuck(events: &Fixed, rounds: usize) -> u64 {
    events.sum(rounds, |bytes| bytemuck::try_from_bytes(bytes).map_or(0, fields))
}

#[allow(unsafe_code, reason = "plain asks for a promise")]
// SAFETY: any bytes are a valid ExecEvent, as `Layout` promises.
unsafe impl plain::Plain for ExecEvent {}

fn plain(events: &Fixed, rounds: usize) -> u64 {
    events.sum(rounds, |bytes| plain::from_bytes(bytes).map_or(0, fields))
}

#[allow(unsafe_code, reason = "what programs do that trust no alignment")]
fn copied(events: &Fixed, rounds: usize) -> u64 {
    // SAFETY: the bytes are those of an ExecEvent.
    events.sum(rounds, |bytes| fields(black_box(&unsafe { bytes.as_ptr().cast::<ExecEvent>().read_unaligned() })))
}

fn by_field(events: &Fixed, rounds: usize) -> u64 {
    let read = |bytes: &[u8]| {
        Owned::from_fields(bytes, |at| text(bytes, at, COMM_LEN), |at| text(bytes, at, PATH_LEN), PATH_LEN)
    };
    events.sum(rounds, |bytes| read(bytes).map_or(0, |event| black_box(&event).numbers()))
}

fn bincode(events: &Fixed, rounds: usize) -> u64 {
    decoded(&events.encoded, rounds, Owned::numbers)
}
