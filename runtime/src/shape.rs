//! What bytes mean, as data: one static table per type.
//!
//! `Debug` and serde are each written once and walk these tables, so that a generated type costs rustc little more than
//! its definition. The tables also say enough to read a layout that this program was not built with.

use crate::layout::Layout;

/// What a run of bytes means.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Shape {
    /// An unsigned integer of this many bytes, in the machine's byte order.
    Unsigned(usize),
    /// A signed integer of this many bytes, in the machine's byte order.
    Signed(usize),
    /// An unsigned integer of this many bytes whose most significant byte comes first.
    BigEndian(usize),
    /// One byte; anything but zero is true.
    Bool,
    /// Nanoseconds since boot, 8 bytes.
    Ktime,
    /// An IPv4 address, 4 bytes in network order.
    Ipv4,
    /// An IPv6 address, 16 bytes in network order.
    Ipv6,
    /// An Ethernet address, 6 bytes.
    Mac,
    /// A kernel address, 8 bytes.
    Ptr,
    /// A NUL-terminated string in this many bytes.
    Str(usize),
    /// In place of a field of variable length, where in the record its bytes lie.
    Variable(Variable),
    /// Elements one after another.
    Array(&'static Shape, usize),
    /// Named values of one integer type.
    Enum(&'static NamesInfo),
    /// Named bits of one unsigned integer type.
    Flags(&'static NamesInfo),
    /// A struct or event.
    Record(&'static TypeInfo),
    /// A union.
    Union(&'static TypeInfo),
    /// Bytes that mean something to the kernel only, or are defined elsewhere.
    Opaque(usize),
    /// Bytes that mean nothing.
    Padding(usize),
    /// Bitfields, which [`Detail::Bits`] of their record name.
    BitRun(usize),
}

impl Shape {
    /// Bytes.
    #[must_use]
    pub const fn size(&self) -> usize {
        match self {
            Shape::Unsigned(size) | Shape::Signed(size) | Shape::BigEndian(size) => *size,
            Shape::Str(size) | Shape::Opaque(size) | Shape::Padding(size) | Shape::BitRun(size) => *size,
            Shape::Bool => 1,
            Shape::Ipv4 | Shape::Variable(_) => 4,
            Shape::Mac => 6,
            Shape::Ktime | Shape::Ptr => 8,
            Shape::Ipv6 => 16,
            Shape::Array(element, count) => element.size() * *count,
            Shape::Enum(info) | Shape::Flags(info) => info.size,
            Shape::Record(info) | Shape::Union(info) => info.size,
        }
    }

    /// Whether it is an integer that may be negative.
    const fn is_signed(&self) -> bool {
        match self {
            Shape::Signed(_) => true,
            Shape::Enum(info) => info.signed,
            _ => false,
        }
    }

    /// What a person calls it: the name in the spec, or the kind of bytes it is.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Shape::Unsigned(_) | Shape::Signed(_) | Shape::BigEndian(_) => "integer",
            Shape::Bool => "bool",
            Shape::Ktime => "ktime",
            Shape::Ipv4 => "ipv4",
            Shape::Ipv6 => "ipv6",
            Shape::Mac => "mac",
            Shape::Ptr => "ptr",
            Shape::Str(_) => "str",
            Shape::Variable(variable) => variable.kind.name(),
            Shape::Array(..) => "array",
            Shape::Enum(info) | Shape::Flags(info) => info.name,
            Shape::Record(info) | Shape::Union(info) => info.name,
            Shape::Opaque(_) => "opaque bytes",
            Shape::Padding(_) => "padding",
            Shape::BitRun(_) => "bitfields",
        }
    }

    /// Where an event's tag lies and what it holds.
    pub(crate) const fn event_tag(&self) -> Option<(Place, i128)> {
        let Shape::Record(info) = self else { return None };
        let mut index = 0;
        while index < info.details.len() {
            if let Detail::EventTag { place, value } = info.details[index] {
                return Some((place, value));
            }
            index += 1;
        }
        None
    }
}

/// A field of variable length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {
    /// What its bytes are.
    pub kind: VariableKind,
    /// The most bytes that it, or each text of several, has.
    pub limit: usize,
    /// The most bytes that all of it has.
    pub most: usize,
}

/// What the bytes of a field of variable length are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VariableKind {
    /// A text and its NUL.
    Str,
    /// Bytes.
    Bytes,
    /// Texts one after another, each with its NUL.
    Strs,
}

impl VariableKind {
    /// What a person calls it.
    const fn name(self) -> &'static str {
        match self {
            VariableKind::Str => "variable str",
            VariableKind::Bytes => "variable bytes",
            VariableKind::Strs => "variable array of str",
        }
    }
}

/// The named values of an enum, or the named bits of flags.
#[derive(Clone, Copy, Debug)]
pub struct NamesInfo {
    /// Name in the spec.
    pub name: &'static str,
    /// Bytes.
    pub size: usize,
    /// Whether the integer is signed.
    pub signed: bool,
    /// Names and values, in the order of the spec.
    pub values: &'static [(&'static str, i128)],
}

