//! Numbers and addresses with a meaning of their own; any bytes are valid for each.

use core::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use crate::{layout::Layout, shape::Shape};

/// Defines a newtype that is laid out like what it wraps.
macro_rules! newtype {
    ($(#[$meta:meta])* $name:ident($inner:ty): $shape:expr, $show:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
        #[cfg_attr(
            feature = "zerocopy",
            derive(zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::Immutable, zerocopy::KnownLayout)
        )]
        #[repr(transparent)]
        pub struct $name($inner);

        // SAFETY: a transparent newtype of integers, which any bytes are valid for.
        unsafe impl Layout for $name {
            const SHAPE: Shape = $shape;
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::$show::fmt(&self.get(), f)
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                crate::show::Shown::of(self).serialize(serializer)
            }
        }
    };
}

/// Defines a big-endian integer.
macro_rules! big_endian {
    ($($name:ident $inner:ident $bits:literal;)+) => { $(
        newtype! {
            #[doc = concat!("An unsigned integer of ", $bits, " bits whose most significant byte comes first, as in network headers.")]
            $name($inner): Shape::BigEndian(size_of::<$inner>()), Debug
        }

        impl $name {
            /// From the machine's byte order.
            #[must_use]
            pub const fn new(value: $inner) -> Self {
                $name(value.to_be())
            }

            /// In the machine's byte order.
            #[must_use]
            pub const fn get(self) -> $inner {
                $inner::from_be(self.0)
            }
        }

        impl From<$inner> for $name {
            fn from(value: $inner) -> Self {
                Self::new(value)
            }
        }

        impl From<$name> for $inner {
            fn from(value: $name) -> Self {
                value.get()
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> core::cmp::Ordering {
                self.get().cmp(&other.get())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.get(), f)
            }
        }
    )+ };
}

big_endian! {
    Be16 u16 "16";
    Be32 u32 "32";
    Be64 u64 "64";
}

newtype! {
    /// A truth value in one byte; anything but zero is true. Two are equal if their bytes are.
    Bool(u8): Shape::Bool, Debug
}

impl Bool {
    /// Zero.
    pub const FALSE: Self = Bool(0);
    /// One.
    pub const TRUE: Self = Bool(1);

    /// From a `bool`.
    #[must_use]
    pub const fn new(value: bool) -> Self {
        Bool(value as u8)
    }

    /// Whether the byte is not zero.
    #[must_use]
    pub const fn get(self) -> bool {
        self.0 != 0
    }
}

impl From<bool> for Bool {
    fn from(value: bool) -> Self {
        Bool::new(value)
    }
}

impl From<Bool> for bool {
    fn from(value: Bool) -> Self {
        value.get()
    }
}

impl core::ops::Not for Bool {
    type Output = bool;

    fn not(self) -> bool {
        !self.get()
    }
}

newtype! {
    /// A moment in nanoseconds since boot, suspended time included, as `bpf_ktime_get_boot_ns()` gives it.
    #[derive(PartialOrd, Ord)]
    Ktime(u64): Shape::Ktime, Debug
}

impl Ktime {
    /// From nanoseconds since boot.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Ktime(nanos)
    }

    /// Nanoseconds since boot.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Time since boot.
    #[must_use]
    pub const fn since_boot(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    /// Time since an earlier moment; zero if that one is later.
    #[must_use]
    pub const fn since(self, earlier: Ktime) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    const fn get(self) -> Duration {
        self.since_boot()
    }
}

newtype! {
    /// An IPv4 address in network byte order.
    Ipv4(u32): Shape::Ipv4, Display
}

impl Ipv4 {
    /// The address.
    #[must_use]
    pub const fn get(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(u32::from_be(self.0))
    }
}

impl From<Ipv4Addr> for Ipv4 {
    fn from(address: Ipv4Addr) -> Self {
        Ipv4(address.to_bits().to_be())
    }
}

impl From<Ipv4> for Ipv4Addr {
    fn from(address: Ipv4) -> Self {
        address.get()
    }
}

newtype! {
    /// An IPv6 address in network byte order.
    #[cfg_attr(feature = "zerocopy", derive(zerocopy::Unaligned))]
    Ipv6([u8; 16]): Shape::Ipv6, Display
}

