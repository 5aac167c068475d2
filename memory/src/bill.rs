//! What a map really takes, allocation by allocation, and what each byte is for.

use crate::bytes::Bytes;

/// What bytes are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Use {
    /// Values; of a per-CPU map, those of one CPU.
    Values,
    /// The values of all further CPUs.
    Copies,
    /// Keys.
    Keys,
    /// What fills keys and values up to a multiple of 8.
    Padding,
    /// What the kernel puts before each element.
    Headers,
    /// Elements that are kept spare for each CPU.
    Spares,
    /// Hash buckets and arrays of pointers.
    Index,
    /// The pages of a ring buffer or an arena, the bits of a bloom filter.
    Buffer,
    /// The map itself, whatever it holds.
    Fixed,
    /// What the allocator rounds up, and what it notes for each object.
    Allocator,
    /// The maps in the slots of a map of maps.
    Inner,
}

impl Use {
    /// In one word, for programs.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Use::Values => "values",
            Use::Copies => "copies",
            Use::Keys => "keys",
            Use::Padding => "padding",
            Use::Headers => "headers",
            Use::Spares => "spares",
            Use::Index => "index",
            Use::Buffer => "buffer",
            Use::Fixed => "fixed",
            Use::Allocator => "allocator",
            Use::Inner => "inner",
        }
    }

    /// In a few words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Use::Values => "values",
            Use::Copies => "values of the other CPUs",
            Use::Keys => "keys",
            Use::Padding => "padding of keys and values to 8 bytes",
            Use::Headers => "element headers",
            Use::Spares => "spare elements",
            Use::Index => "buckets and pointers",
            Use::Buffer => "buffer",
            Use::Fixed => "the map itself",
            Use::Allocator => "rounding and bookkeeping of the allocator",
            Use::Inner => "the maps in its slots",
        }
    }
}

/// Bytes with one use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// What for.
    pub of: Use,
    /// How many.
    pub bytes: u64,
}

/// Bytes that every map has beside its own allocations: file, file descriptor, security blob. Measured on 6.18.
const MAP_OVERHEAD: Bytes = Bytes(400);
/// `struct obj_cgroup *` that the memory controller keeps for each slab object (`CONFIG_MEMCG`).
const OBJECT_POINTER: Bytes = Bytes(8);
/// The slab classes under `KMALLOC_MAX_CACHE_SIZE` that are no powers of two (`kmalloc_info`, `mm/slab_common.c`).
const ODD_CLASSES: [u64; 2] = [96, 192];

/// Adds up what a map takes. Every method stands for one way in which the kernel allocates.
#[derive(Debug)]
pub(crate) struct Bill {
    page_size: u64,
    cpus: u64,
    parts: Vec<Part>,
}

impl Bill {
    pub(crate) fn new(page_size: u64, cpus: u64) -> Self {
        let mut bill = Bill { page_size, cpus, parts: Vec::new() };
        bill.add(Use::Fixed, MAP_OVERHEAD);
        bill
    }

    /// `bpf_map_area_alloc` (`kernel/bpf/syscall.c`) of what these parts sum up to: kmalloc up to
    /// `PAGE_SIZE << PAGE_ALLOC_COSTLY_ORDER`, whole pages of vmalloc above.
    pub(crate) fn area(&mut self, parts: &[(Use, Bytes)]) {
        let total: Bytes = parts.iter().map(|(_, bytes)| *bytes).sum();
        let taken =
            if total.0 <= self.page_size.saturating_mul(8) { self.slab(total) } else { total.round_up(self.page_size) };
        self.parts(parts, 1);
        self.add(Use::Allocator, taken - total);
    }

    /// Whole pages of vmalloc for what these parts sum up to (`bpf_map_area_mmapable_alloc`).
    pub(crate) fn whole_pages(&mut self, parts: &[(Use, Bytes)]) {
        let total: Bytes = parts.iter().map(|(_, bytes)| *bytes).sum();
        self.parts(parts, 1);
        self.add(Use::Allocator, total.round_up(self.page_size) - total);
    }

    /// `count` times `kmalloc` of what these parts sum up to.
    pub(crate) fn objects(&mut self, count: u64, parts: &[(Use, Bytes)]) {
        let total: Bytes = parts.iter().map(|(_, bytes)| *bytes).sum();
        let taken = self.slab(total);
        self.parts(parts, count);
        self.add(Use::Allocator, (taken - total) * count);
    }

