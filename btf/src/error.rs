//! What can be wrong with BTF, or with a question about it.

use std::fmt;

use crate::{btf::TypeId, kind::Kind};

/// Why BTF cannot be read, or a question about it has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The data does not begin with BTF's magic number, in either byte order.
    NotBtf,
    /// A version or flags that this release does not know.
    Version {
        /// `version` of the header; 1 is known.
        version: u8,
        /// `flags` of the header; 0 is known.
        flags: u8,
    },
    /// A part of the data lies outside of it, or where it cannot lie.
    Damaged(&'static str),
    /// A type ends behind the end of the type section.
    Truncated(TypeId),
    /// A type of a kind that this release does not know, and of which the data does not say how long it is.
    UnknownKind {
        /// The type.
        id: TypeId,
        /// Its kind, as a number.
        kind: u8,
    },
    /// A type refers to one that does not exist.
    Reference {
        /// The type that refers.
        from: TypeId,
        /// What it refers to.
        to: u32,
    },
    /// The name of a type or of something in it lies outside the strings, is too long, or is not UTF-8.
    Name(TypeId),
    /// There is no type of this id.
    NoType(TypeId),
    /// A type has no size: a function, a declaration without definition, `void`.
    NoSize(TypeId, Kind),
    /// Types refer to one another more than [`crate::Btf::MAX_DEPTH`] deep, or in a circle.
    TooDeep(TypeId),
    /// A size beyond 64 bits.
    TooLarge(TypeId),
    /// The file is not ELF, or damaged.
    Elf(String),
    /// The file has no section of this name.
    NoSection(&'static str),
    /// The file is for another machine than BPF, and has no BTF either.
    NotBpf,
    /// A map of the object is not defined as libbpf reads it.
    Map {
        /// The map, by the name of its variable.
        map: String,
        /// The member of its definition.
        member: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotBtf => f.write_str("this is no BTF: it does not begin with 0xeb9f"),
            Error::Version { version, flags } => {
                write!(f, "BTF of version {version} with flags {flags:#x}; known are version 1 and flags 0")
            }
            Error::Damaged(what) => write!(f, "damaged BTF: {what}"),
            Error::Truncated(id) => write!(f, "damaged BTF: type {id} goes on behind the end of the types"),
            Error::UnknownKind { id, kind } => {
                write!(
                    f,
                    "BTF type {id} is of kind {kind}, which is not known here, and no layout section says its size"
                )
            }
            Error::Reference { from, to } => {
                write!(f, "damaged BTF: type {from} refers to type {to}, which is not there")
            }
            Error::Name(id) => write!(f, "damaged BTF: type {id} has or holds a name that is none"),
            Error::NoType(id) => write!(f, "there is no BTF type {id}"),
            Error::NoSize(id, kind) => write!(f, "BTF type {id}, {kind}, has no size"),
            Error::TooDeep(id) => write!(f, "BTF type {id} leads through too many others, or to itself"),
            Error::TooLarge(id) => write!(f, "BTF type {id} is larger than 64 bits can say"),
            Error::Elf(reason) => write!(f, "this is no ELF object, or a damaged one: {reason}"),
            Error::NoSection(name) => write!(f, "the object has no section `{name}`"),
            Error::NotBpf => f.write_str("this is no BPF object: it was built for another machine"),
            Error::Map { map, member, reason } => write!(f, "map `{map}`: `{member}` {reason}"),
        }
    }
}

impl std::error::Error for Error {}
