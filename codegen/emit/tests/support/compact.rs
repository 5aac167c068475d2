//! Compact events of random specs: a program that fills them as it is told, and a naive model of what the documentation says
//! that comes of it.

use std::{cell::RefCell, ffi::CString, fmt::Write as _, rc::Rc};

use bpf_layout_spec::{
    layout::{Layouts, Member},
    model::{Field, Record, Type, TypeId, Variable, VariableKind},
    scalar::{Scalar, ScalarClass},
};
use libbpf_rs::{Object, RingBufferBuilder};

use super::bpf::{Program, run_program, set_first_value, with_map};

/// Records sent of each spec: enough that every kind of field meets every way of filling it several times over.
pub const RECORDS: usize = 24;

/// Bytes of the map that the kernel's functions read from.
pub const SOURCE: usize = 8192;

/// Addresses that cannot be read, for both kinds of memory.
const UNREADABLE: [u64; 3] = [0, 0x10, u64::MAX - 0x1000];

/// What `fill` does with a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum How {
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

/// A part of a record's struct that is no field of variable length, and what the program puts there.
pub struct Fixed<'a> {
    pub field: &'a Field,
    pub place: Place,
}

pub enum Place {
    /// From this byte on; it is marked byte by byte, whatever its type means.
    Bytes { offset: usize, bytes: Vec<u8> },
    /// A bitfield, which is given a value by name.
    Bits { offset: usize, width: usize, unit: Scalar, value: u64 },
}

impl Place {
    /// Puts it where it belongs, one bit after another.
    fn put(&self, record: &mut [u8]) {
        match self {
            Place::Bytes { offset, bytes } => record[*offset..offset + bytes.len()].copy_from_slice(bytes),
            &Place::Bits { offset, width, value, .. } => {
                for bit in 0..width {
                    // The first bit is the lowest of value and byte on little-endian machines, else the highest.
                    let (place, of_value) = match cfg!(target_endian = "little") {
                        true => ((offset + bit) % 8, bit),
                        false => (7 - (offset + bit) % 8, width - 1 - bit),
                    };
                    record[(offset + bit) / 8] |= (((value >> of_value) & 1) as u8) << place;
                }
            }
        }
    }

    /// What Rust reads there, as bytes of the type that it reads.
    fn read(&self) -> Vec<u8> {
        match self {
            Place::Bytes { bytes, .. } => bytes.clone(),
            &Place::Bits { width, unit, value, .. } => {
                let info = unit.info();
                let unused = 64 - width;
                let value = value << unused;
                let is_signed = info.class == ScalarClass::Signed;
                let value = if is_signed { (value.cast_signed() >> unused).cast_unsigned() } else { value >> unused };
                let size = info.size as usize;
                let (little, big) = (value.to_le_bytes(), value.to_be_bytes());
                if cfg!(target_endian = "little") { little[..size].to_vec() } else { big[8 - size..].to_vec() }
            }
        }
    }
}

/// All that a record has of them, which is all but its padding.
pub fn fixed<'a>(layouts: &Layouts, id: TypeId, record: &'a Record) -> Vec<Fixed<'a>> {
    let mut all = Vec::new();
    for member in &layouts.of(id).members {
        match member {
            Member::Field { field, offset, size, .. } => {
                let field = &record.fields[*field];
                if !matches!(field.ty, Type::Variable(_)) {
                    let bytes = match field.name.spec.as_str() {
                        "tag" => 7u16.to_ne_bytes().to_vec(),
                        _ => (*offset..offset + size).map(|at| (at + 1) as u8).collect(),
                    };
                    all.push(Fixed { field, place: Place::Bytes { offset: *offset as usize, bytes } });
                }
            }
            Member::Bits(run) => all.extend(run.bits.iter().filter_map(|bits| {
                let field = &record.fields[bits.field?];
                let value = (bits.bit_offset + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - bits.width);
                let (offset, width) = (bits.bit_offset as usize, bits.width as usize);
                Some(Fixed { field, place: Place::Bits { offset, width, unit: bits.unit, value } })
            })),
            Member::Padding { .. } => {}
        }
    }
    all
}

