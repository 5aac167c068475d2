//! The same exec event as a compact one: its strings follow it, each as long as it is.

use std::hint::black_box;

use bpf_layout::Recorder;

use super::{
    EVENTS, Subject, Way,
    layouts::{COMM_LEN, CompactEvent, CompactEventHeader},
    owned::{Owned, decoded, number, text},
};

/// The same events as transports deliver them, and as bincode writes them.
pub(super) struct Compact {
    records: Vec<Record>,
    encoded: Vec<Vec<u8>>,
}

/// Bytes that lie as those of a ring buffer do, at a multiple of eight.
struct Record {
    words: Vec<u64>,
    len: usize,
}

impl Subject for Compact {
    const NAME: &'static str = "compact";

    const WAYS: &'static [Way<Self>] = &[
        Way { name: "raw pointers, nothing checked", read: raw },
        Way { name: "bpf-layout `parse` and accessors", read: ours },
        Way { name: "zerocopy `ref_from_prefix` and slices", read: zerocopy },
        Way { name: "bytemuck `try_from_bytes` and slices", read: bytemuck },
        Way { name: "plain `from_bytes` and slices", read: plain },
        Way { name: "`ptr::read_unaligned`, a copy, and slices", read: copied },
        Way { name: "field by field into an owned struct", read: by_field },
        Way { name: "serde with bincode", read: bincode },
    ];

    fn new() -> Self {
        let events: Vec<Owned> = (1..).take(EVENTS).map(Owned::new).collect();
        Compact {
            records: events.iter().map(Record::of).collect(),
            encoded: events.iter().map(Owned::encoded).collect(),
        }
    }

    fn what() -> String {
        let [least, .., most] = &{
            let mut lengths: Vec<usize> = Self::new().records.iter().map(|record| record.len).collect();
            lengths.sort_unstable();
            lengths
        }[..] else {
            return "no events".into();
        };
        format!("Four fields and three strings of a compact exec event of {least} to {most} bytes")
    }

    fn expected(&self) -> u64 {
        (1..).take(EVENTS).map(|number| owned_fields(&Owned::new(number))).fold(0, u64::wrapping_add)
    }

    fn is_never_copied(&self) -> bool {
        self.records.iter().all(|record| {
            let bytes = record.bytes();
            CompactEvent::parse(bytes).is_ok_and(|event| bytes.as_ptr_range().contains(&event.as_bytes().as_ptr()))
        })
    }
}

impl Compact {
    /// Reads each record's bytes so many times.
    fn sum(&self, rounds: usize, mut read: impl FnMut(&[u8]) -> u64) -> u64 {
        let mut once = |sum: u64, record: &Record| sum.wrapping_add(read(black_box(record.bytes())));
        (0..rounds).fold(0, |sum, _| self.records.iter().fold(sum, &mut once))
    }
}

impl Record {
    fn of(event: &Owned) -> Self {
        let mut record = Recorder::<CompactEventHeader>::new();
        record.header.timestamp = bpf_layout::Ktime::from_nanos(event.timestamp);
        record.header.mntns = event.mntns;
        record.header.pid = event.pid;
        record.header.ppid = event.ppid;
        record.header.uid = event.uid;
        record.header.retval = event.retval;
        record.header.comm = bpf_layout::Str::from_bytes(event.comm.as_bytes());
        record.header.cwd = record.text(event.cwd.as_bytes()).into();
        record.header.exepath = record.text(event.exepath.as_bytes()).into();
        record.header.file = record.text(event.file.as_bytes()).into();
        let bytes = record.record();
        let words = bytes.chunks(8).map(|chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            u64::from_ne_bytes(word)
        });
        Record { words: words.collect(), len: bytes.len() }
    }

    fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.len]
    }
}

/// The fields that every way has to come to. Not inlined, since programs hand an event on: what a way gives has to be
/// there as a whole. Of a text, its bytes without the NUL are looked at by their number and the last of them.
#[inline(never)]
fn fields(header: &CompactEventHeader, texts: [&[u8]; 3]) -> u64 {
    let numbers = header.timestamp.as_nanos() ^ u64::from(header.pid) ^ u64::from(header.uid);
    texts.iter().fold(numbers ^ u64::from(header.retval.unsigned_abs()), |sum, text| sum.wrapping_add(of_text(text)))
}

