//! Maps that a kernel holds, against the spec: what loading adds to a map is taken away again, and the rest compared as
//! what is built.

use bpf_layout_btf::{Btf, MapDef, TypeId};
use bpf_layout_spec::{
    compare::{
        Observed, ObservedEnum, ObservedMap, ObservedPart, ObservedRecord, ObservedType, Thing, ThingKind, compare,
    },
    kernel::Entries,
    layout::Layouts,
    model::{Map, MapId, Type},
};

use crate::{
    observe::Reader,
    outcome::{Outcome, gather},
};

/// How the kernel is called in messages.
const WITNESS: &str = "the running kernel";

const NO_TYPES: &str = "no BTF that is loaded has its types, so that only sizes could be compared";
const NO_INNER: &str = "no BTF that is loaded says what maps it holds";
const NO_EVENT: &str = "no program that uses its map has it in its BTF";

// `include/uapi/linux/bpf.h`
const NO_COMMON_LRU: u32 = 1 << 1;
const RDONLY_PROG: u32 = 1 << 7;
const DEVMAP: u32 = 14;
const DEVMAP_HASH: u32 = 25;
const PERF_EVENT_ARRAY: u32 = 4;

/// What the kernel says of one map: a part of `struct bpf_map_info`, under the same names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedMap {
    /// Which map of the spec it is.
    pub map: MapId,
    /// A number of `enum bpf_map_type`.
    pub kind: u32,
    /// Bytes.
    pub key_size: u32,
    /// Bytes.
    pub value_size: u32,
    /// Elements, bytes or pages.
    pub max_entries: u32,
    /// Bits of `BPF_F_*`.
    pub map_flags: u32,
    /// `None` if the kernel is too old to say.
    pub map_extra: Option<u64>,
    /// Type of its keys in the BTF, or `void`.
    pub key: TypeId,
    /// Type of its values in the BTF, or `void`.
    pub value: TypeId,
    /// Which map it is, to people: `map id 12`.
    pub place: String,
}

/// What was loaded with one BTF.
#[derive(Debug, Default)]
pub struct LoadedObject<'a> {
    /// Its types; none if the maps have none.
    pub btf: Option<&'a Btf<'a>>,
    /// Which BTF it is, to people: `BTF id 7`.
    pub place: String,
    /// Its maps.
    pub maps: Vec<LoadedMap>,
}

/// The machine, as far as it changes what maps become.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// Possible CPUs.
    pub cpus: u32,
    /// Bytes of a page.
    pub page_size: u32,
}

/// A map with another number of entries than it was built with, which is the loader's to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resized {
    /// The map of the spec.
    pub map: MapId,
    /// What the `max_entries` of the spec would have become on this machine.
    pub expected: u64,
    /// `max_entries` of the loaded map.
    pub found: u64,
    /// As [`LoadedMap::place`].
    pub place: String,
}

/// What a check of loaded maps came to.
#[derive(Clone, Debug, Default)]
pub struct LoadedOutcome {
    /// Differences and the rest; what is "not in the object" is not loaded.
    pub outcome: Outcome,
    /// Maps that were resized at load.
    pub resized: Vec<Resized>,
}

/// Checks what is loaded. Two agents that are loaded at a time may well have different structs of one name: each is compared
/// with the spec, and not with the other.
#[must_use]
pub fn check_loaded<'a>(layouts: &'a Layouts, objects: &[LoadedObject<'a>], host: Host) -> LoadedOutcome {
    let mut resized = Vec::new();
    let observed: Vec<_> = objects.iter().map(|object| observe(layouts, object, host, &mut resized)).collect();
    let reports = observed.iter().map(|observed| compare(layouts, observed)).collect();
    let mut outcome = gather(layouts, &observed, reports);
    outcome.unknown.extend(unseen_events(layouts, objects, &outcome.not_in_object));
    LoadedOutcome { outcome, resized }
}

