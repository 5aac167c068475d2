//! Compact events that cannot be sent, since the buffer is full, nobody reads it, or nobody has begun the record: each is
//! counted, and of what arrives nothing is missing and nothing is half.

mod support;

use std::{cell::RefCell, path::Path, rc::Rc};

use bpf_layout_spec::layout::Layouts;
use libbpf_rs::{Object, PerfBufferBuilder};
use support::{
    bpf::{Compiler, Program, is_permitted, load, run_program, set_first_value, with_map},
    compact::{all_arrived, stay_on_one_cpu},
    rooms::account,
};

/// Each clang with the instructions that it takes by itself.
fn compilers() -> impl Iterator<Item = Compiler> {
    Compiler::all().filter(|compiler| compiler.cpu.is_none())
}

/// Programs that send records of one event, in every way and with one room or three.
fn senders(folder: &Path) -> Vec<Sender> {
    let ways = [(false, 1), (false, 3), (true, 1), (true, 3)];
    let build = |compiler: Compiler, (by_dynptr, rooms): (bool, u32)| {
        let text = format!(
            "spec = 1\n\n[event.sent]\nrooms = {rooms}\nfields = [\n  {{ name = \"number\", type = \"u16\" }},\n  \
             {{ name = \"data\", type = \"bytes[..1000]\" }},\n  {{ name = \"text\", type = \"str[..16]\" }},\n]\n"
        );
        let layouts = support::load_text(&text, None);
        let header = bpf_layout_emit::c::header(&layouts);
        let program = Program { header, text: include_str!("kernel/full.bpf.c").into() };
        let program = if by_dynptr { program.defining("BPF_LAYOUT_DYNPTR") } else { program };
        let object = load(&program.compile(compiler, folder));
        set_first_value(&object, "source", &Sender::DATA);
        Sender { object, layouts, rooms, name: format!("{compiler}, {rooms} rooms, by dynptr: {by_dynptr}") }
    };
    compilers().flat_map(|compiler| ways.map(|way| build(compiler, way))).collect()
}

struct Sender {
    object: Object,
    layouts: Layouts,
    rooms: u32,
    name: String,
}

impl Sender {
    /// What records have as many bytes of as they are asked for.
    const DATA: [u8; 1000] = {
        let mut data = [0; 1000];
        let mut at = 0;
        while at < data.len() {
            data[at] = (at % 251) as u8;
            at += 1;
        }
        data
    };

    /// Bytes of the struct, and of the longest record.
    fn sizes(&self) -> (u64, u64) {
        let (id, _) = self.layouts.model.records().next().expect("the event");
        (self.layouts.of(id).size, self.layouts.largest(id))
    }

    /// Sends records of many lengths until this many could not be. Those that could, as they should arrive.
    fn send_until_full(&self, perf: bool, failures: u64) -> Vec<Vec<u8>> {
        let (mut sent, mut failed) = (Vec::new(), 0);
        for number in 0u16.. {
            let len = usize::from(number) * 37 % 1001;
            let lost = self.lost();
            match run_program(&self.object, "send", &[u64::from(perf), number.into(), len as u64]) {
                0 => {
                    assert_eq!(self.lost(), lost, "{}", self.name);
                    sent.push(self.record(number, len));
                }
                error => {
                    assert!((-999..0).contains(&error), "{}: {error}", self.name);
                    assert_eq!(self.lost(), lost + 1, "{}", self.name);
                    failed += 1;
                }
            }
            if failed == failures {
                break;
            }
        }
        sent
    }

    fn record(&self, number: u16, len: usize) -> Vec<u8> {
        let (size, _) = self.sizes();
        let data = [size as u16, len as u16].map(u16::to_ne_bytes).concat();
        let empty = [0; 4];
        [&number.to_ne_bytes(), &data[..], &empty, &Self::DATA[..len]].concat()
    }

    fn lost(&self) -> u64 {
        account(&self.object, self.rooms, 1)
    }

    /// Rooms that were not given back. Where there is one it is nobody's.
    fn taken(&self) -> u64 {
        if self.rooms == 1 { 0 } else { account(&self.object, self.rooms, 2) }
    }
}

