//! Maps as types: what a spec says of each map, for the compiler to hold userspace to.

use crate::{
    error::ParseError, kind::Kind, layout::Layout, layout::MAX_TRAILING, shape::Shape, view::View, wakeup::Wakeup,
};

/// A map of the spec. Generated code implements it for one marker type per map.
pub trait Map: 'static {
    /// Type of the map, from [`kind`](crate::kind).
    type Kind: Kind;
    /// Type of the key; `()` for maps without.
    type Key: Layout;
    /// Type of the value; `()` for maps whose values have no type of their own.
    type Value: Layout;
    /// Name in the object file.
    const NAME: &'static str;
    /// Entries, or bytes of a ring buffer, as the spec says. 0 where the kernel or libbpf decides. A loader may change
    /// it; what the kernel has can only be asked of the live map.
    const MAX_ENTRIES: u32;
    /// `BPF_F_…`
    const FLAGS: u32;
    /// When a record wakes the reader of a ring buffer.
    const WAKEUP: Wakeup = Wakeup::Always;
    /// What its type, key, value, parameters and events come to in one number, see [`Fingerprints`](crate::Fingerprints).
    const FINGERPRINT: Option<u64> = None;
}

/// What travels through a buffer: a [`Layout`], all of it, or an event with fields of variable length, of which only the
/// bytes in use do.
pub trait Event: 'static {
    /// The event as it is read, without a copy.
    type View<'a>;
    /// What it is; of an event with fields of variable length, its struct.
    const SHAPE: Shape;

    /// Reads a record as a transport delivered it.
    ///
    /// # Errors
    /// If it is not this event, or has too few or too many bytes.
    fn parse_event(bytes: &[u8]) -> Result<Self::View<'_>, ParseError>;
}

/// An event with fields of variable length, and where BPF programs build it. Generated code implements it; behind the feature
/// `libbpf`, `RoomMap` reads what programs count there.
pub trait Compact: Event {
    /// Where it is built.
    const ROOMS: Rooms;
}

/// The per-CPU array in which records of an event with fields of variable length grow before they are sent: in C
/// `DEFINE_X_SCRATCH`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rooms {
    /// Name of the map in the object.
    pub map: &'static str,
    /// Rooms on each CPU: the map's entries.
    pub count: u32,
    /// Bytes of a room: the map's value.
    pub size: u32,
}

impl<T: Layout> Event for T {
    type View<'a> = View<'a, T>;

    const SHAPE: Shape = <T as Layout>::SHAPE;

    #[inline]
    fn parse_event(bytes: &[u8]) -> Result<View<'_, T>, ParseError> {
        T::parse(bytes)
    }
}

/// A ring buffer or perf buffer whose events are known.
pub trait Buffer: Map {
    /// One of its events.
    type Record<'a>;
    /// What each of its events is.
    const EVENTS: &'static [Shape];

    /// Reads a record as the buffer delivered it.
    ///
    /// # Errors
    /// If it is none of the buffer's events, or has too few or too many bytes.
    fn parse(bytes: &[u8]) -> Result<Self::Record<'_>, ParseError>;

    /// Reads a record that is known to be this one of [`EVENTS`](Self::EVENTS), by its number.
    ///
    /// # Errors
    /// If it is not, has too few or too many bytes, or there is no such event.
    fn parse_event(event: usize, bytes: &[u8]) -> Result<Self::Record<'_>, ParseError>;
}

/// The number of the event that a record of several is. With a single one it is that, so that the error of parsing it
/// can say what does not fit.
#[doc(hidden)]
pub fn pick_event(buffer: &'static str, events: &[Shape], bytes: &[u8]) -> Result<usize, ParseError> {
    if events.len() == 1 {
        return Ok(0);
    }
    events.iter().position(|event| matches(event, bytes)).ok_or(ParseError::unknown_event(buffer, bytes.len()))
}

/// Whether a record can be this event: by its tag, or by its size if it has none.
fn matches(event: &Shape, bytes: &[u8]) -> bool {
    match event.event_tag() {
        Some((place, value)) => place.read(bytes) == Some(value),
        None => bytes.len().checked_sub(event.size()).is_some_and(|trailing| trailing <= MAX_TRAILING),
    }
}
