//! Types and maps as plain data: what is left of a spec when names are resolved, numbers computed and members placed, and
//! documentation, expressions and places in files are gone.
//!
//! It is what a [`fingerprint`](crate::fingerprint) is taken of and what a [`lock`](crate::lock) holds, so it can be read
//! from a spec and from a lock alike. Members of unnamed structs and unions count as those of the record around them, as
//! in C; padding is left out, since where it lies follows from everything else.

mod of;

use std::fmt;

pub use of::{definitions, map, ty};

use crate::{
    kernel::{KernelField, KptrKind, MapKind},
    scalar::Scalar,
    wakeup::Wakeup,
};

/// A type or map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its name in the spec.
    pub name: String,
    /// What it is.
    pub body: Body,
}

/// What a definition is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A struct, event or union.
    Record(Record),
    /// An enum or flags.
    Values(Values),
    /// A type that is defined elsewhere.
    Extern(Extern),
    /// A map.
    Map(Map),
}

/// What a record is called in the spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordWord {
    /// `[struct.NAME]`
    Struct,
    /// `[event.NAME]`
    Event,
    /// `[union.NAME]`
    Union,
}

/// A struct, event or union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Which of them.
    pub word: RecordWord,
    /// Bytes.
    pub size: u64,
    /// Bytes.
    pub align: u32,
    /// For an event that has a tag: the field, and the value that it holds.
    pub tag: Option<(String, String)>,
    /// In order of offset; those of a union in that of the spec.
    pub fields: Vec<Field>,
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in the spec.
    pub name: String,
    /// Bits from the start of the record.
    pub bit_offset: u64,
    /// Bits.
    pub bit_size: u64,
    /// Whether it is a bitfield.
    pub bitfield: bool,
    /// Its type.
    pub ty: Type,
    /// For a tagged union: the field that says which member is in use.
    pub tag: Option<String>,
    /// For a member of a tagged union: the values of the tag that select it.
    pub when: Vec<String>,
    /// For `bpf_list_head` and `bpf_rb_root`: struct and field of the nodes.
    pub contains: Option<(String, String)>,
}

/// A type that is used: `socket_value[4][2]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Type {
    /// What the innermost elements are.
    pub base: Base,
    /// Lengths of arrays, the outermost first.
    pub dimensions: Vec<u64>,
}

/// A type without its dimensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// `u32`
    Scalar(Scalar),
    /// `str[N]`
    Str(u64),
    /// `bytes[N]`
    Bytes(u64),
    /// `str[..N]`
    UpToStr(u64),
    /// `bytes[..N]`
    UpToBytes(u64),
    /// `str[..N][..M]`
    UpToStrs(u64, u64),
    /// A definition.
    Named(String),
    /// `bpf_spin_lock`
    Kernel(KernelField),
    /// `kptr[task_struct]`
    Kptr(KptrKind, String),
}

/// An enum or flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    /// Whether values are bits.
    pub flags: bool,
    /// The integer that holds it.
    pub repr: Scalar,
    /// Names and values, in the order of the spec.
    pub values: Vec<(String, i128)>,
}

/// A type that is defined elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extern {
    /// Bytes.
    pub size: u64,
    /// Bytes.
    pub align: u32,
    /// How C names it.
    pub c_type: String,
}

/// A map, as the kernel and libbpf are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map {
    /// Its type.
    pub kind: &'static MapKind,
    /// Keys, if it has any.
    pub key: Option<Part>,
    /// Values, if they have a type of their own.
    pub value: Option<Part>,
    /// Entries, or bytes of a ring buffer.
    pub max_entries: Option<u64>,
    /// Bits of `BPF_F_*`.
    pub flags: u32,
    /// Whether libbpf pins it by its name.
    pub pinned_by_name: bool,
    /// NUMA node.
    pub numa_node: Option<u32>,
    /// `map_extra`.
    pub map_extra: Option<u64>,
    /// When a record wakes the reader of a ring buffer.
    pub wakeup: Wakeup,
    /// Names of the events that travel through it, sorted.
    pub events: Vec<String>,
    /// The map that it holds maps like.
    pub inner: Option<String>,
}

/// Key or value of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its type.
    pub ty: Type,
    /// Bytes.
    pub size: u64,
}

impl RecordWord {
    /// As the spec writes it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            RecordWord::Struct => "struct",
            RecordWord::Event => "event",
            RecordWord::Union => "union",
        }
    }
}

impl Definition {
    /// As the spec writes it: `event`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match &self.body {
            Body::Record(record) => record.word.text(),
            Body::Values(values) if values.flags => "flags",
            Body::Values(_) => "enum",
            Body::Extern(_) => "extern",
            Body::Map(_) => "map",
        }
    }

    /// Whether it is a map; maps and types have namespaces of their own.
    #[must_use]
    pub fn is_map(&self) -> bool {
        matches!(self.body, Body::Map(_))
    }

    /// Bytes of a type.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        match &self.body {
            Body::Record(record) => Some(record.size),
            Body::Values(values) => Some(values.repr.info().size.into()),
            Body::Extern(def) => Some(def.size),
            Body::Map(_) => None,
        }
    }

    /// Names of the types that it is made of.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        let (fields, parts, events) = match &self.body {
            Body::Record(record) => (record.fields.as_slice(), [None, None], [].as_slice()),
            Body::Map(map) => ([].as_slice(), [map.key.as_ref(), map.value.as_ref()], map.events.as_slice()),
            Body::Values(_) | Body::Extern(_) => ([].as_slice(), [None, None], [].as_slice()),
        };
        let parts = parts.into_iter().flatten().map(|part| &part.ty);
        let named = fields.iter().map(|field| &field.ty).chain(parts).filter_map(|ty| match &ty.base {
            Base::Named(name) => Some(name.as_str()),
            _ => None,
        });
        named.chain(events.iter().map(String::as_str))
    }
}

impl fmt::Display for Type {
    /// As the spec writes it, with every length as a number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.base.fmt(f)?;
        self.dimensions.iter().try_for_each(|length| write!(f, "[{length}]"))
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Base::Scalar(scalar) => f.write_str(scalar.info().name),
            Base::Str(length) => write!(f, "str[{length}]"),
            Base::Bytes(length) => write!(f, "bytes[{length}]"),
            Base::UpToStr(length) => write!(f, "str[..{length}]"),
            Base::UpToBytes(length) => write!(f, "bytes[..{length}]"),
            Base::UpToStrs(length, several) => write!(f, "str[..{length}][..{several}]"),
            Base::Named(name) => f.write_str(name),
            Base::Kernel(field) => f.write_str(field.info().name),
            Base::Kptr(kind, target) => write!(f, "{}[{target}]", kind.name()),
        }
    }
}
