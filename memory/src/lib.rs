//! What a BPF map costs: the bytes that the kernel reports, and those that it really takes.
//!
//! ```
//! use bpf_layout_memory::{Cost, Machine, MapShape, MapType, bundled};
//!
//! let kernel = bundled().into_iter().find(|kernel| kernel.name == "6.16.12+deb13-amd64").unwrap();
//! let sockets = MapShape { entries: 16_384, ..MapShape::new(MapType::Hash, 12, 8272) };
//! let cost = Cost::of(&sockets, &Machine::new(kernel, 4)).unwrap();
//! assert_eq!(cost.memlock, 136_873_504);
//! ```
//!
//! Two figures, because they differ: `memlock` is what the kernel says, a formula of private struct sizes that is exact
//! to the byte where those are known; `real` follows the allocator, and may be twice as much and more.
//!
//! Pure arithmetic: nothing here is created in the kernel, and no root is needed.
#![forbid(unsafe_code)]

pub mod advice;
mod bill;
pub mod budget;
mod bytes;
mod cost;
mod family;
mod fields;
mod gap;
mod machine;
mod map;
mod older;
mod report;
pub mod shrink;
mod sizes;
pub mod text;

pub use crate::{
    bill::{Part, Use},
    cost::{Cost, memlock, parts},
    fields::{FieldBytes, fields_of},
    gap::{reason, uncounted},
    machine::{Machine, possible_cpus},
    map::{MapShape, MapType, StructOps},
    report::{MapReport, Report, ReportError, RoomReport, Totals, entries_of, shape_of},
    sizes::{BtfError, Era, FileError, KernelSizes, MissingStruct, Source, Struct, StructOpsLinks, bundled, newest},
};
