//! Bytes of a record that are no plain field: padding, bitfields, and fields that lie askew.

use core::{fmt, marker::PhantomData};

use crate::{
    layout::Layout,
    shape::{Place, Shape},
};

/// `N` bytes between fields. Zero in every value made in Rust; what the kernel sent otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "zerocopy",
    derive(zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::Immutable, zerocopy::KnownLayout, zerocopy::Unaligned)
)]
#[repr(transparent)]
pub struct Pad<const N: usize>([u8; N]);

// SAFETY: a transparent newtype of an array of bytes.
unsafe impl<const N: usize> Layout for Pad<N> {
    const SHAPE: Shape = Shape::Padding(N);
}

impl<const N: usize> Pad<N> {
    /// Zero bytes.
    pub const ZERO: Self = Pad([0; N]);
}

impl<const N: usize> Default for Pad<N> {
    fn default() -> Self {
        Self::ZERO
    }
}

impl<const N: usize> fmt::Debug for Pad<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pad<{N}>")
    }
}

/// A field that does not lie at a multiple of its alignment, as in packed structs: its bytes, and the value by copy.
///
/// `N` is the size of `T`, which the compiler checks.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "zerocopy",
    derive(zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::Immutable, zerocopy::KnownLayout, zerocopy::Unaligned)
)]
#[repr(transparent)]
pub struct Unaligned<T, const N: usize> {
    bytes: [u8; N],
    value: PhantomData<T>,
}

// SAFETY: a transparent newtype of an array of bytes; T is what they mean, of which no reference is ever made. The table
// describes N bytes, since it is refused otherwise.
unsafe impl<T: Layout, const N: usize> Layout for Unaligned<T, N> {
    const SHAPE: Shape = {
        assert!(size_of::<T>() == N, "Unaligned<T, N>: N is not the size of T");
        T::SHAPE
    };
}

impl<T: Layout, const N: usize> Unaligned<T, N> {
    /// Holds `value`.
    #[must_use]
    pub fn new(value: T) -> Self {
        let mut held = Unaligned { bytes: [0; N], value: PhantomData };
        held.set(value);
        held
    }

    /// The value.
    #[must_use]
    pub fn get(&self) -> T {
        const { assert!(size_of::<T>() == N, "Unaligned<T, N>: N is not the size of T") };
        let mut value = T::zeroed();
        value.as_bytes_mut().copy_from_slice(&self.bytes);
        value
    }

    /// Replaces the value.
    pub fn set(&mut self, value: T) {
        const { assert!(size_of::<T>() == N, "Unaligned<T, N>: N is not the size of T") };
        self.bytes.copy_from_slice(Layout::as_bytes(&value));
    }
}

impl<T: Layout, const N: usize> From<T> for Unaligned<T, N> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Layout, const N: usize> Default for Unaligned<T, N> {
    fn default() -> Self {
        Self::new(T::zeroed())
    }
}

impl<T: Layout + fmt::Debug, const N: usize> fmt::Debug for Unaligned<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

#[cfg(feature = "serde")]
impl<T: Layout + serde::Serialize, const N: usize> serde::Serialize for Unaligned<T, N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.get().serialize(serializer)
    }
}

/// `N` bytes of bitfields that follow one another.
///
/// Bits are counted as the compilers allocate them: from the least significant bit of the first byte on little-endian
/// machines, from the most significant on big-endian ones (System V ABI of x86-64, section 3.1.2; ELF V2 ABI of Power,
/// section 2.1.2.2; clang's BPF targets follow their endianness).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "zerocopy",
    derive(zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::Immutable, zerocopy::KnownLayout, zerocopy::Unaligned)
)]
#[repr(transparent)]
pub struct Bits<const N: usize>([u8; N]);

// SAFETY: a transparent newtype of an array of bytes.
unsafe impl<const N: usize> Layout for Bits<N> {
    const SHAPE: Shape = Shape::BitRun(N);
}

impl<const N: usize> Default for Bits<N> {
    fn default() -> Self {
        Self::ZERO
    }
}

impl<const N: usize> fmt::Debug for Bits<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const N: usize> Bits<N> {
    /// No bit set.
    pub const ZERO: Self = Bits([0; N]);

    /// The unsigned value of `width` bits from bit `first`; bits outside the run read as zero.
    #[must_use]
    pub fn get(&self, first: usize, width: u32) -> u64 {
        read_bits(&self.0, first, width, cfg!(target_endian = "little"))
    }

