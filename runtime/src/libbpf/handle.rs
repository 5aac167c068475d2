//! A live map that has been compared with the spec.

use std::{fmt, format, marker::PhantomData, string::String, vec::Vec};

use libbpf_rs::{MapCore, MapHandle, MapImpl};

use super::error::{Error, Mismatch};
use crate::{kind::Kind, layout::Layout, map::Map};

/// A live map whose type, key and value are those of the map `M` of the spec.
///
/// What it can do follows from the type of the map: only a hash has [`delete`](Self::delete), only a queue has
/// [`push`](Self::push), and so on.
///
/// It has a file descriptor of its own, so it may outlive the skeleton or object that loaded the map, and be used in other
/// threads and in the handlers of [`Events`](super::Events).
pub struct TypedMap<M> {
    handle: MapHandle,
    checked: Checked,
    spec: PhantomData<fn() -> M>,
}

/// How a live map was compared with the spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Type, flags, and each field of key and value, by the types that the kernel keeps of the map.
    Fields,
    /// Sizes only: that is what was asked for, or the map was made without types.
    SizesOnly,
}

/// What a typed map is made of: a loaded map of a skeleton or object, of which it opens the file descriptor once more, or a
/// handle, which it keeps.
pub trait IntoHandle: sealed::IntoHandle {}

impl<T: sealed::IntoHandle> IntoHandle for T {}

mod sealed {
    use std::fmt::Debug;

    use super::{MapHandle, MapImpl};

    pub trait IntoHandle {
        fn into_handle(self) -> libbpf_rs::Result<MapHandle>;
    }

    impl<T: Debug> IntoHandle for &MapImpl<'_, T> {
        fn into_handle(self) -> libbpf_rs::Result<MapHandle> {
            self.try_into()
        }
    }

    impl IntoHandle for &MapHandle {
        fn into_handle(self) -> libbpf_rs::Result<MapHandle> {
            self.try_into()
        }
    }

    impl IntoHandle for MapHandle {
        fn into_handle(self) -> libbpf_rs::Result<MapHandle> {
            Ok(self)
        }
    }
}

/// A handle of the map that has this name in the spec.
pub(super) fn handle(map: impl IntoHandle, name: &'static str) -> Result<MapHandle, Error> {
    map.into_handle().map_err(|source| Error::Libbpf { map: name, operation: "open it once more", source })
}

impl<M: Map> TypedMap<M> {
    /// A map of a loaded skeleton or object. Compares sizes only: the object that made it was compared field by field when
    /// it was built. For a map that others made, there is `attach` (feature `live`).
    ///
    /// # Errors
    /// If its type, or the size of its key or value, is not what the spec says, or if no more files can be opened.
    pub fn new(map: impl IntoHandle) -> Result<Self, Error> {
        let map = handle(map, M::NAME)?;
        compare::<M>(&map)?;
        Ok(Self::of(map, Checked::SizesOnly))
    }

    pub(super) fn of(handle: MapHandle, checked: Checked) -> Self {
        TypedMap { handle, checked, spec: PhantomData }
    }

    /// How it was compared with the spec.
    #[must_use]
    pub fn checked(&self) -> Checked {
        self.checked
    }

    /// Entries that the live map has room for, or bytes of a ring buffer. A loader may set it at run time, so it may be
    /// another number than the spec's.
    #[must_use]
    pub fn max_entries(&self) -> u32 {
        self.as_libbpf().max_entries()
    }

    /// The map itself, for what this type does not offer.
    #[must_use]
    pub fn as_libbpf(&self) -> &dyn MapCore {
        &self.handle
    }

    pub(super) fn error(operation: &'static str) -> impl FnOnce(libbpf_rs::Error) -> Error {
        move |source| Error::Libbpf { map: M::NAME, operation, source }
    }
}

impl<M: Map> fmt::Debug for TypedMap<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedMap").field("map", &M::NAME).field("handle", &self.handle).finish()
    }
}

/// Compares a live map with the spec, and reports every difference at once.
pub(super) fn compare<M: Map>(map: &dyn MapCore) -> Result<(), Mismatch> {
    let mut differences = type_difference::<M>(map);
    if differences.is_empty() {
        differences.extend(size_difference::<M::Key>("key", map.key_size()));
        differences.extend(size_difference::<M::Value>("value", map.value_size()));
    }
    if differences.is_empty() { Ok(()) } else { Err(Mismatch::new(M::NAME, differences)) }
}

/// The difference of the types of maps. Where they differ, keys and values mean something else as well.
pub(super) fn type_difference<M: Map>(map: &dyn MapCore) -> Vec<String> {
    differing_type(map, M::Kind::NAME, M::Kind::TYPE)
}

// Apart from the generic functions, so that programs that use these need not compile them anew.
fn differing_type(map: &dyn MapCore, name: &str, number: u32) -> Vec<String> {
    let text = || format!("type: {:?}, expected {name} ({number})", map.map_type());
    (u32::from(map.map_type()) != number).then(text).into_iter().collect()
}

pub(super) fn size_difference<T: Layout>(part: &str, found: u32) -> Option<String> {
    differing_size(part, found, T::SHAPE.name(), size_of::<T>())
}

fn differing_size(part: &str, found: u32, name: &str, expected: usize) -> Option<String> {
    let same = usize::try_from(found).is_ok_and(|found| found == expected);
    (!same).then(|| format!("{part}: {found} bytes, expected {expected} ({name})"))
}
