//! Random specs, as TOML text, that favour what is nasty.
//!
//! A bundle is one file of many small, independent specs ("chunks"), so that compilers run once for all of them. Each
//! chunk's names carry its number, and a seed and that number make the chunk, whatever bundle it is in; lengths are shared. What is written here is valid by construction in both profiles; it
//! knows upper bounds of sizes, which is enough to put a field behind all others by a fixed `offset`.

#![forbid(unsafe_code)]

mod fields;
mod names;
mod rng;

use std::{fmt::Write as _, ops::Range};

pub use crate::rng::Rng;
use crate::{
    fields::{Fields, Known, join},
    names::Names,
};

/// Lengths that every bundle shares: name, text in the spec, and its value in that profile where it is largest.
pub(crate) const LENGTHS: &[(&str, &str, u64)] = &[
    ("ONE", "1", 2),
    ("COMM", "16", 24),
    ("ODD", "\"COMM - 3\"", 21),
    ("WIDE", "\"(ODD + 3) * 4 / 2\"", 48),
    ("SHIFTED", "\"ONE << 3\"", 16),
    ("PRIME_LEN", "0x25", 37),
    ("DEEP", "\"2 * (COMM + ODD * 2) - WIDE\"", 84),
];

/// What the profile `lean` makes of them. `COMM` and `ONE` drive the rest.
const LEAN: &[(&str, u64)] = &[("COMM", 24), ("ONE", 2)];

/// Aliases: name, what they stand for, size in that profile where it is largest, alignment.
pub(crate) const ALIASES: &[(&str, &str, u64, u32)] =
    &[("uid_t", "u32", 4, 4), ("comm_t", "str[COMM]", 24, 1), ("matrix_t", "be16[3][SHIFTED]", 96, 2)];

/// A spec of the chunks with these numbers. It has a profile `lean`, which changes lengths and omits fields.
#[must_use]
pub fn bundle(seed: u64, chunks: Range<u64>) -> String {
    bundle_of(seed, chunks, true)
}

/// The same without extern types, what the kernel manages, and compact events, which an object does not say of its types.
#[must_use]
pub fn familiar_bundle(seed: u64, chunks: Range<u64>) -> String {
    bundle_of(seed, chunks, false)
}

/// A spec of an event `sent` of which only the bytes in use travel, for a program that fills it: its first field is its tag, a
/// `u16` of 7. It has a profile `lean`, too.
#[must_use]
pub fn compact_event(seed: u64) -> String {
    let mut chunk = Chunk::new(seed, 0, false);
    chunk.write_enum("kind");
    chunk.write_flags();
    for number in 0..3 {
        chunk.write_struct(number, Shape::Struct);
    }
    chunk.write_union(3);
    chunk.write_sent();
    head() + &chunk.text + &profile(&chunk.omit)
}

fn bundle_of(seed: u64, chunks: Range<u64>, foreign: bool) -> String {
    let mut text = head();
    let mut omit = Vec::new();
    for number in chunks {
        let mut chunk = Chunk::new(seed, number, foreign);
        chunk.write();
        text.push_str(&chunk.text);
        omit.append(&mut chunk.omit);
    }
    text + &profile(&omit)
}

/// The profile `lean`, which omits these fields.
fn profile(omit: &[String]) -> String {
    let mut text = String::from("\n[profile.lean]\n");
    for (name, value) in LEAN {
        let _ = writeln!(text, "lengths.{name} = {value}");
    }
    let omit: Vec<String> = omit.iter().map(|path| format!("\"{path}\"")).collect();
    let _ = writeln!(text, "omit = [{}]", omit.join(", "));
    text
}

fn head() -> String {
    let mut text = String::from("spec = 1\n\n[lengths]\n");
    for (name, value, _) in LENGTHS {
        let _ = writeln!(text, "{name} = {value}");
    }
    text.push_str("\n[capacities]\nENTRIES = \"16 * DEEP\"\n\n[alias]\n");
    for (name, ty, _, _) in ALIASES {
        let _ = writeln!(text, "{name} = \"{ty}\"");
    }
    text
}

