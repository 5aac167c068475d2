//! Random layouts of one struct, and a reader of values that knows nothing of plans: it reads each field of either layout
//! where that has it, and says what must come of it.

use std::{
    boxed::Box,
    collections::{BTreeMap, BTreeSet},
    format,
    string::String,
    vec,
    vec::Vec,
};

use bpf_layout_btf::TypeId;
use proptest::prelude::*;

use super::encoder::Encoder;
use crate::{
    Detail, Shape, TypeInfo,
    shape::Place,
    skew::{Note, plan::Steps},
};

/// A type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ty {
    Int { size: usize, signed: bool },
    Big(usize),
    Bool,
    Bits { first: usize, width: usize, signed: bool },
    Text(usize),
    List(Box<Ty>, usize),
    Record(Vec<(String, Ty)>),
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Number(i128),
    Text(Vec<u8>),
    List(Vec<Value>),
    Record(BTreeMap<String, Value>),
}

/// What a value must lose on the way.
pub(super) type Notes = BTreeSet<(&'static str, String)>;

impl Ty {
    pub(super) fn size(&self) -> usize {
        match self {
            Ty::Int { size, .. } | Ty::Big(size) | Ty::Text(size) => *size,
            Ty::Bool => 1,
            Ty::Bits { .. } => 8,
            Ty::List(element, len) => element.size() * len,
            Ty::Record(fields) => places(fields).1,
        }
    }

    fn align(&self) -> usize {
        match self {
            Ty::Int { size, .. } | Ty::Big(size) => *size,
            Ty::Bool | Ty::Text(_) | Ty::Bits { .. } => 1,
            Ty::List(element, _) => element.align(),
            Ty::Record(fields) => fields.iter().map(|(_, ty)| ty.align()).max().unwrap_or(1),
        }
    }

    /// As one of our tables.
    pub(super) fn shape(&self) -> Shape {
        match self {
            Ty::Int { size, signed: true } => Shape::Signed(*size),
            Ty::Int { size, signed: false } => Shape::Unsigned(*size),
            Ty::Big(size) => Shape::BigEndian(*size),
            Ty::Bool => Shape::Bool,
            Ty::Bits { .. } => Shape::BitRun(8),
            Ty::Text(room) => Shape::Str(*room),
            Ty::List(element, len) => Shape::Array(Box::leak(Box::new(element.shape())), *len),
            Ty::Record(fields) => Shape::Record(info(fields)),
        }
    }

    /// As a type of BTF.
    pub(super) fn encode(&self, btf: &mut Encoder) -> TypeId {
        match self {
            Ty::Int { size, signed } => btf.int("number", *size, *signed),
            Ty::Big(size) => {
                let int = btf.int("number", *size, false);
                btf.typedef(&format!("__be{}", 8 * size), int)
            }
            Ty::Bool => btf.bool(),
            Ty::Bits { signed, .. } => btf.int("number", 8, *signed),
            Ty::Text(room) => {
                let char = btf.int("char", 1, true);
                btf.array(char, *room)
            }
            Ty::List(element, len) => {
                let element = element.encode(btf);
                btf.array(element, *len)
            }
            Ty::Record(fields) => {
                let mut members = vec![];
                for ((name, ty), start) in fields.iter().zip(places(fields).0) {
                    let (first, width) = match ty {
                        Ty::Bits { first, width, .. } => (*first, *width),
                        _ => (0, 0),
                    };
                    members.push((name.clone(), ty.encode(btf), 8 * start + first, width));
                }
                btf.record("record", false, self.size(), &members)
            }
        }
    }

    /// The value that the bytes from `at` on are.
    pub(super) fn value(&self, bytes: &[u8], at: usize) -> Value {
        let part = &bytes[at..at + self.size()];
        match self {
            Ty::Int { size, signed } => Value::Number(number(part.iter().rev(), 8 * size, *signed)),
            Ty::Big(size) => Value::Number(number(part.iter(), 8 * size, false)),
            Ty::Bool => Value::Number(part[0].into()),
            Ty::Bits { first, width, signed } => {
                let all = number(part.iter().rev(), 64, false) >> first & ((1 << width) - 1);
                let sign = if *signed { all >> (width - 1) & 1 } else { 0 };
                Value::Number(all - (sign << width))
            }
            Ty::Text(_) => Value::Text(part.to_vec()),
            Ty::List(element, len) => {
                Value::List((0..*len).map(|index| element.value(bytes, at + index * element.size())).collect())
            }
            Ty::Record(fields) => {
                let values = fields.iter().zip(places(fields).0);
                Value::Record(values.map(|((name, ty), start)| (name.clone(), ty.value(bytes, at + start))).collect())
            }
        }
    }

    /// Zeroes the padding of structs in arrays, which is looked at where an array is longer than ours: whether a dropped
    /// element is zero is asked of all its bytes.
    pub(super) fn clear_padding(&self, bytes: &mut [u8], in_list: bool) {
        match self {
            Ty::List(element, _) => {
                bytes.chunks_exact_mut(element.size().max(1)).for_each(|bytes| element.clear_padding(bytes, true));
            }
            Ty::Record(fields) => {
                let mut end = 0;
                for ((_, ty), start) in fields.iter().zip(places(fields).0) {
                    bytes[end..start].fill(if in_list { 0 } else { 0xaa });
                    end = start + ty.size();
                    ty.clear_padding(&mut bytes[start..end], in_list);
                }
                bytes[end..].fill(if in_list { 0 } else { 0xaa });
            }
            Ty::Bits { first, width, .. } if in_list => {
                let mask = ((1u64 << width) - 1) << first;
                bytes.iter_mut().zip(mask.to_le_bytes()).for_each(|(byte, mask)| *byte &= mask);
            }
            Ty::Int { .. } | Ty::Big(_) | Ty::Bool | Ty::Bits { .. } | Ty::Text(_) => {}
        }
    }

    fn zero(&self) -> Value {
        self.value(&vec![0; self.size()], 0)
    }

    /// What a value of theirs must be read as.
    pub(super) fn expected(&self, theirs: &Ty, value: Option<&Value>, path: &str, notes: &mut Notes) -> Value {
        let mut note = |kind| notes.insert((kind, path.into()));
        match (self, value) {
            (_, None) => self.zero(),
            (Ty::Bool, Some(Value::Number(number))) if *theirs != Ty::Bool => Value::Number((*number != 0).into()),
            (Ty::Bool, Some(Value::Number(number))) => Value::Number(*number),
            (_, Some(Value::Number(number))) => {
                let (least, most, bits) = self.range();
                if (least..=most).contains(number) {
                    return Value::Number(*number);
                }
                note("changed");
                let wrapped = number & most.max(-1 - least) | if *number & (1 << (bits - 1)) != 0 { least } else { 0 };
                let same_width = theirs.range().2 == bits;
                Value::Number(match same_width {
                    true if least == 0 => number + (1 << bits),
                    true => wrapped,
                    false => (*number).clamp(least, most),
                })
            }
            (Ty::Text(room), Some(Value::Text(bytes))) => {
                let (text, cut) = cut_text(bytes, *room);
                if cut && bytes.len() != *room {
                    note("truncated");
                }
                Value::Text(if bytes.len() == *room { bytes.clone() } else { text })
            }
            (Ty::List(element, len), Some(Value::List(values))) => {
                let Ty::List(their_element, _) = theirs else { panic!("{theirs:?} is no list") };
                if values.iter().skip(*len).any(|value| *value != their_element.zero()) {
                    note("truncated");
                }
                let value = |index| element.expected(their_element, values.get(index), path, notes);
                Value::List((0..*len).map(value).collect())
            }
            (Ty::Record(fields), Some(Value::Record(values))) => {
                let Ty::Record(their_fields) = theirs else { panic!("{theirs:?} is no record") };
                let mut read = BTreeMap::new();
                for (name, ty) in fields {
                    let theirs = their_fields.iter().find(|(their_name, _)| their_name == name);
                    let theirs = theirs.map_or(&Ty::Bool, |(_, ty)| ty);
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    read.insert(name.clone(), ty.expected(theirs, values.get(name), &path, notes));
                }
                Value::Record(read)
            }
            (ty, value) => panic!("{value:?} cannot be {ty:?}"),
        }
    }

    /// Least and greatest number, and bits.
    fn range(&self) -> (i128, i128, usize) {
        let (bits, signed) = match self {
            Ty::Int { size, signed } => (8 * size, *signed),
            Ty::Big(size) => (8 * size, false),
            Ty::Bits { width, signed, .. } => (*width, *signed),
            _ => (8, false),
        };
        match signed {
            true => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1, bits),
            false => (0, (1 << bits) - 1, bits),
        }
    }
}

