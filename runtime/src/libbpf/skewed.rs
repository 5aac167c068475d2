//! Live maps of an older or newer layout.

use std::{borrow::Cow, fmt, path::Path, vec::Vec};

use libbpf_rs::{MapCore, MapFlags, MapHandle, libbpf_sys};

use super::{
    attach::{open_id, open_pinned},
    batch::read_batches,
    error::{Error, Mismatch},
    handle::{Checked, IntoHandle, handle, size_difference, type_difference},
    types::LiveMap,
};
use crate::{
    kind::{Batch, Delete, Keyed, PerCpu, Walk},
    layout::Layout,
    map::Map,
    skew::{Comparison, Difference, Plan, Skewed},
};

/// A live map whose keys and values may have another layout than those of the map `M` of the spec: older or newer.
///
/// How they are read is worked out once, by the types that the kernel keeps of the map; see [`skew`](crate::skew). Where
/// they are the same, nothing is converted. What would lose something is not written, but refused.
///
/// Another `max_entries` and other flags are fine; another type of map is not.
pub struct SkewedMap<M: Map> {
    handle: MapHandle,
    key: Plan<M::Key>,
    value: Plan<M::Value>,
    checked: Checked,
}

/// A key of a [`SkewedMap`] with its value.
pub type SkewedEntry<'p, M> = (Skewed<'p, <M as Map>::Key>, Skewed<'p, <M as Map>::Value>);

impl<M: Map> SkewedMap<M> {
    /// A map that others may have made.
    ///
    /// # Errors
    /// If it is of another type, or its keys or values cannot be read as those of the spec, with the reasons; if it was
    /// made without types and has keys or values of another size; if the kernel does not tell its types (that asks for
    /// `CAP_SYS_ADMIN`); or if no more files can be opened.
    pub fn attach(map: impl IntoHandle) -> Result<Self, Error> {
        Self::of(handle(map, M::NAME)?)
    }

    /// The map that is pinned at a path.
    ///
    /// # Errors
    /// If there is none, or as for [`attach`](Self::attach).
    pub fn open_pinned(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::of(open_pinned::<M>(path.as_ref())?)
    }

    /// The map that has this number in the kernel.
    ///
    /// # Errors
    /// If there is none, or as for [`attach`](Self::attach).
    pub fn open_id(id: u32) -> Result<Self, Error> {
        Self::of(open_id::<M>(id)?)
    }

    fn of(handle: MapHandle) -> Result<Self, Error> {
        let map = &handle;
        let mut differences = type_difference::<M>(map);
        if !differences.is_empty() {
            return Err(Mismatch::new(M::NAME, differences).into());
        }
        let parts = LiveMap::of::<M>(map)?.compare::<M>()?;
        // Without types, only what is as large can be the same.
        if parts.key.is_none() {
            differences.extend(size_difference::<M::Key>("key", map.key_size()));
        }
        if parts.value.is_none() {
            differences.extend(size_difference::<M::Value>("value", map.value_size()));
        }
        if !differences.is_empty() {
            return Err(Mismatch::new(M::NAME, differences).into());
        }
        let checked = parts.checked::<M>();
        let (key, value) = (plan::<M, _>(parts.key)?, plan::<M, _>(parts.value)?);
        Ok(SkewedMap { handle, key, value, checked })
    }

    /// Whether keys and values have the layout of the spec.
    #[must_use]
    pub fn is_identical(&self) -> bool {
        self.key.is_identical() && self.value.is_identical()
    }

    /// Everything that is otherwise in the live map's keys and values.
    pub fn differences(&self) -> impl Iterator<Item = &Difference> {
        self.key.differences().iter().chain(self.value.differences())
    }

    /// How keys are read.
    #[must_use]
    pub fn key_plan(&self) -> &Plan<M::Key> {
        &self.key
    }

    /// How values are read.
    #[must_use]
    pub fn value_plan(&self) -> &Plan<M::Value> {
        &self.value
    }

    /// How it was compared with the spec.
    #[must_use]
    pub fn checked(&self) -> Checked {
        self.checked
    }

    /// Entries that the live map has room for.
    #[must_use]
    pub fn max_entries(&self) -> u32 {
        self.as_libbpf().max_entries()
    }

    /// The map itself, for what this type does not offer.
    #[must_use]
    pub fn as_libbpf(&self) -> &dyn MapCore {
        &self.handle
    }

    fn error(operation: &'static str) -> impl FnOnce(libbpf_rs::Error) -> Error {
        move |source| Error::Libbpf { map: M::NAME, operation, source }
    }
}

