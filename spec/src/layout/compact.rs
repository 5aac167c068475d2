//! Compact events: those with fields of variable length, of which only the bytes in use travel.
//!
//! **On the wire.** First the event's struct, the *header*: every fixed field, for each field of variable length a descriptor
//! of 4 bytes, and all padding, placed by the same rules as any struct. Then, without gaps, the bytes of the variable
//! fields in the order in which the program filled them. A descriptor is two `u16` in the machine's byte order:
//!
//! | bits | |
//! | --- | --- |
//! | `offset` | where its bytes start, counted from the first byte of the record |
//! | `len`, the lower 15 | how many there are; 0 if the field was not filled |
//! | `len`, the highest | more were there, and have been cut off |
//!
//! A string's bytes end with a NUL, which counts. So a record is as long as its header and the sum of what its descriptors
//! count: no length travels beside them, and a reader can tell a record that was cut, or is of another layout.
//!
//! **Before it is sent** a record grows in a [`Room`], which has place for the longest. There is one per CPU, or as many as
//! the spec says: programs that interrupt one another then build the same event each in a room of its own.

use super::{Layouts, TypeLayout};
use crate::model::{Record, TypeDef, TypeId};

/// Largest value of a per-CPU map (`PCPU_MIN_UNIT_SIZE` in `include/linux/percpu.h`, `array_map_alloc_check`).
pub const SCRATCH_MAX: u64 = 32 << 10;

/// Bytes of a field of which a typical record makes use, unless its limit is smaller: most paths, names and arguments on
/// an ordinary machine are shorter.
const TYPICAL: u64 = 64;

/// Bytes before the event: `used` and `lost`, a `u64` each.
const ACCOUNT: u64 = 16;

/// Where there are several rooms, `taken` is a third.
const SHARED_ACCOUNT: u64 = 24;

/// The longest string that is read fills its field; one byte more tells it from those that are longer still.
const SPARE: u64 = 1;

/// Where a program builds a compact event: two counters, the header, then as many bytes as all of its variable fields may
/// have together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes of the smallest record, in which nothing is filled: the header.
    pub smallest: u64,
    /// Bytes of a record of which each field has 64 bytes, or its limit if that is less.
    pub typical: u64,
    /// Bytes of the largest record, in which every variable field is full.
    pub worst: u64,
    /// How many there are on each CPU.
    pub count: u32,
    /// Bytes of the counters that the room begins with.
    pub account: u64,
    /// Bytes from the start of the room to the header.
    pub header: u64,
    /// Bytes behind the largest record, up to [`size`](Self::size); at least one.
    pub spare: u64,
    /// Bytes of the room; a multiple of `align`.
    pub size: u64,
    /// Alignment of the room in bytes.
    pub align: u32,
}

impl Room {
    fn of(record: &Record, header: &TypeLayout) -> Self {
        let fields = |most: fn(u64) -> u64| {
            record.variable().fold(header.size, |sum, (_, variable)| sum.saturating_add(most(variable.most())))
        };
        let worst = fields(|most| most);
        let align = header.align.max(8);
        let account = if record.rooms > 1 { SHARED_ACCOUNT } else { ACCOUNT };
        let start = account.next_multiple_of(align.into());
        let used = start.saturating_add(worst).saturating_add(SPARE);
        let size = used.div_ceil(align.into()).saturating_mul(align.into());
        Room {
            smallest: header.size,
            typical: fields(|most| most.min(TYPICAL)),
            worst,
            count: record.rooms,
            account,
            header: start,
            spare: size.saturating_sub(start).saturating_sub(worst),
            size,
            align,
        }
    }
}

impl Layouts {
    /// The room of a compact event; `None` for every other type.
    ///
    /// # Panics
    /// If the id came from another model.
    #[must_use]
    pub fn room(&self, id: TypeId) -> Option<Room> {
        match self.model.ty(id) {
            TypeDef::Record(record) if record.is_compact() => Some(Room::of(record, self.of(id))),
            _ => None,
        }
    }

    /// Bytes of the largest record of this type: those of a compact event with every field full, of any other type its size.
    ///
    /// # Panics
    /// If the id came from another model.
    #[must_use]
    pub fn largest(&self, id: TypeId) -> u64 {
        self.room(id).map_or(self.of(id).size, |room| room.worst)
    }
}
