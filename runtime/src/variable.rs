//! Fields of variable length: what stands for them in an event's struct, and how an event and its tail are read.
//!
//! An event that has such fields is *compact*. On the wire it is its struct, the header, which holds a descriptor for each
//! of them, and then their bytes, those in use and no more, in whatever order the program filled them:
//!
//! ```text
//!   0          8    12   16   20                    36          46
//!   timestamp  pid  path args "/usr/bin/env\0…"      "ls\0-l\0…"
//!                   │20  │36
//!                   │16  │10
//! ```
//!
//! A descriptor is two `u16` in the machine's byte order. `offset` counts from the first byte of the record. The lower 15
//! bits of `len` are the number of bytes, a text's NUL included; 0 if the program did not fill the field. The highest bit
//! says that there was more than the field takes. So a record is as long as its header and all that the descriptors count.

use crate::{
    error::ParseError,
    layout::{Layout, MAX_TRAILING, check_tag},
    shape::{Shape, Variable, VariableKind},
    text::{StrRef, StrsRef},
    view::View,
};

/// The bit of `len` that says that more was cut off.
const CUT: u16 = 0x8000;

/// Where the bytes of a field of variable length lie in its record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "zerocopy",
    derive(zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::Immutable, zerocopy::KnownLayout)
)]
#[repr(C)]
pub struct Tail {
    offset: u16,
    len: u16,
}

impl Tail {
    /// Reads one from its four bytes; an empty one if there are not as many.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let half =
            |at: usize| bytes.get(at..at + 2).and_then(|half| half.try_into().ok()).map_or(0, u16::from_ne_bytes);
        Tail { offset: half(0), len: half(2) }
    }

    /// Its four bytes.
    #[cfg(feature = "btf")]
    pub(crate) fn to_bytes(self) -> [u8; 4] {
        let [offset, len] = [self.offset, self.len].map(u16::to_ne_bytes);
        [offset[0], offset[1], len[0], len[1]]
    }

    /// `len` as a number of 15 bits.
    #[cfg(feature = "btf")]
    pub(crate) const fn raw_len(self) -> u16 {
        self.len & !CUT
    }

    /// A descriptor of `len` bytes, up to 32,767, at this offset.
    #[must_use]
    pub const fn new(offset: u16, len: u16, truncated: bool) -> Self {
        Tail { offset, len: len & !CUT | if truncated { CUT } else { 0 } }
    }

    /// Bytes from the start of the record, if there are any.
    #[must_use]
    pub const fn offset(self) -> usize {
        self.offset as usize
    }

    /// Bytes; 0 if the field was not filled.
    #[must_use]
    pub const fn len(self) -> usize {
        (self.len & !CUT) as usize
    }

    /// Whether there are no bytes.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Whether there was more than the field takes.
    #[must_use]
    pub const fn is_truncated(self) -> bool {
        self.len & CUT != 0
    }

    /// Its bytes in the whole record; none if they do not lie there.
    #[inline]
    #[must_use]
    pub fn of(self, record: &[u8]) -> &[u8] {
        self.find(record).unwrap_or_default()
    }

    /// Its bytes in the whole record, if they lie there.
    #[inline]
    pub(crate) fn find(self, record: &[u8]) -> Option<&[u8]> {
        if self.is_empty() { Some(&[]) } else { record.get(self.offset()..self.offset() + self.len()) }
    }
}

macro_rules! descriptors {
    ($($(#[$meta:meta])* $name:ident<$(const $param:ident),+> = $kind:expr, $limit:ident, $most:expr;)+) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
        #[cfg_attr(
            feature = "zerocopy",
            derive(zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::Immutable, zerocopy::KnownLayout)
        )]
        #[repr(transparent)]
        pub struct $name<$(const $param: usize),+>(Tail);

        // SAFETY: a transparent newtype of a `repr(C)` struct of two u16, which has no padding, no invalid value and no
        // interior mutability.
        unsafe impl<$(const $param: usize),+> Layout for $name<$($param),+> {
            const SHAPE: Shape = Shape::Variable(Variable { kind: $kind, limit: $limit, most: $most });
        }

        impl<$(const $param: usize),+> $name<$($param),+> {
            /// The descriptor itself.
            #[must_use]
            pub const fn tail(&self) -> Tail {
                self.0
            }

            /// Whether there was more than the field takes.
            #[must_use]
            pub const fn is_truncated(&self) -> bool {
                self.0.is_truncated()
            }
        }

        impl<$(const $param: usize),+> core::fmt::Debug for $name<$($param),+> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl<$(const $param: usize),+> From<Tail> for $name<$($param),+> {
            fn from(tail: Tail) -> Self {
                $name(tail)
            }
        }
    )+ };
}

