//! A program's own record of how its maps are used.
#![cfg(feature = "usage")]

#[path = "support/sender.rs"]
mod sender;
mod support;

use std::time::Duration;

use bpf_layout::{
    Layout as _, Map, Recorder, Str,
    libbpf::{Events, PerfEvents, TypedMap, Usage},
};
use sender::{Send, Sender};
use serde_json::{Value, json};
use support::{create, kernel};

bpf_layout::layout! {
    pub struct Inner("opened__anon0"): size 8, align 1 {
        pub note: Str<8> = 0,
    }
}

bpf_layout::layout! {
    /// Strings of every sort: plain, in an array, in an unnamed struct.
    pub struct OpenedEvent("opened"): size 48, align 4 {
        pub kind: u32 = 0,
        pub path: Str<16> = 4,
        pub lines: [Str<10>; 2] = 20,
        pub anon0: Inner = 40,
    }
    details [bpf_layout::Detail::event_tag::<u32>(0, 1)]
}

bpf_layout::layout! {
    pub struct ClosedEvent("closed"): size 12, align 4 {
        pub kind: u32 = 0,
        pub name: Str<8> = 4,
    }
    details [bpf_layout::Detail::event_tag::<u32>(0, 2)]
}

bpf_layout::layout! {
    pub struct Named("named"): size 12, align 4 {
        pub count: u32 = 0,
        pub name: Str<8> = 4,
    }
}

macro_rules! maps {
    ($($name:ident: $kind:ident $key:ty => $value:ty;)+) => { $(
        struct $name;

        impl Map for $name {
            type Kind = bpf_layout::kind::$kind;
            type Key = $key;
            type Value = $value;
            const NAME: &'static str = stringify!($name);
            const MAX_ENTRIES: u32 = 0;
            const FLAGS: u32 = 0;
        }
    )+ };
}

maps! {
    Table: Hash Str<4> => Named;
    Slots: PercpuArray u32 => Named;
    Ring: Ringbuf () => ();
    Said: Ringbuf () => ();
    Samples: PerfEventArray u32 => u32;
}

bpf_layout::layout! {
    pub struct SaidEventHeader("said"): size 12, align 2 {
        pub text: bpf_layout::VarStr<16> = 0,
        pub texts: bpf_layout::VarStrs<8, 4> = 4,
        pub data: bpf_layout::VarBytes<8> = 8,
    }
}

