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

use std::{collections::HashMap, fmt, fmt::Write as _};

use crate::{
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
    /// Sixteen hexadecimal digits.
    #[must_use]
    pub fn digits(self) -> [char; 16] {
        std::array::from_fn(|index| {
            let digit = (self.0 >> (60 - 4 * index)) as u8 & 0xf;
            char::from(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 })
        })
    }
}

impl fmt::Display for Fingerprint {
    /// Its [digits](Self::digits).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.digits().into_iter().try_for_each(|digit| f.write_char(digit))
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
    types: HashMap<String, Fingerprint>,
    maps: HashMap<String, Fingerprint>,
}

impl Known {
    /// Computes the fingerprint of a definition and keeps it.
    pub(crate) fn add(&mut self, definition: &Definition) -> Fingerprint {
        let fingerprint = Fingerprint(hash(self.text(definition).as_bytes()));
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

    /// Everything that counts of a definition, a line for each fact.
    fn text(&self, definition: &Definition) -> String {
        let mut text = String::with_capacity(USUAL_TEXT);
        line(&mut text, format_args!("bpf-layout {FORMAT}"));
        match &definition.body {
            Body::Record(record) => self.record(&mut text, record),
            Body::Values(values) => self::values(&mut text, definition.word(), values),
            Body::Extern(def) => line(&mut text, format_args!("extern {} {}", def.size, def.c_type)),
            Body::Map(map) => self.map_text(&mut text, map),
        }
        text
    }

    fn record(&self, text: &mut String, record: &Record) {
        let word = if record.word == RecordWord::Union { "union" } else { "struct" };
        line(text, format_args!("{word} {}", record.size));
        let mut fields: Vec<&Field> = record.fields.iter().collect();
        fields.sort_by_key(|field| (field.bit_offset, &field.name));
        for field in fields {
            let _ = write!(text, "{} {} ", field.bit_offset, field.bit_size);
            self.push_type(text, &field.ty);
            text.push(' ');
            text.push_str(&field.name);
            text.push('\n');
            if let Some(tag) = &field.tag {
                line(text, format_args!("by {tag}"));
            }
            let mut when: Vec<&String> = field.when.iter().collect();
            when.sort_unstable();
            when.iter().for_each(|value| line(text, format_args!("when {value}")));
            if let Some((of, node)) = &field.contains {
                line(text, format_args!("contains {of}.{node}"));
            }
        }
        if let Some((field, value)) = &record.tag {
            line(text, format_args!("tag {field} {value}"));
        }
    }

    fn map_text(&self, text: &mut String, map: &Map) {
        line(text, format_args!("map {}", map.kind.name));
        for (name, part) in [("key", &map.key), ("value", &map.value)] {
            if let Some(part) = part {
                let _ = write!(text, "{name} {} ", part.size);
                self.push_type(text, &part.ty);
                text.push('\n');
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
                line(text, format_args!("{name} {number}"));
            }
        }
        if map.wakeup != Wakeup::Always {
            line(text, format_args!("wakeup {}", map.wakeup));
        }
        if let Some(inner) = &map.inner {
            line(text, format_args!("inner {}", reference(self.map(inner), inner)));
        }
        let mut events: Vec<String> = map.events.iter().map(|name| reference(self.ty(name), name)).collect();
        events.sort_unstable();
        events.iter().for_each(|event| line(text, format_args!("event {event}")));
    }

    fn push_type(&self, text: &mut String, ty: &Type) {
        // A string takes whatever is written.
        let _ = match &ty.base {
            Base::Named(name) => {
                text.push_str(&reference(self.ty(name), name));
                ty.dimensions.iter().try_for_each(|length| write!(text, "[{length}]"))
            }
            Base::Scalar(scalar) if ty.dimensions.is_empty() => text.write_str(scalar.info().name),
            _ => write!(text, "{ty}"),
        };
    }
}

/// Bytes that hold what counts of most definitions.
const USUAL_TEXT: usize = 512;

/// What stands for another definition: its fingerprint. A name, where it has none yet, does not occur: a spec defines
/// what it uses, and locks are refused that do not.
fn reference(fingerprint: Option<Fingerprint>, name: &str) -> String {
    fingerprint.map_or_else(|| name.to_owned(), |fingerprint| format!("{{{fingerprint}}}"))
}

fn values(text: &mut String, word: &str, values: &Values) {
    line(text, format_args!("{word} {}", values.repr.info().name));
    let mut sorted: Vec<(i128, &str)> = values.values.iter().map(|(name, value)| (*value, name.as_str())).collect();
    sorted.sort_unstable();
    sorted.iter().for_each(|(value, name)| line(text, format_args!("{value} {name}")));
}

fn line(text: &mut String, arguments: fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("a String takes any text");
    text.push('\n');
}

/// FNV-1a of 64 bits (draft-eastlake-fnv): each byte is put in by XOR, then the whole multiplied by a prime.
fn hash(bytes: &[u8]) -> u64 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.iter().fold(OFFSET_BASIS, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        // From test_fnv.c of the reference implementation.
        assert_eq!(hash(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
