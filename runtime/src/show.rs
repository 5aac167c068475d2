//! How values print: one walk over the tables, for every type there is.
//!
//! All of it is safe code over byte slices. Bytes that a table claims and the value does not have print as nothing.

use core::{
    fmt::{self, Debug as _},
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use crate::{
    cell::integer,
    layout::Layout,
    scalar::Mac,
    shape::{Detail, FieldInfo, NamesInfo, Place, Shape, TypeInfo, Variable, VariableKind},
    text::{StrsRef, debug_text},
    variable::Tail,
};

/// Bytes with what they mean.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a> {
    pub(crate) shape: &'a Shape,
    pub(crate) bytes: &'a [u8],
    /// The only member of a union to show; all if none.
    pub(crate) member: Option<usize>,
    /// The whole record that the value lies in, where bytes of variable length are.
    pub(crate) record: &'a [u8],
}

impl<'a> Shown<'a> {
    /// A value with its own shape.
    pub(crate) fn of<T: Layout>(value: &'a T) -> Self {
        Self::record(const { &T::SHAPE }, Layout::as_bytes(value))
    }

    /// A record of this shape, with what follows its struct.
    pub(crate) fn record(shape: &'a Shape, bytes: &'a [u8]) -> Self {
        Shown { shape, bytes, member: None, record: bytes }
    }

    fn part(shape: &'a Shape, bytes: &'a [u8], offset: usize) -> Self {
        let end = offset.saturating_add(shape.size());
        Shown { shape, bytes: bytes.get(offset..end).unwrap_or_default(), member: None, record: bytes }
    }

    /// The elements, if it is an array.
    pub(crate) fn elements(self, element: &'a Shape) -> impl ExactSizeIterator<Item = Shown<'a>> {
        self.bytes.chunks_exact(element.size().max(1)).map(move |bytes| Self::record(element, bytes))
    }
}

/// `Debug` of every generated type.
#[doc(hidden)]
pub fn debug<T: Layout>(value: &T, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    fmt::Debug::fmt(&Shown::of(value), f)
}

/// `Debug` of every compact event: the header's shape, and the whole record.
#[doc(hidden)]
pub fn debug_compact<H: Layout>(record: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    fmt::Debug::fmt(&Shown::record(const { &H::SHAPE }, record), f)
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.bytes;
        match *self.shape {
            Shape::Unsigned(size) => debug_unsigned(bytes, size, f),
            Shape::Signed(size) => debug_signed(bytes, size, f),
            Shape::BigEndian(_) => fmt::Debug::fmt(&big_endian(bytes), f),
            Shape::Bool => fmt::Debug::fmt(&bytes.iter().any(|&byte| byte != 0), f),
            Shape::Ktime => fmt::Debug::fmt(&Duration::from_nanos(integer(bytes).unwrap_or(0)), f),
            Shape::Ptr => write!(f, "{:#x}", integer(bytes).unwrap_or(0)),
            Shape::Ipv4 => fmt::Display::fmt(&ipv4(bytes), f),
            Shape::Ipv6 => fmt::Display::fmt(&ipv6(bytes), f),
            Shape::Mac => fmt::Display::fmt(&mac(bytes), f),
            Shape::Str(_) => debug_text(bytes, f),
            Shape::Variable(variable) => debug_variable(variable, self, f),
            Shape::Array(element, _) => f.debug_list().entries(self.elements(element)).finish(),
            Shape::Enum(info) => debug_enum(info, value_of(info, bytes), f),
            Shape::Flags(info) => debug_flags(info, value_of(info, bytes), f),
            Shape::Record(info) => debug_fields(info.name(), record_fields(info, bytes), f),
            Shape::Union(info) => debug_fields(info.name(), union_members(info, *self), f),
            Shape::Opaque(_) | Shape::Padding(_) | Shape::BitRun(_) => debug_hex(bytes, f),
        }
    }
}

fn debug_fields<'a>(
    name: &str,
    fields: impl Iterator<Item = (&'a str, FieldValue<'a>)>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let mut shown = f.debug_struct(name);
    for (name, value) in fields {
        shown.field(name, &value);
    }
    shown.finish()
}

/// The value of one field.
pub(crate) enum FieldValue<'a> {
    /// Whole bytes.
    Bytes(Shown<'a>),
    /// A bitfield.
    Bits(&'a Shape, i128),
}

impl fmt::Debug for FieldValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            FieldValue::Bytes(shown) => shown.fmt(f),
            FieldValue::Bits(shape, value) => match *shape {
                Shape::Bool => (value != 0).fmt(f),
                Shape::Enum(info) => debug_enum(info, value, f),
                Shape::Flags(info) => debug_flags(info, value, f),
                _ => value.fmt(f),
            },
        }
    }
}

/// What there is to show of a record: its fields without padding, and in place of each run of bitfields its bitfields.
pub(crate) fn record_fields<'a>(
    info: &'static TypeInfo,
    bytes: &'a [u8],
) -> impl Iterator<Item = (&'a str, FieldValue<'a>)> {
    info.fields().flat_map(move |field| {
        let run = matches!(field.shape, Shape::BitRun(_)).then(|| bitfields(info, field, bytes));
        let plain = !matches!(field.shape, Shape::BitRun(_) | Shape::Padding(_));
        let whole = plain.then(|| {
            let member = selected_member(info, field, bytes);
            (field.name, FieldValue::Bytes(Shown { member, ..Shown::part(field.shape, bytes, field.offset) }))
        });
        whole.into_iter().chain(run.into_iter().flatten())
    })
}