impl<M: Map<Kind: Keyed>> SkewedMap<M> {
    /// The value of a key, if there is one.
    ///
    /// # Errors
    /// If the live map cannot have such a key, or the kernel refuses.
    pub fn lookup(&self, key: &M::Key) -> Result<Option<Skewed<'_, M::Value>>, Error> {
        self.lookup_bytes(&written::<M, _>(&self.key, key)?)
    }

    fn lookup_bytes(&self, key: &[u8]) -> Result<Option<Skewed<'_, M::Value>>, Error> {
        let lookup = |value: &mut [u8]| self.as_libbpf().lookup_into(key, value, MapFlags::ANY);
        self.value.fill(lookup).map_err(Self::error("look up a key"))
    }

    /// Sets the value of a key, whether it had one or not.
    ///
    /// # Errors
    /// If anything of key or value would be lost, or the kernel refuses.
    pub fn update(&self, key: &M::Key, value: &M::Value) -> Result<(), Error> {
        let (key, value) = (written::<M, _>(&self.key, key)?, written::<M, _>(&self.value, value)?);
        self.as_libbpf().update(&key, &value, MapFlags::ANY).map_err(Self::error("update a key"))
    }
}

impl<M: Map<Kind: Delete>> SkewedMap<M> {
    /// Removes a key and its value. Whether there was one.
    ///
    /// # Errors
    /// If the live map cannot have such a key, or the kernel refuses.
    pub fn delete(&self, key: &M::Key) -> Result<bool, Error> {
        match self.as_libbpf().delete(&written::<M, _>(&self.key, key)?) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == libbpf_rs::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Self::error("delete a key")(error)),
        }
    }
}

impl<M: Map<Kind: Walk>> SkewedMap<M> {
    /// All keys. The walk has the weaknesses of [`TypedMap::keys`](super::TypedMap::keys).
    pub fn keys(&self) -> impl Iterator<Item = Skewed<'_, M::Key>> {
        self.raw_keys().map(|key| self.key.value(&key))
    }

    fn raw_keys(&self) -> impl Iterator<Item = Vec<u8>> {
        let most = usize::try_from(self.max_entries()).unwrap_or(usize::MAX).saturating_mul(2);
        self.as_libbpf().keys().take(most)
    }
}

impl<M: Map<Kind: Walk + Keyed>> SkewedMap<M> {
    /// All keys with their values, one by one; keys that others remove meanwhile are left out. See [`keys`](Self::keys).
    pub fn iter(&self) -> impl Iterator<Item = Result<SkewedEntry<'_, M>, Error>> {
        self.raw_keys().filter_map(|key| {
            let value = self.lookup_bytes(&key).transpose()?;
            Some(value.map(|value| (self.key.value(&key), value)))
        })
    }
}

impl<M: Map<Kind: Batch>> SkewedMap<M> {
    /// All keys with their values, in batches, as [`TypedMap::entries`](super::TypedMap::entries).
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn entries(&self) -> Result<Vec<SkewedEntry<'_, M>>, Error> {
        let mut entries = Vec::new();
        let lookup = libbpf_sys::bpf_map_lookup_batch;
        read_batches::<M>(self.as_libbpf(), "read all entries", lookup, |key, value| {
            entries.push((self.key.value(key), self.value.value(value)));
        })?;
        Ok(entries)
    }
}

impl<M: Map<Kind: PerCpu>> SkewedMap<M> {
    /// The values of a key, one per possible CPU, if it has any.
    ///
    /// # Errors
    /// If the live map cannot have such a key, or the kernel refuses.
    pub fn lookup_percpu(&self, key: &M::Key) -> Result<Option<Vec<Skewed<'_, M::Value>>>, Error> {
        let found = self.as_libbpf().lookup_percpu(&written::<M, _>(&self.key, key)?, MapFlags::ANY);
        let found = found.map_err(Self::error("look up a key"))?;
        Ok(found.map(|values| values.iter().map(|value| self.value.value(value)).collect()))
    }
}

impl<M: Map> fmt::Debug for SkewedMap<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("SkewedMap");
        shown.field("map", &M::NAME).field("handle", &self.handle).field("checked", &self.checked);
        shown.field("differences", &self.differences().collect::<Vec<_>>()).finish()
    }
}

fn plan<M: Map, T: Layout>(comparison: Option<Comparison>) -> Result<Plan<T>, Error> {
    let plan = comparison.map_or_else(|| Ok(Plan::same()), Plan::of_comparison);
    plan.map_err(|source| Error::Layout { map: M::NAME, source })
}

/// A key or value as the live map has it.
fn written<'v, M: Map, T: Layout>(plan: &Plan<T>, value: &'v T) -> Result<Cow<'v, [u8]>, Error> {
    if plan.is_identical() {
        return Ok(Cow::Borrowed(value.as_bytes()));
    }
    plan.write(value).map(Cow::Owned).map_err(|source| Error::Write { map: M::NAME, source })
}