/// One small spec while it is being written.
struct Chunk {
    rng: Rng,
    prefix: String,
    text: String,
    known: Vec<Known>,
    omit: Vec<String>,
    /// Whether types that are not this spec's own are to be in it.
    foreign: bool,
}

impl Chunk {
    fn new(seed: u64, number: u64, foreign: bool) -> Self {
        let rng = Rng::new(seed.wrapping_mul(0x1_0000_0001).wrapping_add(number));
        let text = format!("\n# chunk {number} of seed {seed}\n");
        Chunk { rng, prefix: format!("c{number}"), text, known: Vec::new(), omit: Vec::new(), foreign }
    }

    fn write(&mut self) {
        self.write_enum("kind");
        if self.rng.chance(50) {
            self.write_enum("mode");
        }
        if self.rng.chance(60) {
            self.write_flags();
        }
        if self.foreign && self.rng.chance(30) {
            self.write_extern();
        }
        for number in 0..self.rng.range(2, 4) {
            match self.rng.weighted(&[(70, Shape::Struct), (20, Shape::Union), (10, Shape::Event)]) {
                Shape::Union => self.write_union(number),
                shape => self.write_struct(number, shape),
            }
        }
        if self.rng.chance(40) {
            self.write_tagged();
        }
        if self.rng.chance(30) {
            self.write_map();
        }
        if self.rng.chance(30) {
            self.write_events();
        }
        if self.foreign && self.rng.chance(20) {
            self.write_managed();
        }
        if self.foreign && self.rng.chance(30) {
            self.write_compact();
        }
    }

    /// A type that C has by itself, so that no header is needed.
    fn write_extern(&mut self) {
        const TYPES: &[(&str, u64, u32)] = &[
            ("unsigned char", 1, 1),
            ("unsigned short", 2, 2),
            ("unsigned int", 4, 4),
            ("float", 4, 4),
            ("signed char", 1, 1),
        ];
        let &(c, size, align) = self.rng.pick(TYPES);
        let name = format!("{}_foreign", self.prefix);
        let _ = writeln!(self.text, "\n[extern.{name}]\nc = \"{c}\"\nsize = {size}\nalign = {align}");
        self.known.push(Known::opaque(&name, size, align));
    }

    /// The value of a map, with what the kernel manages in it.
    fn write_managed(&mut self) {
        let prefix = self.prefix.clone();
        let mut fields = Fields::new(&mut self.rng, &[], None);
        fields.kernel_managed();
        let rows = std::mem::take(&mut fields.rows);
        let omit = std::mem::take(&mut fields.optional);
        let _ = writeln!(self.text, "\n[struct.{prefix}_managed]");
        self.write_rows(&rows);
        self.omit.extend(omit.iter().map(|field| format!("{prefix}_managed.{field}")));
        let _ = writeln!(
            self.text,
            "\n[map.{prefix}_managing]\ntype = \"hash\"\nkey = \"u32\"\nvalue = \"{prefix}_managed\"\nmax_entries = 16"
        );
    }

    fn write_enum(&mut self, suffix: &str) {
        const REPRS: &[&str] = &["u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64"];
        let repr = *self.rng.pick(REPRS);
        let name = format!("{}_{suffix}", self.prefix);
        let bits: u32 = repr[1..].parse().expect("a repr ends in its bits");
        let (low, high) = match repr.starts_with('u') {
            true => (0, (1i128 << bits) - 1),
            false => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
        };
        let variants =
            [("lowest", low), ("highest", high), ("open", 3), ("type", 7), ("default", 100)].map(|(name, value)| {
                // TOML numbers end at 63 bits; larger ones are expressions.
                let value = if value > i128::from(i64::MAX) { format!("\"{value}\"") } else { value.to_string() };
                format!("{{ name = \"{name}\", value = {value} }}")
            });
        // Second names, before and behind the first, one of them a word of Rust.
        let second = |name: &str, first: &str| format!("{{ name = \"{name}\", same_as = \"{first}\" }}");
        let mut variants = variants.to_vec();
        if suffix == "kind" {
            variants.insert(0, second("match", "type"));
            variants.push(second("last", "highest"));
        }
        let _ = writeln!(self.text, "\n[enum.{name}]\nrepr = \"{repr}\"\nvariants = [{}]", variants.join(", "));
        self.known.push(Known::integer(&name, bits));
    }