#[test]
fn kernel_of_a_full_ring_buffer_exactly_what_was_sent_arrives() {
    if !is_permitted() || compilers().next().is_none() {
        return;
    }
    stay_on_one_cpu();
    let folder = tempfile::tempdir().expect("a temporary folder");
    for sender in senders(folder.path()) {
        // Several times, so that records lie across the end of the buffer, too.
        for _ in 0..3 {
            let sent = sender.send_until_full(false, 9);
            assert!(all_arrived(&sender.object) == sent, "{}: what arrived is not what was sent", sender.name);
            let bytes: usize = sent.iter().map(|record| (record.len() + 8).next_multiple_of(8)).sum();
            assert!((60 << 10..64 << 10).contains(&bytes), "{}: {bytes} bytes of 64 KiB", sender.name);
        }
        assert_eq!((sender.lost(), sender.taken()), (27, 0), "{}", sender.name);
    }
}

#[test]
fn kernel_of_a_full_perf_buffer_exactly_what_was_sent_arrives() {
    if !is_permitted() || compilers().next().is_none() {
        return;
    }
    stay_on_one_cpu();
    let folder = tempfile::tempdir().expect("a temporary folder");
    for sender in senders(folder.path()) {
        assert!(sender.send_until_full(true, 3).is_empty(), "{}: nobody reads", sender.name);
        let samples = Rc::new(RefCell::new(Vec::new()));
        with_map(&sender.object, "perf", |map| {
            let sink = Rc::clone(&samples);
            let sample = move |_, sample: &[u8]| sink.borrow_mut().push(sample.to_vec());
            let buffer = PerfBufferBuilder::new(map).pages(4).sample_cb(sample).build().expect("a perf buffer");
            for _ in 0..3 {
                let sent = sender.send_until_full(true, 9);
                buffer.consume().expect("samples");
                let arrived = samples.take();
                assert_eq!(arrived.len(), sent.len(), "{}", sender.name);
                for (arrived, sent) in arrived.iter().zip(&sent) {
                    assert_eq!(arrived.len(), (sent.len() + 4).next_multiple_of(8) - 4, "{}", sender.name);
                    assert!(arrived[..sent.len()] == sent[..], "{}: it is another record", sender.name);
                }
                let bytes: usize = arrived.iter().map(|sample| sample.len() + 12).sum();
                assert!((14 << 10..=16 << 10).contains(&bytes), "{}: {bytes} bytes of 16 KiB", sender.name);
            }
        });
        assert_eq!((sender.lost(), sender.taken()), (30, 0), "{}", sender.name);
        assert!(all_arrived(&sender.object).is_empty(), "{}", sender.name);
    }
}

#[test]
fn kernel_sends_and_fills_no_record_that_was_not_initialised() {
    const EINVAL: i32 = -22;
    if !is_permitted() || compilers().next().is_none() {
        return;
    }
    stay_on_one_cpu();
    let folder = tempfile::tempdir().expect("a temporary folder");
    for sender in senders(folder.path()) {
        let (size, largest) = sender.sizes();
        let mut lost = 0;
        with_map(&sender.object, "perf", |map| {
            let sample = |_, sample: &[u8]| panic!("it has arrived: {sample:?}");
            let buffer = PerfBufferBuilder::new(map).sample_cb(sample).build().expect("a perf buffer");
            for perf in [0, 1] {
                assert_eq!(run_program(&sender.object, "send_fresh", &[perf]), EINVAL, "{}", sender.name);
                lost += 1;
                for used in [0, 1, size - 1, largest + 1, largest + 8, 1 << 20, 1 << 32 | size, u64::MAX] {
                    let result = run_program(&sender.object, "send_as_if", &[perf, used]);
                    assert_eq!(result, EINVAL, "{}: {used} bytes", sender.name);
                    lost += 1;
                    assert_eq!(sender.lost(), lost, "{}: {used} bytes", sender.name);
                }
            }
            for how in 0..3 {
                for used in [largest + 1, 1 << 20, 1 << 32 | size, u64::MAX] {
                    let result = run_program(&sender.object, "add_as_if", &[how, used]);
                    assert_eq!(result, EINVAL, "{}: {how}, {used} bytes", sender.name);
                }
            }
            buffer.consume().expect("nothing");
        });
        assert!(all_arrived(&sender.object).is_empty(), "{}", sender.name);
        assert_eq!((sender.lost(), sender.taken()), (lost, 0), "{}", sender.name);
        // The shortest and the longest are sent.
        for used in [size, largest] {
            assert_eq!(run_program(&sender.object, "send_as_if", &[0, used]), 0, "{}: {used} bytes", sender.name);
        }
        let lengths: Vec<u64> = all_arrived(&sender.object).iter().map(|record| record.len() as u64).collect();
        assert_eq!(lengths, [size, largest], "{}", sender.name);
    }
}