    /// As [`Bill::objects`], all of it spare.
    pub(crate) fn spare_objects(&mut self, count: u64, size: Bytes) {
        self.objects(count, &[(Use::Spares, size)]);
    }

    /// `count` times `__alloc_percpu` of a value: a copy for each possible CPU, and 8 bytes of accounting for every 4
    /// of one copy (`pcpu_obj_full_size`, `mm/percpu-internal.h`), as much again as two copies.
    pub(crate) fn per_cpu_values(&mut self, count: u64, value: u64, rounded: Bytes) {
        let others = self.cpus.saturating_sub(1);
        self.add(Use::Values, Bytes(value) * count);
        self.add(Use::Copies, Bytes(value) * count * others);
        self.add(Use::Padding, (rounded - Bytes(value)) * self.cpus * count);
        self.add(Use::Allocator, rounded * 2 * count);
    }

    /// As [`Bill::per_cpu_values`], all of it spare.
    pub(crate) fn spare_per_cpu_values(&mut self, count: u64, rounded: Bytes) {
        self.add(Use::Spares, rounded * self.cpus * count);
        self.add(Use::Allocator, rounded * 2 * count);
    }

    /// Whole pages.
    pub(crate) fn pages(&mut self, of: Use, pages: u64) {
        self.add(of, Bytes(self.page_size) * pages);
    }

    /// Bytes of an object of this size: its slab class with a pointer of the memory controller, or a power of two of
    /// pages where it is larger than `KMALLOC_MAX_CACHE_SIZE`, two pages.
    fn slab(&self, size: Bytes) -> Bytes {
        match size.0 {
            0 => Bytes::ZERO,
            size if size <= self.page_size.saturating_mul(2) => Bytes(slab_class(size)) + OBJECT_POINTER,
            size => Bytes(crate::bytes::power_of_two(size)),
        }
    }

    fn parts(&mut self, parts: &[(Use, Bytes)], count: u64) {
        for (of, bytes) in parts {
            self.add(*of, *bytes * count);
        }
    }

    fn add(&mut self, of: Use, bytes: Bytes) {
        if bytes == Bytes::ZERO {
            return;
        }
        match self.parts.iter_mut().find(|part| part.of == of) {
            Some(part) => part.bytes = part.bytes.saturating_add(bytes.0),
            None => self.parts.push(Part { of, bytes: bytes.0 }),
        }
    }

    /// The parts, the largest first.
    pub(crate) fn finish(mut self) -> Vec<Part> {
        self.parts.sort_by_key(|part| (std::cmp::Reverse(part.bytes), part.of));
        self.parts
    }
}

/// The class of `kmalloc` that an object of this size comes from: 8, 16, 32, 64, 96, 128, 192, 256, 512 …
pub(crate) fn slab_class(size: u64) -> u64 {
    let power = crate::bytes::power_of_two(size.max(8));
    let odd = ODD_CLASSES.into_iter().find(|class| size <= *class && *class < power && power / 2 < *class);
    odd.unwrap_or(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slab_classes() {
        let classes = [
            (1, 8),
            (8, 8),
            (9, 16),
            (64, 64),
            (65, 96),
            (96, 96),
            (97, 128),
            (129, 192),
            (192, 192),
            (193, 256),
            (257, 512),
            (8192, 8192),
        ];
        for (size, class) in classes {
            assert_eq!(slab_class(size), class, "{size}");
        }
    }

    #[test]
    fn areas_are_slabs_then_pages() {
        let area = |size| {
            let mut bill = Bill::new(4096, 2);
            bill.area(&[(Use::Buffer, Bytes(size))]);
            bill.finish().iter().map(|part| part.bytes).sum::<u64>() - MAP_OVERHEAD.0
        };
        assert_eq!(area(0), 0);
        assert_eq!(area(320), 512 + 8);
        assert_eq!(area(8192), 8192 + 8);
        assert_eq!(area(8193), 16384);
        assert_eq!(area(32768), 32768);
        assert_eq!(area(32769), 36864);
    }

    #[test]
    fn per_cpu_values_are_accounted_for_twice() {
        let mut bill = Bill::new(4096, 3);
        bill.per_cpu_values(10, 12, Bytes(16));
        let bytes = |of| bill.parts.iter().find(|part| part.of == of).map(|part| part.bytes);
        assert_eq!(bytes(Use::Values), Some(120));
        assert_eq!(bytes(Use::Copies), Some(240));
        assert_eq!(bytes(Use::Padding), Some(120));
        assert_eq!(bytes(Use::Allocator), Some(320));
    }
}
