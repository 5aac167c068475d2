//! Parts of the macros' expansions that need no macro.

use core::hash::Hasher;

use crate::{
    layout::Layout,
    shape::{NamesInfo, Shape},
    show::{name_of, value_of},
};

/// Zero bytes; the tag of a tagged event is set.
#[must_use]
pub fn default<T: Layout>() -> T {
    let mut value = T::zeroed();
    if let Some((place, tag)) = const { T::SHAPE.event_tag() } {
        place.write(value.as_bytes_mut(), tag);
    }
    value
}

/// Whether all bytes are the same, as the kernel compares keys.
#[inline]
#[must_use]
pub fn eq<T: Layout>(one: &T, other: &T) -> bool {
    Layout::as_bytes(one) == Layout::as_bytes(other)
}

/// Hashes all bytes.
#[inline]
pub fn hash<T: Layout, H: Hasher>(value: &T, state: &mut H) {
    state.write(Layout::as_bytes(value));
}

/// The name of an enum's value.
#[must_use]
pub fn enum_name<T: Layout>(value: &T) -> Option<&'static str> {
    match T::SHAPE {
        Shape::Enum(info) => name_of(info, value_of(info, Layout::as_bytes(value))),
        _ => None,
    }
}

/// The table of an enum or flags held by the integer `T`.
#[must_use]
pub const fn names<T: Layout>(name: &'static str, values: &'static [(&'static str, i128)]) -> NamesInfo {
    NamesInfo { name, size: size_of::<T>(), signed: matches!(T::SHAPE, Shape::Signed(_)), values }
}