descriptors! {
    /// In the struct of an event, the descriptor of a text of up to `N` bytes with its NUL: `str[..N]` in the spec.
    VarStr<const N> = VariableKind::Str, N, N;
    /// In the struct of an event, the descriptor of up to `N` bytes: `bytes[..N]` in the spec.
    VarBytes<const N> = VariableKind::Bytes, N, N;
    /// In the struct of an event, the descriptor of several texts of up to `N` bytes each with its NUL, with room for `M`
    /// of the longest: `str[..N][..M]` in the spec.
    VarStrs<const N, const M> = VariableKind::Strs, N, N * M;
}

impl<const N: usize> VarStr<N> {
    /// The text, out of the whole record.
    #[must_use]
    pub fn of<'a>(&self, record: &'a [u8]) -> StrRef<'a> {
        StrRef::new(self.0.of(record), self.0.is_truncated())
    }
}

impl<const N: usize> VarBytes<N> {
    /// The bytes, out of the whole record.
    #[must_use]
    pub fn of<'a>(&self, record: &'a [u8]) -> &'a [u8] {
        self.0.of(record)
    }
}

impl<const N: usize, const M: usize> VarStrs<N, M> {
    /// The texts, out of the whole record.
    #[must_use]
    pub fn of<'a>(&self, record: &'a [u8]) -> StrsRef<'a> {
        StrsRef::new(self.0.of(record), self.0.is_truncated())
    }
}

/// A compact event under construction: for tests of what reads it, and to play back what was recorded. Events that
/// travel are made by BPF programs.
///
/// ```
/// # bpf_layout::layout! {
/// #     pub struct OpenEventHeader("open"): size 8, align 4 { pub pid: u32 = 0, pub path: bpf_layout::VarStr<512> = 4 }
/// # }
/// # bpf_layout::compact! { pub struct OpenEvent: OpenEventHeader { path } }
/// let mut event = bpf_layout::Recorder::<OpenEventHeader>::new();
/// event.header.pid = 7;
/// event.header.path = event.text(b"/etc/passwd").into();
/// let record = event.record();
/// assert_eq!(OpenEvent::parse(&record)?.as_bytes().len(), 8 + 12);
/// # Ok::<(), bpf_layout::ParseError>(())
/// ```
#[cfg(feature = "std")]
#[derive(Clone, Debug, Default)]
pub struct Recorder<H> {
    /// The event's struct. What its descriptors say is taken from the methods that add bytes.
    pub header: H,
    tail: std::vec::Vec<u8>,
}

#[cfg(feature = "std")]
impl<H: Layout + Default> Recorder<H> {
    /// A struct of zero bytes, with the tag of a tagged event, and nothing filled.
    #[must_use]
    pub fn new() -> Self {
        Recorder { header: H::default(), tail: std::vec::Vec::new() }
    }

    /// Adds bytes; no more than 32,767, and none behind the first 65,535 of the record, which no descriptor can name.
    pub fn bytes(&mut self, bytes: &[u8]) -> Tail {
        let offset = u16::try_from(size_of::<H>() + self.tail.len()).unwrap_or(u16::MAX);
        let kept = &bytes[..bytes.len().min(usize::from(!CUT))];
        self.tail.extend_from_slice(kept);
        Tail::new(offset, kept.len() as u16, kept.len() < bytes.len())
    }

    /// Adds a text and a NUL.
    pub fn text(&mut self, text: &[u8]) -> Tail {
        self.bytes(&[text, b"\0"].concat())
    }

