//! Types by name and kind.

use std::cmp::Ordering;

use crate::{
    btf::{Btf, TypeId},
    kind::Kind,
};

/// The ids of all named types, sorted by name, kind and id: four bytes a type, and found in a few steps.
#[derive(Debug)]
pub(crate) struct Index {
    sorted: Vec<TypeId>,
}

impl Index {
    pub(crate) fn new(btf: &Btf<'_>) -> Self {
        let mut keys: Vec<(&str, Kind, TypeId)> =
            btf.types().filter(|ty| !ty.name().is_empty()).map(|ty| (ty.name(), ty.kind(), ty.id())).collect();
        keys.sort_unstable();
        Index { sorted: keys.into_iter().map(|(_, _, id)| id).collect() }
    }

    pub(crate) fn find<'b>(&'b self, btf: &'b Btf<'_>, kind: Kind, name: &str) -> impl Iterator<Item = TypeId> + 'b {
        let order = |id: &TypeId| btf.get(*id).map_or(Ordering::Less, |ty| (ty.name(), ty.kind()).cmp(&(name, kind)));
        let start = self.sorted.partition_point(|id| order(id) == Ordering::Less);
        let len = self.sorted[start..].partition_point(|id| order(id) == Ordering::Equal);
        self.sorted[start..start + len].iter().copied()
    }
}
