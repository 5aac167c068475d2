//! What BPF programs count where they build an event with fields of variable length.

use std::{format, marker::PhantomData, string::String, vec::Vec};

use libbpf_rs::{MapCore, MapFlags, MapHandle, MapType, Object};

use super::{
    error::{Error, Mismatch},
    handle::{IntoHandle, handle},
};
use crate::map::{Compact, Rooms};

/// The rooms that records of the event `E` grow in before they are sent, one or several on each CPU.
///
/// ```no_run
/// # bpf_layout::layout! {
/// #     pub struct OpenEventHeader("open"): size 8, align 4 { pub pid: u32 = 0, pub path: bpf_layout::VarStr<512> = 4 }
/// # }
/// # bpf_layout::compact! {
/// #     pub struct OpenEvent: OpenEventHeader { path }
/// #     rooms "__open_event_scratch": 1 of 544 bytes
/// # }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let object = libbpf_rs::ObjectBuilder::default().open_file("tracer.bpf.o")?.load()?;
/// use bpf_layout::libbpf::RoomMap;
///
/// let rooms = RoomMap::<OpenEvent<'_>>::of(&object)?; // or `RoomMap::new(&skel.maps.__open_event_scratch)?`
/// println!("{} events were lost", rooms.lost()?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RoomMap<E> {
    map: MapHandle,
    event: PhantomData<fn() -> E>,
}

/// Where `lost` and `taken` are in a room, which begins with `used`: a `u64` each.
const LOST: usize = 8;
const TAKEN: usize = 16;

impl<E: Compact> RoomMap<E> {
    /// The rooms of a loaded object.
    ///
    /// # Errors
    /// If the object does not build the event, or as for [`new`](Self::new).
    pub fn of(object: &Object) -> Result<Self, Error> {
        let found = object.maps().find(|map| map.name() == E::ROOMS.map);
        let lacks = || mismatch::<E>(Vec::from(["the object has no such map: it does not build the event".into()]));
        Self::new(&found.ok_or_else(lacks)?)
    }

    /// A map of a loaded skeleton or object.
    ///
    /// # Errors
    /// If the map is not that of these rooms, with every difference, or if no more files can be opened.
    pub fn new(map: impl IntoHandle) -> Result<Self, Error> {
        let map = handle(map, E::ROOMS.map)?;
        compare::<E>(&map)?;
        Ok(RoomMap { map, event: PhantomData })
    }

    /// Records that could not be sent, on all CPUs since the program was loaded: the buffer was full, or so many programs
    /// interrupted one another that no room was left.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn lost(&self) -> Result<u64, Error> {
        self.fold(0, |sum: u64, room| sum.saturating_add(number(room, LOST)))
    }

    /// Rooms that a program has at this moment, of an event that has several on each CPU; 0 of others. Between events it is
    /// 0, too: a room that stays taken was neither sent nor discarded, and is lost to its CPU.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn taken(&self) -> Result<u64, Error> {
        let is_taken = |room: &[u8]| E::ROOMS.count > 1 && number(room, TAKEN) > 0;
        self.fold(0, |sum, room| sum + u64::from(is_taken(room)))
    }

    /// Goes through the rooms of all CPUs.
    fn fold(&self, start: u64, mut each: impl FnMut(u64, &[u8]) -> u64) -> Result<u64, Error> {
        let mut sum = start;
        for index in 0..E::ROOMS.count {
            let rooms = self.map.lookup_percpu(&index.to_ne_bytes(), MapFlags::ANY);
            let rooms = rooms.map_err(|source| failed::<E>("look up a room", source))?;
            sum = rooms.iter().flatten().fold(sum, |sum, room| each(sum, room));
        }
        Ok(sum)
    }
}

/// The `u64` at a byte of a room; 0 where that is cut short, which the kernel does not do.
fn number(room: &[u8], at: usize) -> u64 {
    room.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_ne_bytes)
}

fn compare<E: Compact>(map: &dyn MapCore) -> Result<(), Error> {
    let differences = differences(map, E::ROOMS);
    if differences.is_empty() { Ok(()) } else { Err(mismatch::<E>(differences)) }
}

fn differences(map: &dyn MapCore, expected: Rooms) -> Vec<String> {
    let mut found = Vec::new();
    if map.map_type() != MapType::PercpuArray {
        found.push(format!("type: {:?}, expected percpu_array", map.map_type()));
    }
    let numbers = [
        ("key", map.key_size(), 4, "bytes"),
        ("value", map.value_size(), expected.size, "bytes"),
        ("max_entries", map.max_entries(), expected.count, "rooms"),
    ];
    let differing = numbers.into_iter().filter(|(_, is, should, _)| is != should);
    found.extend(differing.map(|(what, is, should, unit)| format!("{what}: {is} {unit}, expected {should} {unit}")));
    found
}

fn mismatch<E: Compact>(differences: Vec<String>) -> Error {
    Mismatch::new(E::ROOMS.map, differences).into()
}

fn failed<E: Compact>(operation: &'static str, source: libbpf_rs::Error) -> Error {
    Error::Libbpf { map: E::ROOMS.map, operation, source }
}