/// A struct, event or union.
#[derive(Debug)]
pub struct TypeInfo {
    /// Name in the spec.
    pub(crate) name: &'static str,
    /// Bytes.
    pub(crate) size: usize,
    /// Names of the fields, each ended by white space: one literal costs rustc less than one per field.
    pub(crate) names: &'static str,
    /// Offsets of the fields; none for a union, whose members all lie at 0.
    pub(crate) offsets: &'static [usize],
    /// Shapes of the fields.
    pub(crate) shapes: &'static [Shape],
    /// What a list of fields cannot say.
    pub(crate) details: &'static [Detail],
    /// What all of it comes to in one number.
    pub(crate) fingerprint: Option<u64>,
}

/// One field of a record or union.
#[derive(Clone, Copy, Debug)]
pub struct FieldInfo {
    /// Name in Rust, without `r#`.
    pub name: &'static str,
    /// Bytes from the start of the record.
    pub offset: usize,
    /// What it is.
    pub shape: &'static Shape,
}

impl TypeInfo {
    /// Name in the spec.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Bytes.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// The same table with what a list of fields cannot say. Few have such, and rustc looks longer at an empty list than at
    /// none.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_details(self, details: &'static [Detail]) -> Self {
        TypeInfo { details, ..self }
    }

    /// The same table with a fingerprint.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_fingerprint(self, fingerprint: u64) -> Self {
        TypeInfo { fingerprint: Some(fingerprint), ..self }
    }

    /// What bytes and meaning of the type come to in one number, see [`Fingerprints`](crate::Fingerprints); `None` for a
    /// type that was written by hand.
    #[must_use]
    pub const fn fingerprint(&self) -> Option<u64> {
        self.fingerprint
    }

    /// The fields in order of offset, padding included.
    pub fn fields(&self) -> impl Iterator<Item = FieldInfo> {
        let offsets = self.offsets.iter().copied().chain(core::iter::repeat(0));
        self.names.split_ascii_whitespace().zip(self.shapes).zip(offsets).map(|((name, shape), offset)| FieldInfo {
            name: name.strip_prefix("r#").unwrap_or(name),
            offset,
            shape,
        })
    }

    /// What a list of fields cannot say.
    #[must_use]
    pub const fn details(&self) -> &'static [Detail] {
        self.details
    }

    /// What C calls a field.
    #[cfg(feature = "btf")]
    pub(crate) fn c_name(&self, name: &'static str) -> &'static str {
        let renamed = self.details.iter().find_map(|detail| match detail {
            Detail::FieldName { field, c } if *field == name => Some(*c),
            _ => None,
        });
        renamed.unwrap_or(name)
    }
}

/// Where an integer lies in a record.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// First byte.
    pub offset: usize,
    /// Bytes, 1 to 16.
    pub size: usize,
    /// First bit and number of bits, for a bitfield; bits are counted from `offset`, see [`crate::Bits`].
    pub bits: Option<(usize, u32)>,
    /// Whether it is signed.
    pub signed: bool,
}

/// What a list of fields cannot say of a record.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Detail {
    /// A field that shares its bytes with others.
    Bits {
        /// Name in Rust, without `r#`.
        name: &'static str,
        /// Where it lies.
        place: Place,
        /// What it means.
        shape: Shape,
    },
    /// The field that tells this event from others of its buffer.
    EventTag {
        /// Where it lies.
        place: Place,
        /// What it holds.
        value: i128,
    },
    /// A field whose name in C is another, since one of the languages reserves it.
    FieldName {
        /// Name in Rust, without `r#`.
        field: &'static str,
        /// Name in C.
        c: &'static str,
    },
    /// A union whose member is selected by another field.
    UnionTag {
        /// The field that holds the union.
        field: &'static str,
        /// Where the tag lies.
        place: Place,
        /// Values of the tag, each with the number of the member it selects, counted through the members of whole bytes,
        /// then the bitfields.
        cases: &'static [(i128, usize)],
    },
}

impl Detail {
    /// A bitfield of type `T`, in the run of `len` bytes at `offset`.
    #[must_use]
    pub const fn bits<T: Layout>(name: &'static str, (offset, len): (usize, usize), bits: (usize, u32)) -> Self {
        let place = Place { offset, size: len, bits: Some(bits), signed: T::SHAPE.is_signed() };
        Detail::Bits { name, place, shape: T::SHAPE }
    }

    /// The tag of an event: an integer `T` at `offset`.
    #[must_use]
    pub const fn event_tag<T: Layout>(offset: usize, value: i128) -> Self {
        Detail::EventTag { place: Place::integer::<T>(offset), value }
    }

    /// The tag of the union `field`: an integer `T` at `offset`.
    #[must_use]
    pub const fn union_tag<T: Layout>(field: &'static str, offset: usize, cases: &'static [(i128, usize)]) -> Self {
        Detail::UnionTag { field, place: Place::integer::<T>(offset), cases }
    }
}

impl Place {
    const fn integer<T: Layout>(offset: usize) -> Self {
        Place { offset, size: size_of::<T>(), bits: None, signed: T::SHAPE.is_signed() }
    }
}
