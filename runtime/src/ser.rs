//! How values serialize: the same walk as `Debug`, for serde.
//!
//! Strings lossily, enums by name (a number if unknown), flags as a list of names (what has no name as a number last),
//! addresses as text, times in nanoseconds, kernel addresses as numbers, bytes as sequences.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::{
    cell::integer,
    layout::Layout,
    shape::{NamesInfo, Shape, Variable, VariableKind},
    show::{
        FieldValue, Shown, big_endian, flag_names, ipv4, ipv6, mac, name_of, record_fields, signed, union_members,
        value_of,
    },
    text::{Lossy, StrsRef, until_nul},
    variable::Tail,
};

/// `Serialize` of every generated type.
#[doc(hidden)]
pub fn serialize<T: Layout, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    Shown::of(value).serialize(serializer)
}

/// `Serialize` of every compact event.
#[doc(hidden)]
pub fn serialize_compact<H: Layout, S: Serializer>(record: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    Shown::record(const { &H::SHAPE }, record).serialize(serializer)
}

/// As fields of fixed length are. What the record does not hold is empty.
fn serialize_variable<S: Serializer>(variable: Variable, shown: &Shown<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    let bytes = Tail::read(shown.bytes).of(shown.record);
    match variable.kind {
        VariableKind::Str => serializer.collect_str(&Lossy(until_nul(bytes))),
        VariableKind::Bytes => serializer.collect_seq(bytes),
        VariableKind::Strs => StrsRef::new(bytes, false).serialize(serializer),
    }
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = self.bytes;
        match *self.shape {
            Shape::Unsigned(16) => serializer.serialize_u128(wide(bytes)),
            Shape::Signed(16) => serializer.serialize_i128(wide(bytes).cast_signed()),
            Shape::Signed(_) => serialize_integer(signed(bytes), serializer),
            Shape::Unsigned(_) | Shape::Ktime | Shape::Ptr => serializer.serialize_u64(integer(bytes).unwrap_or(0)),
            Shape::BigEndian(_) => serializer.serialize_u64(big_endian(bytes)),
            Shape::Bool => serializer.serialize_bool(bytes.iter().any(|&byte| byte != 0)),
            Shape::Ipv4 => serializer.collect_str(&ipv4(bytes)),
            Shape::Ipv6 => serializer.collect_str(&ipv6(bytes)),
            Shape::Mac => serializer.collect_str(&mac(bytes)),
            Shape::Str(_) => serializer.collect_str(&Lossy(until_nul(bytes))),
            Shape::Variable(variable) => serialize_variable(variable, self, serializer),
            Shape::Array(element, _) => serializer.collect_seq(self.elements(element)),
            Shape::Enum(info) => serialize_enum(info, value_of(info, bytes), serializer),
            Shape::Flags(info) => serialize_flags(info, value_of(info, bytes), serializer),
            Shape::Record(info) => serialize_fields(record_fields(info, bytes), serializer),
            Shape::Union(info) => serialize_fields(union_members(info, *self), serializer),
            Shape::Opaque(_) | Shape::Padding(_) | Shape::BitRun(_) => serializer.collect_seq(bytes),
        }
    }
}

impl Serialize for FieldValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            FieldValue::Bytes(shown) => shown.serialize(serializer),
            FieldValue::Bits(Shape::Bool, value) => serializer.serialize_bool(value != 0),
            FieldValue::Bits(Shape::Enum(info), value) => serialize_enum(info, value, serializer),
            FieldValue::Bits(Shape::Flags(info), value) => serialize_flags(info, value, serializer),
            FieldValue::Bits(_, value) => serialize_integer(value, serializer),
        }
    }
}

/// A map and not a struct, since serde's struct fields must be `'static` and counted in advance.
fn serialize_fields<'a, S: Serializer>(
    fields: impl Iterator<Item = (&'a str, FieldValue<'a>)>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    for (name, value) in fields {
        map.serialize_entry(name, &value)?;
    }
    map.end()
}

fn serialize_enum<S: Serializer>(info: &NamesInfo, value: i128, serializer: S) -> Result<S::Ok, S::Error> {
    match name_of(info, value) {
        Some(name) => serializer.serialize_str(name),
        None => serialize_integer(value, serializer),
    }
}

fn serialize_flags<S: Serializer>(info: &NamesInfo, value: i128, serializer: S) -> Result<S::Ok, S::Error> {
    let (mut names, rest) = flag_names(info, value);
    let mut sequence = serializer.serialize_seq(None)?;
    names.try_for_each(|name| sequence.serialize_element(name))?;
    if rest != 0 {
        sequence.serialize_element(&(rest as u64))?;
    }
    sequence.end()
}

/// As the narrowest of `u64` and `i64` that holds it, since not every format has 128 bits.
fn serialize_integer<S: Serializer>(value: i128, serializer: S) -> Result<S::Ok, S::Error> {
    match (i64::try_from(value), u64::try_from(value)) {
        (Ok(value), _) => serializer.serialize_i64(value),
        (_, Ok(value)) => serializer.serialize_u64(value),
        _ => serializer.serialize_i128(value),
    }
}

fn wide(bytes: &[u8]) -> u128 {
    u128::from_ne_bytes(bytes.try_into().unwrap_or_default())
}
