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

/// A number of up to 64 bits and a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Small {
    /// In two's complement.
    bits: u64,
    negative: bool,
}

impl Small {
    /// The number, if it has no more.
    pub(super) fn new(value: i128) -> Option<Self> {
        let fits = i128::from(i64::MIN) <= value && value <= i128::from(u64::MAX);
        fits.then_some(Small { bits: value as u64, negative: value < 0 })
    }

    pub(super) fn get(self) -> i128 {
        if self.negative { self.bits.cast_signed().into() } else { self.bits.into() }
    }
}

/// Where the bits of a slot lie in a word of a few bytes around it.
struct Word {
    /// First byte.
    start: usize,
    /// Bits below those of the slot.
    below: u32,
}

impl Word {
    /// A word of `size` bytes that ends with the slot, or begins with what it is in; `None` if the slot is larger.
    fn around(slot: &Slot, size: usize) -> Option<Self> {
        let first = slot.bits.map_or(0, |(first, _)| first);
        let end = first.checked_add(slot.width() as usize).filter(|end| *end <= slot.size.saturating_mul(8))?;
        let start = slot.offset.checked_add(slot.size)?.saturating_sub(size).min(slot.offset);
        let before = 8 * (slot.offset - start);
        let behind = (8 * size).checked_sub(before.checked_add(end)?)?;
        Some(Word { start, below: u32::try_from(if slot.is_little() { before + first } else { behind }).ok()? })
    }
}

/// How a slot of up to 64 bits is read: all that can be worked out before there are bytes is worked out. It is eight bytes
/// and two shifts, whatever the slot's width, whole or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Load {
    start: usize,
    left: u32,
    right: u32,
    signed: bool,
    little: bool,
}

impl Load {
    /// `None` if the slot has more, or lies in more than eight bytes.
    pub(super) fn new(slot: &Slot) -> Option<Self> {
        let Word { start, below } = Word::around(slot, 8)?;
        let right = 64 - slot.width();
        Some(Load { start, left: right - below, right, signed: slot.signed, little: slot.is_little() })
    }

    /// The number, if there are eight bytes.
    #[inline]
    pub(super) fn read(&self, bytes: &[u8]) -> Option<Small> {
        let word = *bytes.get(self.start..)?.first_chunk()?;
        let word = if self.little { u64::from_le_bytes(word) } else { u64::from_be_bytes(word) } << self.left;
        Some(match self.signed {
            true => {
                let value = word.cast_signed() >> self.right;
                Small { bits: value.cast_unsigned(), negative: value < 0 }
            }
            false => Small { bits: word >> self.right, negative: false },
        })
    }
}

/// How a number of up to 64 bits is put into a slot, likewise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Store {
    start: usize,
    /// Bytes: 1, 2, 4 or 8.
    size: usize,
    shift: u32,
    /// Which bits are the slot's.
    mask: u64,
    little: bool,
    /// The smallest and the largest number that it has.
    least: i64,
    most: u64,
    bool: bool,
}

impl Store {
    /// `None` if the slot has more, or lies in more than eight bytes.
    pub(super) fn new(slot: &Slot) -> Option<Self> {
        let size = slot.size.checked_next_power_of_two().filter(|size| *size <= 8)?;
        let Word { start, below } = Word::around(slot, size)?;
        let ones = u64::MAX.checked_shr(64 - slot.width())?;
        let (least, most) = match slot.signed {
            true => (i64::MIN >> (64 - slot.width()), ones >> 1),
            false => (0, ones),
        };
        let (little, bool) = (slot.is_little(), slot.bool);
        Some(Store { start, size, shift: below, mask: ones << below, little, least, most, bool })
    }

    /// Puts a number there, the nearest if it does not fit; or, if it comes from `as_many` bits, just these bits. Whether it
    /// is still the same number; `None` if there are not as many bytes.
    #[inline]
    pub(super) fn write(&self, bytes: &mut [u8], value: Small, as_many: bool) -> Option<bool> {
        let Small { bits, negative } = value;
        let fits = if negative { bits.cast_signed() >= self.least } else { bits <= self.most };
        let nearest = if negative { self.least.cast_unsigned() } else { self.most };
        let raw = match () {
            () if self.bool => u64::from(bits != 0),
            () if fits || as_many => bits,
            () => nearest,
        };
        let bytes = bytes.get_mut(self.start..)?;
        match self.size {
            1 => self.put::<1>(bytes.first_chunk_mut()?, raw),
            2 => self.put::<2>(bytes.first_chunk_mut()?, raw),
            4 => self.put::<4>(bytes.first_chunk_mut()?, raw),
            _ => self.put::<8>(bytes.first_chunk_mut()?, raw),
        }
        Some(fits || self.bool)
    }

