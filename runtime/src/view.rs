//! A parsed record: borrowed where it lies, or copied because it lay askew.

use core::{fmt, ops::Deref};

use crate::{error::ParseError, layout::Layout};

/// A record parsed by [`Layout::parse`]: dereferences to it.
///
/// It is handed on as an address, however large the record is, so one that was borrowed is never copied on its way. A copy
/// is on the heap; without the feature `std` it is in the view, which then is as large as the record.
#[derive(Clone)]
pub struct View<'a, T>(Held<'a, T>);

#[derive(Clone)]
enum Held<'a, T> {
    /// The bytes were aligned and are read where they are.
    Borrowed(&'a T),
    /// The bytes were not aligned and have been copied.
    Copied(Copied<T>),
}

#[cfg(feature = "std")]
type Copied<T> = std::boxed::Box<T>;
#[cfg(not(feature = "std"))]
type Copied<T> = T;

impl<'a, T: Layout> View<'a, T> {
    /// The bytes of a record, as many as its size: where they lie if they are aligned, else a copy.
    #[inline]
    pub(crate) fn of(bytes: &'a [u8]) -> Result<Self, ParseError> {
        match T::ref_from(bytes) {
            Some(record) => Ok(View(Held::Borrowed(record))),
            None => Self::copied(bytes),
        }
    }

    /// Apart from [`of`](Self::of), so that what is seldom needed does not stand in the way of what mostly is.
    #[cold]
    fn copied(bytes: &[u8]) -> Result<Self, ParseError> {
        Ok(View(Held::Copied(Copied::from(T::read_from(bytes)?))))
    }

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
        matches!(self.0, Held::Borrowed(_))
    }
}

/// A record that was made some other way.
impl<'a, T> From<&'a T> for View<'a, T> {
    #[inline]
    fn from(record: &'a T) -> Self {
        View(Held::Borrowed(record))
    }
}

/// A record that was made on the heap.
#[cfg(feature = "std")]
impl<T> From<std::boxed::Box<T>> for View<'_, T> {
    #[inline]
    fn from(record: std::boxed::Box<T>) -> Self {
        View(Held::Copied(record))
    }
}

impl<T> Deref for View<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match &self.0 {
            Held::Borrowed(record) => record,
            Held::Copied(record) => record,
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
