//! One number for each type and map that changes when its bytes, or what they mean, change, and not otherwise.
//!
//! It is the FNV-1a hash, of 64 bits, of a text that says everything that counts and nothing else. Two texts of which
//! one byte differs never share it, and others do once in 2^64; it guards against mistakes, not against an attacker. It
//! does not depend on the machine that computes it, and what it is of a given layout does not change between releases
//! unless [`FORMAT`] does.
//!
//! **What counts.** The name, place, size and type of every field; the value of a tag, what it selects, and what a list
//! or tree contains; the name and value of every variant and flag, and their integer; the C name and size of an extern
//! type; whether a record is a union. For a map everything that the kernel and libbpf are told of it: type, key, value,
//! `max_entries`, flags, pinning, NUMA node, `map_extra`, when its reader is woken, the maps that it holds, and its events. Capacities count
//! because both sides have them as constants (`SOCKETS_MAX_ENTRIES`) and compute masks and indices with them: two sides
//! that disagree were not built from one spec. What a loader sets at load does not change a fingerprint.
//!
//! **What does not.** The name of the type or map itself: fingerprints are compared by name, so a rename shows as one
//! that went and one of the same fingerprint that came. Likewise types that are used count by their own fingerprint, not
//! by name. Documentation, order of definitions, of variants, and of the members of a union, how a number is written,
//! aliases, `since`, `version`, `reserved`, budgets and profiles. Padding, `packed`, `align` and `offset`: what they do
//! shows in offsets and sizes. Alignment as such: bytes mean the same at any address, and readers take them at any.
//! Whether a record is a struct or an event, or a field of whole bytes a bitfield.

use std::{fmt, fmt::Write as _};

use rustc_hash::FxHashMap;

use crate::{
    decimal::Decimal,
    definition::{self, Base, Body, Definition, Field, Map, Record, RecordWord, Type, Values},
    layout::Layouts,
    model::{MapId, TypeId},
    wakeup::Wakeup,
};

/// Version of the text that is hashed, which is its first line.
pub const FORMAT: u32 = 1;

/// The fingerprint of one type or map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// Sixteen hexadecimal digits, in ASCII.
    #[must_use]
    pub fn digits(self) -> [u8; 16] {
        std::array::from_fn(|index| {
            let digit = (self.0 >> (60 - 4 * index)) as u8 & 0xf;
            digit + if digit < 10 { b'0' } else { b'a' - 10 }
        })
    }
}

impl fmt::Display for Fingerprint {
    /// Its [digits](Self::digits).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.digits()).expect("digits are ASCII"))
    }
}

/// The fingerprints of a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprints {
    types: Vec<Fingerprint>,
    maps: Vec<Fingerprint>,
}

impl Fingerprints {
    /// Computes all of them.
    #[must_use]
    pub fn of(layouts: &Layouts) -> Self {
        let mut known = Known::default();
        let model = &layouts.model;
        let ids = (0..).map(TypeId).take(model.types.len());
        let types = ids.map(|id| known.add(&definition::ty(layouts, id))).collect();
        let maps = model.maps.iter().map(|map| known.add(&definition::map(layouts, map))).collect();
        Fingerprints { types, maps }
    }

    /// That of a type.
    ///
    /// # Panics
    /// If the id came from another model.
    #[must_use]
    pub fn ty(&self, id: TypeId) -> Fingerprint {
        self.types[id.0 as usize]
    }

    /// That of a map.
    ///
    /// # Panics
    /// If the id came from another model.
    #[must_use]
    pub fn map(&self, id: MapId) -> Fingerprint {
        self.maps[id.0 as usize]
    }
}

/// Fingerprints by name, of definitions that come before those that are made of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    types: FxHashMap<String, Fingerprint>,
    maps: FxHashMap<String, Fingerprint>,
}

impl Known {
    /// Computes the fingerprint of a definition and keeps it.
    pub(crate) fn add(&mut self, definition: &Definition) -> Fingerprint {
        let fingerprint = self.fingerprint(definition);
        let names = if definition.is_map() { &mut self.maps } else { &mut self.types };
        names.insert(definition.name.clone(), fingerprint);
        fingerprint
    }

    /// The fingerprint of a type, if it has been added.
    pub(crate) fn ty(&self, name: &str) -> Option<Fingerprint> {
        self.types.get(name).copied()
    }

    /// The fingerprint of a map, if it has been added.
    pub(crate) fn map(&self, name: &str) -> Option<Fingerprint> {
        self.maps.get(name).copied()
    }

    /// Hashes everything that counts of a definition, a line for each fact.
    fn fingerprint(&self, definition: &Definition) -> Fingerprint {
        let mut hash = Hash::default();
        hash.line(format_args!("bpf-layout {FORMAT}"));
        match &definition.body {
            Body::Record(record) => self.record(&mut hash, record),
            Body::Values(values) => self::values(&mut hash, definition.word(), values),
            Body::Extern(def) => hash.line(format_args!("extern {} {}", def.size, def.c_type)),
            Body::Map(map) => self.map_text(&mut hash, map),
        }
        Fingerprint(hash.0)
    }