    /// The same for a signed field: its highest bit is the sign.
    #[must_use]
    pub fn get_signed(&self, first: usize, width: u32) -> i64 {
        extend_sign(self.get(first, width), width)
    }

    /// Replaces `width` bits from bit `first` by the low bits of `value`.
    pub fn set(&mut self, first: usize, width: u32, value: u64) {
        write_bits(&mut self.0, first, width, value, cfg!(target_endian = "little"));
    }
}

/// Bytes whose bits are counted from the start, as a word in which bit `first` lies where a shift reaches it: the first
/// byte is lowest on little-endian machines, and highest on big-endian ones. 16 bytes at most; what is behind is left out.
fn word_of(bytes: &[u8], little: bool) -> u128 {
    let mut word = [0; 16];
    for (to, from) in word.iter_mut().zip(bytes) {
        *to = *from;
    }
    if little { u128::from_le_bytes(word) } else { u128::from_be_bytes(word) }
}

/// The bytes that bits `first` to `first + width` lie in, nine at most, and how many bits lie before `first` in them.
fn bytes_of(first: usize, width: u32, len: usize) -> (core::ops::Range<usize>, usize) {
    let end = first.saturating_add(width as usize).div_ceil(8).min(len);
    ((first / 8).min(end)..end, first % 8)
}

/// How far to the left the lowest of `width` bits lies in [`word_of`] the bytes, `before` bits from their start.
fn shift_of(before: usize, width: u32, little: bool) -> usize {
    if little { before } else { 128 - before - width as usize }
}

pub(crate) fn read_bits(bytes: &[u8], first: usize, width: u32, little: bool) -> u64 {
    let width = width.min(64);
    if width == 0 {
        return 0;
    }
    let (range, before) = bytes_of(first, width, bytes.len());
    let word = word_of(&bytes[range], little) >> shift_of(before, width, little);
    word as u64 & low_bits(width)
}

pub(crate) fn write_bits(bytes: &mut [u8], first: usize, width: u32, value: u64, little: bool) {
    let width = width.min(64);
    if width == 0 {
        return;
    }
    let (range, before) = bytes_of(first, width, bytes.len());
    let shift = shift_of(before, width, little);
    let mask = u128::from(low_bits(width)) << shift;
    let bytes = &mut bytes[range];
    let word = word_of(bytes, little) & !mask | u128::from(value) << shift & mask;
    let word = if little { word.to_le_bytes() } else { word.to_be_bytes() };
    for (to, from) in bytes.iter_mut().zip(word) {
        *to = from;
    }
}

/// As many ones, 1 to 64 of them.
const fn low_bits(width: u32) -> u64 {
    u64::MAX >> (64 - width)
}

/// The low `width` bits as a signed number.
const fn extend_sign(value: u64, width: u32) -> i64 {
    match 64u32.checked_sub(width) {
        Some(shift) if shift < 64 => (value << shift).cast_signed() >> shift,
        _ => value.cast_signed(),
    }
}

impl Place {
    /// The integer that lies here, if `bytes` reach that far and it has no more than 64 bits.
    #[inline]
    pub(crate) fn read(&self, bytes: &[u8]) -> Option<i128> {
        let bytes = bytes.get(self.offset..self.offset.checked_add(self.size)?)?;
        let (value, width) = match self.bits {
            Some((first, width)) => (read_bits(bytes, first, width, cfg!(target_endian = "little")), width),
            None => (integer(bytes)?, 8 * u32::try_from(self.size).ok()?),
        };
        Some(if self.signed { extend_sign(value, width).into() } else { value.into() })
    }

    /// Puts the low bits of `value` here, if `bytes` reach that far.
    pub(crate) fn write(&self, bytes: &mut [u8], value: i128) {
        let end = self.offset.saturating_add(self.size);
        let Some(bytes) = bytes.get_mut(self.offset..end) else { return };
        match self.bits {
            Some((first, width)) => write_bits(bytes, first, width, value as u64, cfg!(target_endian = "little")),
            None => {
                for (byte, part) in bytes.iter_mut().zip(value.to_le_bytes()) {
                    *byte = part;
                }
                if cfg!(target_endian = "big") {
                    bytes.reverse();
                }
            }
        }
    }
}