    /// Adds several texts, each with a NUL.
    pub fn texts<T: AsRef<[u8]>>(&mut self, texts: impl IntoIterator<Item = T>) -> Tail {
        let all = texts.into_iter().flat_map(|text| [text.as_ref(), b"\0"].concat());
        self.bytes(&all.collect::<std::vec::Vec<u8>>())
    }

    /// The record.
    #[must_use]
    pub fn record(&self) -> std::vec::Vec<u8> {
        [self.header.as_bytes(), &self.tail].concat()
    }
}

impl Tail {
    /// The same bytes, with the mark that there was more.
    #[must_use]
    pub const fn cut(self) -> Self {
        Tail { len: self.len | CUT, ..self }
    }
}

/// Reads a compact event: its header, borrowed where it is aligned and copied where not, and the bytes of the record
/// without what the transport appended. `tails` gives the descriptors of a header, `names` are those of their fields.
///
/// # Errors
/// If there are too few bytes or too many, if the tag of the event holds another value, or if a descriptor points to where
/// no tail of this record is.
#[inline]
pub fn parse_compact<'a, H: Layout, const N: usize>(
    bytes: &'a [u8],
    names: &[&'static str; N],
    tails: impl FnOnce(&H) -> [Tail; N],
) -> Result<(View<'a, H>, &'a [u8]), ParseError> {
    let name = const { H::SHAPE.name() };
    let size = size_of::<H>();
    let Some(head) = bytes.get(..size) else { return Err(ParseError::size(name, bytes.len(), size)) };
    check_tag::<H>(bytes)?;
    let header = View::<H>::of(head)?;
    let tails = tails(&header);
    let needed = tails.iter().fold(size, |needed, tail| needed + tail.len());
    // What lies behind that is the transport's.
    let end = needed.min(bytes.len());
    for (tail, field) in tails.into_iter().zip(names) {
        if !tail.is_empty() && (tail.offset() < size || tail.offset() + tail.len() > end) {
            let field = field.strip_prefix("r#").unwrap_or(field);
            return Err(ParseError::tail(name, field, tail, bytes.len()));
        }
    }
    match bytes.get(..needed) {
        Some(record) if bytes.len() - needed <= MAX_TRAILING => Ok((header, record)),
        _ => Err(ParseError::size(name, bytes.len(), needed)),
    }
}

#[cfg(test)]
mod tests {
    use std::{string::ToString, vec, vec::Vec};

    use super::*;

    crate::layout! {
        pub struct TestEventHeader("test"): size 8, align 4 {
            pub a: crate::VarBytes<16> = 0,
            pub b: crate::VarBytes<16> = 4,
        }
    }
    crate::compact! {
        pub struct TestEvent: TestEventHeader { a, b }
    }

    fn record(a: Tail, b: Tail, behind: &[u8]) -> Vec<u8> {
        let header = TestEventHeader { a: a.into(), b: b.into() };
        [header.as_bytes(), behind].concat()
    }

    #[test]
    fn fields_lie_behind_the_struct_and_within_what_is_counted() {
        let empty = Tail::default();
        let read = |a, b, behind: &[u8]| {
            let bytes = record(a, b, behind);
            TestEvent::parse(&bytes)
                .map(|event| (event.a.of(event.as_bytes()).to_vec(), event.b.of(event.as_bytes()).to_vec()))
                .map_err(|error| error.to_string())
        };
        let (ab, cd) = (b"ab".to_vec(), b"cd".to_vec());
        assert_eq!(read(Tail::new(8, 2, false), Tail::new(10, 2, true), b"abcd"), Ok((ab.clone(), cd.clone())));
        assert_eq!(read(Tail::new(10, 2, false), Tail::new(8, 2, false), b"abcd"), Ok((cd, ab.clone())));
        assert_eq!(read(Tail::new(8, 2, false), empty, b"ab+-+-+-+"), Ok((ab, vec![])), "7 bytes of the transport");
        for (a, b, why) in [
            (Tail::new(7, 2, false), empty, "test: `a` has 2 bytes at byte 7, where none of its 12 bytes are free"),
            (empty, Tail::new(9, 2, false), "test: `b` has 2 bytes at byte 9, where none of its 12 bytes are free"),
            (Tail::new(8, 5, false), empty, "test: `a` has 5 bytes at byte 8, where none of its 12 bytes are free"),
        ] {
            assert_eq!(read(a, b, b"abcd"), Err(why.to_string()));
        }
        assert!(read(Tail::new(8, 2, false), empty, b"ab+-+-+-+-").is_err(), "8 are too many");
    }

