//! What the rules about breaking changes say of records of another version, held against readers of this crate: records
//! travel through buffers of the kernel that runs, and are read as the type of the other version.

#[path = "support/sender.rs"]
mod sender;
mod support;

use std::{path::Path, time::Duration};

use bpf_layout::{
    Buffer, Layout, MAX_TRAILING, Map,
    kind::{PerfEventArray, Ringbuf},
    libbpf::{Events, PerfEvents, Stats, libbpf_rs},
};
use bpf_layout_spec::{
    Options,
    breaking::{self, Finding, Relation, Verdict},
};
use sender::{Send, Sender};
use support::{create, kernel};

macro_rules! records {
    ($($name:ident size $size:literal align $align:literal { $($fields:tt)* } $ring:ident $samples:ident;)+) => { $(
        bpf_layout::layout! { pub struct $name("e"): size $size, align $align { $($fields)* } }

        struct $ring;
        impl Map for $ring {
            type Kind = Ringbuf;
            type Key = ();
            type Value = ();
            const NAME: &'static str = "ring";
            const MAX_ENTRIES: u32 = 0;
            const FLAGS: u32 = 0;
        }

        struct $samples;
        impl Map for $samples {
            type Kind = PerfEventArray;
            type Key = u32;
            type Value = u32;
            const NAME: &'static str = "samples";
            const MAX_ENTRIES: u32 = 0;
            const FLAGS: u32 = 0;
        }
    )+ };
}

records! {
    Eight size 8 align 4 { pub pid: u32 = 0, pub uid: u32 = 4, } EightRing EightSamples;
    Twelve size 12 align 4 { pub pid: u32 = 0, pub uid: u32 = 4, pub gid: u32 = 8, } TwelveRing TwelveSamples;
    Sixteen size 16 align 4 { pub pid: u32 = 0, pub uid: u32 = 4, pub gid: u32 = 8, pub ret: u32 = 12, } SixteenRing SixteenSamples;
}

bpf_layout::buffer! { enum EightRingRecord for EightRing("ring") { E(Eight) } }
bpf_layout::buffer! { enum EightSamplesRecord for EightSamples("samples") { E(Eight) } }
bpf_layout::buffer! { enum TwelveRingRecord for TwelveRing("ring") { E(Twelve) } }
bpf_layout::buffer! { enum TwelveSamplesRecord for TwelveSamples("samples") { E(Twelve) } }
bpf_layout::buffer! { enum SixteenRingRecord for SixteenRing("ring") { E(Sixteen) } }
bpf_layout::buffer! { enum SixteenSamplesRecord for SixteenSamples("samples") { E(Sixteen) } }

const FIELDS: [&str; 4] = ["pid", "uid", "gid", "ret"];

/// What the rules find between an event of `old` bytes and one of `new`, in a buffer of this type.
fn findings(kind: &str, [old, new]: [usize; 2]) -> Vec<Finding> {
    let layouts = |size: usize| {
        let fields: Vec<String> =
            FIELDS[..size / 4].iter().map(|name| format!("{{ name = \"{name}\", type = \"u32\" }}")).collect();
        let entries = if kind == "ringbuf" { "max_entries = 4096\n" } else { "" };
        let text = format!(
            "spec = 1\n[event.e]\nfields = [{}]\n[map.buffer]\ntype = \"{kind}\"\n{entries}events = [\"e\"]\n",
            fields.join(", ")
        );
        let loaded = bpf_layout_spec::load_with(Path::new("e.toml"), &mut |_| Ok(text.clone()), &Options::default());
        loaded.unwrap_or_else(|failure| panic!("{:?}", failure.diagnostics)).layouts
    };
    breaking::compare(&layouts(old), &layouts(new))
}

/// Whether the rules say that the size alone keeps one side from reading the other.
fn is_refused(findings: &[Finding], relation: Relation) -> bool {
    let size = findings.iter().find(|finding| finding.rule.id == "type-size-changed").expect("the size is another");
    matches!(size.verdicts.of(relation), Verdict::Breaks(_))
}

/// A record of `written` bytes through a ring buffer to readers of each size.
fn through_ring(written: usize, reader: usize) -> Stats {
    fn read<M: Buffer<Kind = Ringbuf>>(written: usize) -> Stats {
        let buffer = create::<M>(4096);
        let events = Events::<M>::new(&buffer, |_| {}).expect("a ring buffer");
        Sender::new(Send::Ringbuf, &buffer, written).send(&vec![1; written]);
        events.poll(Duration::from_secs(5)).expect("a record");
        events.stats()
    }
    match reader {
        8 => read::<EightRing>(written),
        12 => read::<TwelveRing>(written),
        _ => read::<SixteenRing>(written),
    }
}

/// The same through a perf buffer.
fn through_perf(written: usize, reader: usize) -> Stats {
    fn read<M: Buffer<Kind = PerfEventArray>>(written: usize) -> Stats {
        let cpus = libbpf_rs::num_possible_cpus().expect("a number of CPUs");
        let buffer = create::<M>(u32::try_from(cpus).expect("few CPUs"));
        let events = PerfEvents::<M>::builder(&buffer).pages(1).build(|_, _| {}).expect("a perf buffer");
        Sender::new(Send::Perf, &buffer, written).send(&vec![1; written]);
        events.poll(Duration::from_secs(5)).expect("a record");
        events.stats()
    }
    match reader {
        8 => read::<EightSamples>(written),
        12 => read::<TwelveSamples>(written),
        _ => read::<SixteenSamples>(written),
    }
}

const PAIRS: [[usize; 2]; 6] = [[8, 12], [8, 16], [12, 16], [12, 8], [16, 8], [16, 12]];

#[test]
fn kernel_ring_buffer_readers_refuse_what_the_rules_say() {
    if !kernel() {
        return;
    }
    for [old, new] in PAIRS {
        let findings = findings("ringbuf", [old, new]);
        for (relation, written, reader) in [(Relation::NewUserspace, old, new), (Relation::OldUserspace, new, old)] {
            let stats = through_ring(written, reader);
            let refused = u64::from(is_refused(&findings, relation));
            let expected = Stats { received: 1 - refused, malformed: refused, lost: 0 };
            assert_eq!(stats, expected, "records of {written} bytes, a reader of {reader}");
        }
    }
}

#[test]
fn kernel_perf_buffer_readers_refuse_what_the_rules_say() {
    if !kernel() {
        return;
    }
    // What is longer than its reader wants: what is shorter may be padded to its size, with bytes of no meaning, so that the
    // rules call it broken whether the reader can tell or not.
    for [old, new] in PAIRS.into_iter().filter(|[old, new]| new > old) {
        let stats = through_perf(new, old);
        let refused = u64::from(is_refused(&findings("perf_event_array", [old, new]), Relation::OldUserspace));
        let expected = Stats { received: 1 - refused, malformed: refused, lost: 0 };
        assert_eq!(stats, expected, "records of {new} bytes, a reader of {old}");
        assert!(is_refused(&findings("perf_event_array", [old, new]), Relation::NewUserspace));
    }
}

#[test]
fn both_crates_mean_the_same_by_trailing_bytes() {
    assert_eq!(breaking::MAX_TRAILING, MAX_TRAILING as u64);
    let bytes = [0; 8 + MAX_TRAILING + 1];
    assert!(Eight::parse(&bytes[..8 + MAX_TRAILING]).is_ok());
    assert!(Eight::parse(&bytes).is_err());
}
