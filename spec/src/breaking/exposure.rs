//! Where the bytes of a type go: into keys and values of maps, into buffers, into maps that outlive an upgrade.

use std::collections::{HashMap, HashSet};

use crate::{
    layout::Layouts,
    model::{Map, RecordKind, Type, TypeDef, TypeId},
    word::Word,
};

/// Where the bytes of a type go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Exposure {
    /// Into keys of maps, where bytes are identity.
    pub(super) key: bool,
    /// Into values of maps.
    pub(super) value: bool,
    /// Into keys or values of a map that is pinned by name in both versions.
    pub(super) pinned: bool,
    /// Into a ring buffer, or a buffer that the spec does not name.
    pub(super) ring: bool,
    /// Into a perf buffer.
    pub(super) perf: bool,
}

impl Exposure {
    pub(super) fn in_map(&self) -> bool {
        self.key || self.value
    }

    pub(super) fn in_buffer(&self) -> bool {
        self.ring || self.perf
    }

    /// Without the maps, for what only matters where records travel.
    pub(super) fn in_buffers_only(self) -> Exposure {
        Exposure { key: false, value: false, pinned: false, ..self }
    }

    fn add(&mut self, other: Exposure) {
        self.key |= other.key;
        self.value |= other.value;
        self.pinned |= other.pinned;
        self.ring |= other.ring;
        self.perf |= other.perf;
    }
}

/// Where the types of both versions go, by their names.
pub(super) struct Exposures(HashMap<Word, Exposure>);

impl Exposures {
    pub(super) fn new(old: &Layouts, new: &Layouts, surviving: &Surviving) -> Self {
        let mut all = Exposures(HashMap::new());
        all.add_spec(old, surviving);
        all.add_spec(new, surviving);
        all
    }

    pub(super) fn of(&self, name: &str) -> Exposure {
        self.0.get(name).copied().unwrap_or_default()
    }

    fn add_spec(&mut self, layouts: &Layouts, surviving: &Surviving) {
        let model = &layouts.model;
        let mut found = vec![Exposure::default(); model.types.len()];
        for map in &model.maps {
            let pinned = surviving.has(map);
            mark(&mut found, map.key.as_ref(), Exposure { key: true, pinned, ..Exposure::default() });
            mark(&mut found, map.value.as_ref(), Exposure { value: true, pinned, ..Exposure::default() });
            let perf = map.kind.name == "perf_event_array";
            for event in &map.events {
                found[event.0 as usize].add(Exposure { perf, ring: !perf, ..Exposure::default() });
            }
        }
        // Definitions precede their users, so what a user is exposed to has arrived before it is handed on.
        for (index, def) in model.types.iter().enumerate().rev() {
            let TypeDef::Record(record) = def else { continue };
            if matches!(record.kind, RecordKind::Event { .. }) && !found[index].in_buffer() {
                found[index].ring = true;
            }
            let exposure = found[index];
            for field in record.fields.iter().filter(|field| !field.omitted) {
                mark(&mut found, Some(&field.ty), exposure);
            }
        }
        for (def, exposure) in model.types.iter().zip(found) {
            self.0.entry(def.name().spec.clone()).or_default().add(exposure);
        }
    }
}

/// Adds to the definition that a type is made of.
fn mark(found: &mut [Exposure], ty: Option<&Type>, exposure: Exposure) {
    if let Some(TypeId(id)) = ty.and_then(definition) {
        found[id as usize].add(exposure);
    }
}

/// The definition that a type is made of, if it is one, or an array of one.
pub(super) fn definition(ty: &Type) -> Option<TypeId> {
    match ty {
        Type::Def(id) => Some(*id),
        Type::Array(element, _) => definition(element),
        Type::Scalar(_) | Type::Str(_) | Type::Bytes(_) | Type::Variable(_) | Type::Kernel(_) | Type::Kptr(..) => None,
    }
}

/// The maps that outlive an upgrade: those pinned by name in both versions, and what these hold.
pub(super) struct Surviving {
    pinned: HashSet<Word>,
    inner: HashSet<Word>,
}

impl Surviving {
    pub(super) fn new(old: &Layouts, new: &Layouts) -> Self {
        let pinned = |layouts: &Layouts| -> HashSet<Word> {
            layouts.model.maps.iter().filter(|map| map.pinned_by_name).map(|map| map.name.spec.clone()).collect()
        };
        let pinned: HashSet<Word> = pinned(old).intersection(&pinned(new)).cloned().collect();
        let mut inner = HashSet::new();
        for layouts in [old, new] {
            let outer = layouts.model.maps.iter().filter(|map| pinned.contains(&map.name.spec));
            inner.extend(outer.filter_map(|map| map.inner).map(|id| layouts.model.map(id).name.spec.clone()));
        }
        Surviving { pinned, inner }
    }

    /// Whether entries of the map outlive the upgrade.
    pub(super) fn has(&self, map: &Map) -> bool {
        self.is_pinned(&map.name.spec) || self.is_inner(&map.name.spec)
    }

    /// Whether libbpf would use the pinned map again.
    pub(super) fn is_pinned(&self, map: &str) -> bool {
        self.pinned.contains(map)
    }

    /// Whether a map that survives holds maps like this one.
    pub(super) fn is_inner(&self, map: &str) -> bool {
        self.inner.contains(map)
    }
}