/// The bitfields of one run.
fn bitfields<'a>(
    info: &'static TypeInfo,
    run: FieldInfo,
    bytes: &'a [u8],
) -> impl Iterator<Item = (&'a str, FieldValue<'a>)> {
    info.details().iter().filter_map(move |detail| match detail {
        Detail::Bits { name, place, shape } if place.offset == run.offset => {
            Some((*name, FieldValue::Bits(shape, place.read(bytes)?)))
        }
        _ => None,
    })
}

/// The number of the member that the tag selects, for a tagged union; one that does not exist if the tag is unknown.
fn selected_member(info: &'static TypeInfo, of: FieldInfo, bytes: &[u8]) -> Option<usize> {
    info.details().iter().find_map(|detail| match detail {
        Detail::UnionTag { field, place, cases } if *field == of.name => {
            let tag = place.read(bytes)?;
            Some(cases.iter().find(|(value, _)| *value == tag).map_or(usize::MAX, |(_, member)| *member))
        }
        _ => None,
    })
}

/// The members of a union, each reading the same bytes, bitfields last; only the selected one if it is known.
pub(crate) fn union_members<'a>(
    info: &'static TypeInfo,
    union: Shown<'a>,
) -> impl Iterator<Item = (&'a str, FieldValue<'a>)> {
    let whole = info.fields().filter(|field| !matches!(field.shape, Shape::BitRun(_)));
    let whole = whole.map(move |field| (field.name, FieldValue::Bytes(Shown::part(field.shape, union.bytes, 0))));
    let bits = info.details().iter().filter_map(move |detail| match detail {
        Detail::Bits { name, place, shape } => Some((*name, FieldValue::Bits(shape, place.read(union.bytes)?))),
        _ => None,
    });
    let wanted = move |index: usize| union.member.is_none_or(|member| member == index);
    whole.chain(bits).enumerate().filter(move |(index, _)| wanted(*index)).map(|(_, member)| member)
}

/// The value of an enum or flags.
pub(crate) fn value_of(info: &NamesInfo, bytes: &[u8]) -> i128 {
    Place { offset: 0, size: info.size, bits: None, signed: info.signed }.read(bytes).unwrap_or(0)
}

/// The name of a value, if it has one.
pub(crate) fn name_of(info: &NamesInfo, value: i128) -> Option<&'static str> {
    info.values.iter().find(|(_, known)| *known == value).map(|(name, _)| *name)
}

fn debug_enum(info: &NamesInfo, value: i128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match name_of(info, value) {
        Some(name) => f.write_str(name),
        None => write!(f, "{}({value})", info.name),
    }
}

/// The names of the masks that are wholly set and add a bit, and the bits that then are left.
pub(crate) fn flag_names(info: &NamesInfo, value: i128) -> (impl Iterator<Item = &'static str>, i128) {
    let set = move |mask: i128| value & mask == mask;
    let unnamed = info.values.iter().filter(|(_, mask)| set(*mask)).fold(value, |rest, (_, mask)| rest & !mask);
    let mut rest = value;
    let names = info.values.iter().filter_map(move |(name, mask)| {
        let adds = set(*mask) && rest & mask != 0;
        rest &= if adds { !mask } else { !0 };
        adds.then_some(*name)
    });
    (names, unnamed)
}

/// `WRONLY | CREAT | 0x80`: the names, then what is left; `0x0` for none.
fn debug_flags(info: &NamesInfo, value: i128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (names, rest) = flag_names(info, value);
    let mut separator = "";
    for name in names {
        write!(f, "{separator}{name}")?;
        separator = " | ";
    }
    if rest != 0 || value == 0 { write!(f, "{separator}{rest:#x}") } else { Ok(()) }
}

fn debug_unsigned(bytes: &[u8], size: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match <[u8; 16]>::try_from(bytes) {
        Ok(bytes) if size == 16 => u128::from_ne_bytes(bytes).fmt(f),
        _ => integer(bytes).unwrap_or(0).fmt(f),
    }
}

fn debug_signed(bytes: &[u8], size: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match <[u8; 16]>::try_from(bytes) {
        Ok(bytes) if size == 16 => i128::from_ne_bytes(bytes).fmt(f),
        _ => signed(bytes).fmt(f),
    }
}

fn debug_variable(variable: Variable, shown: &Shown<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let tail = Tail::read(shown.bytes);
    match (tail.find(shown.record), variable.kind) {
        (None, _) => write!(f, "<{} bytes>", tail.len()),
        (Some(bytes), VariableKind::Str) => debug_text(bytes, f),
        (Some(bytes), VariableKind::Bytes) => debug_hex(bytes, f),
        (Some(bytes), VariableKind::Strs) => StrsRef::new(bytes, tail.is_truncated()).fmt(f),
    }
}

fn debug_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("0x")?;
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// A signed integer of up to 8 bytes in the machine's byte order.
pub(crate) fn signed(bytes: &[u8]) -> i128 {
    Place { offset: 0, size: bytes.len(), bits: None, signed: true }.read(bytes).unwrap_or(0)
}

pub(crate) fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

pub(crate) fn ipv4(bytes: &[u8]) -> Ipv4Addr {
    <[u8; 4]>::try_from(bytes).unwrap_or_default().into()
}

pub(crate) fn ipv6(bytes: &[u8]) -> Ipv6Addr {
    <[u8; 16]>::try_from(bytes).unwrap_or_default().into()
}

pub(crate) fn mac(bytes: &[u8]) -> Mac {
    Mac::new(bytes.try_into().unwrap_or_default())
}
