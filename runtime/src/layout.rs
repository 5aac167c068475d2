//! The trait that everything rests on: a type whose bytes may be anything.

use core::{mem, slice};

use crate::{error::ParseError, shape::Shape, view::View};

/// Most bytes that a transport may append to a record.
///
/// A perf sample is padded so that it and its length field together fill whole `u64`s (`perf_event_output`:
/// `round_up(size + 4, 8) - 4`), and a ring buffer record's room is rounded up to 8 bytes. Both stay below 8.
pub const MAX_TRAILING: usize = 7;

/// A type that BPF programs and Rust share, laid out by a `layouts.toml`.
///
/// Generated types implement it through [`layout!`](crate::layout) and its siblings, which prove it at compile time. Its
/// functions are how bytes from the kernel become values and the reverse, without `unsafe` and without a copy where the
/// bytes are aligned:
///
/// ```
/// use bpf_layout::Layout;
///
/// bpf_layout::layout! {
///     /// One bound socket.
///     pub struct SocketKey("socket_key"): size 8, align 4 {
///         pub netns: u32 = 0,
///         pub family: u16 = 4,
///         pub _pad0: bpf_layout::Pad<2> = 6,
///     }
/// }
///
/// let key = SocketKey { netns: 7, family: 2, ..Default::default() };
/// let bytes = key.as_bytes().to_vec();
/// assert_eq!(SocketKey::parse(&bytes)?.family, 2);
/// assert_eq!(SocketKey::parse(&bytes[..5]).unwrap_err().to_string(), "socket_key: got 5 bytes, need 8");
/// # Ok::<(), bpf_layout::ParseError>(())
/// ```
///
/// # Safety
///
/// An implementation promises that
/// - every sequence of `size_of::<Self>()` bytes is a valid value;
/// - no byte of a value is padding, so that all of them are always initialised;
/// - it has no interior mutability (no shared reference may change it);
/// - [`SHAPE`](Self::SHAPE) describes exactly `size_of::<Self>()` bytes.
pub unsafe trait Layout: Copy + 'static {
    /// What the bytes mean: what `Debug` and serde walk by.
    const SHAPE: Shape;

    /// Reads a record as a transport delivered it: at least its size, at most [`MAX_TRAILING`] bytes more, at any
    /// address. Borrows if the bytes are aligned for `Self`, copies once if not.
    ///
    /// # Errors
    /// If there are too few or too many bytes, or if `Self` is an event whose tag holds another value.
    #[inline]
    fn parse(bytes: &[u8]) -> Result<View<'_, Self>, ParseError> {
        let size = size_of::<Self>();
        // Too few wrap around and are too many: one comparison for both.
        if bytes.len().wrapping_sub(size) > MAX_TRAILING {
            return Err(ParseError::size(const { Self::SHAPE.name() }, bytes.len(), size));
        }
        check_tag::<Self>(bytes)?;
        View::of(&bytes[..size])
    }

    /// The bytes as a value, if they are exactly as many as its size and aligned for it.
    #[inline]
    fn ref_from(bytes: &[u8]) -> Option<&Self> {
        let at = bytes.as_ptr().cast::<Self>();
        if bytes.len() != size_of::<Self>() || !at.is_aligned() {
            return None;
        }
        // SAFETY: the pointer is aligned and covers size_of::<Self>() initialised bytes for as long as `bytes` is
        // borrowed; any bytes are a valid Self and nothing can change them (both promised by the trait).
        Some(unsafe { &*at })
    }

    /// Copies a value out of its bytes, at any address.
    ///
    /// # Errors
    /// If there are not exactly as many bytes as its size.
    #[inline]
    fn read_from(bytes: &[u8]) -> Result<Self, ParseError> {
        if bytes.len() != size_of::<Self>() {
            return Err(ParseError::size(const { Self::SHAPE.name() }, bytes.len(), size_of::<Self>()));
        }
        // SAFETY: exactly size_of::<Self>() initialised bytes are readable, read_unaligned takes any address, and any
        // bytes are a valid Self (promised by the trait).
        Ok(unsafe { bytes.as_ptr().cast::<Self>().read_unaligned() })
    }

    /// Every byte of the value, padding fields included. For the text of a string, see
    /// [`Str::as_bytes`](crate::Str::as_bytes), which stops at the NUL.
    #[inline]
    fn as_bytes(&self) -> &[u8] {
        // SAFETY: the value is size_of::<Self>() bytes, all initialised since none is padding (promised by the trait),
        // and cannot change while borrowed, since there is no interior mutability (likewise).
        unsafe { slice::from_raw_parts((&raw const *self).cast::<u8>(), size_of::<Self>()) }
    }

    /// Every byte of the value, to be changed; whatever is written, the value stays valid.
    #[inline]
    fn as_bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as for `as_bytes`; borrowed mutably, so nobody else looks, and any bytes are valid.
        unsafe { slice::from_raw_parts_mut((&raw mut *self).cast::<u8>(), size_of::<Self>()) }
    }

    /// A value of zero bytes.
    #[inline]
    #[must_use]
    fn zeroed() -> Self {
        // SAFETY: any bytes are a valid Self (promised by the trait), zeros too.
        unsafe { mem::zeroed() }
    }
}