/// Events of loaded maps that no BTF describes.
fn unseen_events(
    layouts: &Layouts,
    objects: &[LoadedObject<'_>],
    absent: &[Thing],
) -> Vec<(String, Thing, &'static str)> {
    let maps = objects.iter().flat_map(|object| &object.maps).map(|loaded| layouts.model.map(loaded.map));
    let events: Vec<&str> =
        maps.flat_map(|map| &map.events).map(|event| layouts.model.ty(*event).name().spec.as_str()).collect();
    let is_event = |thing: &&Thing| thing.kind == ThingKind::Type && events.contains(&thing.name.as_str());
    absent.iter().filter(is_event).map(|thing| (WITNESS.to_owned(), thing.clone(), NO_EVENT)).collect()
}

fn observe<'a>(
    layouts: &'a Layouts,
    object: &LoadedObject<'a>,
    host: Host,
    resized: &mut Vec<Resized>,
) -> Observed<'a> {
    // What is loaded by others than libbpf may have sections of its own.
    let definitions = object.btf.and_then(|btf| btf.maps().ok()).unwrap_or_default();
    let mut reader = object.btf.map(Reader::new);
    if let Some(reader) = &mut reader {
        reader.spec(layouts);
    }
    let mut maps = Vec::new();
    for found in &object.maps {
        let map = layouts.model.map(found.map);
        let definition = definitions.iter().find(|definition| definition.name == map.name.c);
        let mut adapter = Adapter { map, found, definition, host, btf: object.btf, reader: reader.as_mut() };
        resized.extend(adapter.resized());
        maps.push(adapter.map());
    }
    let Some(reader) = reader else { return Observed { witness: WITNESS.into(), maps, ..Observed::default() } };
    let mut observed = reader.finish(WITNESS, maps);
    for ty in &mut observed.types {
        let (ObservedType::Record(ObservedRecord { place, .. }) | ObservedType::Enum(ObservedEnum { place, .. })) = ty;
        *place = format!("{}: {place}", object.place);
    }
    observed
}

/// One map on its way to what the comparer understands.
struct Adapter<'r, 'b, 'a> {
    map: &'a Map,
    found: &'r LoadedMap,
    definition: Option<&'r MapDef<'a>>,
    host: Host,
    btf: Option<&'b Btf<'a>>,
    reader: Option<&'r mut Reader<'b, 'a>>,
}