    #[test]
    fn a_descriptor_is_two_numbers_and_a_mark() {
        let told = |tail: Tail| (tail.offset(), tail.len(), tail.is_empty(), tail.is_truncated());
        assert_eq!(told(Tail::new(8, 3, false)), (8, 3, false, false));
        assert_eq!(told(Tail::new(8, 0, true)), (8, 0, true, true));
        assert_eq!(
            told(Tail::new(0xffff, 0xffff, false)),
            (0xffff, 0x7fff, false, false),
            "the mark is no part of `len`"
        );
        for truncated in [false, true] {
            assert_eq!(told(Tail::new(8, 3, truncated).cut()), (8, 3, false, true));
        }
    }

    #[test]
    #[cfg(feature = "btf")]
    fn a_descriptor_is_read_as_what_it_was_written_as() {
        let tail = Tail::new(0x0102, 0x0304, true);
        let bytes = tail.to_bytes();
        assert_eq!(bytes, *[0x0102_u16, 0x8304].map(u16::to_ne_bytes).as_flattened());
        assert_eq!((Tail::read(&bytes), tail.raw_len()), (tail, 0x0304));
        assert_eq!(Tail::read(&bytes[..3]), Tail { offset: 0x0102, len: 0 });
        assert_eq!(Tail::read(&[]), Tail::default());
    }

    #[test]
    fn a_field_has_the_bytes_that_lie_in_the_record() {
        let record = b"0123456789";
        for (offset, len, bytes) in
            [(0, 10, &b"0123456789"[..]), (7, 3, b"789"), (7, 4, b""), (20, 1, b""), (20, 0, b"")]
        {
            let tail = Tail::new(offset, len, false);
            assert_eq!(tail.of(record), bytes, "{tail:?}");
            assert_eq!(tail.find(record), (len == 0 || !bytes.is_empty()).then_some(bytes), "{tail:?}");
            assert_eq!(crate::VarBytes::<16>::from(tail).of(record), bytes);
            assert_eq!(crate::VarStr::<16>::from(tail).of(record).raw(), bytes);
            assert_eq!(crate::VarStrs::<16, 2>::from(tail).of(record).raw(), bytes);
        }
    }

    #[test]
    #[cfg(feature = "std")]
    fn a_recorder_says_where_it_has_put_what() {
        let mut event = Recorder::<TestEventHeader>::new();
        assert_eq!(event.bytes(b"abc"), Tail::new(8, 3, false));
        assert_eq!(event.text(b"de"), Tail::new(11, 3, false));
        assert_eq!(event.texts(["f", "", "gh"]), Tail::new(14, 6, false));
        assert_eq!(event.bytes(b""), Tail::new(20, 0, false));
        assert_eq!(event.record(), [&[0; 8], &b"abcde\0f\0\0gh\0"[..]].concat());
        event.header.a = Tail::new(8, 3, false).into();
        assert_eq!(event.record()[..8], *event.header.as_bytes());
    }

    #[test]
    #[cfg(feature = "std")]
    fn a_recorder_keeps_what_a_descriptor_can_say() {
        const MOST: u16 = 0x7fff;
        for (len, truncated) in [(MOST - 1, false), (MOST, false), (MOST + 1, true)] {
            let mut event = Recorder::<TestEventHeader>::new();
            assert_eq!(event.bytes(&vec![1; len.into()]), Tail::new(8, len.min(MOST), truncated));
            assert_eq!(event.record().len(), 8 + usize::from(len.min(MOST)));
            event.bytes(&vec![2; MOST.into()]);
            event.bytes(b"behind");
            assert_eq!(event.bytes(b"what can be named").offset(), 0xffff);
        }
    }
}