/// An unsigned integer of up to 8 bytes in the machine's byte order.
#[inline]
pub(crate) fn integer(bytes: &[u8]) -> Option<u64> {
    if bytes.len() > 8 {
        return None;
    }
    let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    Some(if cfg!(target_endian = "little") { bytes.iter().rev().fold(0, fold) } else { bytes.iter().fold(0, fold) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `struct { unsigned a : 3; unsigned b : 7; int c : 6; }` with a = 5, b = 0x41, c = -2, as clang lays it out for
    /// x86-64 and s390x.
    const LITTLE: [u8; 2] = [0x0d, 0xfa];
    const BIG: [u8; 2] = [0xb0, 0x7e];

    #[test]
    fn bits_are_read_as_each_byte_order_allocates_them() {
        for (bytes, little) in [(LITTLE, true), (BIG, false)] {
            assert_eq!(read_bits(&bytes, 0, 3, little), 5);
            assert_eq!(read_bits(&bytes, 3, 7, little), 0x41);
            assert_eq!(extend_sign(read_bits(&bytes, 10, 6, little), 6), -2);
        }
    }

    #[test]
    fn bits_are_written_where_they_are_read_and_nowhere_else() {
        for (expected, little) in [(LITTLE, true), (BIG, false)] {
            for background in [[0; 2], [0xff; 2]] {
                let mut bytes = background;
                for (first, width, value) in [(0, 3, 5), (3, 7, 0x41), (10, 6, -2i64 as u64)] {
                    write_bits(&mut bytes, first, width, value, little);
                }
                assert_eq!(bytes, expected);
            }
        }
    }

    /// Bit by bit, as the compilers' manuals count them.
    fn naive_bit(first: usize, width: u32, index: u32, little: bool) -> (usize, u32) {
        let bit = if little { first + index as usize } else { first + (width - 1 - index) as usize };
        (bit / 8, if little { bit as u32 % 8 } else { 7 - bit as u32 % 8 })
    }

    #[test]
    fn every_place_and_width_is_read_and_written_bit_by_bit() {
        let sample: std::vec::Vec<u8> = (0..24u8).map(|byte| byte.wrapping_mul(37) ^ 0x5a).collect();
        for (first, width) in (0..200).flat_map(|first| (1..=64).map(move |width| (first, width))) {
            for (len, little) in [(24, true), (24, false), (9, true), (9, false), (3, true), (3, false)] {
                let bytes = &sample[..len];
                let bit = |bytes: &[u8], (byte, bit): (usize, u32)| bytes.get(byte).map_or(0, |byte| byte >> bit & 1);
                let expected = (0..width).fold(0, |value, index| {
                    value | u64::from(bit(bytes, naive_bit(first, width, index, little))) << index
                });
                let found = read_bits(bytes, first, width, little);
                assert_eq!(found, expected, "bits {first} to {width} more of {len} bytes, little: {little}");
                let (mut written, mut naive) = (bytes.to_vec(), bytes.to_vec());
                write_bits(&mut written, first, width, !found, little);
                for index in 0..width {
                    let (byte, bit) = naive_bit(first, width, index, little);
                    if let Some(byte) = naive.get_mut(byte) {
                        *byte = *byte & !(1 << bit) | ((!found >> index & 1) as u8) << bit;
                    }
                }
                assert_eq!(written, naive, "bits {first} to {width} more of {len} bytes, little: {little}");
            }
        }
    }

    #[test]
    fn whole_words_and_bits_outside_do_not_panic() {
        let bits = Bits::<8>([0xff; 8]);
        assert_eq!((bits.get(0, 64), bits.get_signed(0, 64)), (u64::MAX, -1));
        assert_eq!(bits.get(60, 32), 0xf);
        assert_eq!((bits.get(3, 0), bits.get(usize::MAX, 64)), (0, 0));
        assert_eq!(extend_sign(7, 0), 7);
    }

    #[test]
    fn places_hold_signed_and_unsigned_integers() {
        for (signed, value) in [(true, -2), (false, 0xfffe)] {
            let place = Place { offset: 1, size: 2, bits: None, signed };
            let mut bytes = [0; 4];
            place.write(&mut bytes, value);
            assert_eq!(&bytes[1..3], (-2i16).to_ne_bytes());
            assert_eq!(place.read(&bytes), Some(value));
            assert_eq!(place.read(&bytes[..2]), None);
        }
    }

    #[test]
    fn unaligned_values_are_copied_in_and_out() {
        let mut held = Unaligned::<u32, 4>::new(0x0102_0304);
        assert_eq!((held.get(), align_of_val(&held)), (0x0102_0304, 1));
        held.set(7);
        assert_eq!(held, Unaligned::from(7));
    }
}
