//! Numbers of bytes that stay at `u64::MAX` instead of wrapping, so that formulas read as the kernel writes them.

use std::{
    iter::Sum,
    ops::{Add, Mul, Sub},
};

/// A number of bytes, or of things that are multiplied by bytes. Arithmetic saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bytes(pub(crate) u64);

impl Bytes {
    pub(crate) const ZERO: Bytes = Bytes(0);

    /// Rounded up to a multiple of `unit`.
    pub(crate) fn round_up(self, unit: u64) -> Bytes {
        Bytes(self.0.checked_next_multiple_of(unit).unwrap_or(u64::MAX))
    }
}

impl Add for Bytes {
    type Output = Bytes;

    fn add(self, other: Bytes) -> Bytes {
        Bytes(self.0.saturating_add(other.0))
    }
}

impl Sub for Bytes {
    type Output = Bytes;

    fn sub(self, other: Bytes) -> Bytes {
        Bytes(self.0.saturating_sub(other.0))
    }
}

impl Mul<u64> for Bytes {
    type Output = Bytes;

    fn mul(self, count: u64) -> Bytes {
        Bytes(self.0.saturating_mul(count))
    }
}

impl Sum for Bytes {
    fn sum<I: Iterator<Item = Bytes>>(items: I) -> Bytes {
        items.fold(Bytes::ZERO, Add::add)
    }
}

/// `round_up(x, 8)`, as keys and values lie in an element.
pub(crate) fn round8(size: u64) -> Bytes {
    Bytes(size).round_up(8)
}

/// `roundup_pow_of_two`, which the kernel counts the buckets of hash tables by.
pub(crate) fn power_of_two(count: u64) -> u64 {
    count.checked_next_power_of_two().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_wraps() {
        let most = Bytes(u64::MAX);
        assert_eq!(most + Bytes(1), most);
        assert_eq!(most * 2, most);
        assert_eq!(Bytes(1) - Bytes(2), Bytes::ZERO);
        assert_eq!(most.round_up(4096), most);
        assert_eq!(power_of_two(u64::MAX), u64::MAX);
    }

    #[test]
    fn roundings() {
        assert_eq!([0, 1, 8, 9].map(|size| round8(size).0), [0, 8, 8, 16]);
        assert_eq!([0, 1, 3, 4, 5].map(power_of_two), [1, 1, 4, 4, 8]);
    }
}
