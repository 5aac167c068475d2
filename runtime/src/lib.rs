//! What types generated from a `layouts.toml` are made of, and what userspace reads and writes BPF data with.
//!
//! ```
//! use bpf_layout::{Layout, Str};
//!
//! bpf_layout::layout! {
//!     /// A file was opened.
//!     pub struct OpenEvent("open"): size 24, align 4 {
//!         pub pid: u32 = 0,
//!         pub flags: u32 = 4,
//!         pub path: Str<16> = 8,
//!     }
//! }
//!
//! # let sample = OpenEvent { pid: 1, flags: 2, path: Str::from_bytes(b"/etc/passwd") };
//! # let sample = sample.as_bytes();
//! let event = OpenEvent::parse(sample)?; // no copy, no panic, whatever the bytes
//! assert_eq!(event.path, "/etc/passwd");
//! println!("{event:?}"); // open { pid: 1, flags: 2, path: "/etc/passwd" }
//! # assert_eq!(format!("{event:?}"), r#"open { pid: 1, flags: 2, path: "/etc/passwd" }"#);
//! # Ok::<(), bpf_layout::ParseError>(())
//! ```
//!
//! Code like the above comes from [`include_layouts!`]; nobody needs to write it. With the feature `libbpf`, the module
//! `bpf_layout::libbpf` has typed maps, ring buffers and perf buffers over `libbpf-rs`.
//!
//! # Features
//!
//! | feature | gives |
//! | --- | --- |
//! | `std` (default) | `Str::to_str_lossy`, `Str::as_os_str`, [`convert`], `Recorder`; without it the crate is `no_std` and does not allocate |
//! | `macros` (default) | [`include_layouts!`], [`BpfLayout`](derive@BpfLayout), with `std` [`FromLayout`](derive@FromLayout) |
//! | `btf` | `bpf_layout::skew`: values of an older or newer layout, read by its BTF |
//! | `clock` | `BootClock`, and `SystemTime` made from a [`Ktime`] |
//! | `libbpf` | typed maps, ring buffers and perf buffers; `clock` |
//! | `live` | maps that others made: `TypedMap::attach`, `open_pinned` and `open_id` compare each field with what the kernel knows of the map, `SkewedMap` reads other layouts; `libbpf`, `btf` |
//! | `usage` | `bpf_layout::libbpf::Usage`: a record of how full maps are and how long strings; `live` |
//! | `serde` | `Serialize` on every type |
//! | `zerocopy` | `FromBytes`, `IntoBytes`, `Immutable`, `KnownLayout` on every type; their derives take rustc a tenth of a second per type |
//! | `bytemuck` | `Zeroable` and `Pod` on every type |
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "std", test))]
extern crate std;

// Generated code names this crate by its absolute path, in this crate's own tests too.
#[allow(unused_extern_crates, reason = "used by generated code")]
extern crate self as bpf_layout;

mod cell;
#[cfg(feature = "clock")]
mod clock;
#[cfg(feature = "std")]
pub mod convert;
mod error;
mod fingerprint;
mod intern;
pub mod kernel;
pub mod kind;
mod layout;
#[cfg(feature = "libbpf")]
pub mod libbpf;
mod macros;
mod map;
mod number;
#[cfg(feature = "bytemuck")]
mod pod;
#[doc(hidden)]
pub mod prove;
mod scalar;
#[cfg(feature = "serde")]
mod ser;
mod shape;
mod show;
#[cfg(feature = "btf")]
pub mod skew;
mod text;
mod value;
mod variable;
mod view;
mod wakeup;

pub use cell::{Bits, Pad, Unaligned};
#[cfg(feature = "clock")]
pub use clock::BootClock;
#[cfg(feature = "std")]
pub use convert::{FromLayout, FromLayoutError};
pub use error::{ParseError, ParseErrorKind};
pub use fingerprint::Fingerprints;
pub use intern::{InternCounts, InternMap, InternRef};
pub use layout::{Layout, MAX_TRAILING};
pub use map::{Buffer, Compact, Event, Map, Rooms};
pub use scalar::{Be16, Be32, Be64, Bool, Ipv4, Ipv6, KernelPtr, Ktime, Mac};
pub use shape::{Detail, FieldInfo, NamesInfo, Place, Shape, TypeInfo, Variable, VariableKind};
pub use text::{Str, StrError, StrRef, StrsIter, StrsRef};
#[cfg(feature = "std")]
pub use variable::Recorder;
pub use variable::{Tail, VarBytes, VarStr, VarStrs};
pub use view::View;
pub use wakeup::Wakeup;

#[cfg(feature = "macros")]
pub use bpf_layout_macros::{BpfLayout, include_layouts};

#[cfg(all(feature = "macros", feature = "std"))]
pub use bpf_layout_macros::FromLayout;

/// The examples of the documentation, compiled and run.
#[cfg(all(doctest, feature = "clock", feature = "macros"))]
#[doc = include_str!("../../docs/from-layout.md")]
mod documentation {}

/// Likewise.
#[cfg(all(doctest, feature = "macros"))]
#[doc = include_str!("../../docs/derive.md")]
mod documentation_of_derive {}

/// What the macros expand to. No part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use core;

    pub use bitflags;
    #[cfg(feature = "bytemuck")]
    pub use bytemuck;
    #[cfg(feature = "serde")]
    pub use serde;
    #[cfg(feature = "zerocopy")]
    pub use zerocopy;

    #[cfg(feature = "std")]
    pub use crate::convert::derived as convert;
    #[cfg(feature = "serde")]
    pub use crate::ser::{serialize, serialize_compact};
    pub use crate::{
        layout::{from_part, part, part_mut},
        map::pick_event,
        number::{AsIs, FlagSet, Number, OpenEnum, Wide},
        prove,
        show::{debug, debug_compact},
        value::{default, enum_name, eq, hash, names},
        variable::parse_compact,
    };
}