    fn record(&self, hash: &mut Hash, record: &Record) {
        let word = if record.word == RecordWord::Union { "union" } else { "struct" };
        hash.line(format_args!("{word} {}", record.size));
        let mut fields: Vec<&Field> = record.fields.iter().collect();
        fields.sort_by_key(|field| (field.bit_offset, &field.name));
        for field in fields {
            hash.number(field.bit_offset);
            hash.text(" ");
            hash.number(field.bit_size);
            hash.text(" ");
            self.add_type(hash, &field.ty);
            hash.text(" ");
            hash.text(&field.name);
            hash.text("\n");
            if let Some(tag) = &field.tag {
                hash.line(format_args!("by {tag}"));
            }
            let mut when: Vec<&String> = field.when.iter().collect();
            when.sort_unstable();
            when.iter().for_each(|value| hash.line(format_args!("when {value}")));
            if let Some((of, node)) = &field.contains {
                hash.line(format_args!("contains {of}.{node}"));
            }
        }
        if let Some((field, value)) = &record.tag {
            hash.line(format_args!("tag {field} {value}"));
        }
    }

    fn map_text(&self, hash: &mut Hash, map: &Map) {
        hash.line(format_args!("map {}", map.kind.name));
        for (name, part) in [("key", &map.key), ("value", &map.value)] {
            if let Some(part) = part {
                hash.text(name);
                hash.text(" ");
                hash.number(part.size);
                hash.text(" ");
                self.add_type(hash, &part.ty);
                hash.text("\n");
            }
        }
        let numbers = [
            ("max_entries", map.max_entries),
            ("flags", Some(map.flags.into())),
            ("pinning", map.pinned_by_name.then_some(1)),
            ("numa_node", map.numa_node.map(u64::from)),
            ("map_extra", map.map_extra),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                hash.line(format_args!("{name} {number}"));
            }
        }
        if map.wakeup != Wakeup::Always {
            hash.line(format_args!("wakeup {}", map.wakeup));
        }
        if let Some(inner) = &map.inner {
            hash.text("inner ");
            hash.reference(self.map(inner), inner);
            hash.text("\n");
        }
        let mut events: Vec<_> = map.events.iter().map(|name| (self.ty(name), name)).collect();
        events.sort_by_key(|(fingerprint, _)| *fingerprint);
        for (fingerprint, name) in events {
            hash.text("event ");
            hash.reference(fingerprint, name);
            hash.text("\n");
        }
    }

    fn add_type(&self, hash: &mut Hash, ty: &Type) {
        match &ty.base {
            Base::Named(name) => {
                hash.reference(self.ty(name), name);
                ty.dimensions.iter().for_each(|length| hash.format(format_args!("[{length}]")));
            }
            Base::Scalar(scalar) if ty.dimensions.is_empty() => hash.text(scalar.info().name),
            _ => hash.format(format_args!("{ty}")),
        }
    }
}

fn values(hash: &mut Hash, word: &str, values: &Values) {
    hash.line(format_args!("{word} {}", values.repr.info().name));
    let mut sorted: Vec<(i128, &str)> = values.values.iter().map(|(name, value)| (*value, name.as_str())).collect();
    sorted.sort_unstable();
    sorted.iter().for_each(|(value, name)| hash.line(format_args!("{value} {name}")));
}

/// FNV-1a of 64 bits (draft-eastlake-fnv) of a text, as it is written: each byte is put in by XOR, then the whole
/// multiplied by a prime.
struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Hash(0xcbf2_9ce4_8422_2325)
    }
}

impl Hash {
    fn byte(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }

    fn text(&mut self, text: &str) {
        text.bytes().for_each(|byte| self.byte(byte));
    }

    /// In decimal digits; most of what is hashed are numbers, and [`format`](Self::format) takes longer.
    fn number(&mut self, number: u64) {
        self.text(&Decimal::of(number));
    }

    /// What stands for another definition: its fingerprint. A name, where it has none yet, does not occur: a spec defines
    /// what it uses, and locks are refused that do not.
    fn reference(&mut self, fingerprint: Option<Fingerprint>, name: &str) {
        let Some(fingerprint) = fingerprint else { return self.text(name) };
        self.byte(b'{');
        fingerprint.digits().into_iter().for_each(|digit| self.byte(digit));
        self.byte(b'}');
    }

    fn format(&mut self, text: fmt::Arguments<'_>) {
        self.write_fmt(text).expect("any text has a hash");
    }

    fn line(&mut self, text: fmt::Arguments<'_>) {
        self.format(text);
        self.byte(b'\n');
    }
}

impl fmt::Write for Hash {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        // From test_fnv.c of the reference implementation.
        let hash = |text: &str| {
            let mut hash = Hash::default();
            hash.text(text);
            hash.0
        };
        assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn numbers_are_hashed_as_they_are_written() {
        for number in [0, 9, 10, 4096, u64::MAX] {
            let (mut direct, mut formatted) = (Hash::default(), Hash::default());
            direct.number(number);
            formatted.format(format_args!("{number}"));
            assert_eq!(direct.0, formatted.0, "{number}");
        }
    }

    #[test]
    fn a_fingerprint_is_shown_in_sixteen_digits() {
        assert_eq!(Fingerprint(0x0123_4567_89ab_cdef).to_string(), "0123456789abcdef");
        assert_eq!(Fingerprint(10).to_string(), "000000000000000a");
    }
}
