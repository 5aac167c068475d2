//! What did not fit.

use std::{
    boxed::Box,
    fmt,
    string::{String, ToString as _},
};

/// A value that does not fit what it was to become: which field of which record, the value, and why.
///
/// `exec.op: 9 is no value of file_op that Op knows`
#[derive(Clone, PartialEq, Eq)]
pub struct FromLayoutError(Box<Inner>); // a pointer, so that results stay small

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: FromLayoutErrorKind,
    record: &'static str,
    field: String,
    reason: String,
}

/// Why a value does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FromLayoutErrorKind {
    /// A value of an enum that has no variant in what it was to become, or no name.
    UnknownValue,
    /// The tag of a union selects a member, or a buffer sent an event, that has no variant in what it was to become.
    UnknownMember,
    /// A bit of flags that has no name.
    UnnamedBits,
    /// A number that the integer type does not have.
    OutOfRange,
    /// Text that is not UTF-8.
    NotUtf8,
    /// A string that was truncated where that is denied.
    Truncated,
    /// A count of elements that is larger than the array.
    Length,
    /// What a function or implementation outside of this crate said.
    Custom,
}

impl FromLayoutError {
    /// An error of a conversion outside of this crate; where it happened is added on the way up.
    #[must_use]
    pub fn custom(reason: impl fmt::Display) -> Self {
        Self::new(FromLayoutErrorKind::Custom, reason)
    }

    #[cold]
    pub(super) fn new(kind: FromLayoutErrorKind, reason: impl fmt::Display) -> Self {
        FromLayoutError(Box::new(Inner { kind, record: "", field: String::new(), reason: reason.to_string() }))
    }

    /// Why.
    #[must_use]
    pub const fn kind(&self) -> FromLayoutErrorKind {
        self.0.kind
    }

    /// The outermost record that was converted, by its name in the spec; empty if it was no record.
    #[must_use]
    pub fn record(&self) -> &'static str {
        self.0.record
    }

    /// The field in that record, with indices and fields of records inside it: `args[3]`, `peer.address`. Empty if it
    /// was no record.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.0.field
    }

    /// The value and what is wrong with it.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// It happened in this field of this record.
    #[cold]
    pub(super) fn in_field(mut self, record: &'static str, field: &str) -> Self {
        let inner = &self.0.field;
        let separator = if inner.is_empty() || inner.starts_with('[') { "" } else { "." };
        self.0.field = std::format!("{field}{separator}{inner}");
        self.0.record = record;
        self
    }

    /// It happened in this element of an array.
    #[cold]
    pub(super) fn in_element(mut self, index: usize) -> Self {
        let inner = &self.0.field;
        let separator = if inner.is_empty() || inner.starts_with('[') { "" } else { "." };
        self.0.field = std::format!("[{index}]{separator}{inner}");
        self
    }
}

impl fmt::Display for FromLayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { record, field, reason, .. } = &*self.0;
        match (record.is_empty(), field.is_empty()) {
            (true, true) => f.write_str(reason),
            (true, false) => write!(f, "{field}: {reason}"),
            (false, true) => write!(f, "{record}: {reason}"),
            (false, false) => write!(f, "{record}.{field}: {reason}"),
        }
    }
}

impl fmt::Debug for FromLayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, record, field, reason } = &*self.0;
        f.debug_struct("FromLayoutError")
            .field("kind", kind)
            .field("record", record)
            .field("field", field)
            .field("reason", reason)
            .finish()
    }
}

impl std::error::Error for FromLayoutError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_up_is_the_path_to_the_field() {
        let error = FromLayoutError::custom("no");
        assert_eq!(error.to_string(), "no");
        let error = error.in_element(2).in_element(1);
        assert_eq!(error.to_string(), "[1][2]: no");
        let error = error.in_field("point", "grid");
        assert_eq!(error.to_string(), "point.grid[1][2]: no");
        let error = error.in_element(0).in_field("drawing", "points");
        assert_eq!((error.record(), error.field()), ("drawing", "points[0].grid[1][2]"));
        assert_eq!((error.kind(), error.reason()), (FromLayoutErrorKind::Custom, "no"));
    }

    #[test]
    fn a_result_is_no_larger_than_its_value() {
        assert_eq!(size_of::<Result<String, FromLayoutError>>(), size_of::<String>());
    }
}
