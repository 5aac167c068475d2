//! An exec event with room for the longest path in each of its strings.

use std::hint::black_box;

use bpf_layout::Layout as _;
use serde::{Deserialize, Serialize};

use super::{
    EVENTS, Subject, Way,
    layouts::{COMM_LEN, ExecEvent, PATH_LEN},
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
        let records: Vec<ExecEvent> = (1..).take(EVENTS).map(record).collect();
        let encoded =
            records.iter().map(|record| bincode::serialize(&owned(record)).expect("numbers and text")).collect();
        Fixed { records, encoded }
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

/// What serde reads, and what is made field by field.
#[derive(Deserialize, Serialize)]
struct Owned {
    timestamp: u64,
    mntns: u64,
    pid: u32,
    ppid: u32,
    uid: u32,
    retval: i32,
    comm: String,
    cwd: String,
    exepath: String,
    file: String,
}

impl Fixed {
    /// Reads each record's bytes so many times.
    fn sum(&self, rounds: usize, mut read: impl FnMut(&[u8]) -> u64) -> u64 {
        let once = |sum: u64, record: &ExecEvent| sum.wrapping_add(read(black_box(record.as_bytes())));
        let mut once = once;
        (0..rounds).fold(0, |sum, _| self.records.iter().fold(sum, &mut once))
    }
}

fn record(number: u32) -> ExecEvent {
    let path = |name: &str| bpf_layout::Str::from_bytes(format!("/usr/lib/some/folder/{name}/{number}").as_bytes());
    ExecEvent {
        timestamp: bpf_layout::Ktime::from_nanos(u64::from(number) << 30),
        mntns: 4_026_531_840,
        pid: number,
        ppid: 1,
        uid: 1_000,
        retval: -2,
        comm: bpf_layout::Str::from_bytes(b"program"),
        cwd: path("cwd"),
        exepath: path("exepath"),
        file: path("file"),
    }
}

fn owned(record: &ExecEvent) -> Owned {
    Owned {
        timestamp: record.timestamp.as_nanos(),
        mntns: record.mntns,
        pid: record.pid,
        ppid: record.ppid,
        uid: record.uid,
        retval: record.retval,
        comm: record.comm.to_str_lossy().into_owned(),
        cwd: record.cwd.to_str_lossy().into_owned(),
        exepath: record.exepath.to_str_lossy().into_owned(),
        file: record.file.to_str_lossy().into_owned(),
    }
}

/// The fields that every way has to come to. Not inlined, since programs hand an event on: what a way gives has to be
/// there as a whole.
#[inline(never)]
fn fields(event: &ExecEvent) -> u64 {
    event.timestamp.as_nanos() ^ u64::from(event.pid) ^ u64::from(event.uid) ^ u64::from(event.retval.unsigned_abs())
}

/// The same of an owned struct.
fn owned_fields(event: &Owned) -> u64 {
    event.timestamp ^ u64::from(event.pid) ^ u64::from(event.uid) ^ u64::from(event.retval.unsigned_abs())
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
    events.sum(rounds, |bytes| from_fields(bytes).map_or(0, |event| owned_fields(black_box(&event))))
}

/// An owned struct out of the bytes at each offset, as programs have it that share no type.
fn from_fields(bytes: &[u8]) -> Option<Owned> {
    fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
        bytes.get(at..at + N)?.try_into().ok()
    }
    fn text(bytes: &[u8], at: usize, len: usize) -> Option<String> {
        let field = bytes.get(at..at + len)?;
        let end = field.iter().position(|&byte| byte == 0).unwrap_or(len);
        Some(String::from_utf8_lossy(&field[..end]).into_owned())
    }
    Some(Owned {
        timestamp: u64::from_ne_bytes(number(bytes, 0)?),
        mntns: u64::from_ne_bytes(number(bytes, 8)?),
        pid: u32::from_ne_bytes(number(bytes, 16)?),
        ppid: u32::from_ne_bytes(number(bytes, 20)?),
        uid: u32::from_ne_bytes(number(bytes, 24)?),
        retval: i32::from_ne_bytes(number(bytes, 28)?),
        comm: text(bytes, 32, COMM_LEN)?,
        cwd: text(bytes, 48, PATH_LEN)?,
        exepath: text(bytes, 48 + PATH_LEN, PATH_LEN)?,
        file: text(bytes, 48 + 2 * PATH_LEN, PATH_LEN)?,
    })
}

fn bincode(events: &Fixed, rounds: usize) -> u64 {
    let read = |sum: u64, bytes: &Vec<u8>| {
        let event: Option<Owned> = bincode::deserialize(black_box(bytes)).ok();
        sum.wrapping_add(event.map_or(0, |event| owned_fields(black_box(&event))))
    };
    (0..rounds).fold(0, |sum, _| events.encoded.iter().fold(sum, read))
}
