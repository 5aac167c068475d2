//! What can be wrong with bytes that arrive.

use core::fmt;

use crate::variable::Tail;

/// Bytes that are not the record they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    name: &'static str,
    kind: ParseErrorKind,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// Too few bytes, or more than a transport appends.
    Size {
        /// Bytes that came.
        len: usize,
        /// Bytes that the record has.
        needed: usize,
    },
    /// The tag says that this is another event.
    Tag {
        /// What the tag holds.
        found: i128,
        /// What it holds in this event.
        expected: i128,
    },
    /// What a field of variable length says of its bytes cannot be: they lie in the event's struct, or outside of the
    /// record.
    Tail {
        /// The field.
        field: &'static str,
        /// Where its bytes should start, counted from the start of the record.
        offset: usize,
        /// How many there should be.
        tail: usize,
        /// Bytes that came.
        len: usize,
    },
    /// None of a buffer's events: no tag matches, or none has this size.
    UnknownEvent {
        /// Bytes that came.
        len: usize,
    },
}

impl ParseError {
    #[doc(hidden)]
    #[must_use]
    pub const fn size(name: &'static str, len: usize, needed: usize) -> Self {
        ParseError { name, kind: ParseErrorKind::Size { len, needed } }
    }

    pub(crate) const fn tag(name: &'static str, found: i128, expected: i128) -> Self {
        ParseError { name, kind: ParseErrorKind::Tag { found, expected } }
    }

    pub(crate) const fn tail(name: &'static str, field: &'static str, tail: Tail, len: usize) -> Self {
        ParseError { name, kind: ParseErrorKind::Tail { field, offset: tail.offset(), tail: tail.len(), len } }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn unknown_event(buffer: &'static str, len: usize) -> Self {
        ParseError { name: buffer, kind: ParseErrorKind::UnknownEvent { len } }
    }

    /// The event or other type that was expected, or the buffer whose events were, by its name in the spec.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> ParseErrorKind {
        self.kind
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name;
        match self.kind {
            ParseErrorKind::Size { len, needed } => write!(f, "{name}: got {len} bytes, need {needed}"),
            ParseErrorKind::Tag { found, expected } => write!(f, "{name}: tag is {found}, not {expected}"),
            ParseErrorKind::Tail { field, offset, tail, len } => {
                write!(f, "{name}: `{field}` has {tail} bytes at byte {offset}, where none of its {len} bytes are free")
            }
            ParseErrorKind::UnknownEvent { len } => {
                write!(f, "{name}: a record of {len} bytes is none of the buffer's events")
            }
        }
    }
}

impl core::error::Error for ParseError {}
