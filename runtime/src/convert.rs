//! From records as they travel to owned structs that are pleasant to work with.
//!
//! [`FromLayout<L>`](FromLayout) makes a value from an `L`, or says what does not fit. This module implements it for what
//! fields are made of; the derive of the same name implements it for structs and enums that a program writes for itself:
//!
//! ```
//! use std::{net::Ipv4Addr, path::PathBuf, time::Duration};
//!
//! use bpf_layout::{FromLayout, Ipv4, Ktime, Layout, Str};
//!
//! bpf_layout::open_enum! { pub enum FileOp("file_op"): u8 { OPEN("open") = 1, UNLINK("unlink") = 2 } }
//! bpf_layout::layout! {
//!     pub struct FileEvent("file"): size 40, align 8 {
//!         pub timestamp: Ktime = 0,
//!         pub pid: u32 = 8,
//!         pub peer: Ipv4 = 12,
//!         pub op: FileOp = 16,
//!         pub path: Str<23> = 17,
//!     }
//! }
//!
//! # #[cfg(feature = "macros")] {
//! #[derive(FromLayout, Debug, PartialEq)]
//! #[from_layout(FileEvent)]
//! struct Access {
//!     #[from_layout(field = "timestamp")]
//!     at: Duration,
//!     pid: u64,
//!     peer: Ipv4Addr,
//!     op: Option<Op>, // `None` for a value that `Op` does not know
//!     path: PathBuf,
//! }
//!
//! #[derive(FromLayout, Debug, PartialEq)]
//! #[from_layout(FileOp)]
//! enum Op {
//!     Open,
//!     Unlink,
//! }
//!
//! let mut event = FileEvent { pid: 7, op: FileOp::UNLINK, path: Str::from_bytes(b"/tmp/x"), ..Default::default() };
//! let access = Access::from_layout(&event).unwrap();
//! assert_eq!((access.pid, access.op, access.path), (7, Some(Op::Unlink), PathBuf::from("/tmp/x")));
//!
//! event.op = FileOp(9);
//! assert_eq!(Access::from_layout(&event).unwrap().op, None);
//! # }
//! ```
//!
//! # What becomes what
//!
//! | field | becomes | fails |
//! | --- | --- | --- |
//! | integer, [`Be16`] …, [`KernelPtr`] | any integer | if the number does not fit |
//! | [`Bool`], bitfield of `bool` | `bool` | |
//! | [`Ktime`] | `Duration` since boot, integer (nanoseconds); with the feature `clock` `SystemTime` | |
//! | [`Ipv4`] | `Ipv4Addr`, `IpAddr` | |
//! | [`Ipv6`] | `Ipv6Addr`, `IpAddr` | |
//! | [`Mac`] | `[u8; 6]` | |
//! | [`Str`] | `String`, `Box<str>` | if the text is not UTF-8, unless [`Context::lossy`] |
//! | | `OsString`, `PathBuf`, `CString`, `Vec<u8>`, `Box<[u8]>` | |
//! | | [`Text`] of any of these: also whether it was truncated | |
//! | [`StrRef`](crate::StrRef), of variable length | as [`Str`] | likewise |
//! | [`StrsRef`](crate::StrsRef) | `Vec<T>` of any `T` that is made from one of them | if an element does |
//! | an enum of the spec | an enum that derives `FromLayout`, `String` or `&'static str` (the name) | if the value is unknown |
//! | | `Option` of these | never for an unknown value: that is `None` |
//! | | any integer | if the number does not fit |
//! | flags of the spec | any integer | if the number does not fit |
//! | | `Vec<&'static str>`, the names of the bits | if a bit has no name |
//! | array of `S` | array, `Vec` or `Box<[T]>` of any `T` that is made from `S` | if an element does |
//! | record, selected union, events of a buffer | a struct or enum that derives `FromLayout` | if a field does |
//! | optional field (accessor) | `Option<T>` | if it is there and does not fit |
//! | generated types, [`Str`], [`Ktime`], … | themselves | |
//!
//! A string that was truncated is as good as any other, unless [`Context::deny_truncated`] says so.
//!
//! [`Be16`]: crate::Be16
//! [`KernelPtr`]: crate::KernelPtr
//! [`Bool`]: crate::Bool
//! [`Ktime`]: crate::Ktime
//! [`Ipv4`]: crate::Ipv4
//! [`Ipv6`]: crate::Ipv6
//! [`Mac`]: crate::Mac
//! [`Str`]: crate::Str

mod context;
#[doc(hidden)]
pub mod derived;
mod error;
mod names;
mod scalars;
mod sequences;
mod text;
mod wrapped;

use std::vec::Vec;

pub use context::Context;
pub use error::{FromLayoutError, FromLayoutErrorKind};
pub use text::Text;

pub use crate::number::{FlagSet, Number, OpenEnum, Wide};

/// What can be made from an `L`: a record, or one field of it.
///
/// Derive it for structs and enums; implement it for a newtype that has rules of its own:
///
/// ```
/// use bpf_layout::{FromLayout, FromLayoutError, convert::Context};
///
/// /// A process; 0 is none.
/// struct Pid(u32);
///
/// impl FromLayout<u32> for Pid {
///     fn from_layout_with(from: &u32, _: &Context) -> Result<Self, FromLayoutError> {
///         match *from {
///             0 => Err(FromLayoutError::custom("0 is no process")),
///             pid => Ok(Pid(pid)),
///         }
///     }
/// }
/// # assert_eq!(Pid::from_layout(&0).err().unwrap().to_string(), "0 is no process");
/// # assert_eq!(Pid::from_layout(&7).unwrap().0, 7);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made from a field of type `{L}`",
    label = "no conversion from `{L}`",
    note = "the module `bpf_layout::convert` lists what each type of field can become; `SystemTime` needs the feature `clock`",
    note = "what an accessor gives (optional fields, bitfields, tagged unions) is read by `#[from_layout(accessor)]`",
    note = "`#[from_layout(with = \"function\")]` converts by a function of your own, `#[derive(FromLayout)]` makes a type of \
            your own convertible"
)]
pub trait FromLayout<L: ?Sized>: Sized {
    /// Converts, under these conditions.
    ///
    /// # Errors
    /// If a value does not fit what it is to become.
    fn from_layout_with(from: &L, context: &Context) -> Result<Self, FromLayoutError>;

    /// Converts. Where a time of day is needed, the clocks are read for each, as they are now; to read them once, see
    /// `Context::with_clock`.
    ///
    /// # Errors
    /// If a value does not fit what it is to become.
    fn from_layout(from: &L) -> Result<Self, FromLayoutError> {
        Self::from_layout_with(from, &Context::new())
    }

    /// Converts the elements of an array. For those who can do it faster than one by one.
    #[doc(hidden)]
    fn from_elements(from: &[L], context: &Context) -> Result<Vec<Self>, FromLayoutError>
    where
        L: Sized,
    {
        sequences::one_by_one(from, context)
    }
}