/// The program: `start` fills every part of the struct, `fill` fills a field of variable length, `send` and `perf` send.
fn program(layouts: &Layouts, id: TypeId, record: &Record) -> String {
    let mut marks = String::new();
    for Fixed { field, place } in fixed(layouts, id, record) {
        let _ = match place {
            // `init` sets it.
            _ if field.name.spec == "tag" => Ok(()),
            Place::Bytes { offset, bytes } => {
                writeln!(marks, "\tfor (i = {offset}; i < {}; i++)\n\t\tbytes[i] = i + 1;", offset + bytes.len())
            }
            Place::Bits { value, .. } => writeln!(marks, "\tbits = {value:#x}ULL;\n\tp->{} = bits;", field.name.c),
        };
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
    include_str!("../kernel/compact.bpf.c").replace("MARKS", marks.trim()).replace("CASES", cases.trim())
}

/// What the documentation says of a record that is being filled.
pub struct Model {
    header: Vec<u8>,
    tail: Vec<u8>,
    fields: Vec<Filled>,
}

#[derive(Clone, Default)]
pub struct Filled {
    at: usize,
    pub bytes: Vec<u8>,
    pub cut: bool,
}

impl Model {
    pub fn new(layouts: &Layouts, id: TypeId, record: &Record) -> Self {
        let mut header = vec![0; layouts.of(id).size as usize];
        fixed(layouts, id, record).iter().for_each(|fixed| fixed.place.put(&mut header));
        Model { header, tail: Vec::new(), fields: vec![Filled::default(); record.variable().count()] }
    }

    /// Fills a field and gives what the function returns; none for a negative number that the kernel chooses.
    pub fn fill(&mut self, index: usize, variable: &Variable, how: How, source: &[u8]) -> Option<i64> {
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
    pub fn record(&self, layouts: &Layouts, id: TypeId, record: &Record) -> Vec<u8> {
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

/// A random spec, and what chooses how its records are filled.
pub struct Case {
    pub layouts: Layouts,
    random: Random,
}

impl Case {
    /// The same for the same number; of every other one the profile.
    pub fn new(number: u64) -> Self {
        let profile = (number % 2 == 1).then_some("lean");
        let layouts = super::load_text(&bpf_layout_random::compact_event(number), profile);
        Case { layouts, random: Random(number) }
    }

    /// Of this spec, which has an event `sent`.
    pub fn of(text: &str) -> Self {
        Case { layouts: super::load_text(text, None), random: Random(0) }
    }

    /// The event.
    pub fn event(&self) -> (TypeId, &Record) {
        sent_event(&self.layouts)
    }

    /// The program of its event.
    pub fn program(&self) -> Program {
        let (id, record) = self.event();
        Program { header: bpf_layout_emit::c::header(&self.layouts), text: program(&self.layouts, id, record) }
    }

    /// Has an object of the program send a record, filled at random, which must arrive as it should.
    pub fn send(&mut self, object: &Object) -> Sent {
        let (id, record) = sent_event(&self.layouts);
        send(object, &self.layouts, id, record, &mut self.random)
    }
}

fn sent_event(layouts: &Layouts) -> (TypeId, &Record) {
    layouts.model.records().find(|(_, record)| record.name.spec == "sent").expect("the event")
}

/// One record: what was sent, and what each of its fields is to be read as, those of variable length apart.
pub struct Sent {
    pub bytes: Vec<u8>,
    pub fields: Vec<Filled>,
    pub fixed: Vec<Vec<u8>>,
}

fn send(object: &Object, layouts: &Layouts, id: TypeId, record: &Record, random: &mut Random) -> Sent {
    let variables: Vec<&Variable> = record.variable().map(|(_, variable)| variable).collect();
    let mut model = Model::new(layouts, id, record);
    assert_eq!(run_program(object, "start", &[]), 0);
    for _ in 0..random.below(3 * variables.len() as u64 + 1) {
        let index = random.below(variables.len() as u64) as usize;
        let how = random.of(&[How::FromKernel, How::FromUser, How::Copy, How::Copy, How::Unreadable]);
        let bytes = source(random, variables[index].limit.value as usize, how);
        if how != How::Unreadable {
            fill(object, &mut model, (index, variables[index]), how, &bytes);
            continue;
        }
        // An unreadable address of either space; reading no bytes at all succeeds anywhere.
        if !bytes.is_empty() {
            let place = [random.of(&[USER, UNREADABLE_KERNEL]), random.of(&UNREADABLE)];
            ask(object, &mut model, (index, variables[index]), how, &bytes, place);
        }
    }
    let expected = model.record(layouts, id, record);
    assert_eq!(arrived(object), expected, "of {}", record.name.spec);
    let fixed = fixed(layouts, id, record).iter().map(|fixed| fixed.place.read()).collect();
    Sent { bytes: expected, fields: model.fields, fixed }
}

/// How the program's `fill` is told where from.
const KERNEL: u64 = 0;
pub const USER: u64 = 1;
const COPY: u64 = 2;
const UNREADABLE_KERNEL: u64 = 3;

/// Fills a field with bytes that can be read, and must be told what the model says of it.
pub fn fill(object: &Object, model: &mut Model, field: (usize, &Variable), how: How, bytes: &[u8]) {
    let mut kernel = bytes.to_vec();
    kernel.resize(SOURCE, 0);
    set_first_value(object, "source", &kernel);
    let text = CString::new(bytes.iter().map(|&byte| if byte == 0 { b'0' } else { byte }).collect::<Vec<_>>());
    let text = text.expect("no NUL");
    let number = match how {
        How::FromKernel => KERNEL,
        How::FromUser => USER,
        How::Copy => COPY,
        How::Unreadable => panic!("there are no bytes where nothing can be read"),
    };
    ask(object, model, field, how, bytes, [number, text.as_ptr().addr() as u64]);
}

/// Has the program fill a field from this place, and gives what it returns, which is what the model says of it.
pub fn ask(
    object: &Object,
    model: &mut Model,
    (index, variable): (usize, &Variable),
    how: How,
    bytes: &[u8],
    [number, address]: [u64; 2],
) -> i64 {
    let expected = model.fill(index, variable, how, bytes);
    let result = i64::from(run_program(object, "fill", &[index as u64, number, address, bytes.len() as u64]));
    match expected {
        Some(expected) => assert_eq!(result, expected, "{how:?} {} bytes into {variable:?}", bytes.len()),
        None => assert!(result < 0, "{how:?} gave {result}"),
    }
    result
}

/// The record as it comes out of the ring buffer.
pub fn arrived(object: &Object) -> Vec<u8> {
    assert_eq!(run_program(object, "send", &[]), 0);
    let records = all_arrived(object);
    assert_eq!(records.len(), 1);
    records.concat()
}

/// All records that wait in the ring buffer.
pub fn all_arrived(object: &Object) -> Vec<Vec<u8>> {
    let records = Rc::new(RefCell::new(Vec::new()));
    with_map(object, "ring", |map| {
        let sink = Rc::clone(&records);
        let mut builder = RingBufferBuilder::new();
        let add = builder.add(map, move |record| {
            sink.borrow_mut().push(record.to_vec());
            0
        });
        add.expect("a ring buffer");
        builder.build().expect("a ring buffer").consume().expect("records");
    });
    records.take()
}

/// Tests run on one CPU, since a record grows in the room of the CPU that a program runs on.
pub fn stay_on_one_cpu() {
    // SAFETY: the set is as large as the kernel is told, and this thread is the one that is meant by 0.
    let result = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(usize::try_from(libc::sched_getcpu()).expect("a CPU"), &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set)
    };
    assert_eq!(result, 0);
}
