//! Numbers of any width, sign and byte order, from one side to the other.

use crate::{
    cell::{read_bits, write_bits},
    shape::Place,
};

/// Where a number lies, and how its bits are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// First byte.
    pub(super) offset: usize,
    /// Bytes, at most 16.
    pub(super) size: usize,
    /// First bit from `offset` on, and width, at most 64, of a bitfield.
    pub(super) bits: Option<(usize, u32)>,
    pub(super) signed: bool,
    pub(super) big_endian: bool,
    /// Whether it is zero or one, and anything else is read as one.
    pub(super) bool: bool,
}

/// A number of up to 128 bits and a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// In two's complement.
    bits: u128,
    negative: bool,
}

impl Value {
    /// A number of no more than 127 bits.
    pub(super) const fn new(value: i128) -> Self {
        Value { bits: value.cast_unsigned(), negative: value < 0 }
    }

    /// The number, if it has no more than 127 bits.
    pub(super) fn get(self) -> Option<i128> {
        let value = self.bits.cast_signed();
        ((value < 0) == self.negative).then_some(value)
    }

    /// Whether a slot of this width and sign has it.
    fn fits(self, width: u32, signed: bool) -> bool {
        match (self.negative, signed) {
            (true, false) => false,
            (true, true) => shift_left(u128::MAX, width - 1) & !self.bits == 0,
            (false, signed) => shift_right(self.bits, width - u32::from(signed)) == 0,
        }
    }

    /// The nearest number that such a slot has.
    fn clamp(self, width: u32, signed: bool) -> u128 {
        match (self.negative, signed) {
            (true, true) => shift_left(u128::MAX, width - 1),
            (true, false) => 0,
            (false, signed) => !shift_left(u128::MAX, width - u32::from(signed)),
        }
    }
}

const fn shift_left(bits: u128, by: u32) -> u128 {
    if by < 128 { bits << by } else { 0 }
}

const fn shift_right(bits: u128, by: u32) -> u128 {
    if by < 128 { bits >> by } else { 0 }
}

impl Slot {
    /// The place of a number in a table.
    pub(super) const fn of_place(place: &Place) -> Self {
        Slot {
            offset: place.offset,
            size: place.size,
            bits: place.bits,
            signed: place.signed,
            big_endian: false,
            bool: false,
        }
    }

    /// Bits.
    pub(super) fn width(&self) -> u32 {
        match self.bits {
            Some((_, width)) => width,
            None => 8 * u32::try_from(self.size).unwrap_or(0),
        }
    }

    /// Whether it has bits, and no more than can be handled here.
    pub(super) fn is_sound(&self) -> bool {
        match self.bits {
            Some((_, width)) => (1..=64).contains(&width),
            None => (1..=16).contains(&self.size),
        }
    }

    /// The number, if the bytes reach that far.
    pub(super) fn read(&self, bytes: &[u8]) -> Option<Value> {
        let bytes = bytes.get(self.offset..self.offset.checked_add(self.size)?)?;
        let raw = match self.bits {
            Some((first, width)) => read_bits(bytes, first, width, LITTLE).into(),
            None => integer(bytes, self.is_little()),
        };
        let unused = 128u32.checked_sub(self.width()).filter(|unused| *unused < 128)?;
        if !self.signed {
            return Some(Value { bits: raw, negative: false });
        }
        let bits = (raw << unused).cast_signed() >> unused;
        Some(Value { bits: bits.cast_unsigned(), negative: bits < 0 })
    }

    /// Puts a number here, the nearest if it does not fit; or, if it comes from as many bits, just these bits. Whether it
    /// is still the same number.
    pub(super) fn write(&self, bytes: &mut [u8], value: Value, from_width: u32) -> bool {
        let (width, signed) = (self.width(), self.signed);
        let fits = value.fits(width, signed);
        let raw = match () {
            () if self.bool => u128::from(value.bits != 0),
            () if fits || from_width == width => value.bits,
            () => value.clamp(width, signed),
        };
        let end = self.offset.saturating_add(self.size);
        if let Some(bytes) = bytes.get_mut(self.offset..end) {
            match self.bits {
                Some((first, width)) => write_bits(bytes, first, width, raw as u64, LITTLE),
                None => put_integer(bytes, raw, self.is_little()),
            }
        }
        fits || self.bool
    }

    fn is_little(&self) -> bool {
        LITTLE && !self.big_endian
    }
}

const LITTLE: bool = cfg!(target_endian = "little");

/// An unsigned integer of up to 16 bytes. Those of whole words, which most are, are one load.
fn integer(bytes: &[u8], little: bool) -> u128 {
    macro_rules! word {
        ($ty:ty) => {
            bytes
                .try_into()
                .map_or(0, |word| if little { <$ty>::from_le_bytes(word) } else { <$ty>::from_be_bytes(word) })
        };
    }
    let fold = |value: u128, byte: &u8| value << 8 | u128::from(*byte);
    match bytes.len() {
        1 => word!(u8).into(),
        2 => word!(u16).into(),
        4 => word!(u32).into(),
        8 => word!(u64).into(),
        16 => word!(u128),
        _ if little => bytes.iter().rev().fold(0, fold),
        _ => bytes.iter().fold(0, fold),
    }
}

