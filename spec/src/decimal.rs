//! Numbers in decimal digits, without what `fmt` takes for them.

use std::{ops::Deref, str};

/// A number in decimal digits, as text.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    digits: [u8; Decimal::MOST],
    start: usize,
}

impl Decimal {
    /// Digits of the largest number.
    const MOST: usize = 20;

    /// The digits of this number.
    #[must_use]
    pub fn of(number: u64) -> Self {
        let (mut digits, mut start, mut rest) = ([0; Self::MOST], Self::MOST - 1, number);
        while rest > 9 {
            digits[start] = b'0' + (rest % 10) as u8;
            rest /= 10;
            start -= 1;
        }
        digits[start] = b'0' + rest as u8;
        Decimal { digits, start }
    }
}

impl Deref for Decimal {
    type Target = str;

    fn deref(&self) -> &str {
        str::from_utf8(&self.digits[self.start..]).expect("digits are ASCII")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_standard_library_does() {
        for number in [0, 1, 9, 10, 99, 100, 65_535, u64::MAX - 1, u64::MAX] {
            assert_eq!(&*Decimal::of(number), number.to_string());
        }
    }
}