/// Whether the tag, if `T` is an event that has one, holds this event's value. Where it lies is looked up at compile time,
/// so that an event without a tag costs nothing here and one with a tag a comparison.
///
/// # Errors
/// If it holds another.
#[inline]
pub(crate) fn check_tag<T: Layout>(bytes: &[u8]) -> Result<(), ParseError> {
    let Some((place, expected)) = (const { T::SHAPE.event_tag() }) else { return Ok(()) };
    match place.read(bytes) {
        Some(found) if found == expected => Ok(()),
        found => Err(ParseError::tag(const { T::SHAPE.name() }, found.unwrap_or(0), expected)),
    }
}

/// The bytes of values that lie one after another.
#[cfg(feature = "libbpf")]
pub(crate) fn slice_bytes<T: Layout>(values: &[T]) -> &[u8] {
    // SAFETY: an array of T is as many bytes, without padding between its elements; the rest as for `as_bytes`.
    unsafe { slice::from_raw_parts(values.as_ptr().cast::<u8>(), size_of_val(values)) }
}

/// The bytes of values that lie one after another, to be changed.
#[cfg(feature = "btf")]
pub(crate) fn slice_bytes_mut<T: Layout>(values: &mut [T]) -> &mut [u8] {
    // SAFETY: as for `slice_bytes`; borrowed mutably, and any bytes are valid values.
    unsafe { slice::from_raw_parts_mut(values.as_mut_ptr().cast::<u8>(), size_of_val(values)) }
}

/// The leading bytes of one value as another: the member of a union.
///
/// Refuses to compile unless `Part` fits into `Whole` in size and alignment.
#[doc(hidden)]
#[inline]
#[must_use]
pub fn part<Whole: Layout, Part: Layout>(whole: &Whole) -> &Part {
    const { assert_part::<Whole, Part>() };
    // SAFETY: Part is no larger and no more aligned than Whole (asserted above), the bytes are initialised and cannot
    // change while borrowed, and any bytes are a valid Part (promised by the trait).
    unsafe { &*(&raw const *whole).cast::<Part>() }
}

/// [`part`], to be changed.
#[doc(hidden)]
#[inline]
#[must_use]
pub fn part_mut<Whole: Layout, Part: Layout>(whole: &mut Whole) -> &mut Part {
    const { assert_part::<Whole, Part>() };
    // SAFETY: as for `part`; borrowed mutably, and any bytes written through Part leave a valid Whole.
    unsafe { &mut *(&raw mut *whole).cast::<Part>() }
}

/// A value that begins with `part` and is zero behind it.
#[doc(hidden)]
#[inline]
#[must_use]
pub fn from_part<Whole: Layout, Part: Layout>(part: Part) -> Whole {
    let mut whole = Whole::zeroed();
    *part_mut::<Whole, Part>(&mut whole) = part;
    whole
}

const fn assert_part<Whole, Part>() {
    assert!(size_of::<Part>() <= size_of::<Whole>(), "the member is larger than the union");
    assert!(align_of::<Part>() <= align_of::<Whole>(), "the member is more aligned than the union");
}

macro_rules! numbers {
    ($($shape:ident: $($ty:ty)+;)+) => { $($(
        // SAFETY: an integer has no padding, no invalid value and no interior mutability.
        unsafe impl Layout for $ty {
            const SHAPE: Shape = Shape::$shape(size_of::<$ty>());
        }
    )+)+ };
}

numbers! {
    Unsigned: u8 u16 u32 u64 u128;
    Signed: i8 i16 i32 i64 i128;
}

// SAFETY: an array holds nothing but its elements, one after another without padding.
unsafe impl<T: Layout, const N: usize> Layout for [T; N] {
    const SHAPE: Shape = Shape::Array(&T::SHAPE, N);
}

// SAFETY: it has no bytes. Key or value of maps that have none.
unsafe impl Layout for () {
    const SHAPE: Shape = Shape::Opaque(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "libbpf")]
    fn values_one_after_another_are_their_bytes() {
        let values = [1_u16, 0x0203, 4];
        assert_eq!(slice_bytes(&values), values.map(u16::to_ne_bytes).as_flattened());
        assert_eq!(slice_bytes::<u16>(&[]), [0_u8; 0]);
    }

    #[test]
    #[cfg(feature = "btf")]
    fn values_one_after_another_are_changed_by_their_bytes() {
        let mut values = [1_u16, 0x0203, 4];
        let bytes = slice_bytes_mut(&mut values);
        assert_eq!(bytes.len(), 6);
        bytes[2..4].copy_from_slice(&7_u16.to_ne_bytes());
        assert_eq!(values, [1, 7, 4]);
    }

    #[test]
    fn a_member_of_a_union_is_its_first_bytes() {
        let mut whole = [1_u32, 2];
        assert_eq!(*part::<_, u32>(&whole), 1);
        *part_mut::<_, u32>(&mut whole) = 7;
        assert_eq!(whole, [7, 2]);
        assert_eq!(from_part::<[u32; 2], u32>(9), [9, 0]);
    }

    #[test]
    #[should_panic(expected = "larger than the union")]
    fn a_member_is_no_larger_than_the_union() {
        assert_part::<u32, [u32; 2]>();
    }

    #[test]
    #[should_panic(expected = "more aligned than the union")]
    fn a_member_is_no_more_aligned_than_the_union() {
        assert_part::<[u16; 2], u32>();
    }

    #[test]
    fn changes_through_bytes_are_changes_of_the_value() {
        let mut value = u32::zeroed();
        assert_eq!(value, 0);
        value.as_bytes_mut().copy_from_slice(&258_u32.to_ne_bytes());
        assert_eq!((value, Layout::as_bytes(&value)), (258, &258_u32.to_ne_bytes()[..]));
    }
}
