//! What `#[derive(FromLayout)]` expands to. No part of the interface.

use std::{
    fmt::{self, Debug, Display, Write},
    string::String,
};

use super::{Context, FromLayout, FromLayoutError, FromLayoutErrorKind, names, sequences};
use crate::{
    map::Event,
    number::{OpenEnum, Wide},
    text::{StrRef, StrsRef},
};

/// One field of the record `L`, by its name: where an error happened.
#[derive(Clone, Copy)]
pub struct Field {
    record: &'static str,
    name: &'static str,
}

impl Field {
    #[must_use]
    pub const fn of<L: Event>(name: &'static str) -> Self {
        Field { record: L::SHAPE.name(), name }
    }

    /// Converts a field.
    pub fn convert<T: FromLayout<S>, S: ?Sized>(self, from: &S, context: &Context) -> Result<T, FromLayoutError> {
        self.located(T::from_layout_with(from, context))
    }

    /// Converts the first elements of a field, as many as another field says.
    pub fn convert_prefix<T: FromLayout<[S]>, S>(
        self,
        from: &[S],
        count: Wide,
        context: &Context,
    ) -> Result<T, FromLayoutError> {
        self.located(sequences::prefix(from, count).and_then(|from| T::from_layout_with(from, context)))
    }

    /// What a function of the user's made.
    pub fn made<T>(self, made: Result<T, impl Display>) -> Result<T, FromLayoutError> {
        self.located(made.map_err(FromLayoutError::custom))
    }

    /// What was made of what an accessor gave.
    pub fn located<T>(self, made: Result<T, FromLayoutError>) -> Result<T, FromLayoutError> {
        made.map_err(|error| error.in_field(self.record, self.name))
    }
}

/// What an accessor gave, or what a variant holds: a reference, an `Option` of one, or a value.
///
/// `(&Given(..)).convert(..)` finds its `convert` by that. The compiler looks for a method that takes `&Given`, inherent
/// ones first, and only then for one that takes `&&Given`.
pub struct Given<'a, G>(pub &'a G);

impl<S: ?Sized> Given<'_, &S> {
    pub fn convert<T: FromLayout<S>>(&self, context: &Context) -> Result<T, FromLayoutError> {
        T::from_layout_with(self.0, context)
    }
}

/// Conversion of a reference that there may be.
pub trait ConvertOption<S: ?Sized> {
    fn convert<T: FromLayout<S>>(&self, context: &Context) -> Result<Option<T>, FromLayoutError>;
}

impl<S: ?Sized> ConvertOption<S> for Given<'_, Option<&S>> {
    fn convert<T: FromLayout<S>>(&self, context: &Context) -> Result<Option<T>, FromLayoutError> {
        self.0.map(|from| T::from_layout_with(from, context)).transpose()
    }
}

/// Implements the conversion of what there may be, read out of a compact event.
macro_rules! optional {
    ($($from:ty),+) => { $(
        impl<'a> ConvertOption<$from> for Given<'_, Option<$from>> {
            fn convert<T: FromLayout<$from>>(&self, context: &Context) -> Result<Option<T>, FromLayoutError> {
                self.0.as_ref().map(|from| T::from_layout_with(from, context)).transpose()
            }
        }
    )+ };
}

optional! { StrRef<'a>, StrsRef<'a> }

/// Conversion of a value.
pub trait ConvertValue<S> {
    fn convert<T: FromLayout<S>>(&self, context: &Context) -> Result<T, FromLayoutError>;
}

impl<S> ConvertValue<S> for &Given<'_, S> {
    fn convert<T: FromLayout<S>>(&self, context: &Context) -> Result<T, FromLayoutError> {
        T::from_layout_with(self.0, context)
    }
}

/// An enum's value that `wanted` has no variant for.
#[cold]
#[must_use]
pub fn unknown_value<E: OpenEnum>(value: &E, wanted: &str) -> FromLayoutError {
    names::unknown_value(value, wanted)
}

/// A union's member, or a buffer's event, that `wanted` has no variant for.
#[cold]
#[must_use]
pub fn unknown_member(member: &dyn Debug, wanted: &str) -> FromLayoutError {
    let reason = std::format!("{} has no variant in {wanted}", Beginning::of(member));
    FromLayoutError::new(FromLayoutErrorKind::UnknownMember, reason)
}

/// The beginning of what a value prints as: an event may have pages of text.
struct Beginning {
    text: String,
    room: usize,
}

impl Beginning {
    fn of(value: &dyn Debug) -> String {
        let mut beginning = Beginning { text: String::new(), room: 64 };
        match write!(beginning, "{value:?}") {
            Ok(()) => beginning.text,
            Err(_) => beginning.text + "…",
        }
    }
}

impl Write for Beginning {
    /// Fails when there is no room left, which ends the printing.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            self.room = self.room.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(c);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_beginning_of_a_member_is_shown() {
        let error = unknown_member(&"x".repeat(100), "Wanted");
        assert_eq!(error.reason(), std::format!("\"{}… has no variant in Wanted", "x".repeat(63)));
        assert_eq!(unknown_member(&Some(7), "Wanted").reason(), "Some(7) has no variant in Wanted");
    }
}