    fn write_flags(&mut self) {
        const REPRS: &[&str] = &["u8", "u16", "u32", "u64"];
        let repr = *self.rng.pick(REPRS);
        let name = format!("{}_set", self.prefix);
        let bits: u32 = repr[1..].parse().expect("a repr ends in its bits");
        let top = 1u64 << (bits - 1);
        let top = if bits == 64 { format!("\"{top}\"") } else { format!("{top:#x}") };
        let _ = writeln!(
            self.text,
            "\n[flags.{name}]\nrepr = \"{repr}\"\nbits = [{{ name = \"first\", value = 1 }}, \
             {{ name = \"static\", value = 0x10 }}, {{ name = \"both\", value = 0x11 }}, {{ name = \"top\", value = {top} }}]"
        );
        self.known.push(Known::integer(&name, bits));
    }

    fn write_struct(&mut self, number: u64, shape: Shape) {
        let name = format!("{}_rec{number}", self.prefix);
        let packed = match self.rng.chance(35) {
            true => Some(*self.rng.pick(&[1, 1, 2, 4, 8])),
            false => None,
        };
        let mut fields = Fields::new(&mut self.rng, &self.known, packed);
        fields.fill(12);
        let align = fields.record_align();
        let size = fields.size_at_most(align);
        let asked = fields.asked_align(align);
        let optional = std::mem::take(&mut fields.optional);
        let rows = std::mem::take(&mut fields.rows);
        let table = if matches!(shape, Shape::Event) { "event" } else { "struct" };
        let _ = writeln!(self.text, "\n[{table}.{name}]");
        if let Some(packed) = packed {
            let packed = if packed == 1 { "true".to_owned() } else { packed.to_string() };
            let _ = writeln!(self.text, "packed = {packed}");
        }
        if let Some(asked) = asked {
            let _ = writeln!(self.text, "align = {asked}");
        }
        self.write_rows(&rows);
        for field in optional {
            if self.rng.chance(60) {
                self.omit.push(format!("{name}.{field}"));
            }
        }
        let align = asked.unwrap_or(align);
        self.known.push(Known::record(&name, size.next_multiple_of(align.into()), align));
    }

    fn write_union(&mut self, number: u64) {
        let name = format!("{}_alt{number}", self.prefix);
        let count = self.rng.range(2, 4);
        let mut fields = Fields::new(&mut self.rng, &self.known, None);
        let (rows, size, align) = fields.union_members(count, &mut Names::new());
        let _ = writeln!(self.text, "\n[union.{name}]");
        self.write_rows(&rows);
        self.known.push(Known::record(&name, size, align));
    }

    /// A union whose member is told by an enum beside it, named and unnamed.
    fn write_tagged(&mut self) {
        let (prefix, known) = (self.prefix.clone(), self.known.clone());
        let mut members = |count| {
            let mut fields = Fields::new(&mut self.rng, &known, None);
            let (rows, ..) = fields.union_members(count, &mut Names::new());
            let whens = ["\"lowest\"", "[\"open\", \"highest\"]", "\"type\""];
            rows.iter().zip(whens).map(|(row, when)| row.with(&format!("when = {when}"))).collect::<Vec<_>>()
        };
        let (named, unnamed) = (members(3), members(2));
        let _ = writeln!(self.text, "\n[union.{prefix}_body]");
        self.write_rows(&named);
        let _ = writeln!(self.text, "\n[struct.{prefix}_tagged]");
        let _ = writeln!(
            self.text,
            "fields = [\n  {{ name = \"kind\", type = \"{prefix}_kind\" }},\n  {{ name = \"body\", type = \"{prefix}_body\", \
             tag = \"kind\" }},\n]"
        );
        let _ = writeln!(self.text, "\n[struct.{prefix}_unnamed]");
        let _ = writeln!(
            self.text,
            "fields = [\n  {{ name = \"before\", type = \"u8\" }},\n  {{ union = [{}], tag = \"which\" }},\n  \
             {{ name = \"which\", type = \"{prefix}_kind\" }},\n]",
            join(&unnamed)
        );
    }

