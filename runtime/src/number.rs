//! What values are beyond their bytes: what a conversion may take them for. Generated types implement these traits by
//! the macros that define them.

use core::fmt;

use crate::{
    layout::Layout,
    scalar::{Be16, Be32, Be64, Bool, Ipv4, Ipv6, KernelPtr, Ktime, Mac},
    text::Str,
};

/// A type that may stand in an owned struct as it is: it has a meaning of its own, and no shorter form.
#[doc(hidden)]
pub trait AsIs: Layout {}

macro_rules! as_is {
    ($($ty:ty)+) => { $(impl AsIs for $ty {})+ };
}

as_is! { Be16 Be32 Be64 Bool Ipv4 Ipv6 KernelPtr Ktime Mac }
impl<const N: usize> AsIs for Str<N> {}

/// A value that is an integer.
#[diagnostic::on_unimplemented(message = "`{Self}` is not an integer")]
pub trait Number: Layout {
    /// The integer, wide enough for all.
    fn number(&self) -> Wide;
}

/// The values of an enum of the spec, of which some have names.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an enum of the spec",
    note = "an enum without data is made from a generated enum; one with data, from the members of a tagged union \
            (`AddressRef<'_>`) or the events of a buffer (`maps::EventsRecord<'_>`)"
)]
pub trait OpenEnum: Number {}

/// The bits of flags of the spec, of which some have names.
pub trait FlagSet: Number {}

/// Any integer of up to 128 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wide {
    /// Of an unsigned type.
    Unsigned(u128),
    /// Of a signed type.
    Signed(i128),
}

impl Wide {
    /// The same number as a `T`, if it has that.
    #[inline]
    #[must_use]
    pub fn to<T: TryFrom<u128> + TryFrom<i128>>(self) -> Option<T> {
        match self {
            Wide::Unsigned(number) => number.try_into().ok(),
            Wide::Signed(number) => number.try_into().ok(),
        }
    }
}

impl fmt::Display for Wide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wide::Unsigned(number) => number.fmt(f),
            Wide::Signed(number) => number.fmt(f),
        }
    }
}

macro_rules! numbers {
    ($kind:ident($wide:ty): $($ty:ty, $value:expr;)+) => { $(
        impl Number for $ty {
            #[inline]
            fn number(&self) -> Wide {
                let value: fn($ty) -> _ = $value;
                Wide::$kind(<$wide>::from(value(*self)))
            }
        }
    )+ };
}

numbers! {
    Unsigned(u128):
    u8, |n| n; u16, |n| n; u32, |n| n; u64, |n| n; u128, |n| n;
    Be16, Be16::get; Be32, Be32::get; Be64, Be64::get;
    Ktime, Ktime::as_nanos; KernelPtr, KernelPtr::address;
}

numbers! {
    Signed(i128):
    i8, |n| n; i16, |n| n; i32, |n| n; i64, |n| n; i128, |n| n;
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    #[test]
    fn numbers_keep_their_value_or_are_refused() {
        assert_eq!(u16::MAX.number().to::<u32>(), Some(65535));
        assert_eq!((-1i8).number().to::<i64>(), Some(-1));
        assert_eq!((-1i8).number().to::<u64>(), None);
        assert_eq!(u128::MAX.number().to::<u128>(), Some(u128::MAX));
        assert_eq!(u128::MAX.number().to::<i128>(), None);
        assert_eq!(Be16::new(443).number().to::<u8>(), None);
        assert_eq!(KernelPtr::new(7).number().to::<usize>(), Some(7));
        assert_eq!(format!("{} {}", i128::MIN.number(), u128::MAX.number()), format!("{} {}", i128::MIN, u128::MAX));
    }
}
