//! What it costs to measure the strings of each record, beside what it costs to read it:
//!
//! ```sh
//! cargo bench -p bpf-layout --bench usage          # as root
//! ```
//!
//! A program in the kernel fills a ring buffer, which is then read: without a record of usage, and with one.

#[path = "../tests/support/sender.rs"]
mod sender;
#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use bpf_layout::{
    Layout as _, Map, Str,
    libbpf::{Events, Usage},
};
use sender::{Send, Sender};
use support::{create, kernel};

bpf_layout::layout! {
    pub struct OpenedEvent("opened"): size 96, align 8 {
        pub time: u64 = 0,
        pub comm: Str<16> = 8,
        pub path: Str<64> = 24,
        pub pid: u64 = 88,
    }
}

struct Ring;

impl Map for Ring {
    type Kind = bpf_layout::kind::Ringbuf;
    type Key = ();
    type Value = ();
    const NAME: &'static str = "Ring";
    const MAX_ENTRIES: u32 = 0;
    const FLAGS: u32 = 0;
}

bpf_layout::buffer! { enum RingRecord for Ring("ring") { Opened(OpenedEvent) } }

/// Records of one measurement, for which there is room in the buffer.
const RECORDS: u32 = 8192;
/// Measurements; the fastest counts, for others only add to it.
const ROUNDS: usize = 15;

/// Nanoseconds a record.
fn time(usage: Option<&Usage>) -> f64 {
    let buffer = create::<Ring>(1 << 20);
    let sender = Sender::new(Send::Ringbuf, &buffer, size_of::<OpenedEvent>());
    let mut builder = Events::<Ring>::builder(&buffer);
    if let Some(usage) = usage {
        builder = builder.usage(usage).expect("it is a map");
    }
    let handler = |RingRecord::Opened(event): RingRecord<'_>| {
        black_box(event.pid);
    };
    let events = builder.build(handler).expect("it is a ring buffer");
    let path = Str::from_bytes(b"/usr/lib/x86_64-linux-gnu/libcrypto.so.3");
    let event = OpenedEvent { time: 1, comm: Str::from_bytes(b"sshd"), path, pid: 7 };
    let round = |_| {
        (0..RECORDS).for_each(|_| sender.send(event.as_bytes()));
        let started = Instant::now();
        let mut read = 0;
        while read < RECORDS as usize {
            read += events.poll(Duration::from_secs(1)).expect("it is open");
        }
        started.elapsed().as_secs_f64() * 1e9 / f64::from(RECORDS)
    };
    (0..ROUNDS).map(round).fold(f64::INFINITY, f64::min)
}

fn main() {
    if !kernel() {
        return;
    }
    let usage = Usage::new();
    let (without, with) = (time(None), time(Some(&usage)));
    println!("an event of {} bytes with two strings, of 5 and 41 bytes", size_of::<OpenedEvent>());
    println!("read                {without:8.1} ns");
    println!("read and measured   {with:8.1} ns, {:.1} ns more", with - without);
    let began = Instant::now();
    let json = usage.to_json();
    println!("to JSON             {:8.1} us, {} bytes", began.elapsed().as_secs_f64() * 1e6, json.len());
}