/// The same of an owned struct.
fn owned_fields(event: &Owned) -> u64 {
    let texts = [&event.cwd, &event.exepath, &event.file];
    texts.iter().fold(event.numbers(), |sum, text| sum.wrapping_add(of_text(text.as_bytes())))
}

fn of_text(text: &[u8]) -> u64 {
    text.len() as u64 * 256 + text.last().copied().map_or(0, u64::from)
}

#[allow(unsafe_code, reason = "the peer that checks nothing")]
fn raw(events: &Compact, rounds: usize) -> u64 {
    events.sum(rounds, |bytes| {
        // SAFETY: the bytes begin with a header, aligned as one.
        let header = unsafe { &*bytes.as_ptr().cast::<CompactEventHeader>() };
        let text = |tail: bpf_layout::Tail| {
            let start = bytes.as_ptr().wrapping_add(tail.offset());
            // SAFETY: the header says where in the record its texts lie, and none is empty.
            unsafe { std::slice::from_raw_parts(start, tail.len() - 1) }
        };
        fields(header, [text(header.cwd.tail()), text(header.exepath.tail()), text(header.file.tail())])
    })
}

fn ours(events: &Compact, rounds: usize) -> u64 {
    events.sum(rounds, |bytes| {
        CompactEvent::parse(bytes).map_or(0, |event| {
            fields(&event, [event.cwd().as_bytes(), event.exepath().as_bytes(), event.file().as_bytes()])
        })
    })
}

/// What all that know only structs do by hand: each text where its descriptor says, if that lies in the record.
fn with_slices(header: &CompactEventHeader, bytes: &[u8]) -> Option<u64> {
    let text = |tail: bpf_layout::Tail| {
        let all = bytes.get(tail.offset()..tail.offset() + tail.len())?;
        all.split_last().map(|(_, text)| text)
    };
    let texts = [text(header.cwd.tail())?, text(header.exepath.tail())?, text(header.file.tail())?];
    Some(fields(header, texts))
}

fn zerocopy(events: &Compact, rounds: usize) -> u64 {
    events.sum(rounds, |bytes| {
        let header = <CompactEventHeader as zerocopy::FromBytes>::ref_from_prefix(bytes).ok();
        header.and_then(|(header, _)| with_slices(header, bytes)).unwrap_or(0)
    })
}

fn bytemuck(events: &Compact, rounds: usize) -> u64 {
    events.sum(rounds, |bytes| {
        let header = bytes.get(..size_of::<CompactEventHeader>());
        let header = header.and_then(|header| bytemuck::try_from_bytes(header).ok());
        header.and_then(|header| with_slices(header, bytes)).unwrap_or(0)
    })
}

#[allow(unsafe_code, reason = "plain asks for a promise")]
// SAFETY: any bytes are a valid CompactEventHeader, as `Layout` promises.
unsafe impl plain::Plain for CompactEventHeader {}

fn plain(events: &Compact, rounds: usize) -> u64 {
    events.sum(rounds, |bytes| plain::from_bytes(bytes).ok().and_then(|header| with_slices(header, bytes)).unwrap_or(0))
}

#[allow(unsafe_code, reason = "what programs do that trust no alignment")]
fn copied(events: &Compact, rounds: usize) -> u64 {
    events.sum(rounds, |bytes| {
        // SAFETY: the bytes begin with a CompactEventHeader.
        let header = unsafe { bytes.as_ptr().cast::<CompactEventHeader>().read_unaligned() };
        with_slices(black_box(&header), bytes).unwrap_or(0)
    })
}

fn by_field(events: &Compact, rounds: usize) -> u64 {
    let read = |bytes: &[u8]| {
        let variable = |at| {
            let half = |at| number(bytes, at).map(u16::from_ne_bytes).map(usize::from);
            text(bytes, half(at)?, half(at + 2)? & 0x7fff)
        };
        Owned::from_fields(bytes, |at| text(bytes, at, COMM_LEN), variable, size_of::<bpf_layout::Tail>())
    };
    events.sum(rounds, |bytes| read(bytes).map_or(0, |event| owned_fields(black_box(&event))))
}

fn bincode(events: &Compact, rounds: usize) -> u64 {
    decoded(&events.encoded, rounds, owned_fields)
}
