//! Values in a form that a record or transport gives them, and values that stay what they are.

use std::vec::Vec;

use super::{Context, FromLayout, FromLayoutError};
use crate::{cell::Unaligned, layout::Layout, number::AsIs, view::View};

/// A generated type, or one with a meaning of its own: a copy of it.
#[diagnostic::do_not_recommend]
impl<L: AsIs> FromLayout<L> for L {
    #[inline]
    fn from_layout_with(from: &L, _: &Context) -> Result<Self, FromLayoutError> {
        Ok(*from)
    }

    fn from_elements(from: &[L], _: &Context) -> Result<Vec<Self>, FromLayoutError> {
        Ok(from.to_vec())
    }
}

/// A field that does not lie at a multiple of its alignment.
#[diagnostic::do_not_recommend]
impl<S: Layout, T: FromLayout<S>, const N: usize> FromLayout<Unaligned<S, N>> for T {
    fn from_layout_with(from: &Unaligned<S, N>, context: &Context) -> Result<Self, FromLayoutError> {
        T::from_layout_with(&from.get(), context)
    }
}

/// A record as a buffer delivered it.
#[diagnostic::do_not_recommend]
impl<L: Layout, T: FromLayout<L>> FromLayout<View<'_, L>> for T {
    fn from_layout_with(from: &View<'_, L>, context: &Context) -> Result<Self, FromLayoutError> {
        T::from_layout_with(&**from, context)
    }
}

/// What the accessor of an optional field gives: `None` where a profile omits it.
impl<S, T: FromLayout<S>> FromLayout<Option<S>> for Option<T> {
    fn from_layout_with(from: &Option<S>, context: &Context) -> Result<Self, FromLayoutError> {
        from.as_ref().map(|from| T::from_layout_with(from, context)).transpose()
    }
}