bpf_layout::compact! { pub struct SaidEvent: SaidEventHeader { text, texts, data } }
bpf_layout::buffer! { enum SaidRecord for Said("said_ring") { Said(SaidEvent<'static>) } }
bpf_layout::buffer! { enum RingRecord for Ring("ring") { Opened(OpenedEvent), Closed(ClosedEvent) } }
bpf_layout::buffer! { enum SamplesRecord for Samples("samples") { Opened(OpenedEvent), Closed(ClosedEvent) } }

const WAIT: Duration = Duration::from_secs(10);

fn opened(path: &[u8], note: &[u8]) -> OpenedEvent {
    let lines = [Str::from_bytes(b"one"), Str::from_bytes(b"three")];
    OpenedEvent { kind: 1, path: Str::from_bytes(path), lines, anon0: Inner { note: Str::from_bytes(note) } }
}

/// What is said of the only map that there is.
fn only(usage: &Usage) -> Value {
    let document: Value = serde_json::from_str(&usage.to_json()).expect("it is JSON");
    assert_eq!(document["maps"].as_array().map(Vec::len), Some(1), "{document}");
    assert!(document["machines"][0]["kernel"].as_str().is_some_and(|kernel| !kernel.is_empty()), "{document}");
    document["maps"][0].clone()
}

fn strings(field: &str, length: u64, filled: u64, lengths: &Value) -> Value {
    json!({ "field": field, "length": length, "filled": filled, "lengths": lengths })
}

/// Of two opened files and a closed one.
fn of_records() -> Value {
    json!([
        strings("opened.path", 16, 1, &json!({ "5": 1, "16": 1 })),
        strings("opened.lines[]", 10, 0, &json!({ "4": 2, "6": 2 })),
        strings("opened.note", 8, 0, &json!({ "1": 1, "3": 1 })),
        strings("closed.name", 8, 0, &json!({ "2": 1 })),
    ])
}

fn send(send: Send, buffer: &libbpf_rs::MapHandle) {
    let closed = ClosedEvent { kind: 2, name: Str::from_bytes(b"x") };
    let sender = Sender::new(send, buffer, size_of::<OpenedEvent>());
    sender.send(opened(b"/tmp", b"").as_bytes());
    sender.send(opened(b"/a/path/too/long", b"ab").as_bytes());
    Sender::new(send, buffer, size_of::<ClosedEvent>()).send(closed.as_bytes());
}

#[test]
fn kernel_records_are_measured_as_they_come() {
    if !kernel() {
        return;
    }
    let (usage, buffer) = (Usage::new(), create::<Ring>(4096));
    let builder = Events::<Ring>::builder(&buffer).usage(&usage).expect("it is a map");
    let events = builder.build(|_| {}).expect("it is a ring buffer");
    send(Send::Ringbuf, &buffer);
    let typed = TypedMap::<Ring>::new(&buffer).expect("it is a ring buffer");
    usage.look(&typed, WAIT).expect("it can be seen");
    // Each with a header of 8 bytes, at a multiple of 8.
    assert_eq!(only(&usage)["in_use"], json!({ "last": 136, "peak": 136, "samples": 1, "complete": true }));
    assert_eq!(events.poll(WAIT).expect("it is open"), 3);
    usage.look(&typed, WAIT).expect("it can be seen");
    let row = only(&usage);
    assert_eq!(row["in_use"], json!({ "last": 0, "peak": 136, "samples": 2, "complete": true }));
    assert_eq!((&row["name"], &row["map"], &row["type"]), (&json!("Ring"), &json!("Ring"), &json!("ringbuf")));
    assert_eq!(row["strings"], of_records());
    assert_eq!(row.get("failed"), None, "nobody counted");
}

#[test]
fn kernel_strings_of_variable_length_are_measured_as_they_come() {
    if !kernel() {
        return;
    }
    let (usage, buffer) = (Usage::new(), create::<Said>(4096));
    let builder = Events::<Said>::builder(&buffer).usage(&usage).expect("it is a map");
    let events = builder.build(|_| {}).expect("it is a ring buffer");
    for (text, cut) in [(&b"short"[..], false), (b"fifteen letters", false), (b"cut", true)] {
        let mut record = Recorder::<SaidEventHeader>::new();
        record.header.data = record.bytes(b"no text").into();
        record.header.texts = record.texts(["a", "seven.."]).into();
        let tail = record.text(text);
        record.header.text = if cut { tail.cut() } else { tail }.into();
        let record = record.record();
        Sender::new(Send::Ringbuf, &buffer, record.len()).send(&record);
    }
    assert_eq!(events.poll(WAIT).expect("it is open"), 3);
    let expected = json!([
        strings("said.text", 16, 2, &json!({ "6": 1, "16": 2 })),
        strings("said.texts[]", 8, 3, &json!({ "2": 3, "8": 3 })),
    ]);
    assert_eq!(only(&usage)["strings"], expected);
}

#[test]
fn kernel_samples_are_measured_as_they_come() {
    if !kernel() {
        return;
    }
    let (usage, buffer) = (Usage::new(), create::<Samples>(libbpf_rs::num_possible_cpus().expect("known") as u32));
    let builder = PerfEvents::<Samples>::builder(&buffer).usage(&usage).expect("it is a map");
    let events = builder.build(|_, _| {}).expect("it is a perf buffer");
    send(Send::Perf, &buffer);
    while events.stats().received < 3 {
        events.poll(WAIT).expect("it is open");
    }
    assert_eq!(only(&usage)["strings"], of_records());
}

#[test]
fn kernel_maps_are_counted_at_each_look() {
    if !kernel() {
        return;
    }
    let (usage, handle) = (Usage::new(), create::<Table>(4));
    let table = TypedMap::<Table>::new(&handle).expect("it is the same map");
    let named = |name: &[u8]| Named { count: 1, name: Str::from_bytes(name) };
    for (key, name) in [(&b"a"[..], &b"short"[..]), (b"bc", b"a-long-one")] {
        table.update(&Str::from_bytes(key), &named(name)).expect("there is room");
    }
    usage.look(&table, WAIT).expect("it can be seen");
    assert!(table.delete(&Str::from_bytes(b"a")).expect("it may be written"));
    usage.look(&table, WAIT).expect("it can be seen");
    let row = only(&usage);
    assert_eq!(row["in_use"], json!({ "last": 1, "peak": 2, "samples": 2, "complete": true }));
    let (keys, names) = (json!({ "2": 1, "3": 2 }), json!({ "6": 1, "8": 2 }));
    assert_eq!(row["strings"], json!([strings("key", 4, 0, &keys), strings("value.name", 8, 2, &names)]));

    for number in 0_u8..9 {
        if table.update(&Str::from_bytes(&[b'0' + number]), &named(b"")).is_err() {
            usage.failed(&table, 1).expect("it is a map");
        }
    }
    assert_eq!(only(&usage)["failed"], json!(6), "there was room for three more");
}

#[test]
fn kernel_values_of_each_cpu_are_measured_where_they_were_written() {
    if !kernel() {
        return;
    }
    let (usage, handle) = (Usage::new(), create::<Slots>(8));
    let slots = TypedMap::<Slots>::new(&handle).expect("it is the same map");
    let cpus = libbpf_rs::num_possible_cpus().expect("known");
    let mut values = vec![Named::default(); cpus];
    values[0] = Named { count: 1, name: Str::from_bytes(b"cpu") };
    slots.update_percpu(&3, &values).expect("as many values as CPUs");
    usage.look(&slots, WAIT).expect("it can be seen");
    let row = only(&usage);
    assert_eq!(row["in_use"]["last"], json!(1));
    assert_eq!(row["strings"], json!([strings("value.name", 8, 0, &json!({ "4": 1 }))]));
}
