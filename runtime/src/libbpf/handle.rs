//! A live map that has been compared with the spec.

use std::{fmt, format, marker::PhantomData, string::String, vec::Vec};

use libbpf_rs::{MapCore, MapHandle};

use super::error::{Error, Mismatch};
use crate::{kind::Kind, layout::Layout, map::Map};

/// A live map whose type, key and value are those of the map `M` of the spec.
///
/// What it can do follows from the type of the map: only a hash has [`delete`](Self::delete), only a queue has
/// [`push`](Self::push), and so on.
pub struct TypedMap<'a, M> {
    handle: Handle<'a>,
    spec: PhantomData<fn() -> M>,
}

#[derive(Debug)]
enum Handle<'a> {
    Borrowed(&'a dyn MapCore),
    Owned(MapHandle),
}

impl<'a, M: Map> TypedMap<'a, M> {
    /// A map of a loaded skeleton or object, which must outlive this.
    ///
    /// # Errors
    /// If its type, or the size of its key or value, is not what the spec says.
    pub fn new(map: &'a dyn MapCore) -> Result<Self, Mismatch> {
        compare::<M>(map)?;
        Ok(TypedMap { handle: Handle::Borrowed(map), spec: PhantomData })
    }

    /// The map itself, for what this type does not offer.
    #[must_use]
    pub fn as_libbpf(&self) -> &dyn MapCore {
        match &self.handle {
            Handle::Borrowed(map) => *map,
            Handle::Owned(map) => map,
        }
    }

    pub(super) fn error(operation: &'static str) -> impl FnOnce(libbpf_rs::Error) -> Error {
        move |source| Error::Libbpf { map: M::NAME, operation, source }
    }
}

impl<M: Map> fmt::Debug for TypedMap<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedMap").field("map", &M::NAME).field("handle", &self.handle).finish()
    }
}

impl<M: Map> TypedMap<'static, M> {
    /// A map held by a handle of its own: one that was pinned, or found by its id.
    ///
    /// # Errors
    /// If its type, or the size of its key or value, is not what the spec says.
    pub fn from_handle(map: MapHandle) -> Result<Self, Mismatch> {
        compare::<M>(&map)?;
        Ok(TypedMap { handle: Handle::Owned(map), spec: PhantomData })
    }
}

/// Compares a live map with the spec, and reports every difference at once.
pub(super) fn compare<M: Map>(map: &dyn MapCore) -> Result<(), Mismatch> {
    let mut differences = Vec::new();
    let found = u32::from(map.map_type());
    if found != M::Kind::TYPE {
        differences.push(format!("type: {:?}, expected {} ({})", map.map_type(), M::Kind::NAME, M::Kind::TYPE));
    } else {
        differences.extend(size_difference::<M::Key>("key", map.key_size()));
        differences.extend(size_difference::<M::Value>("value", map.value_size()));
    }
    if differences.is_empty() { Ok(()) } else { Err(Mismatch { map: M::NAME, differences }) }
}

fn size_difference<T: Layout>(part: &str, found: u32) -> Option<String> {
    let expected = size_of::<T>();
    let same = usize::try_from(found).is_ok_and(|found| found == expected);
    (!same).then(|| format!("{part}: {found} bytes, expected {expected} ({})", T::SHAPE.name()))
}
