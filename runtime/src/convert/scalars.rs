//! Integers, truth values, moments and addresses.

#[cfg(feature = "clock")]
use std::time::SystemTime;
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Duration,
    vec::Vec,
};

use super::{Context, FromLayout, FromLayoutError, FromLayoutErrorKind, sequences};
use crate::{
    number::Number,
    scalar::{Bool, Ipv4, Ipv6, Ktime, Mac},
};

macro_rules! integers {
    ($($ty:ident)+) => { $(
        /// The same number; an error if this type does not have it.
        #[diagnostic::do_not_recommend]
        impl<S: Number> FromLayout<S> for $ty {
            #[inline]
            fn from_layout_with(from: &S, _: &Context) -> Result<Self, FromLayoutError> {
                let number = from.number();
                number.to().ok_or_else(|| {
                    let reason = std::format!(concat!("{} is out of range for ", stringify!($ty)), number);
                    FromLayoutError::new(FromLayoutErrorKind::OutOfRange, reason)
                })
            }

            fn from_elements(from: &[S], context: &Context) -> Result<Vec<Self>, FromLayoutError> {
                sequences::same(from).map_or_else(|| sequences::one_by_one(from, context), Ok)
            }
        }
    )+ };
}

integers! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize }

/// Implements conversions that cannot fail.
macro_rules! infallible {
    ($($(#[$meta:meta])* $to:ty, $from:ty, $convert:expr;)+) => { $(
        $(#[$meta])*
        impl FromLayout<$from> for $to {
            #[inline]
            fn from_layout_with(from: &$from, _: &Context) -> Result<Self, FromLayoutError> {
                let convert: fn($from) -> $to = $convert;
                Ok(convert(*from))
            }
        }
    )+ };
}

infallible! {
    bool, Bool, Bool::get;
    /// What the accessor of a bitfield gives.
    bool, bool, |value| value;
    /// Time since boot.
    Duration, Ktime, Ktime::since_boot;
    Ipv4Addr, Ipv4, Ipv4::get;
    IpAddr, Ipv4, |address| IpAddr::V4(address.get());
    Ipv6Addr, Ipv6, Ipv6::get;
    IpAddr, Ipv6, |address| IpAddr::V6(address.get());
    /// The bytes in the order they are sent.
    [u8; 6], Mac, Mac::octets;
}

/// The time of day, by the clock of the context or by the clocks as they are now.
#[cfg(feature = "clock")]
impl FromLayout<Ktime> for SystemTime {
    fn from_layout_with(from: &Ktime, context: &Context) -> Result<Self, FromLayoutError> {
        let clock = context.clock();
        let time = if context.is_monotonic() { clock.time_of_monotonic(*from) } else { clock.time_of(*from) };
        time.ok_or_else(|| {
            let reason = std::format!("{} ns since boot is out of range for SystemTime", from.as_nanos());
            FromLayoutError::new(FromLayoutErrorKind::OutOfRange, reason)
        })
    }
}
