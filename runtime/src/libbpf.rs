//! Typed maps, ring buffers and perf buffers over [`libbpf_rs`].
//!
//! ```no_run
//! # bpf_layout::layout! { pub struct FileEvent("file"): size 4, align 4 { pub pid: u32 = 0 } }
//! # mod maps {
//! #     pub struct Sockets;
//! #     impl bpf_layout::Map for Sockets {
//! #         type Kind = bpf_layout::kind::Hash;
//! #         type Key = u32;
//! #         type Value = u64;
//! #         const NAME: &'static str = "sockets";
//! #         const MAX_ENTRIES: u32 = 16;
//! #         const FLAGS: u32 = 0;
//! #     }
//! #     pub struct Events;
//! #     impl bpf_layout::Map for Events {
//! #         type Kind = bpf_layout::kind::Ringbuf;
//! #         type Key = ();
//! #         type Value = ();
//! #         const NAME: &'static str = "events";
//! #         const MAX_ENTRIES: u32 = 4096;
//! #         const FLAGS: u32 = 0;
//! #     }
//! #     bpf_layout::buffer! { pub enum EventsRecord for Events("events") { File(super::FileEvent) } }
//! # }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (sockets, events) = (
//! #     libbpf_rs::MapHandle::from_pinned_path("/sys/fs/bpf/a")?, libbpf_rs::MapHandle::from_pinned_path("/sys/fs/bpf/b")?);
//! use std::time::Duration;
//! use bpf_layout::libbpf::{Events, SkewedMap, TypedMap};
//!
//! // `sockets` and `events` are maps of a loaded skeleton.
//! let sockets = TypedMap::<maps::Sockets>::new(&sockets)?; // refuses a map of another layout
//! sockets.update(&7, &1)?;
//! assert_eq!(sockets.lookup(&7)?, Some(1));
//!
//! let events = Events::<maps::Events>::new(&events, |record| match record {
//!     maps::EventsRecord::File(file) => println!("{file:?}"),
//! })?;
//! events.poll(Duration::from_millis(100))?;
//! println!("{:?}", events.stats());
//!
//! // A map that another version of the program has pinned.
//! let same = TypedMap::<maps::Sockets>::open_pinned("/sys/fs/bpf/sockets")?; // refuses another layout, field by field
//! println!("{} of at most {}", same.entries()?.len(), same.max_entries());
//! let any = SkewedMap::<maps::Sockets>::open_pinned("/sys/fs/bpf/sockets")?; // reads it
//! for entry in any.iter() {
//!     let (key, value) = entry?;
//!     println!("{key:?}: {value:?}, without {:?}", value.lost().missing().collect::<Vec<_>>());
//! }
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "live")]
mod attach;
mod batch;
mod dictionary;
mod error;
mod events;
mod gather;
mod handle;
mod map;
mod percpu;
mod perf;
mod promptly;
mod record;
mod ring;
mod rooms;
#[cfg(feature = "live")]
mod skewed;
#[cfg(feature = "live")]
mod types;
#[cfg(feature = "usage")]
mod usage;
mod verify;

pub use batch::Entry;
#[cfg(feature = "live")]
pub use bpf_layout_live::{Error as KernelError, LoadedBtf};
pub use dictionary::{Dictionary, InternText, intern_counts};
pub use error::{Error, Mismatch};
pub use events::{Events, EventsBuilder, Stats};
pub use handle::{Checked, IntoHandle, TypedMap};
pub use libbpf_rs::{self, MapFlags};
pub use perf::{PerfEvents, PerfEventsBuilder};
pub use promptly::wake_promptly;
pub use rooms::RoomMap;
#[cfg(feature = "live")]
pub use skewed::{SkewedEntry, SkewedMap};
#[cfg(feature = "usage")]
pub use usage::Usage;
pub use verify::{Differs, VerifyLayouts, verify};

pub use crate::clock::BootClock;