/// The low bytes of `value`, as many as there is room for.
fn put_integer(bytes: &mut [u8], value: u128, little: bool) {
    macro_rules! word {
        ($ty:ty) => {{
            let word = value as $ty;
            bytes.copy_from_slice(&if little { word.to_le_bytes() } else { word.to_be_bytes() });
        }};
    }
    match bytes.len() {
        1 => word!(u8),
        2 => word!(u16),
        4 => word!(u32),
        8 => word!(u64),
        16 => word!(u128),
        _ => {
            for (byte, part) in bytes.iter_mut().zip(value.to_le_bytes()) {
                *byte = part;
            }
            if !little {
                bytes.reverse();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::*;

    fn slot(size: usize, signed: bool) -> Slot {
        Slot { offset: 0, size, bits: None, signed, big_endian: false, bool: false }
    }

    /// What becomes of a number, and whether it stays the same.
    fn moved(value: i128, from: Slot, to: Slot) -> (i128, bool) {
        let (mut theirs, mut ours) = ([0; 16], [0; 16]);
        assert!(from.write(&mut theirs, Value::new(value), from.width()), "{value} does not fit its own slot");
        let kept = to.write(&mut ours, from.read(&theirs).expect("16 bytes"), from.width());
        (to.read(&ours).expect("16 bytes").get().expect("no more than 127 bits"), kept)
    }

    #[test]
    fn numbers_widen_by_their_sign_and_narrow_to_the_nearest() {
        for (value, from, to, expected) in [
            (-2, slot(4, true), slot(8, true), (-2, true)),
            (0xffff_fffe, slot(4, false), slot(8, true), (0xffff_fffe, true)),
            (-2, slot(2, true), slot(16, true), (-2, true)),
            (70_000, slot(4, false), slot(2, false), (65_535, false)),
            (-70_000, slot(4, true), slot(2, true), (-32_768, false)),
            (-1, slot(4, true), slot(2, false), (0, false)),
            (-1, slot(4, true), slot(8, false), (0, false)),
            (127, slot(8, false), slot(1, true), (127, true)),
            (128, slot(8, false), slot(1, true), (127, false)),
        ] {
            assert_eq!(moved(value, from, to), expected, "{value} from {from:?} to {to:?}");
        }
    }

    #[test]
    fn the_bits_of_as_wide_a_number_stay() {
        assert_eq!(moved(0xffff_fffe, slot(4, false), slot(4, true)), (-2, false));
        assert_eq!(moved(-2, slot(4, true), slot(4, false)), (0xffff_fffe, false));
        assert_eq!(moved(5, slot(4, false), slot(4, true)), (5, true));
    }

    #[test]
    fn byte_order_and_truth_are_converted() {
        let big = Slot { big_endian: true, ..slot(2, false) };
        let mut bytes = [0; 2];
        big.write(&mut bytes, Value::new(443), 16);
        assert_eq!(bytes, 443u16.to_be_bytes());
        assert_eq!(moved(443, big, slot(4, false)), (443, true));
        assert_eq!(moved(256, slot(4, false), Slot { bool: true, ..slot(1, false) }), (1, true));
    }

    #[test]
    fn integers_of_every_length_are_read_as_they_were_put() {
        let value = 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10_u128;
        for len in 1..=16 {
            for little in [true, false] {
                let (mut bytes, mut expected) = (vec![0; len], value.to_le_bytes()[..len].to_vec());
                if !little {
                    expected.reverse();
                }
                put_integer(&mut bytes, value, little);
                assert_eq!(bytes, expected);
                assert_eq!(integer(&bytes, little), value & (u128::MAX >> (128 - 8 * len)));
            }
        }
    }

    #[test]
    fn bitfields_keep_to_their_bits() {
        let bits = Slot { bits: Some((3, 5)), ..slot(1, true) };
        let mut bytes = [0xff];
        assert!(bits.write(&mut bytes, Value::new(-16), 32));
        assert_eq!(bits.read(&bytes), Some(Value::new(-16)));
        assert!(!bits.write(&mut bytes, Value::new(16), 32));
        assert_eq!(bits.read(&bytes), Some(Value::new(15)));
    }

    #[test]
    fn all_of_128_bits_are_read_and_outside_of_bytes_nothing() {
        let whole = slot(16, false);
        let mut bytes = [0xff; 16];
        assert_eq!(whole.read(&bytes), Some(Value { bits: u128::MAX, negative: false }));
        assert!(!slot(16, true).write(&mut bytes, whole.read(&[0xff; 16]).expect("16 bytes"), 0));
        assert_eq!(slot(16, true).read(&bytes), Some(Value::new(i128::MAX)));
        assert_eq!(whole.read(&[0; 15]), None);
        assert!(slot(4, false).write(&mut [0; 2], Value::new(1), 32), "there is nothing to write to");
    }
}
