//! A spec that is not text yet: the definitions that it will have, in the order of the file.

use std::collections::BTreeMap;

use crate::written::Written;

/// What is written down.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) lengths: Vec<Constant>,
    pub(crate) capacities: Vec<Constant>,
    /// A definition before its users.
    pub(crate) definitions: Vec<Definition>,
    pub(crate) maps: Vec<Map>,
    pub(crate) profiles: Vec<Profile>,
}

/// A profile.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub(crate) name: String,
    /// Other values of lengths and capacities.
    pub(crate) numbers: BTreeMap<String, u64>,
    pub(crate) omit: Vec<String>,
}

/// A line of `[lengths]` or `[capacities]`.
#[derive(Clone, Debug)]
pub(crate) struct Constant {
    pub(crate) name: String,
    pub(crate) value: u64,
    pub(crate) expr: Option<String>,
    pub(crate) comment: Option<String>,
}

/// A type.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    /// Its index among those that were found.
    pub(crate) ty: usize,
    pub(crate) name: String,
    /// How C names it, where the language would name it otherwise.
    pub(crate) c: Option<String>,
    pub(crate) doc: Option<String>,
    /// What could not be written down of it.
    pub(crate) comments: Vec<String>,
    pub(crate) body: Body,
}

/// What a type is.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Record(Word, Record),
    Values(Values),
    Extern(Extern),
}

/// How a record is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Struct,
    Event,
    Union,
}

impl Word {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Word::Struct => "struct",
            Word::Event => "event",
            Word::Union => "union",
        }
    }
}

/// A struct, event or union, or an unnamed member.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) packed: Option<u32>,
    pub(crate) align: Option<u32>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) size: u64,
    pub(crate) natural_align: u32,
}

/// A line of `fields`.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "nearly every entry is a field")]
pub(crate) enum Entry {
    Field(Box<Field>),
    Unnamed {
        union: bool,
        record: Record,
        offset: Option<u64>,
        doc: Option<String>,
    },
    /// A line of its own, for what is not written down.
    Comment(String),
}

/// A field.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// Its name in the source; empty for a filler.
    pub(crate) source: String,
    /// Its name in C, where the language would name it otherwise.
    pub(crate) c: Option<String>,
    pub(crate) ty: Written,
    pub(crate) bits: Option<u32>,
    pub(crate) offset: Option<u64>,
    pub(crate) contains: Option<(String, String)>,
    pub(crate) doc: Option<String>,
    /// Whether the source has no such field: it stands for what lies unused there.
    pub(crate) filler: bool,
    /// Whether a profile omits it.
    pub(crate) optional: bool,
}

/// An enum.
#[derive(Clone, Debug)]
pub(crate) struct Values {
    pub(crate) repr: &'static str,
    pub(crate) prefix: String,
    pub(crate) variants: Vec<Variant>,
}

/// A value of an enum.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    pub(crate) name: String,
    /// Its name in the source.
    pub(crate) source: String,
    /// The constant in C, where the language would name it otherwise.
    pub(crate) c: Option<String>,
    pub(crate) value: i128,
    /// The variant that it is a second name of, by its name.
    pub(crate) same_as: Option<String>,
    pub(crate) doc: Option<String>,
}

/// A type that is defined elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Extern {
    pub(crate) size: u64,
    pub(crate) align: u32,
    pub(crate) c: String,
    pub(crate) include: Option<String>,
}

/// A map.
#[derive(Clone, Debug)]
pub(crate) struct Map {
    /// Its index among those that were found; that of the map that holds it for one that another holds.
    pub(crate) map: usize,
    /// Whether another holds it.
    pub(crate) is_inner: bool,
    pub(crate) name: String,
    /// Its name in C, where the language would name it otherwise.
    pub(crate) c: Option<String>,
    pub(crate) doc: Option<String>,
    pub(crate) comments: Vec<String>,
    /// Why it cannot be a part of the spec: it is then written as a comment.
    pub(crate) refused: Option<String>,
    pub(crate) kind: String,
    pub(crate) key: Option<Written>,
    pub(crate) value: Option<Written>,
    pub(crate) max_entries: Option<Entries>,
    pub(crate) flags: Vec<String>,
    pub(crate) pinned: bool,
    pub(crate) numa_node: Option<u64>,
    pub(crate) map_extra: Option<u64>,
    pub(crate) events: Vec<String>,
    pub(crate) inner: Option<String>,
}

/// `max_entries`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entries {
    pub(crate) value: u64,
    pub(crate) expr: Option<String>,
    /// Whether it counts bytes.
    pub(crate) bytes: bool,
}

impl Draft {
    /// Calls `each` with every field, those of unnamed members among them.
    pub(crate) fn each_field(&mut self, each: &mut dyn FnMut(&mut Field)) {
        for definition in &mut self.definitions {
            if let Body::Record(_, record) = &mut definition.body {
                record.each_field(each);
            }
        }
    }
}

impl Record {
    /// How deep unnamed members lie is bounded, and so is this recursion.
    pub(crate) fn each_field(&mut self, each: &mut dyn FnMut(&mut Field)) {
        for entry in &mut self.entries {
            match entry {
                Entry::Field(field) => each(field),
                Entry::Unnamed { record, .. } => record.each_field(each),
                Entry::Comment(_) => {}
            }
        }
    }
}
