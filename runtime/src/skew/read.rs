//! A value that was read from another layout, and what came of that.

use std::{fmt, ops::Deref};

use super::{
    op::{Event, Events},
    plan::Steps,
};
use crate::{layout::Layout, view::View};

/// Something that one value lost on the way, with the path of the field: `comm`, `ends.x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note<'a> {
    /// A string is not all there: it was cut here, where its mark says so as well, or before; or an array had elements
    /// that are not zero behind those that ours has.
    Truncated(&'a str),
    /// A number did not fit and is the nearest that does, or was a value that means something else here.
    Changed(&'a str),
    /// The member that the tag selects is one that the other layout does not have.
    Missing(&'a str),
}

/// What one value lost on the way. Nothing, if the layouts are the same.
#[derive(Clone, Debug)]
pub struct Lost<'a> {
    steps: &'a Steps,
    events: Events,
}

impl<'a> Lost<'a> {
    pub(super) fn new(steps: &'a Steps, events: Events) -> Self {
        Lost { steps, events }
    }

    /// Fields that the other layout does not have, or not for this value: the tag may select a member that it lacks. They
    /// are zero.
    pub fn missing(&self) -> impl Iterator<Item = &'a str> {
        let is_noted = |path: usize| self.events.as_slice().contains(&Event::Absent(path));
        let of_layout = self.steps.missing().iter().map(|missing| missing.path);
        let of_value = self.events.as_slice().iter().filter_map(|event| match event {
            Event::Absent(path) => Some(*path),
            Event::Truncated(_) | Event::Changed(_) => None,
        });
        of_layout.filter(move |path| !is_noted(*path)).chain(of_value).map(|path| self.steps.path(path))
    }

    /// Strings and arrays of this value that are not all there.
    pub fn truncated(&self) -> impl Iterator<Item = &'a str> {
        self.notes().filter_map(|note| match note {
            Note::Truncated(path) => Some(path),
            Note::Changed(_) | Note::Missing(_) => None,
        })
    }

    /// Numbers of this value that are not what was sent: the nearest, where that did not fit.
    pub fn changed(&self) -> impl Iterator<Item = &'a str> {
        self.notes().filter_map(|note| match note {
            Note::Changed(path) => Some(path),
            Note::Truncated(_) | Note::Missing(_) => None,
        })
    }

    /// Everything that this value lost beside the fields that no value of its layout has.
    pub fn notes(&self) -> impl Iterator<Item = Note<'a>> {
        self.events.as_slice().iter().map(|event| event.note(self.steps))
    }
}

/// A value that was read by a [`Plan`](super::Plan): dereferences to `T`.
#[derive(Clone)]
pub struct Skewed<'a, T> {
    value: View<'a, T>,
    lost: Lost<'a>,
}

impl<'a, T: Layout> Skewed<'a, T> {
    #[inline]
    pub(super) fn new(value: View<'a, T>, steps: &'a Steps, events: Events) -> Self {
        Skewed { value, lost: Lost::new(steps, events) }
    }

    /// The value itself, copied if it was borrowed.
    #[must_use]
    pub fn into_owned(self) -> T {
        self.value.into_owned()
    }

    /// Whether nothing was copied.
    #[must_use]
    pub fn is_borrowed(&self) -> bool {
        self.value.is_borrowed()
    }

    /// A field, or `None` if the other layout does not have it: `value.known(|value| &value.ppid)`.
    ///
    /// Of bitfields, members of unions and fields of an array's elements only [`Lost::missing`] tells.
    #[must_use]
    pub fn known<F: ?Sized>(&self, field: impl FnOnce(&T) -> &F) -> Option<&F> {
        let value: &T = &self.value;
        let field = field(value);
        let start = (&raw const *field).addr().wrapping_sub((&raw const *value).addr());
        let end = start.wrapping_add(size_of_val(field));
        let is_missing = self.lost.steps.missing().iter().any(|missing| {
            missing.bytes.is_some_and(|(first, len)| first <= start && end <= first + len && start < end)
        });
        (!is_missing).then_some(field)
    }

    /// What it lost on the way.
    #[must_use]
    pub fn lost(&self) -> &Lost<'a> {
        &self.lost
    }
}

impl<T> Deref for Skewed<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Skewed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.value, f)
    }
}
