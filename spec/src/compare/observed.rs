//! What a witness says, in a form that every witness can be read into. Names are borrowed from the witness: a damaged
//! one may have millions of long ones.

/// Everything that a witness says of the types and maps that it was asked for, and of those they are made of.
#[derive(Clone, Debug, Default)]
pub struct Observed<'a> {
    /// The witness, such as the path of an object.
    pub witness: String,
    /// Types, referred to by their index.
    pub types: Vec<ObservedType<'a>>,
    /// Whether GCC wrote it, or a part of it. GCC 12 has the dimensions of arrays in the reverse order, and leaves out
    /// values of enums beyond `INT_MAX`; neither is then a difference.
    pub by_gcc: bool,
    /// Maps.
    pub maps: Vec<ObservedMap<'a>>,
}

/// A type that has members or values.
#[derive(Clone, Debug)]
pub enum ObservedType<'a> {
    /// A struct or union.
    Record(ObservedRecord<'a>),
    /// An enum.
    Enum(ObservedEnum<'a>),
}

/// A struct or union.
#[derive(Clone, Debug)]
pub struct ObservedRecord<'a> {
    /// In C, without `struct` or `union`; empty if it has none.
    pub name: &'a str,
    /// Whether the name is that of a typedef, the record itself having none.
    pub alias: bool,
    /// Whether it is a union.
    pub union: bool,
    /// Bytes.
    pub size: u64,
    /// In order.
    pub members: Vec<ObservedMember<'a>>,
    /// Where the witness says it.
    pub place: String,
}

/// A member of a struct or union.
#[derive(Clone, Debug)]
pub struct ObservedMember<'a> {
    /// Its name; empty for an unnamed struct or union.
    pub name: &'a str,
    /// Bits from the start of the struct, in the order of allocation.
    pub bit_offset: u64,
    /// Bits.
    pub bit_size: u64,
    /// Whether it is a bitfield.
    pub bitfield: bool,
    /// Its type.
    pub shape: Shape,
}

/// A type, as far as its bytes go. Typedefs and qualifiers have been looked through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// An integer, `char` or `_Bool`.
    Int {
        /// Bytes.
        size: u64,
        /// Whether it may be negative.
        sign: Sign,
        /// Whether it is `_Bool`.
        bool: bool,
        /// Whether it is declared big-endian, as `__be32` is.
        big_endian: bool,
    },
    /// A floating point number of this many bytes.
    Float(u64),
    /// A pointer of this many bytes.
    Pointer(u64),
    /// An array of one dimension.
    Array(Box<Shape>, u64),
    /// A struct, union or enum: an index into [`Observed::types`].
    Def(usize),
    /// A type that the witness names and does not describe.
    Other(&'static str),
}

/// Whether an integer may be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It may.
    Signed,
    /// It may not.
    Unsigned,
    /// The witness does not say.
    Unknown,
}

/// An enum.
#[derive(Clone, Debug)]
pub struct ObservedEnum<'a> {
    /// In C, without `enum`; empty if it has none.
    pub name: &'a str,
    /// Bytes.
    pub size: u64,
    /// Whether it has negative values. Where this is not known, values of 32 bits are given as if they were unsigned.
    pub sign: Sign,
    /// Names and values in order; `None` if the witness has them wrong.
    pub values: Option<Vec<(&'a str, i128)>>,
    /// Where the witness says it.
    pub place: String,
}

/// A map. A number of 0 is the same as none, as it is for the kernel.
#[derive(Clone, Debug, Default)]
pub struct ObservedMap<'a> {
    /// Its name.
    pub name: &'a str,
    /// A number of `enum bpf_map_type`.
    pub kind: Option<u64>,
    /// Keys.
    pub key: Option<ObservedPart>,
    /// Values.
    pub value: Option<ObservedPart>,
    /// `max_entries`.
    pub max_entries: Option<u64>,
    /// Bits of `BPF_F_*`.
    pub flags: Option<u64>,
    /// NUMA node.
    pub numa_node: Option<u64>,
    /// Whether libbpf pins it by its name; `None` if the witness cannot know.
    pub pinned_by_name: Option<bool>,
    /// `map_extra`.
    pub map_extra: Option<u64>,
    /// Whether `map_extra` has a value that the witness does not know.
    pub map_extra_unknown: bool,
    /// For maps of maps: what they hold.
    pub inner: Option<Box<ObservedMap<'a>>>,
    /// Whether it may hold maps of which the witness does not know what they are.
    pub inner_unknown: bool,
    /// What the witness does not know of it, if all that it knows agrees: the answer is then that reason.
    pub unknown: Option<&'static str>,
    /// Where the witness says it.
    pub place: String,
}

/// Key or value of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedPart {
    /// Bytes, if the witness can tell.
    pub size: Option<u64>,
    /// Its type, if the witness has one.
    pub shape: Option<Shape>,
}

impl ObservedType<'_> {
    /// Bytes, and where the witness says it.
    pub(crate) fn size_place(&self) -> (u64, &str) {
        match self {
            ObservedType::Record(record) => (record.size, &record.place),
            ObservedType::Enum(def) => (def.size, &def.place),
        }
    }
}

impl<'a> Observed<'a> {
    /// Structs and unions of this name, with their indices.
    pub fn records<'b>(&'b self, name: &'b str) -> impl Iterator<Item = (usize, &'b ObservedRecord<'a>)> {
        self.types.iter().enumerate().filter_map(move |(index, ty)| match ty {
            ObservedType::Record(record) if record.name == name => Some((index, record)),
            _ => None,
        })
    }

    /// Enums of this name.
    pub fn enums<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b ObservedEnum<'a>> {
        self.types.iter().filter_map(move |ty| match ty {
            ObservedType::Enum(def) if def.name == name => Some(def),
            _ => None,
        })
    }

    /// Size of a shape in bytes; `None` if the witness does not say, or it is beyond 64 bits.
    #[must_use]
    pub fn size_of(&self, shape: &Shape) -> Option<u64> {
        match shape {
            Shape::Int { size, .. } | Shape::Float(size) | Shape::Pointer(size) => Some(*size),
            Shape::Array(element, len) => self.size_of(element)?.checked_mul(*len),
            Shape::Def(index) => match self.types.get(*index)? {
                ObservedType::Record(record) => Some(record.size),
                ObservedType::Enum(def) => Some(def.size),
            },
            Shape::Other(_) => None,
        }
    }
}
