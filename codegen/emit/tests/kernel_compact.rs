//! Compact events of random specs, filled by this kernel: every function of their headers is taken by the verifier, what it
//! returns and sends is what a naive model of the documentation says, and the generated Rust reads it all back.

mod support;

use std::{
    cell::RefCell,
    ffi::CString,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    rc::Rc,
};

use bpf_layout_spec::{
    layout::{Layouts, Member},
    model::{Record, Type, TypeId, Variable, VariableKind},
};
use libbpf_rs::{Object, PerfBufferBuilder};
use support::bpf::{
    DYNPTR, account, all_arrived, build, clangs, is_permitted, run_program, set_first_value, stay_on_one_cpu, with_map,
};

/// Specs, unless `BPF_LAYOUT_COMPACT_SPECS` asks for another number, from that of `BPF_LAYOUT_COMPACT_SEED` on; and records
/// sent of each. Enough that every kind of field meets every way of filling it several times over.
const SPECS: u64 = 6;
const RECORDS: usize = 24;

/// Bytes of the map that the kernel's functions read from.
const SOURCE: usize = 8192;

/// Addresses that cannot be read, for both kinds of memory.
const UNREADABLE: [u64; 3] = [0, 0x10, u64::MAX - 0x1000];

/// What `fill` does with a field.
#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    FromKernel,
    FromUser,
    Copy,
    Unreadable,
}

/// SplitMix64: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }
}

/// An event of a few fields, in any order, with limits at the edges.
fn spec(random: &mut Random) -> String {
    let mut fields = vec![String::from("  { name = \"tag\", type = \"u16\" },\n")];
    for index in 0..random.below(4) {
        let ty = random.of(&["u8", "u16", "u32", "u64", "str[5]", "bytes[3]", "u16[3]", "be32"]);
        fields.push(format!("  {{ name = \"fixed{index}\", type = \"{ty}\" }},\n"));
    }
    for index in 0..2 + random.below(4) {
        let limit = random.of(&[1, 2, 3, 7, 8, 16, 63, 255, 256, 1000]);
        let ty = match random.below(5) {
            0 => format!("bytes[..{limit}]"),
            1 | 2 => format!("str[..{limit}][..{}]", 1 + random.below(4)),
            _ => format!("str[..{limit}]"),
        };
        let at = 1 + random.below(fields.len() as u64) as usize;
        fields.insert(at, format!("  {{ name = \"f{index}\", type = \"{ty}\" }},\n"));
    }
    format!("spec = 1\n\n[event.sent]\ntag = {{ tag = 7 }}\nfields = [\n{}]\n", fields.concat())
}

/// The program: `start` marks every fixed byte, `fill` fills a field, `send` and `perf` send.
fn program(layouts: &Layouts, id: TypeId, record: &Record) -> String {
    let mut marks = String::new();
    for member in &layouts.of(id).members {
        if let Member::Field { field, offset, size, .. } = member
            && !matches!(record.fields[*field].ty, Type::Variable(_))
            && record.fields[*field].name.spec != "tag"
        {
            let _ = writeln!(marks, "\tfor (i = {offset}; i < {}; i++)\n\t\tbytes[i] = i + 1;", offset + size);
        }
    }
    let mut cases = String::new();
    for (index, (field, variable)) in record.variable().enumerate() {
        let name = &field.name.c;
        let (len, copy) = match variable.kind {
            VariableKind::Bytes => (", len", format!("sent_event_read_{name}_kernel(p, src, len)")),
            VariableKind::Str | VariableKind::Strs(_) => ("", format!("sent_event_copy_{name}(p, src, len)")),
        };
        let _ = write!(
            cases,
            "\tcase {index}:\n\t\tif (how == 0)\n\t\t\treturn sent_event_read_{name}_kernel(p, src{len});\n\
             \t\tif (how == 1)\n\t\t\treturn sent_event_read_{name}_user(p, address{len});\n\
             \t\tif (how == 2)\n\t\t\treturn {copy};\n\
             \t\treturn sent_event_read_{name}_kernel(p, address{len});\n"
        );
    }
    include_str!("kernel/compact.bpf.c").replace("MARKS", marks.trim()).replace("CASES", cases.trim())
}