impl Ipv6 {
    /// The address.
    #[must_use]
    pub const fn get(self) -> Ipv6Addr {
        Ipv6Addr::from_bits(u128::from_be_bytes(self.0))
    }
}

impl From<Ipv6Addr> for Ipv6 {
    fn from(address: Ipv6Addr) -> Self {
        Ipv6(address.octets())
    }
}

impl From<Ipv6> for Ipv6Addr {
    fn from(address: Ipv6) -> Self {
        address.get()
    }
}

newtype! {
    /// An Ethernet address.
    #[derive(PartialOrd, Ord)]
    #[cfg_attr(feature = "zerocopy", derive(zerocopy::Unaligned))]
    Mac([u8; 6]): Shape::Mac, Display
}

impl Mac {
    /// From its bytes, in the order they are sent.
    #[must_use]
    pub const fn new(octets: [u8; 6]) -> Self {
        Mac(octets)
    }

    /// Its bytes, in the order they are sent.
    #[must_use]
    pub const fn octets(self) -> [u8; 6] {
        self.0
    }

    const fn get(self) -> Self {
        self
    }
}

/// `02:00:5e:10:00:01`
impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

newtype! {
    /// A kernel address: a number that userspace can compare and print, and cannot follow.
    #[derive(PartialOrd, Ord)]
    KernelPtr(u64): Shape::Ptr, LowerHex
}

impl KernelPtr {
    /// From the address.
    #[must_use]
    pub const fn new(address: u64) -> Self {
        KernelPtr(address)
    }

    /// The address.
    #[must_use]
    pub const fn address(self) -> u64 {
        self.0
    }

    /// Whether it is the null pointer.
    #[must_use]
    pub const fn is_null(self) -> bool {
        self.0 == 0
    }

    const fn get(self) -> Address {
        Address(self.0)
    }
}

/// An address that always prints with `0x`.
struct Address(u64);

impl fmt::LowerHex for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    #[test]
    fn big_endian_numbers_keep_network_order_in_memory() {
        assert_eq!(Be16::new(0x1234).as_bytes(), [0x12, 0x34]);
        assert_eq!(Be32::from(0x1234_5678).as_bytes(), [0x12, 0x34, 0x56, 0x78]);
        assert_eq!(Be64::new(1).as_bytes(), [0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(u16::from(Be16::new(443)), 443);
        assert!(Be32::new(1) < Be32::new(0x0100_0000));
        assert_eq!(format!("{} {:?}", Be16::new(443), Be32::new(7)), "443 7");
    }

    #[test]
    fn addresses_read_from_network_order() {
        assert_eq!(Ipv4::read_from(&[127, 0, 0, 1]).unwrap().get(), Ipv4Addr::LOCALHOST);
        assert_eq!(Ipv4::from(Ipv4Addr::new(10, 1, 2, 3)).as_bytes(), [10, 1, 2, 3]);
        assert_eq!(Ipv6::from(Ipv6Addr::LOCALHOST).get(), Ipv6Addr::LOCALHOST);
        assert_eq!(format!("{:?}", Ipv6::from(Ipv6Addr::LOCALHOST)), "::1");
        assert_eq!(format!("{:?}", Mac::new([2, 0, 0x5e, 0x10, 0, 1])), "02:00:5e:10:00:01");
    }

    #[test]
    fn any_byte_is_a_bool() {
        assert!(Bool::read_from(&[0x80]).unwrap().get());
        assert!(!Bool::FALSE);
        assert_eq!(format!("{:?} {:?}", Bool::TRUE, Bool::FALSE), "true false");
    }

    #[test]
    fn moments_are_durations_since_boot() {
        let earlier = Ktime::from_nanos(1_000_000_001);
        assert_eq!(earlier.since_boot(), Duration::new(1, 1));
        assert_eq!(Ktime::from_nanos(u64::MAX).since(earlier).as_nanos(), u128::from(u64::MAX) - 1_000_000_001);
        assert_eq!(earlier.since(Ktime::from_nanos(u64::MAX)), Duration::ZERO);
        assert_eq!(format!("{earlier:?}"), "1.000000001s");
    }

    #[test]
    fn kernel_addresses_print_in_hexadecimal() {
        assert_eq!(format!("{:?}", KernelPtr::new(0xffff_8880_0000_1000)), "0xffff888000001000");
        assert!(KernelPtr::default().is_null());
    }
}
