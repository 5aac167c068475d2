//! What all maps of a spec cost.

use std::fmt;

use bpf_layout_spec::{
    layout::{Layouts, Room},
    model::{Map, MapId, Model, Record, TypeDef, TypeId},
};

use crate::{
    bill::{Part, Use},
    cost::Cost,
    machine::Machine,
    map::{MapShape, MapType},
    sizes::MissingStruct,
};

/// What all maps of a spec cost on one machine.
#[derive(Clone, Debug)]
pub struct Report {
    /// The machine.
    pub machine: Machine,
    /// In the order of the model.
    pub maps: Vec<MapReport>,
    /// Where programs build events with fields of variable length, in the order of the model: maps that the spec does not
    /// list, and that no such event can be sent without.
    pub rooms: Vec<RoomReport>,
}

/// What the rooms of one event cost, a per-CPU array that `DEFINE_X_SCRATCH` defines.
#[derive(Clone, Debug)]
pub struct RoomReport {
    /// The event.
    pub event: TypeId,
    /// As the kernel is asked for it: `entries` rooms on each CPU, of `value` bytes.
    pub shape: MapShape,
    /// What they cost.
    pub cost: Cost,
}

impl RoomReport {
    /// What the map is called in the object.
    #[must_use]
    pub fn name(&self, model: &Model) -> String {
        match model.ty(self.event) {
            TypeDef::Record(record) => record.scratch_map(),
            other => other.name().c.to_string(),
        }
    }

    fn new(event: TypeId, record: &Record, room: &Room, machine: &Machine) -> Result<Self, ReportError> {
        let shape = MapShape { entries: room.count.into(), ..MapShape::new(MapType::PercpuArray, 4, room.size) };
        let cost = Cost::of(&shape, machine).map_err(|missing| ReportError {
            map: record.scratch_map(),
            ty: shape.ty.name(),
            missing: Some(missing),
            kernel: machine.kernel.name.clone(),
        })?;
        Ok(RoomReport { event, shape, cost })
    }
}

/// What one map of a spec costs.
#[derive(Clone, Debug)]
pub struct MapReport {
    /// The map.
    pub id: MapId,
    /// As the kernel is asked for it.
    pub shape: MapShape,
    /// `max_entries` as the kernel then has it.
    pub entries: u64,
    /// What it costs. For a map of maps, `real_full` has a map in every slot.
    pub cost: Cost,
    /// The most entries that were seen in use, if somebody has looked; see [`Report::measured`].
    pub peak: Option<u64>,
}

/// Sums over maps, in bytes; see [`Cost`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "as in Cost")]
pub struct Totals {
    pub memlock: u64,
    pub memlock_full: u64,
    pub real: u64,
    pub real_full: u64,
}

impl Totals {
    /// The sums with those of another map.
    #[must_use]
    pub fn and(self, cost: &Cost) -> Totals {
        Totals {
            memlock: self.memlock.saturating_add(cost.memlock),
            memlock_full: self.memlock_full.saturating_add(cost.memlock_full),
            real: self.real.saturating_add(cost.real),
            real_full: self.real_full.saturating_add(cost.real_full),
        }
    }
}

/// A map cannot be reckoned for a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportError {
    /// Its name in the spec.
    pub map: String,
    /// Its type.
    pub ty: &'static str,
    /// What the kernel lacks.
    pub missing: Option<MissingStruct>,
    /// The kernel.
    pub kernel: String,
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the kernel {} has no maps of type `{}`, which `{}` is", self.kernel, self.ty, self.map)?;
        self.missing.map_or(Ok(()), |missing| write!(f, ": {missing}"))
    }
}

impl std::error::Error for ReportError {}