/// What the documentation says of a record that is being filled.
struct Model {
    header: Vec<u8>,
    tail: Vec<u8>,
    fields: Vec<Filled>,
}

#[derive(Clone, Default)]
struct Filled {
    at: usize,
    bytes: Vec<u8>,
    cut: bool,
}

impl Model {
    fn new(layouts: &Layouts, id: TypeId, record: &Record) -> Self {
        let layout = layouts.of(id);
        let mut header = vec![0; layout.size as usize];
        for member in &layout.members {
            if let Member::Field { field, offset, size, .. } = member
                && !matches!(record.fields[*field].ty, Type::Variable(_))
            {
                (*offset..offset + size).for_each(|at| header[at as usize] = (at + 1) as u8);
            }
        }
        header[..2].copy_from_slice(&7u16.to_ne_bytes());
        Model { header, tail: Vec::new(), fields: vec![Filled::default(); record.variable().count()] }
    }

    /// Fills a field and gives what the function returns; none for a negative number that the kernel chooses.
    fn fill(&mut self, index: usize, variable: &Variable, how: How, source: &[u8]) -> Option<i64> {
        let end = self.header.len() + self.tail.len();
        let (limit, most) = (variable.limit.value as usize, variable.most() as usize);
        let filled = &mut self.fields[index];
        match variable.kind {
            VariableKind::Strs(_) => {
                if !filled.bytes.is_empty() && filled.at + filled.bytes.len() != end {
                    return Some(-16);
                }
                if filled.bytes.len() + limit > most {
                    filled.cut = true;
                    return Some(-7);
                }
            }
            VariableKind::Str | VariableKind::Bytes if !filled.bytes.is_empty() || filled.cut => return Some(-17),
            VariableKind::Str | VariableKind::Bytes => {}
        }
        let (bytes, cut) = match (&variable.kind, how) {
            (_, How::Unreadable) => return None,
            (VariableKind::Bytes, _) => (source[..source.len().min(limit)].to_vec(), source.len() > limit),
            (_, How::Copy) => text(source, limit),
            _ => text(source.split(|&byte| byte == 0).next().expect("one part"), limit),
        };
        let result = bytes.len() as i64 + i64::from(cut);
        if filled.bytes.is_empty() {
            filled.at = end;
        }
        filled.bytes.extend(&bytes);
        filled.cut |= cut;
        self.tail.extend(bytes);
        Some(result)
    }

    /// The record as it should arrive.
    fn record(&self, layouts: &Layouts, id: TypeId, record: &Record) -> Vec<u8> {
        let mut bytes = [self.header.as_slice(), &self.tail].concat();
        let variable = |field: &usize| matches!(record.fields[*field].ty, Type::Variable(_));
        let places = layouts.of(id).members.iter().filter_map(|member| match member {
            Member::Field { field, offset, .. } if variable(field) => Some((*field, *offset as usize)),
            _ => None,
        });
        let mut places: Vec<(usize, usize)> = places.collect();
        places.sort_unstable();
        for ((_, place), filled) in places.iter().zip(&self.fields) {
            let len = filled.bytes.len() as u16 | u16::from(filled.cut) << 15;
            bytes[*place..place + 2].copy_from_slice(&(filled.at as u16).to_ne_bytes());
            bytes[place + 2..place + 4].copy_from_slice(&len.to_ne_bytes());
        }
        bytes
    }
}

fn text(text: &[u8], limit: usize) -> (Vec<u8>, bool) {
    let kept = text.len().min(limit - 1);
    ([&text[..kept], b"\0"].concat(), text.len() >= limit)
}