impl<'a> Adapter<'_, '_, 'a> {
    fn map(&mut self) -> ObservedMap<'a> {
        let (key, value) = (self.key(), self.value());
        let untyped = is_open(self.map.key.as_ref(), key.as_ref()) || is_open(self.map.value.as_ref(), value.as_ref());
        let inner = self.inner();
        // The kernel does not say what maps a map holds, but whether it does.
        let inner_unknown = self.map.inner.is_some() && inner.is_none() && self.found.kind == self.map.kind.id;
        ObservedMap {
            name: &self.map.name.c,
            kind: Some(self.found.kind.into()),
            key,
            value,
            max_entries: self.entries(),
            flags: Some(self.flags().into()),
            // The kernel does not tell.
            numa_node: self.map.numa_node.map(u64::from),
            // A map may have been pinned by libbpf or by anybody, and unpinned since.
            pinned_by_name: None,
            map_extra: self.found.map_extra,
            map_extra_unknown: self.found.map_extra.is_none(),
            inner,
            inner_unknown,
            unknown: untyped.then_some(NO_TYPES).or(inner_unknown.then_some(NO_INNER)),
            place: self.found.place.clone(),
        }
    }

    fn key(&mut self) -> Option<ObservedPart> {
        let defined = self.definition.and_then(|definition| definition.key);
        self.part(self.found.key, defined, self.found.key_size)
    }

    /// The values of a map of maps are the maps, which the kernel knows by a number of its own; no spec gives them a type.
    fn value(&mut self) -> Option<ObservedPart> {
        let defined = self.definition.and_then(|definition| definition.value);
        self.part(self.found.value, defined, self.found.value_size)
    }

    /// A key or value. libbpf gives no types to the kernel for maps whose type takes none (`bpf_object__create_map`), such
    /// as queues; the definition of the map has them all the same.
    fn part(&mut self, loaded: TypeId, defined: Option<TypeId>, size: u32) -> Option<ObservedPart> {
        let fits = |ty: &TypeId| self.btf.is_some_and(|btf| btf.size_of(*ty) == Ok(size.into()));
        let ty = if loaded == TypeId::VOID { defined.filter(fits) } else { Some(loaded) };
        match &mut self.reader {
            Some(reader) => reader.part(ty, Some(size)),
            None => Some(ObservedPart { size: Some(size.into()), shape: None }),
        }
    }

    fn inner(&mut self) -> Option<Box<ObservedMap<'a>>> {
        let inner = self.definition?.inner.as_ref()?;
        self.reader.as_mut().map(|reader| Box::new(reader.map(inner)))
    }

    /// The `max_entries` that the map was built with: the spec's, if that may have become what is loaded.
    fn entries(&self) -> Option<u64> {
        let found = u64::from(self.found.max_entries);
        let may_be = |entries: Option<u64>| self.adjusted(entries) == found;
        let spec = self.map.max_entries.as_ref().map(|count| count.value);
        let built = self.definition.map(|definition| definition.max_entries.map(u64::from));
        // Built with another number, and loaded so: the object is of another spec.
        built.filter(|built| !may_be(spec) && may_be(*built)).unwrap_or(spec)
    }

    fn resized(&self) -> Option<Resized> {
        let found = u64::from(self.found.max_entries);
        (self.adjusted(self.entries()) != found).then(|| Resized {
            map: self.found.map,
            expected: self.adjusted(self.map.max_entries.as_ref().map(|count| count.value)),
            found,
            place: self.found.place.clone(),
        })
    }

    /// What libbpf and the kernel make of a `max_entries`.
    fn adjusted(&self, entries: Option<u64>) -> u64 {
        let Host { cpus, page_size } = self.host;
        match (entries.unwrap_or(0), self.map.kind.entries) {
            (0, _) if self.map.kind.id == PERF_EVENT_ARRAY => cpus.into(),
            (entries, Entries::RingBytes) => ring_bytes(entries, page_size.into()),
            // `htab_map_alloc` of `kernel/bpf/hashtab.c` gives each CPU's list of such a map as many elements.
            (entries, _) if self.found.map_flags & NO_COMMON_LRU != 0 => {
                entries.next_multiple_of(u64::from(cpus.max(1)))
            }
            (entries, _) => entries,
        }
    }

    /// Without what the kernel adds: programs may only read the values of a devmap (`dev_map_init_map`).
    fn flags(&self) -> u32 {
        let added = if matches!(self.found.kind, DEVMAP | DEVMAP_HASH) { RDONLY_PROG } else { 0 };
        self.found.map_flags & !added
    }
}

/// Whether a key or value could be something else, though it has the right size.
fn is_open(ty: Option<&Type>, part: Option<&ObservedPart>) -> bool {
    let plain = |ty: &Type| matches!(ty, Type::Scalar(scalar) if scalar.info().c_array == 1);
    ty.is_some_and(|ty| !plain(ty)) && part.is_none_or(|part| part.shape.is_none())
}

/// `adjust_ringbuf_sz` of libbpf: the kernel takes powers of two of at least a page, whose size only the machine knows.
fn ring_bytes(bytes: u64, page_size: u64) -> u64 {
    if bytes == 0 || page_size == 0 { bytes } else { bytes.div_ceil(page_size).next_power_of_two() * page_size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_grow_to_what_the_kernel_takes() {
        assert_eq!(ring_bytes(4096, 4096), 4096);
        assert_eq!(ring_bytes(4096, 65_536), 65_536);
        assert_eq!(ring_bytes(3 * 65_536, 65_536), 4 * 65_536);
        assert_eq!(ring_bytes(0, 4096), 0);
    }
}
