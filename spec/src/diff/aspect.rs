//! What can be otherwise.

/// What can be otherwise about a thing, or about one of its fields or values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Aspect {
    /// Of a length or capacity, or of a value of an enum or flags.
    Value,
    /// `struct`, `event`, `union`, `enum`, `flags` or `extern`; of a map, its type.
    Kind,
    /// Bytes of a type or field; of a bitfield, [`Aspect::Bits`] instead.
    Size,
    /// Alignment of a type in bytes.
    Align,
    /// Type of a field, with lengths as numbers.
    Type,
    /// Byte of the record where a field starts, or that holds the first bit of a bitfield.
    Offset,
    /// First bit of a bitfield in the byte at its offset, counted in the order of allocation.
    Bit,
    /// Bits of a bitfield.
    Bits,
    /// The integer type of an enum or of flags.
    Repr,
    /// How C names an extern type.
    CType,
    /// What C includes for an extern type.
    Include,
    /// How Rust names an extern type.
    RustType,
    /// What tells an event, or the members of a union in use, from others.
    Tag,
    /// The tag's values that select a member of a union.
    When,
    /// Struct and field of the nodes of a list or tree.
    Contains,
    /// Type of a map's keys.
    KeyType,
    /// Bytes of a map's key.
    KeySize,
    /// Type of a map's values.
    ValueType,
    /// Bytes of a map's value.
    ValueSize,
    /// Entries of a map; bytes of a ring buffer.
    MaxEntries,
    /// Flags of a map.
    Flags,
    /// How libbpf pins a map.
    Pinning,
    /// The NUMA node of a map.
    NumaNode,
    /// `map_extra`.
    MapExtra,
    /// When a record wakes the reader of a ring buffer.
    Wakeup,
    /// The events that travel through a map.
    Events,
    /// The map that a map of maps holds.
    Inner,
    /// The maps that share a group's budget.
    Maps,
    /// Bytes that a map, a group, or all of them together, may cost.
    Budget,
    /// Possible CPUs of the largest machine that budgets must hold on.
    Cpus,
}

impl Aspect {
    /// Its name where programs read it. Names are added, never changed.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Aspect::Value => "value",
            Aspect::Kind => "kind",
            Aspect::Size => "size",
            Aspect::Align => "align",
            Aspect::Type => "type",
            Aspect::Offset => "offset",
            Aspect::Bit => "bit",
            Aspect::Bits => "bits",
            Aspect::Repr => "repr",
            Aspect::CType => "c_type",
            Aspect::Include => "include",
            Aspect::RustType => "rust_type",
            Aspect::Tag => "tag",
            Aspect::When => "when",
            Aspect::Contains => "contains",
            Aspect::KeyType => "key_type",
            Aspect::KeySize => "key_size",
            Aspect::ValueType => "value_type",
            Aspect::ValueSize => "value_size",
            Aspect::MaxEntries => "max_entries",
            Aspect::Flags => "flags",
            Aspect::Pinning => "pinning",
            Aspect::NumaNode => "numa_node",
            Aspect::MapExtra => "map_extra",
            Aspect::Wakeup => "wakeup",
            Aspect::Events => "events",
            Aspect::Inner => "inner",
            Aspect::Maps => "maps",
            Aspect::Budget => "budget",
            Aspect::Cpus => "cpus",
        }
    }

    /// The unit of its number, where the name of the aspect does not tell it.
    #[must_use]
    pub const fn unit(self) -> Option<&'static str> {
        match self {
            Aspect::Size | Aspect::Align | Aspect::KeySize | Aspect::ValueSize | Aspect::Budget => Some("B"),
            _ => None,
        }
    }
}