/// Lengths at the edges of the limit, and odd bytes.
fn source(random: &mut Random, limit: usize, how: How) -> Vec<u8> {
    let len = random.of(&[0, 1, limit.saturating_sub(2), limit - 1, limit, limit + 1, limit / 2, 3 * limit]);
    let byte = |random: &mut Random| match random.of(&[0x20, 0x7f, 0xff, 0x80, 0xc3]) {
        odd if random.below(4) == 0 => odd,
        _ => b'a' + random.below(26) as u8,
    };
    let mut bytes: Vec<u8> = (0..len).map(|_| byte(random)).collect();
    if how == How::Copy && len > 0 && random.below(4) == 0 {
        bytes[random.below(len as u64) as usize] = 0;
    }
    bytes
}

/// One record: what was sent, and what each of its fields is to be read as.
struct Sent {
    bytes: Vec<u8>,
    fields: Vec<Filled>,
}

struct Case {
    layouts: Layouts,
    sent: Vec<Sent>,
}

fn run(case: u64, folder: &Path, defines: &str) -> Case {
    let mut random = Random(case);
    let clangs = clangs();
    let clang = clangs[case as usize % clangs.len()];
    let (object, layouts) = build(folder, clang, &spec(&mut random), |layouts| defines.to_owned() + &filling(layouts));
    let (id, record) = layouts.model.records().next().expect("the event");
    let sent = (0..RECORDS).map(|_| send(&object, &layouts, id, record, &mut random)).collect();
    Case { layouts, sent }
}

/// The program that fills the one event of a spec.
fn filling(layouts: &Layouts) -> String {
    let (id, record) = layouts.model.records().next().expect("the event");
    program(layouts, id, record)
}

fn send(object: &Object, layouts: &Layouts, id: TypeId, record: &Record, random: &mut Random) -> Sent {
    let variables: Vec<&Variable> = record.variable().map(|(_, variable)| variable).collect();
    let mut model = Model::new(layouts, id, record);
    assert_eq!(run_program(object, "start", &[]), 0);
    for _ in 0..random.below(3 * variables.len() as u64 + 1) {
        let index = random.below(variables.len() as u64) as usize;
        let how = random.of(&[How::FromKernel, How::FromUser, How::Copy, How::Copy, How::Unreadable]);
        let bytes = source(random, variables[index].limit.value as usize, how);
        let unreadable = how == How::Unreadable;
        // An unreadable address of either space; reading no bytes at all succeeds anywhere.
        let user = unreadable && random.below(2) == 0;
        if unreadable && bytes.is_empty() {
            continue;
        }
        let mut kernel = bytes.clone();
        kernel.resize(SOURCE, 0);
        set_first_value(object, "source", &kernel);
        let text = CString::new(bytes.iter().map(|&byte| if byte == 0 { b'0' } else { byte }).collect::<Vec<_>>());
        let text = text.expect("no NUL");
        let address = if unreadable { random.of(&UNREADABLE) } else { text.as_ptr().addr() as u64 };
        let number = match how {
            How::FromKernel => 0,
            How::FromUser => 1,
            How::Copy => 2,
            How::Unreadable => {
                if user {
                    1
                } else {
                    3
                }
            }
        };
        let expected = model.fill(index, variables[index], how, &bytes);
        let result = i64::from(run_program(object, "fill", &[index as u64, number, address, bytes.len() as u64]));
        match expected {
            Some(expected) => assert_eq!(result, expected, "{how:?} {} bytes into {:?}", bytes.len(), variables[index]),
            None => assert!(result < 0, "{how:?} gave {result}"),
        }
    }
    let expected = model.record(layouts, id, record);
    assert_eq!(arrived(object), expected, "of {}", record.name.spec);
    Sent { bytes: expected, fields: model.fields }
}

/// The record as it comes out of the ring buffer.
fn arrived(object: &Object) -> Vec<u8> {
    assert_eq!(run_program(object, "send", &[]), 0);
    let records = all_arrived(object);
    assert_eq!(records.len(), 1);
    records.concat()
}