/// Where the fields of a struct lie, and its size.
fn places(fields: &[(String, Ty)]) -> (Vec<usize>, usize) {
    let (mut starts, mut end) = (vec![], 0usize);
    for (_, ty) in fields {
        end = end.next_multiple_of(ty.align());
        starts.push(end);
        end += ty.size();
    }
    let align = fields.iter().map(|(_, ty)| ty.align()).max().unwrap_or(1);
    (starts, end.next_multiple_of(align))
}

fn info(fields: &[(String, Ty)]) -> &'static TypeInfo {
    let (starts, size) = places(fields);
    let mut details = vec![];
    for ((name, ty), start) in fields.iter().zip(&starts) {
        if let Ty::Bits { first, width, signed } = ty {
            let bits = Some((*first, *width as u32));
            let place = Place { offset: *start, size: 8, bits, signed: *signed };
            let shape = if *signed { Shape::Signed(8) } else { Shape::Unsigned(8) };
            details.push(Detail::Bits { name: Box::leak(name.clone().into_boxed_str()), place, shape });
        }
    }
    let names: Vec<String> = fields
        .iter()
        .map(|(name, ty)| if matches!(ty, Ty::Bits { .. }) { format!("_bits_{name}") } else { name.clone() })
        .collect();
    let shapes: Vec<Shape> = fields.iter().map(|(_, ty)| ty.shape()).collect();
    Box::leak(Box::new(TypeInfo {
        name: "record",
        size,
        names: names.join(" ").leak(),
        offsets: starts.leak(),
        shapes: shapes.leak(),
        details: details.leak(),
        fingerprint: None,
    }))
}

