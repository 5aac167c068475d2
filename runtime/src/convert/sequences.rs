//! Arrays, element by element.

use std::{
    any::{Any, TypeId},
    boxed::Box,
    fmt,
    vec::Vec,
};

use super::{Context, FromLayout, FromLayoutError, FromLayoutErrorKind};
use crate::{layout::Layout, number::Wide};

impl<S, T: FromLayout<S>> FromLayout<[S]> for Vec<T> {
    fn from_layout_with(from: &[S], context: &Context) -> Result<Self, FromLayoutError> {
        T::from_elements(from, context)
    }
}

impl<S, T: FromLayout<S>, const N: usize> FromLayout<[S; N]> for Vec<T> {
    fn from_layout_with(from: &[S; N], context: &Context) -> Result<Self, FromLayoutError> {
        Vec::from_layout_with(from.as_slice(), context)
    }
}

impl<S, T: FromLayout<S>> FromLayout<[S]> for Box<[T]> {
    fn from_layout_with(from: &[S], context: &Context) -> Result<Self, FromLayoutError> {
        Vec::from_layout_with(from, context).map(Vec::into_boxed_slice)
    }
}

impl<S, T: FromLayout<S>, const N: usize> FromLayout<[S; N]> for Box<[T]> {
    fn from_layout_with(from: &[S; N], context: &Context) -> Result<Self, FromLayoutError> {
        Box::from_layout_with(from.as_slice(), context)
    }
}

impl<S, T: FromLayout<S>, const N: usize> FromLayout<[S; N]> for [T; N] {
    fn from_layout_with(from: &[S; N], context: &Context) -> Result<Self, FromLayoutError> {
        let made: Vec<T> = Vec::from_layout_with(from.as_slice(), context)?;
        let count = made.len();
        made.try_into().map_err(|_| too_many(N, count))
    }
}

pub(super) fn one_by_one<S, T: FromLayout<S>>(from: &[S], context: &Context) -> Result<Vec<T>, FromLayoutError> {
    let mut made = Vec::with_capacity(from.len());
    for (index, element) in from.iter().enumerate() {
        made.push(T::from_layout_with(element, context).map_err(|error| error.in_element(index))?);
    }
    Ok(made)
}

/// All elements at once, if they are what they are to become.
pub(super) fn same<S: Layout, T: 'static>(from: &[S]) -> Option<Vec<T>> {
    if TypeId::of::<S>() != TypeId::of::<T>() {
        return None;
    }
    let mut made = Some(from.to_vec());
    (&mut made as &mut dyn Any).downcast_mut::<Option<Vec<T>>>()?.take()
}

/// The first `count` elements.
pub(super) fn prefix<S>(from: &[S], count: Wide) -> Result<&[S], FromLayoutError> {
    count.to().and_then(|count: usize| from.get(..count)).ok_or_else(|| too_many(from.len(), count))
}

#[cold]
fn too_many(room: usize, count: impl fmt::Display) -> FromLayoutError {
    let reason = std::format!("a length of {count}, but there is room for {room}");
    FromLayoutError::new(FromLayoutErrorKind::Length, reason)
}