#[test]
fn kernel_sends_random_compact_events_and_rust_reads_them() {
    if !is_permitted() || clangs().is_empty() {
        return;
    }
    stay_on_one_cpu();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let case = |number: u64| {
        let folder = folder.path().join(number.to_string());
        fs::create_dir(&folder).expect("a writable folder");
        run(number, &folder, "")
    };
    let number = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}: no number")))
    };
    let first = number("BPF_LAYOUT_COMPACT_SEED", 0);
    let cases: Vec<Case> = (first..first + number("BPF_LAYOUT_COMPACT_SPECS", SPECS)).map(case).collect();
    let filled = cases.iter().flat_map(|case| &case.sent).flat_map(|sent| &sent.fields);
    let (cut, full): (Vec<_>, Vec<_>) = filled.filter(|field| !field.bytes.is_empty()).partition(|field| field.cut);
    assert!(cut.len() > 20 && full.len() > 50, "the specs are not what they were: {} {}", cut.len(), full.len());
    read_back(&cases);
}

#[test]
fn kernel_sends_through_dynptrs() {
    if !is_permitted() || clangs().is_empty() {
        return;
    }
    stay_on_one_cpu();
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert_eq!(run(3, folder.path(), DYNPTR).sent.len(), RECORDS);
}

#[test]
fn kernel_builds_as_many_records_at_once_as_there_are_rooms() {
    if !is_permitted() {
        return;
    }
    stay_on_one_cpu();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = "spec = 1\n\n[event.sent]\nrooms = 3\nfields = [\n  { name = \"number\", type = \"u16\" },\n  \
        { name = \"text\", type = \"str[..16]\" },\n]\n";
    for (clang, defines) in clangs().into_iter().flat_map(|clang| [(clang, ""), (clang, DYNPTR)]) {
        let program = |_: &Layouts| format!("{defines}{}", include_str!("kernel/rooms.bpf.c"));
        let (object, _) = build(folder.path(), clang, text, program);
        set_first_value(&object, "source", b"abcdefghijklmno\0");
        for round in 1..=3 {
            assert_eq!(run_program(&object, "nested", &[]), 0, "{clang}");
            let record = |number: u16, text: &[u8]| {
                let tail = [6u16, text.len() as u16].map(u16::to_ne_bytes).concat();
                [&number.to_ne_bytes(), &tail[..], text].concat()
            };
            let expected = [record(1, b"a\0"), record(3, b"abc\0"), record(4, b"abcd\0")];
            assert_eq!(all_arrived(&object), expected, "{clang}");
            assert_eq!((account(&object, 3, 1), account(&object, 3, 2)), (round, 0), "{clang}");
        }
        // What was forgotten is taken for good, and what finds no room is counted.
        let forgotten: Vec<_> = (0..5).map(|_| run_program(&object, "forgetful", &[])).collect();
        assert_eq!(forgotten, [0, 0, 0, 1, 1], "{clang}");
        assert_eq!((account(&object, 3, 1), account(&object, 3, 2)), (5, 3), "{clang}");
    }
}

/// The program that fills the one event of a spec, by the first clang.
fn loaded(folder: &Path, spec: &str) -> (Object, Layouts) {
    build(folder, clangs()[0], spec, filling)
}

#[test]
fn kernel_sends_several_events_with_all_fields_full() {
    if !is_permitted() || clangs().is_empty() {
        return;
    }
    stay_on_one_cpu();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut sent = 0;
    for number in 0..4 {
        let (object, layouts) = loaded(folder.path(), &spec(&mut Random(number)));
        let (id, record) = layouts.model.records().next().expect("the event");
        let variables: Vec<&Variable> = record.variable().map(|(_, variable)| variable).collect();
        let mut expected = Vec::new();
        // Each field is the first once, and they all wait in the buffer together.
        for first in 0..variables.len() {
            let mut model = Model::new(&layouts, id, record);
            assert_eq!(run_program(&object, "start", &[]), 0);
            for index in (0..variables.len()).map(|index| (first + index) % variables.len()) {
                let variable = variables[index];
                let limit = variable.limit.value as usize;
                let len = if variable.kind == VariableKind::Bytes { limit } else { limit - 1 };
                let bytes = vec![b'a' + index as u8; len];
                let mut source = bytes.clone();
                source.resize(SOURCE, 0);
                set_first_value(&object, "source", &source);
                for _ in 0..variable.most() as usize / limit {
                    let result = model.fill(index, variable, How::FromKernel, &bytes).expect("it can be read");
                    assert_eq!(result, limit as i64);
                    let arguments = [index as u64, 0, 0, bytes.len() as u64];
                    assert_eq!(i64::from(run_program(&object, "fill", &arguments)), result, "{variable:?}");
                }
            }
            assert_eq!(run_program(&object, "send", &[]), 0);
            let full = model.record(&layouts, id, record);
            assert_eq!(full.len() as u64, layouts.largest(id), "no byte is left");
            expected.push(full);
        }
        sent += expected.len();
        assert_eq!(all_arrived(&object), expected);
    }
    assert!(sent > 8, "the specs are not what they were: {sent}");
}