    /// Replaces the slot's bits in `N` bytes, at most 8.
    fn put<const N: usize>(&self, bytes: &mut [u8; N], raw: u64) {
        let mut word = [0; 8];
        let bits = (raw << self.shift) & self.mask;
        if self.little {
            word[..N].copy_from_slice(bytes);
            let word = u64::from_le_bytes(word) & !self.mask | bits;
            bytes.copy_from_slice(&word.to_le_bytes()[..N]);
        } else {
            word[8 - N..].copy_from_slice(bytes);
            let word = u64::from_be_bytes(word) & !self.mask | bits;
            bytes.copy_from_slice(&word.to_be_bytes()[8 - N..]);
        }
    }
}

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
    use std::{vec, vec::Vec};

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

    /// Every kind of slot of up to 64 bits, at the start and the end of bytes and between them.
    fn slots() -> impl Iterator<Item = Slot> {
        let whole = (1..=8).map(|size| (size, None));
        let bits = [(0, 1), (3, 5), (7, 2), (1, 30), (6, 58), (0, 64)];
        let bits = bits.into_iter().map(|(first, width)| ((first + width as usize).div_ceil(8), Some((first, width))));
        // A run of bitfields is longer than one of them.
        let in_runs = [(3, Some((4, 7))), (9, Some((2, 33)))];
        let places = whole.chain(bits).chain(in_runs);
        places.flat_map(|(size, bits)| {
            [0, 1, 5, 16 - size].into_iter().flat_map(move |offset| {
                [(false, false), (true, false), (false, true), (true, true)].map(|(signed, big_endian)| Slot {
                    offset,
                    size,
                    bits,
                    signed,
                    big_endian: big_endian && bits.is_none(),
                    bool: false,
                })
            })
        })
    }

    fn sample(seed: u8) -> [u8; 16] {
        std::array::from_fn(|index| (index as u8).wrapping_mul(59).wrapping_add(seed) ^ seed.rotate_left(3))
    }

    #[test]
    fn what_is_loaded_at_once_is_what_is_read() {
        for slot in slots() {
            let load = Load::new(&slot).unwrap_or_else(|| panic!("{slot:?} has no more than 64 bits in eight bytes"));
            for seed in 0..=255 {
                for bytes in [&sample(seed)[..], &sample(seed)[..slot.offset + slot.size], &sample(seed)[..slot.offset]]
                {
                    let Some(found) = load.read(bytes) else {
                        assert!(bytes.len() < 8 || bytes.len() < slot.offset + slot.size, "{slot:?} of {bytes:?}");
                        continue;
                    };
                    assert_eq!(Some(Value::new(found.get())), slot.read(bytes), "{slot:?} of {bytes:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_stored_at_once_is_what_is_written() {
        let near = |limit: i128| [limit - 1, limit, limit + 1];
        let limits = [0, 4, 7, 8, 15, 16, 31, 32, 57, 58, 63, 64].map(|bits| 1i128 << bits);
        let values: Vec<i128> = limits.into_iter().flat_map(|limit| [near(limit), near(-limit)]).flatten().collect();
        for slot in slots().flat_map(|slot| [slot, Slot { bool: true, ..slot }]) {
            let Some(store) = Store::new(&slot) else {
                assert!(slot.size > 8, "{slot:?} has no more than eight bytes");
                continue;
            };
            for value in &values {
                let Some(small) = Small::new(*value) else { continue };
                assert_eq!(small.get(), *value);
                for (as_many, width) in [(true, slot.width()), (false, 0)] {
                    let (mut found, mut expected) = (sample(0xa5), sample(0xa5));
                    let fits = slot.write(&mut expected, Value::new(*value), width);
                    assert_eq!(store.write(&mut found, small, as_many), Some(fits), "{value} in {slot:?}");
                    assert_eq!(found, expected, "{value} in {slot:?}");
                    assert_eq!(store.write(&mut found[..slot.offset], small, as_many), None);
                }
            }
        }
    }

    #[test]
    fn numbers_of_more_than_64_bits_or_outside_of_their_bytes_have_no_shorter_way() {
        for slot in [slot(16, false), slot(9, true), Slot { bits: Some((7, 64)), ..slot(9, false) }] {
            assert_eq!((Load::new(&slot), Store::new(&slot)), (None, None), "{slot:?}");
        }
        let outside = Slot { bits: Some((4, 8)), ..slot(1, false) };
        assert_eq!((Load::new(&outside), Store::new(&outside)), (None, None));
        assert_eq!([1 << 64, -(1 << 63) - 1].map(Small::new), [None, None]);
    }
}