    fn write_map(&mut self) {
        let Some(value) = self.known.iter().rev().find(|known| known.is_record) else { return };
        let (prefix, value) = (&self.prefix, &value.name);
        let _ = writeln!(
            self.text,
            "\n[map.{prefix}_map]\ntype = \"hash\"\nkey = \"u32\"\nvalue = \"{value}\"\nmax_entries = \"ENTRIES\""
        );
    }

    /// Two events of one ring buffer, told apart by their first field.
    fn write_events(&mut self) {
        let prefix = self.prefix.clone();
        for (event, kind) in [("start", "open"), ("stop", "highest")] {
            let mut fields = Fields::new(&mut self.rng, &self.known, None);
            fields.begin_with("which", &format!("{prefix}_kind"));
            fields.fill(4);
            let rows = std::mem::take(&mut fields.rows);
            let _ = writeln!(self.text, "\n[event.{prefix}_{event}]\ntag = {{ which = \"{kind}\" }}");
            self.write_rows(&rows);
        }
        let _ = writeln!(
            self.text,
            "\n[map.{prefix}_ring]\ntype = \"ringbuf\"\nmax_entries = \"64 KiB\"\nevents = [\"{prefix}_start\", \
             \"{prefix}_stop\"]"
        );
    }

    /// An event of variable length, and its ring buffer. Of records it has none: they could be too large for it.
    fn write_compact(&mut self) {
        let name = format!("{}_compact", self.prefix);
        self.write_event_of(&name, "", |known| !known.is_record, |fields| fields.compact());
        let _ = writeln!(
            self.text,
            "\n[map.{name}_pipe]\ntype = \"ringbuf\"\nmax_entries = \"64 KiB\"\nevents = [\"{name}\"]"
        );
    }

    /// One that a program fills, perhaps in one of several rooms.
    fn write_sent(&mut self) {
        let rooms = *self.rng.pick(&[1, 1, 3, 16]);
        self.write_event_of("sent", &format!("tag = {{ tag = 7 }}\nrooms = {rooms}\n"), Known::is_small, |fields| {
            fields.sent()
        });
    }

    /// An event of variable length, with fields of some of the known types.
    fn write_event_of(&mut self, name: &str, keys: &str, fits: fn(&Known) -> bool, fill: fn(&mut Fields<'_>)) {
        let known: Vec<Known> = self.known.iter().filter(|known| fits(known)).cloned().collect();
        let mut fields = Fields::new(&mut self.rng, &known, None);
        fill(&mut fields);
        let align = fields.record_align();
        let asked = fields.asked_align(align);
        let optional = std::mem::take(&mut fields.optional);
        let rows = std::mem::take(&mut fields.rows);
        let _ = write!(self.text, "\n[event.{name}]\n{keys}");
        if let Some(asked) = asked {
            let _ = writeln!(self.text, "align = {asked}");
        }
        self.write_rows(&rows);
        self.omit.extend(optional.iter().filter(|_| self.rng.chance(60)).map(|field| format!("{name}.{field}")));
    }

    fn write_rows(&mut self, rows: &[crate::fields::Row]) {
        self.text.push_str("fields = [\n");
        for row in rows {
            let _ = writeln!(self.text, "  {row},");
        }
        self.text.push_str("]\n");
    }
}

#[derive(Clone, Copy)]
enum Shape {
    Struct,
    Union,
    Event,
}