/// Two pages, of which the second cannot be read.
struct Pages(*mut u8);

const PAGE: usize = 4096;

impl Pages {
    fn new() -> Self {
        // SAFETY: new memory, of which nothing is read or written but what is asked for here.
        let start = unsafe {
            let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
            let start = libc::mmap(std::ptr::null_mut(), 2 * PAGE, protection, flags, -1, 0);
            assert_ne!(start, libc::MAP_FAILED);
            assert_eq!(libc::mprotect(start.byte_add(PAGE), PAGE, libc::PROT_NONE), 0);
            start
        };
        Pages(start.cast())
    }

    /// Puts bytes at the end of the first page, and gives their address.
    fn ending(&self, bytes: &[u8]) -> u64 {
        let at = self.0.wrapping_add(PAGE - bytes.len());
        // SAFETY: the first page can be written, these bytes lie in it, and nobody else has it.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), at, bytes.len()) };
        at.addr() as u64
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: what `new` mapped, which nobody uses any more.
        unsafe { libc::munmap(self.0.cast(), 2 * PAGE) };
    }
}

#[test]
fn kernel_reads_strings_at_the_end_of_what_can_be_read() {
    if !is_permitted() || clangs().is_empty() {
        return;
    }
    stay_on_one_cpu();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = "spec = 1\n\n[event.sent]\ntag = { tag = 7 }\nfields = [\n  { name = \"tag\", type = \"u16\" },\n  \
        { name = \"f0\", type = \"str[..16]\" },\n  { name = \"f1\", type = \"bytes[..16]\" },\n]\n";
    let (object, _) = loaded(folder.path(), text);
    let pages = Pages::new();
    let fill = |field: u64, bytes: &[u8], len: u64| {
        assert_eq!(run_program(&object, "start", &[]), 0);
        let result = run_program(&object, "fill", &[field, 1, pages.ending(bytes), len]);
        (result, arrived(&object)[10..].to_vec())
    };
    assert_eq!(fill(0, b"abc\0", 0), (4, b"abc\0".to_vec()), "it ends where the page does");
    assert_eq!(fill(0, &[b'x'; 17], 0), (17, [&[b'x'; 15][..], b"\0"].concat()), "cut before that");
    assert_eq!(fill(1, b"abcd", 4), (4, b"abcd".to_vec()));
    for (field, bytes, len) in [(0, &b"abc"[..], 0), (1, b"abcd", 5), (1, b"", 1)] {
        let (result, tail) = fill(field, bytes, len);
        assert!(result < 0 && tail.is_empty(), "nothing of what reaches beyond: {result} {tail:?}");
    }
}