impl Report {
    /// Reckons all maps of a spec.
    ///
    /// # Errors
    /// If the kernel lacks the type of one.
    pub fn new(layouts: &Layouts, machine: &Machine) -> Result<Report, ReportError> {
        let mut maps: Vec<MapReport> = Vec::with_capacity(layouts.model.maps.len());
        for (id, map) in (0..).map(MapId).zip(&layouts.model.maps) {
            let error = |missing| ReportError {
                map: map.name.spec.to_string(),
                ty: map.kind.name,
                missing,
                kernel: machine.kernel.name.clone(),
            };
            let shape = shape_of(layouts, map, machine).filter(|shape| machine.kernel.has_type(shape.ty));
            let shape = shape.ok_or_else(|| error(None))?;
            let mut cost = Cost::of(&shape, machine).map_err(|missing| error(Some(missing)))?;
            // Inner maps come before those that hold them.
            if let Some(inner) = map.inner.and_then(|inner| maps.get(inner.0 as usize)) {
                add_inner(&mut cost, shape.entries.saturating_mul(inner.cost.real_full));
            }
            maps.push(MapReport { id, shape, entries: shape.kernel_entries(machine.cpus), cost, peak: None });
        }
        let rooms = layouts.model.records().filter_map(|(id, record)| Some((id, record, layouts.room(id)?)));
        let rooms =
            rooms.map(|(id, record, room)| RoomReport::new(id, record, &room, machine)).collect::<Result<_, _>>()?;
        Ok(Report { machine: machine.clone(), maps, rooms })
    }

    /// Notes how many entries of each map were seen in use at most, by its name in the spec. Advice relies on that where it
    /// would otherwise have to assume something.
    #[must_use]
    pub fn measured(mut self, model: &Model, peak: impl Fn(&str) -> Option<u64>) -> Report {
        for map in &mut self.maps {
            map.peak = peak(&model.map(map.id).name.spec);
        }
        self
    }

    /// What all maps and rooms cost together. An inner map counts once by itself, and in `real_full` of the map that holds it.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.rooms.iter().fold(sum(&self.maps), |totals, room| totals.and(&room.cost))
    }

    /// What some of the maps cost together, as [`Report::totals`] does of all.
    #[must_use]
    pub fn totals_of(&self, maps: &[MapId]) -> Totals {
        sum(maps.iter().filter_map(|id| self.maps.get(id.0 as usize)))
    }

    /// Whether every figure of `memlock` is to the byte.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.maps.iter().all(|map| map.cost.exact) && self.machine.kernel.is_exact()
    }
}

fn sum<'a>(maps: impl IntoIterator<Item = &'a MapReport>) -> Totals {
    maps.into_iter().fold(Totals::default(), |totals, map| totals.and(&map.cost))
}

/// Puts the maps in the slots of a map of maps onto its bill.
fn add_inner(cost: &mut Cost, bytes: u64) {
    cost.real_full = cost.real_full.saturating_add(bytes);
    cost.parts.push(Part { of: Use::Inner, bytes });
    cost.parts.sort_by_key(|part| (std::cmp::Reverse(part.bytes), part.of));
}

/// A map of a spec as libbpf creates it; `None` if its type has no model, which every type of the language has.
#[must_use]
pub fn shape_of(layouts: &Layouts, map: &Map, machine: &Machine) -> Option<MapShape> {
    let size = |ty: &Option<_>| ty.as_ref().map(|ty| layouts.size_align(ty).0);
    let ty = MapType::from_name(map.kind.name)?;
    // Maps of maps hold file descriptors, as userspace sees them.
    let value = size(&map.value).unwrap_or(if map.kind.map_in_map { 4 } else { 0 });
    let entries = entries_of(ty, map.max_entries.as_ref().map(|count| count.value), machine);
    let flags = map.flags.iter().fold(0, |flags, flag| flags | flag.bit);
    let map_extra = map.map_extra.unwrap_or(0);
    Some(MapShape { entries, flags, map_extra, ..MapShape::new(ty, size(&map.key).unwrap_or(0), value) })
}

/// `max_entries` as libbpf asks the kernel for it, where a definition says so much or nothing.
#[must_use]
pub fn entries_of(ty: MapType, max_entries: Option<u64>, machine: &Machine) -> u64 {
    match (max_entries, ty) {
        // `adjust_ringbuf_sz` (`tools/lib/bpf/libbpf.c`): the next power of two that is a multiple of the page size.
        (Some(bytes), MapType::Ringbuf | MapType::UserRingbuf) => {
            crate::bytes::power_of_two(bytes).max(machine.page_size)
        }
        // `map_set_def_max_entries` (`tools/lib/bpf/libbpf.c`).
        (None | Some(0), MapType::PerfEventArray) => machine.cpus,
        (Some(count), _) => count,
        (None, _) => 0,
    }
}
