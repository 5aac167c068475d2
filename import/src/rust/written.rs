//! Types as they are written.

use quote::ToTokens as _;
use syn::{GenericArgument, Ident, PathArguments, Type, TypePath};

use super::{MAX_DEPTH, name_of};

/// A type as it is written, in parentheses or not.
#[derive(Clone, Debug)]
pub(super) enum Written {
    Pointer {
        /// The last name of what it points to, or its text if it has none; none for a function.
        to: Option<String>,
    },
    Array {
        of: Box<Written>,
        len: String,
    },
    /// The last name of a path without arguments; with the one before it if that is `Type`, as in bindgen's `op::Type`.
    Named(String),
    /// Bytes that bitfields lie in.
    Unit {
        bytes: Box<Written>,
        /// What it is aligned as, if that is more than a byte: bindgen had it so up to version 0.56.
        align: Option<Box<Written>>,
    },
    /// A member of a union that is written as a struct: it is at the start, and the last member is as large as all.
    InUnion(Box<Written>),
    /// What takes no room.
    Nothing,
    /// Bytes that are aligned to so many.
    Aligned(Box<Written>, u32),
    Other,
}

/// What is the same in memory as what it holds.
const TRANSPARENT: &[&str] = &["ManuallyDrop", "MaybeUninit", "UnsafeCell", "Cell", "__BindgenOpaqueArray"];

impl Written {
    pub(super) fn of(ty: &Type) -> Self {
        Self::within(ty, 0)
    }

    fn within(ty: &Type, depth: usize) -> Self {
        match ty {
            _ if depth > MAX_DEPTH => Written::Other,
            Type::Paren(inner) => Self::within(&inner.elem, depth + 1),
            Type::Group(inner) => Self::within(&inner.elem, depth + 1),
            Type::Ptr(pointer) => Written::Pointer { to: Some(pointee(&pointer.elem)) },
            Type::FnPtr(_) => Written::Pointer { to: None },
            Type::Array(array) => {
                let of = Box::new(Self::within(&array.elem, depth + 1));
                Written::Array { of, len: array.len.to_token_stream().to_string() }
            }
            Type::Path(path) => Self::path(path, depth),
            _ => Written::Other,
        }
    }

    fn path(path: &TypePath, depth: usize) -> Self {
        let Some(last) = path.path.segments.last() else { return Written::Other };
        let name = name_of(&last.ident);
        match &last.arguments {
            PathArguments::None => Written::Named(qualified(path.path.segments.iter().map(|segment| &segment.ident))),
            PathArguments::AngleBracketed(arguments) => {
                let mut types = arguments.args.iter().filter_map(|argument| match argument {
                    GenericArgument::Type(ty) => Some(Self::within(ty, depth + 1)),
                    _ => None,
                });
                let Some(inner) = types.next() else { return Written::Other };
                match name.as_str() {
                    // A raw pointer may be null by itself, so only a function takes no room for `None`.
                    "Option" if matches!(inner, Written::Pointer { to: None }) => inner,
                    "PhantomData" => Written::Nothing,
                    "__IncompleteArrayField" => Written::Array { of: Box::new(inner), len: "0".to_owned() },
                    "__BindgenUnionField" => Written::InUnion(Box::new(inner)),
                    "__BindgenBitfieldUnit" => {
                        Written::Unit { bytes: Box::new(inner), align: types.next().map(Box::new) }
                    }
                    name if TRANSPARENT.contains(&name) => inner,
                    name => match name.strip_prefix("__BindgenOpaqueArray").and_then(|align| align.parse().ok()) {
                        Some(align) => Written::Aligned(Box::new(inner), align),
                        None => Written::Other,
                    },
                }
            }
            PathArguments::Parenthesized(_) => Written::Other,
        }
    }

    /// The name of what it is made of.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Written::Array { of, .. } | Written::InUnion(of) | Written::Aligned(of, _) => of.name(),
            Written::Named(name) => Some(name),
            Written::Pointer { .. } | Written::Unit { .. } | Written::Nothing | Written::Other => None,
        }
    }
}

/// The last name of a path, with the one before it if that is `Type` of a module.
pub(super) fn qualified<'i>(names: impl DoubleEndedIterator<Item = &'i Ident>) -> String {
    let mut names = names.rev();
    let last = names.next().map(name_of).unwrap_or_default();
    match names.next().map(name_of) {
        Some(module) if last == "Type" && !matches!(module.as_str(), "self" | "super" | "crate") => {
            format!("{module}::{last}")
        }
        _ => last,
    }
}

/// What a pointer points to, in the words of C as far as they are told.
fn pointee(ty: &Type) -> String {
    let Type::Path(path) = ty else { return ty.to_token_stream().to_string() };
    let name = qualified(path.path.segments.iter().map(|segment| &segment.ident));
    match name.as_str() {
        "c_void" => "void".to_owned(),
        "c_char" => "char".to_owned(),
        _ => name,
    }
}