/// A number of these bytes, the most significant first.
fn number<'a>(bytes: impl Iterator<Item = &'a u8>, bits: usize, signed: bool) -> i128 {
    let value = bytes.fold(0, |value, byte| value << 8 | i128::from(*byte));
    if signed && value >> (bits - 1) & 1 == 1 { value - (1 << bits) } else { value }
}

/// A text in another room, and whether it is not all there, by the rules that `Str` documents.
fn cut_text(bytes: &[u8], room: usize) -> (Vec<u8>, bool) {
    let len = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let marked = len + 2 == bytes.len() && bytes[bytes.len() - 1] == 0xff;
    let was_cut = len == bytes.len() || marked;
    let mut text = bytes[..len].to_vec();
    let full = text.len() >= room || was_cut && text.len() + 2 >= room;
    text.resize(room, 0);
    if full {
        text[room - 2..].copy_from_slice(&[0, 0xff]);
    }
    (text, full || was_cut)
}

/// What the plan says that a value lost, in the words of the model.
pub(super) fn told(steps: &Steps, events: &crate::skew::op::Events) -> Notes {
    let told = events.as_slice().iter().map(|event| match event.note(steps) {
        Note::Truncated(path) => ("truncated", path.into()),
        Note::Changed(path) => ("changed", path.into()),
        Note::Missing(path) => ("missing", path.into()),
    });
    told.collect()
}

/// Types of one field that can be read as each other, two at a time.
fn pair(depth: u32) -> BoxedStrategy<(Ty, Ty)> {
    let number = || {
        prop_oneof![
            4 => (0usize..4, any::<bool>()).prop_map(|(power, signed)| Ty::Int { size: 1 << power, signed }),
            1 => (1usize..4).prop_map(|power| Ty::Big(1 << power)),
            1 => Just(Ty::Bool),
            2 => (1usize..40, any::<bool>()).prop_flat_map(|(width, signed)| {
                (0..64 - width).prop_map(move |first| Ty::Bits { first, width, signed })
            }),
        ]
    };
    let whole = || number().prop_filter("an element is no bitfield", |ty| !matches!(ty, Ty::Bits { .. }));
    let numbers = (number(), number(), any::<bool>()).prop_filter("network order is in C what it is here", |pair| {
        !matches!(pair, (Ty::Big(_), Ty::Int { .. } | Ty::Bool | Ty::Bits { .. }, _))
    });
    let numbers = numbers.prop_map(|(ours, theirs, same)| (ours.clone(), if same { ours } else { theirs }));
    let texts = (2usize..9, 2usize..9).prop_map(|(ours, theirs)| (Ty::Text(ours), Ty::Text(theirs)));
    let lists =
        (whole(), whole(), 1usize..4, 1usize..4).prop_filter_map("as above", |(ours, theirs, len, their_len)| {
            let swapped = matches!((&ours, &theirs), (Ty::Big(_), Ty::Int { .. } | Ty::Bool));
            // Runs of bytes are bytes, of either sign.
            let bytes = |ty: &Ty| matches!(ty, Ty::Int { size: 1, .. });
            let pair = (Ty::List(Box::new(ours.clone()), len), Ty::List(Box::new(theirs.clone()), their_len));
            (!(swapped || bytes(&ours) && bytes(&theirs))).then_some(pair)
        });
    if depth == 0 {
        return prop_oneof![numbers, texts, lists].boxed();
    }
    let records = record(depth - 1);
    let arrays = (record(depth - 1), 1usize..4, 1usize..4).prop_map(|((ours, theirs), len, their_len)| {
        (Ty::List(Box::new(ours), len), Ty::List(Box::new(theirs), their_len))
    });
    prop_oneof![4 => numbers, 2 => texts, 2 => lists, 1 => records, 1 => arrays].boxed()
}

/// Two layouts of one struct: fields of either in an order of its own, some missing on one side.
pub(super) fn record(depth: u32) -> BoxedStrategy<(Ty, Ty)> {
    let fields = prop::collection::vec((pair(depth), 0..8u8, any::<(u8, u8)>()), 1..7);
    let layouts = fields.prop_map(|fields| {
        let (mut ours, mut theirs) = (vec![], vec![]);
        for (index, ((own, other), side, order)) in fields.into_iter().enumerate() {
            let name = format!("f{index}");
            if side != 0 {
                ours.push((order.0, name.clone(), own));
            }
            if side != 1 {
                theirs.push((order.1, name, other));
            }
        }
        let sorted = |mut fields: Vec<(u8, String, Ty)>| {
            fields.sort_by_key(|(order, ..)| *order);
            Ty::Record(fields.into_iter().map(|(_, name, ty)| (name, ty)).collect())
        };
        (sorted(ours), sorted(theirs))
    });
    layouts.boxed()
}
