//! Fields of variable length: what stands for them in an event's struct, and how an event and its tail are read.
//!
//! An event that has such fields is *compact*. On the wire it is its struct, the header, which holds a descriptor for each
//! of them, and then their bytes, those in use and no more, in whatever order the program filled them:
//!
//! ```text
//!   0          8    12   16   20                    36          46
//!   timestamp  pid  path args "/usr/bin/env\0…"      "ls\0-l\0…"
//!                   │20  │36
//!                   │16  │10
//! ```
//!
//! A descriptor is two `u16` in the machine's byte order. `offset` counts from the first byte of the record. The lower 15
//! bits of `len` are the number of bytes, a text's NUL included; 0 if the program did not fill the field. The highest bit
//! says that there was more than the field takes. So a record is as long as its header and all that the descriptors count.

use crate::{
    error::ParseError,
    layout::{Layout, MAX_TRAILING},
    shape::{Shape, Variable, VariableKind},
    text::{Text, Texts},
    view::View,
};

/// The bit of `len` that says that more was cut off.
const CUT: u16 = 0x8000;

/// Where the bytes of a field of variable length lie in its record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "zerocopy",
    derive(zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::Immutable, zerocopy::KnownLayout)
)]
#[repr(C)]
pub struct Tail {
    offset: u16,
    len: u16,
}

impl Tail {
    /// Reads one from its four bytes; an empty one if there are not as many.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let half = |at: usize| bytes.get(at..at + 2).and_then(|half| half.try_into().ok()).map_or(0, u16::from_ne_bytes);
        Tail { offset: half(0), len: half(2) }
    }

    /// A descriptor of `len` bytes, up to 32,767, at this offset.
    #[must_use]
    pub const fn new(offset: u16, len: u16, truncated: bool) -> Self {
        Tail { offset, len: len & !CUT | if truncated { CUT } else { 0 } }
    }

    /// Bytes from the start of the record, if there are any.
    #[must_use]
    pub const fn offset(self) -> usize {
        self.offset as usize
    }

    /// Bytes; 0 if the field was not filled.
    #[must_use]
    pub const fn len(self) -> usize {
        (self.len & !CUT) as usize
    }

    /// Whether there are no bytes.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Whether there was more than the field takes.
    #[must_use]
    pub const fn is_truncated(self) -> bool {
        self.len & CUT != 0
    }

    /// Its bytes in the whole record; none if they do not lie there.
    #[must_use]
    pub fn of(self, record: &[u8]) -> &[u8] {
        self.find(record).unwrap_or_default()
    }

    /// Its bytes in the whole record, if they lie there.
    pub(crate) fn find(self, record: &[u8]) -> Option<&[u8]> {
        if self.is_empty() { Some(&[]) } else { record.get(self.offset()..self.offset() + self.len()) }
    }
}

macro_rules! descriptors {
    ($($(#[$meta:meta])* $name:ident<$(const $param:ident),+> = $kind:expr, $limit:ident, $most:expr;)+) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
        #[cfg_attr(
            feature = "zerocopy",
            derive(zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::Immutable, zerocopy::KnownLayout)
        )]
        #[repr(transparent)]
        pub struct $name<$(const $param: usize),+>(Tail);

        // SAFETY: a transparent newtype of a `repr(C)` struct of two u16, which has no padding, no invalid value and no
        // interior mutability.
        unsafe impl<$(const $param: usize),+> Layout for $name<$($param),+> {
            const SHAPE: Shape = Shape::Variable(Variable { kind: $kind, limit: $limit, most: $most });
        }

        impl<$(const $param: usize),+> $name<$($param),+> {
            /// The descriptor itself.
            #[must_use]
            pub const fn tail(&self) -> Tail {
                self.0
            }

            /// Whether there was more than the field takes.
            #[must_use]
            pub const fn is_truncated(&self) -> bool {
                self.0.is_truncated()
            }
        }

        impl<$(const $param: usize),+> core::fmt::Debug for $name<$($param),+> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl<$(const $param: usize),+> From<Tail> for $name<$($param),+> {
            fn from(tail: Tail) -> Self {
                $name(tail)
            }
        }
    )+ };
}

descriptors! {
    /// In the struct of an event, the descriptor of a text of up to `N` bytes with its NUL: `str[..N]` in the spec.
    VarStr<const N> = VariableKind::Str, N, N;
    /// In the struct of an event, the descriptor of up to `N` bytes: `bytes[..N]` in the spec.
    VarBytes<const N> = VariableKind::Bytes, N, N;
    /// In the struct of an event, the descriptor of several texts of up to `N` bytes each with its NUL, with room for `M`
    /// of the longest: `str[..N][..M]` in the spec.
    VarStrs<const N, const M> = VariableKind::Strs, N, N * M;
}

impl<const N: usize> VarStr<N> {
    /// The text, out of the whole record.
    #[must_use]
    pub fn of<'a>(&self, record: &'a [u8]) -> Text<'a> {
        Text::new(self.0.of(record), self.0.is_truncated())
    }
}

impl<const N: usize> VarBytes<N> {
    /// The bytes, out of the whole record.
    #[must_use]
    pub fn of<'a>(&self, record: &'a [u8]) -> &'a [u8] {
        self.0.of(record)
    }
}

impl<const N: usize, const M: usize> VarStrs<N, M> {
    /// The texts, out of the whole record.
    #[must_use]
    pub fn of<'a>(&self, record: &'a [u8]) -> Texts<'a> {
        Texts::new(self.0.of(record), self.0.is_truncated())
    }
}

/// Reads a compact event: its header, borrowed where it is aligned and copied where not, and the bytes of the record
/// without what the transport appended. `tails` gives the descriptors of a header with the names of their fields.
///
/// # Errors
/// If there are too few bytes or too many, if the tag of the event holds another value, or if a descriptor points to where
/// no tail of this record is.
#[inline]
pub fn parse_compact<H: Layout, const N: usize>(
    bytes: &[u8],
    tails: impl FnOnce(&H) -> [(&'static str, Tail); N],
) -> Result<(View<'_, H>, &[u8]), ParseError> {
    let name = H::SHAPE.name();
    let size = size_of::<H>();
    let Some(head) = bytes.get(..size) else { return Err(ParseError::size(name, bytes.len(), size)) };
    if let Shape::Record(info) = H::SHAPE {
        info.check_tag(bytes)?;
    }
    let header = match H::ref_from(head) {
        Some(borrowed) => View::Borrowed(borrowed),
        None => View::Owned(H::read_from(head)?),
    };
    let mut needed = size;
    for (field, tail) in tails(&header) {
        needed += tail.len();
        if !tail.is_empty() && (tail.offset() < size || tail.offset() + tail.len() > bytes.len()) {
            return Err(ParseError::tail(name, field, tail, bytes.len()));
        }
    }
    match bytes.get(..needed) {
        Some(record) if bytes.len() - needed <= MAX_TRAILING => Ok((header, record)),
        _ => Err(ParseError::size(name, bytes.len(), needed)),
    }
}
