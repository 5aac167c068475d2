//! A live map that has been compared with the spec.

use std::{fmt, format, io, marker::PhantomData, path::Path, string::String, vec::Vec};

use libbpf_rs::{MapCore, MapHandle, MapImpl};

use super::{
    error::{Error, Mismatch},
    types::{LiveMap, sentences},
};
use crate::{
    kind::Kind,
    layout::Layout,
    map::Map,
    skew::{Comparison, Difference},
};

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
    /// it was built. For a map that others made, see [`attach`](Self::attach).
    ///
    /// # Errors
    /// If its type, or the size of its key or value, is not what the spec says, or if no more files can be opened.
    pub fn new(map: impl IntoHandle) -> Result<Self, Error> {
        let map = handle(map, M::NAME)?;
        compare::<M>(&map)?;
        Ok(Self::of(map, Checked::SizesOnly))
    }

    /// A map that others may have made, such as one that libbpf found pinned by its name: compared field by field.
    ///
    /// # Errors
    /// If its type, flags, or any field of its key or value is not what the spec says, with every difference; if the
    /// kernel does not tell its types (that asks for `CAP_SYS_ADMIN`); or if no more files can be opened.
    pub fn attach(map: impl IntoHandle) -> Result<Self, Error> {
        Self::compared(handle(map, M::NAME)?)
    }

    /// The map that is pinned at a path, compared field by field. A map of an older or newer layout is refused, with every
    /// field that differs; [`SkewedMap`](super::SkewedMap) reads it.
    ///
    /// # Errors
    /// If there is none, or as for [`attach`](Self::attach).
    pub fn open_pinned(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::compared(open_pinned::<M>(path.as_ref())?)
    }

    /// The map that has this number in the kernel, compared field by field.
    ///
    /// # Errors
    /// If there is none, or as for [`attach`](Self::attach).
    pub fn open_id(id: u32) -> Result<Self, Error> {
        Self::compared(open_id::<M>(id)?)
    }

    fn compared(map: MapHandle) -> Result<Self, Error> {
        let checked = compare_fields::<M>(&map)?;
        Ok(Self::of(map, checked))
    }

    fn of(handle: MapHandle, checked: Checked) -> Self {
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

/// Opens a pinned map, whatever it is.
pub(super) fn open_pinned<M: Map>(path: &Path) -> Result<MapHandle, Error> {
    let failed = |source| Error::Open { map: M::NAME, path: path.into(), source };
    if path.as_os_str().as_encoded_bytes().contains(&0) {
        let reason = io::Error::new(io::ErrorKind::InvalidInput, "the path has a NUL in it");
        return Err(failed(reason.into()));
    }
    MapHandle::from_pinned_path(path).map_err(failed)
}

/// Opens a map by its number, whatever it is.
pub(super) fn open_id<M: Map>(id: u32) -> Result<MapHandle, Error> {
    MapHandle::from_map_id(id).map_err(|source| Error::Libbpf { map: M::NAME, operation: "open it by its id", source })
}

/// Flags that say who may use the map from where, and how it was made, not what it is (`bpf_map_flags_retain_permanent`
/// of Linux leaves them out as well): `BPF_F_RDONLY`, `BPF_F_WRONLY`, `BPF_F_TOKEN_FD`.
const PASSING_FLAGS: u32 = 1 << 3 | 1 << 4 | 1 << 16;

/// Compares all of a live map with the spec, and reports every difference at once.
fn compare_fields<M: Map>(map: &dyn MapCore) -> Result<Checked, Error> {
    let mut differences = type_difference::<M>(map);
    if !differences.is_empty() {
        return Err(Mismatch { map: M::NAME, differences, layout: Vec::new() }.into());
    }
    let live = LiveMap::of::<M>(map)?;
    let (found, expected) = (live.flags & !PASSING_FLAGS, M::FLAGS & !PASSING_FLAGS);
    if found != expected {
        differences.push(format!("flags: {found:#x} in the live map, {expected:#x} here (map-flags)"));
    }
    let (parts, mut layout) = (live.compare::<M>()?, Vec::new());
    differences.extend(part_differences::<M::Key>("key", map.key_size(), parts.key.as_ref(), &mut layout));
    differences.extend(part_differences::<M::Value>("value", map.value_size(), parts.value.as_ref(), &mut layout));
    if !differences.is_empty() {
        return Err(Mismatch { map: M::NAME, differences, layout }.into());
    }
    Ok(parts.checked::<M>())
}

/// Differences of a key or value: of its fields where its types are known, else of its size.
fn part_differences<T: Layout>(
    part: &str,
    size: u32,
    comparison: Option<&Comparison>,
    layout: &mut Vec<Difference>,
) -> Vec<String> {
    let Some(comparison) = comparison.filter(|comparison| !comparison.differences.is_empty()) else {
        return size_difference::<T>(part, size).into_iter().collect();
    };
    layout.extend(comparison.differences.iter().cloned());
    sentences(part, comparison)
}

/// Compares a live map with the spec, and reports every difference at once.
pub(super) fn compare<M: Map>(map: &dyn MapCore) -> Result<(), Mismatch> {
    let mut differences = type_difference::<M>(map);
    if differences.is_empty() {
        differences.extend(size_difference::<M::Key>("key", map.key_size()));
        differences.extend(size_difference::<M::Value>("value", map.value_size()));
    }
    if differences.is_empty() { Ok(()) } else { Err(Mismatch { map: M::NAME, differences, layout: Vec::new() }) }
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
