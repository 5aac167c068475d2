//! A parsed record: borrowed where it lies, or copied because it lay askew.

use core::{fmt, ops::Deref};

use crate::layout::Layout;

/// A record parsed by [`Layout::parse`].
#[derive(Clone, Copy)]
#[allow(clippy::large_enum_variant, reason = "boxing the copy would need an allocator and cost more than the copy")]
pub enum View<'a, T> {
    /// The bytes were aligned and are read where they are.
    Borrowed(&'a T),
    /// The bytes were not aligned and have been copied.
    Owned(T),
}

impl<T: Layout> View<'_, T> {
    /// The record itself, copied if it was borrowed.
    #[inline]
    #[must_use]
    pub fn into_owned(self) -> T {
        *self
    }

    /// Whether nothing was copied.
    #[inline]
    #[must_use]
    pub const fn is_borrowed(&self) -> bool {
        matches!(self, View::Borrowed(_))
    }
}

impl<T> Deref for View<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match self {
            View::Borrowed(record) => record,
            View::Owned(record) => record,
        }
    }
}

impl<T> AsRef<T> for View<'_, T> {
    #[inline]
    fn as_ref(&self) -> &T {
        self
    }
}

impl<T: fmt::Debug> fmt::Debug for View<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: PartialEq> PartialEq for View<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for View<'_, T> {}

#[cfg(feature = "serde")]
impl<T: serde::Serialize> serde::Serialize for View<'_, T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}
