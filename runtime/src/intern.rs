//! Interned strings: what a dictionary of the spec is, for whoever resolves ids.

use core::ops::Add;

use crate::{
    kind::{Batch, Delete, Keyed, PerCpu, Take, Walk},
    map::Map,
    scalar::Ktime,
};

/// The map of a dictionary: strings by their ids. [`dictionary!`](crate::dictionary) implements it.
///
/// With the feature `libbpf`, `bpf_layout::libbpf::Dictionary` resolves ids.
pub trait InternMap: Map<Kind: Keyed + Delete + Walk + Batch + Take> {
    /// The map in which each CPU puts strings together, and counts them.
    type Interning: Map<Kind: PerCpu, Key = u32>;

    /// An id as a number; 0 is no string.
    fn number(id: Self::Key) -> u64;

    /// An entry's string, with what must be known of it.
    fn string(entry: &Self::Value) -> InternRef<'_>;

    /// What one CPU counted.
    fn counts(interning: &<Self::Interning as Map>::Value) -> InternCounts;
}

/// A string of a dictionary, in its entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InternRef<'a> {
    /// The string, without its NUL. One that was put together of bytes may have NULs within.
    pub text: &'a [u8],
    /// Whether it was longer, and has been cut off.
    pub truncated: bool,
    /// When a program last met it, to about a second.
    pub used: Ktime,
}

impl<'a> InternRef<'a> {
    /// Of the parts of an entry: all bytes that there are for text, and how many of them are in use. A number that
    /// cannot be is taken for the nearest that can.
    #[doc(hidden)]
    #[must_use]
    pub fn of(room: &'a [u8], size: u32, used: Ktime) -> Self {
        let size = usize::try_from(size).unwrap_or(usize::MAX).min(room.len());
        let truncated = size == room.len() && crate::text::is_truncated(room);
        // A string that is cut ends with a NUL and a mark, another one with a NUL.
        let text = room.get(..size.saturating_sub(if truncated { 2 } else { 1 })).unwrap_or_default();
        InternRef { text, truncated, used }
    }
}

/// What became of the strings that programs met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InternCounts {
    /// Strings that were there.
    pub hits: u64,
    /// Strings that were new.
    pub inserts: u64,
    /// New strings that found no room.
    pub lost_full: u64,
    /// New strings all of whose ids other strings had.
    pub lost_collision: u64,
    /// Strings that could not be read.
    pub lost_unreadable: u64,
    /// Strings that were met while another one was put together on the same CPU.
    pub lost_busy: u64,
}

impl InternCounts {
    /// Strings that have no id, for whatever reason.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.lost_full
            .saturating_add(self.lost_collision)
            .saturating_add(self.lost_unreadable)
            .saturating_add(self.lost_busy)
    }
}

impl Add for InternCounts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        InternCounts {
            hits: self.hits.saturating_add(other.hits),
            inserts: self.inserts.saturating_add(other.inserts),
            lost_full: self.lost_full.saturating_add(other.lost_full),
            lost_collision: self.lost_collision.saturating_add(other.lost_collision),
            lost_unreadable: self.lost_unreadable.saturating_add(other.lost_unreadable),
            lost_busy: self.lost_busy.saturating_add(other.lost_busy),
        }
    }
}

/// Says which types and maps are a dictionary: the marker types of both maps, the id, the entry, and what a CPU has.
/// [`include_layouts!`](crate::include_layouts) brings it along for each `[intern.NAME]`.
///
/// ```text
/// bpf_layout::dictionary! {
///     maps::PathStrings: PathId => PathString,
///     maps::PathInterning: PathInterning
/// }
/// ```
#[macro_export]
macro_rules! dictionary {
    ($strings:ty: $id:ident => $string:ident, $scratch:ty: $interning:ident $(,)?) => {
        impl $id {
            /// The id of no string.
            pub const NONE: Self = Self { id: 0 };

            /// Whether it is that of no string.
            #[must_use]
            pub const fn is_none(self) -> bool {
                self.id == 0
            }
        }

        impl $crate::InternMap for $strings {
            type Interning = $scratch;

            fn number(id: $id) -> $crate::__private::core::primitive::u64 {
                id.id
            }

            fn string(entry: &$string) -> $crate::InternRef<'_> {
                $crate::InternRef::of(entry.text.raw(), entry.size, entry.used)
            }

            fn counts(interning: &$interning) -> $crate::InternCounts {
                $crate::InternCounts {
                    hits: interning.hits,
                    inserts: interning.inserts,
                    lost_full: interning.lost_full,
                    lost_collision: interning.lost_collision,
                    lost_unreadable: interning.lost_unreadable,
                    lost_busy: interning.lost_busy,
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(room: &[u8], size: u32) -> (&[u8], bool) {
        let string = InternRef::of(room, size, Ktime::default());
        (string.text, string.truncated)
    }

    #[test]
    fn the_size_says_where_a_string_ends() {
        assert_eq!(of(b"abc\0\0\0\0\0", 4), (&b"abc"[..], false));
        assert_eq!(of(b"a\0c\0\0\0\0\0", 4), (&b"a\0c"[..], false), "a NUL is a byte as any");
        assert_eq!(of(b"\0\0\0\0", 1), (&b""[..], false));
        assert_eq!(of(b"abc\0", 4), (&b"abc"[..], false), "just fits");
        assert_eq!(of(b"ab\0\xff", 4), (&b"ab"[..], true));
    }

    #[test]
    fn no_size_is_out_of_bounds() {
        assert_eq!(of(b"abc\0", 0), (&b""[..], false));
        assert_eq!(of(b"abc\0", u32::MAX), (&b"abc"[..], false));
        assert_eq!(of(b"", 3), (&b""[..], false));
    }

    #[test]
    fn what_is_lost_adds_up() {
        let counts = InternCounts {
            hits: 1,
            inserts: 2,
            lost_full: 3,
            lost_collision: 4,
            lost_unreadable: 5,
            lost_busy: u64::MAX,
        };
        assert_eq!((counts + counts).lost_collision, 8);
        assert_eq!(counts.lost(), u64::MAX);
    }
}
