//! Maps that others made, compared field by field by the types that the kernel keeps of them.

use std::{format, io, path::Path, string::String, vec::Vec};

use libbpf_rs::{MapCore, MapHandle};

use super::{
    error::{Error, Mismatch},
    handle::{Checked, IntoHandle, TypedMap, handle, size_difference, type_difference},
    types::{LiveMap, sentences},
};
use crate::{
    layout::Layout,
    map::Map,
    skew::{Comparison, Difference},
};

impl<M: Map> TypedMap<M> {
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
        return Err(Mismatch::new(M::NAME, differences).into());
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