#[test]
fn kernel_sends_to_perf_buffers() {
    if !is_permitted() || clangs().is_empty() {
        return;
    }
    stay_on_one_cpu();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut random = Random(1);
    let (object, layouts) = loaded(folder.path(), &spec(&mut random));
    let (id, record) = layouts.model.records().next().expect("the event");
    let samples = Rc::new(RefCell::new(Vec::new()));
    with_map(&object, "perf", |map| {
        let sink = Rc::clone(&samples);
        let buffer =
            PerfBufferBuilder::new(map).sample_cb(move |_, sample: &[u8]| sink.borrow_mut().push(sample.to_vec()));
        let buffer = buffer.build().expect("a perf buffer");
        for _ in 0..8 {
            let sent = send(&object, &layouts, id, record, &mut random);
            assert_eq!(run_program(&object, "perf_send", &[]), 0);
            buffer.consume().expect("a sample");
            let sample = samples.borrow_mut().pop().expect("a sample");
            // A sample and its length field together fill whole u64s.
            assert_eq!(sample.len(), (sent.bytes.len() + 4).next_multiple_of(8) - 4);
            assert_eq!(sample[..sent.bytes.len()], sent.bytes);
        }
    });
}

/// Has a crate of the generated modules read every record: as it was sent, at every alignment, with what transports append,
/// cut short, and with every one of its descriptors' bytes changed.
fn read_back(cases: &[Case]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rust-compact");
    fs::create_dir_all(folder.join("src")).expect("a writable folder");
    let manifest = format!(
        "[package]\nname = \"compact\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies.bpf-layout]\n\
         path = {:?}\ndefault-features = false\nfeatures = [\"std\"]\n\n[profile.dev]\ndebug = 0\n",
        root.join("runtime")
    );
    fs::write(folder.join("Cargo.toml"), manifest).expect("a writable file");
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).expect("the lock file");
    fs::write(folder.join("src/main.rs"), reader(cases)).expect("a writable file");
    let records = write_records(&folder, cases);
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--offline", "--target-dir"]).arg(folder.join("target")).arg("--").arg(records);
    cargo.env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS").current_dir(&folder);
    let output = support::run(&mut cargo);
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let expected = format!("{} records\n", cases.iter().map(|case| case.sent.len()).sum::<usize>());
    assert_eq!(text, expected);
}

/// One line for each record: its spec, its bytes, and bytes and cut of each field.
fn write_records(folder: &Path, cases: &[Case]) -> PathBuf {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut text = String::new();
    for (index, case) in cases.iter().enumerate() {
        for sent in &case.sent {
            let _ = write!(text, "{index} :{}", hex(&sent.bytes));
            for field in &sent.fields {
                let _ = write!(text, " {}:{}", u8::from(field.cut), hex(&field.bytes));
            }
            text.push('\n');
        }
    }
    let path = folder.join("records.txt");
    fs::write(&path, text).expect("a writable file");
    path
}

fn reader(cases: &[Case]) -> String {
    let mut text = "#![forbid(unsafe_code)]\n".to_owned();
    let mut arms = String::new();
    for (index, case) in cases.iter().enumerate() {
        let module = bpf_layout_emit::rust::module(&case.layouts);
        let (_, record) = case.layouts.model.records().next().expect("the event");
        let fields = record.variable().map(|(field, variable)| {
            let name = &field.name.rust;
            match variable.kind {
                VariableKind::Bytes => format!("(event.{name}().to_vec(), event.{name}.is_truncated())"),
                VariableKind::Str => format!(
                    "{{ let text = event.{name}(); assert!(text.as_cstr().is_none_or(|c| c.to_bytes() == text.as_bytes())); \
                     (text.raw().to_vec(), text.is_truncated()) }}"
                ),
                VariableKind::Strs(_) => format!(
                    "(event.{name}().iter().flat_map(|text| text.raw().to_vec()).collect(), event.{name}().is_truncated())"
                ),
            }
        });
        let fields: Vec<String> = fields.collect();
        let _ = write!(text, "\nmod m{index} {{\n{module}}}\n");
        let _ = writeln!(
            arms,
            "        {index} => {{ let event = m{index}::SentEvent::parse(bytes).ok()?; let _ = format!(\"{{event:?}}\"); \
             Some(vec![{}]) }}",
            fields.join(", ")
        );
    }
    text + &include_str!("kernel/compact.rs.txt").replace("// ARMS\n", &arms)
}
