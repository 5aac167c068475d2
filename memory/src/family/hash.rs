//! Hash maps: `hash`, `percpu_hash`, `lru_hash`, `lru_percpu_hash`, `hash_of_maps` (`kernel/bpf/hashtab.c`).

use super::Case;
use crate::{
    bill::{Bill, Use},
    bytes::{Bytes, power_of_two, round8},
    map::{MapType, NO_PREALLOC},
    sizes::{MissingStruct, Struct},
};

/// A pointer of the kernel: of a per-CPU value in its element, of the spare element of a CPU.
const POINTER: Bytes = Bytes(8);
/// `struct llist_node` and the pointer to the per-CPU memory, which `bpf_mem_alloc` keeps for a per-CPU value.
const PER_CPU_OBJECT: Bytes = Bytes(16);
/// `LLIST_NODE_SZ`, which `bpf_mem_alloc` puts before each of its objects (`kernel/bpf/memalloc.c`).
const LLIST_NODE: Bytes = Bytes(8);
/// `HASHTAB_MAP_LOCK_COUNT` counters of 4 bytes, for each CPU: `sizeof(int) * HASHTAB_MAP_LOCK_COUNT`.
const LOCKS: Bytes = Bytes(4 * 8);
/// Objects that `bpf_mem_alloc` fetches in advance for each CPU (`prefill_mem_cache`): 4 of up to 256 bytes, 1 of more.
const PREFILL: (u64, Bytes) = (4, Bytes(256));

/// How one of these maps keeps its elements.
struct Hash {
    /// Whether all elements exist from the beginning.
    prealloc: bool,
    per_cpu: bool,
    lru: bool,
    header: Bytes,
    key: Bytes,
    /// As it lies in the element: for a per-CPU map, a pointer.
    in_place: Bytes,
    /// For a per-CPU map, the value on one CPU.
    rounded_value: Bytes,
}

impl Hash {
    fn of(case: Case<'_>) -> Result<Hash, MissingStruct> {
        let per_cpu = case.map.ty.is_per_cpu();
        let rounded_value = round8(case.map.value);
        Ok(Hash {
            prealloc: !case.map.has(NO_PREALLOC),
            per_cpu,
            lru: matches!(case.map.ty, MapType::LruHash | MapType::LruPercpuHash),
            header: case.size_of(Struct::HtabElem)?,
            key: round8(case.map.key),
            in_place: if per_cpu { POINTER } else { rounded_value },
            rounded_value,
        })
    }

    /// `htab->elem_size`.
    fn element(&self) -> Bytes {
        self.header + self.key + self.in_place
    }

    /// Whether each CPU has a spare element, for updates in place (`htab_has_extra_elems`).
    fn has_extra_elements(&self) -> bool {
        self.prealloc && !self.per_cpu && !self.lru
    }

    /// Spare elements that were allocated, and that are counted: `hash_of_maps` has had none since 6.16.
    fn extra_elements(&self, case: Case<'_>) -> u64 {
        let none = case.map.ty == MapType::HashOfMaps && !case.machine.kernel.hash_of_maps_spares;
        if self.has_extra_elements() && !none { case.machine.cpus } else { 0 }
    }

    /// What one element consists of; `count` of them.
    fn parts(&self, case: Case<'_>, count: u64) -> Vec<(Use, Bytes)> {
        let (key, value) = (Bytes(case.map.key), Bytes(case.map.value));
        let mut parts = vec![(Use::Headers, self.header), (Use::Keys, key), (Use::Padding, self.key - key)];
        if self.per_cpu {
            parts.push((Use::Headers, POINTER));
        } else {
            parts.extend([(Use::Values, value), (Use::Padding, self.rounded_value - value)]);
        }
        for (_, bytes) in &mut parts {
            *bytes = *bytes * count;
        }
        parts
    }
}

/// `htab_map_mem_usage`.
pub(super) fn reported(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    let hash = Hash::of(case)?;
    let cpus = case.machine.cpus;
    let locks = if case.machine.kernel.hash_lock_term { LOCKS * cpus } else { Bytes::ZERO };
    let fixed = case.size_of(Struct::Htab)? + case.size_of(Struct::Bucket)? * power_of_two(case.entries) + locks;
    let elements = if hash.prealloc {
        let per_cpu = if hash.per_cpu { hash.rounded_value * cpus } else { Bytes::ZERO };
        let extra = hash.element() * hash.extra_elements(case);
        let pointers = if hash.has_extra_elements() { POINTER * cpus } else { Bytes::ZERO };
        (hash.element() + per_cpu) * case.entries + extra + pointers
    } else {
        let per_cpu = if hash.per_cpu { PER_CPU_OBJECT + hash.rounded_value * cpus } else { Bytes::ZERO };
        (hash.element() + LLIST_NODE + per_cpu) * case.used
    };
    Ok(fixed + elements)
}

/// `htab_map_alloc` with `prealloc_init`, or `alloc_htab_elem` for each element.
pub(super) fn taken(case: Case<'_>, bill: &mut Bill) -> Result<(), MissingStruct> {
    let hash = Hash::of(case)?;
    let cpus = case.machine.cpus;
    bill.area(&[(Use::Fixed, case.size_of(Struct::Htab)?)]);
    bill.area(&[(Use::Index, case.size_of(Struct::Bucket)? * power_of_two(case.entries))]);
    if hash.prealloc {
        let mut elements = hash.parts(case, case.entries);
        elements.push((Use::Spares, hash.element() * hash.extra_elements(case)));
        bill.area(&elements);
        if hash.per_cpu {
            bill.per_cpu_values(case.entries, case.map.value, hash.rounded_value);
        }
        return Ok(());
    }
    let object = hash.element() + LLIST_NODE;
    let mut parts = hash.parts(case, 1);
    parts.push((Use::Headers, LLIST_NODE));
    bill.objects(case.used, &parts);
    bill.spare_objects(cpus.saturating_mul(prefilled(object)), object);
    if hash.per_cpu {
        bill.objects(case.used, &[(Use::Headers, PER_CPU_OBJECT)]);
        bill.per_cpu_values(case.used, case.map.value, hash.rounded_value);
        bill.spare_objects(cpus, PER_CPU_OBJECT);
        bill.spare_per_cpu_values(cpus, hash.rounded_value);
    }
    Ok(())
}

/// Objects of this size that `bpf_mem_alloc` holds ready for each CPU.
pub(super) fn prefilled(object: Bytes) -> u64 {
    if object <= PREFILL.1 { PREFILL.0 } else { 1 }
}

/// The element of a preallocated map, for the formulas of older kernels.
pub(crate) fn element(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    Ok(Hash::of(case)?.element())
}
