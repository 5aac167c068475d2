//! Enums and flags by their names.

use std::{string::String, vec::Vec};

use super::{Context, FromLayout, FromLayoutError, FromLayoutErrorKind};
use crate::{
    number::{FlagSet, OpenEnum},
    shape::Shape,
    show::{flag_names, name_of, value_of},
};

/// The name in the spec; an error if the value has none.
#[diagnostic::do_not_recommend]
impl<E: OpenEnum> FromLayout<E> for &'static str {
    fn from_layout_with(from: &E, _: &Context) -> Result<Self, FromLayoutError> {
        name(from).ok_or_else(|| {
            let reason = std::format!("{} has no name in {}", from.number(), E::SHAPE.name());
            FromLayoutError::new(FromLayoutErrorKind::UnknownValue, reason)
        })
    }
}

/// The name in the spec; an error if the value has none.
#[diagnostic::do_not_recommend]
impl<E: OpenEnum> FromLayout<E> for String {
    fn from_layout_with(from: &E, context: &Context) -> Result<Self, FromLayoutError> {
        <&str>::from_layout_with(from, context).map(String::from)
    }
}

/// `None` for a value that `T` does not know.
#[diagnostic::do_not_recommend]
impl<E: OpenEnum, T: FromLayout<E>> FromLayout<E> for Option<T> {
    fn from_layout_with(from: &E, context: &Context) -> Result<Self, FromLayoutError> {
        match T::from_layout_with(from, context) {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.kind() == FromLayoutErrorKind::UnknownValue => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The names of the bits that are set, in the order of the spec, as `Debug` shows them; an error if a bit has no name.
#[diagnostic::do_not_recommend]
impl<F: FlagSet> FromLayout<F> for Vec<&'static str> {
    fn from_layout_with(from: &F, _: &Context) -> Result<Self, FromLayoutError> {
        let Shape::Flags(info) = F::SHAPE else { return Ok(Vec::new()) };
        let (names, unnamed) = flag_names(info, value_of(info, from.as_bytes()));
        if unnamed != 0 {
            let reason = std::format!("{unnamed:#x} has no name in {}", info.name);
            return Err(FromLayoutError::new(FromLayoutErrorKind::UnnamedBits, reason));
        }
        Ok(names.collect())
    }
}

/// The name of an enum's value.
fn name<E: OpenEnum>(value: &E) -> Option<&'static str> {
    match E::SHAPE {
        Shape::Enum(info) => name_of(info, value_of(info, value.as_bytes())),
        _ => None,
    }
}

/// `9 is no value of file_op that Op knows`
#[cold]
pub(super) fn unknown_value<E: OpenEnum>(value: &E, wanted: &str) -> FromLayoutError {
    let (number, of) = (value.number(), E::SHAPE.name());
    let reason = match name(value) {
        Some(name) => std::format!("{number} ({name}) is no value of {of} that {wanted} knows"),
        None => std::format!("{number} is no value of {of} that {wanted} knows"),
    };
    FromLayoutError::new(FromLayoutErrorKind::UnknownValue, reason)
}
