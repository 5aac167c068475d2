//! Strings of fixed room: bytes up to a NUL.

use core::{
    ffi::CStr,
    fmt::{self, Write},
};

use crate::{layout::Layout, shape::Shape};

/// A string in `N` bytes, the NUL included: `str[N]` in the spec, `char[N]` in C.
///
/// Bytes behind the NUL mean nothing, but for one mark: a reader that had to truncate leaves `N - 2` bytes of text, a NUL
/// and a last byte of `0xff` ([`is_truncated`](Self::is_truncated)). Without any NUL, all `N` bytes are text. Nothing
/// says that the text is UTF-8; the kernel's file names and process names need not be.
///
/// Two strings are equal if all their bytes are, as the kernel compares map keys. To compare text, compare with a `str` or
/// a byte slice.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "zerocopy",
    derive(zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::Immutable, zerocopy::KnownLayout, zerocopy::Unaligned)
)]
#[repr(transparent)]
pub struct Str<const N: usize>([u8; N]);

/// The last byte of a string that was truncated.
const TRUNCATED: u8 = 0xff;

// SAFETY: a transparent newtype of an array of bytes.
unsafe impl<const N: usize> Layout for Str<N> {
    const SHAPE: Shape = Shape::Str(N);
}

impl<const N: usize> Str<N> {
    /// The empty string.
    pub const EMPTY: Self = Str([0; N]);

    /// As much of `text` as there is room for, up to its first NUL; truncated and marked as such if there is more.
    #[must_use]
    pub fn from_bytes(text: &[u8]) -> Self {
        let mut bytes = [0; N];
        copy_text(until_nul(text), false, &mut bytes);
        Str(bytes)
    }

    /// Exactly these bytes, NULs and all.
    #[must_use]
    pub const fn from_raw(bytes: [u8; N]) -> Self {
        Str(bytes)
    }

    /// All `N` bytes, with the NUL and whatever is behind it.
    #[must_use]
    pub const fn raw(&self) -> &[u8; N] {
        &self.0
    }

    /// The text: the bytes up to the first NUL, or all if there is none.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        until_nul(&self.0)
    }

    /// Bytes of text.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.first().is_none_or(|&byte| byte == 0)
    }

    /// The text with its NUL; `None` if there is no NUL.
    #[must_use]
    pub fn as_cstr(&self) -> Option<&CStr> {
        CStr::from_bytes_until_nul(&self.0).ok()
    }

    /// The text, if it is UTF-8.
    ///
    /// # Errors
    /// If it is not.
    pub fn to_str(&self) -> Result<&str, core::str::Utf8Error> {
        core::str::from_utf8(self.as_bytes())
    }

    /// The text, with U+FFFD for what is not UTF-8. Without `std`, use `Display`, which writes the same.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn to_str_lossy(&self) -> std::borrow::Cow<'_, str> {
        std::string::String::from_utf8_lossy(self.as_bytes())
    }

    /// The text as the operating system's own string, in which any bytes are allowed.
    #[cfg(all(feature = "std", unix))]
    #[must_use]
    pub fn as_os_str(&self) -> &std::ffi::OsStr {
        std::os::unix::ffi::OsStrExt::from_bytes(self.as_bytes())
    }

    /// Whether the text was longer than the room: the reader left its mark, or there is no NUL at all.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        is_truncated(&self.0)
    }
}

/// Why a text is no [`Str`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StrError {
    /// The text and its NUL need more room.
    TooLong {
        /// Bytes of text.
        len: usize,
        /// Bytes that the string has room for, the NUL not counted.
        room: usize,
    },
    /// There is a NUL inside the text.
    Nul {
        /// The byte where it is, from 0.
        at: usize,
    },
}

impl fmt::Display for StrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StrError::TooLong { len, room } => write!(f, "the text has {len} bytes, there is room for {room}"),
            StrError::Nul { at } => write!(f, "the text has a NUL at byte {at}"),
        }
    }
}

impl core::error::Error for StrError {}

impl<const N: usize> TryFrom<&[u8]> for Str<N> {
    type Error = StrError;

    fn try_from(text: &[u8]) -> Result<Self, StrError> {
        if let Some(at) = text.iter().position(|&byte| byte == 0) {
            return Err(StrError::Nul { at });
        }
        if text.len() >= N {
            return Err(StrError::TooLong { len: text.len(), room: N.saturating_sub(1) });
        }
        Ok(Self::from_bytes(text))
    }
}

impl<const N: usize> TryFrom<&str> for Str<N> {
    type Error = StrError;

    fn try_from(text: &str) -> Result<Self, StrError> {
        Self::try_from(text.as_bytes())
    }
}

impl<const N: usize> Default for Str<N> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<const N: usize> AsRef<[u8]> for Str<N> {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl<const N: usize> PartialEq<str> for Str<N> {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl<const N: usize> PartialEq<&str> for Str<N> {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl<const N: usize> PartialEq<[u8]> for Str<N> {
    fn eq(&self, other: &[u8]) -> bool {
        self.as_bytes() == other
    }
}

/// The text between quotes, with escapes for quotes, control characters and what is not UTF-8.
impl<const N: usize> fmt::Debug for Str<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_text(&self.0, f)
    }
}

/// The text as it is, with U+FFFD for what is not UTF-8.
impl<const N: usize> fmt::Display for Str<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        display_text(self.as_bytes(), f)
    }
}

/// Text with U+FFFD for what is not UTF-8.
pub(crate) struct Lossy<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Lossy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_char(char::REPLACEMENT_CHARACTER)?;
            }
        }
        Ok(())
    }
}

/// A text out of a record: what `str[..N]` in the spec is read as, without a copy.
///
/// Its bytes end with the first NUL. Nothing says that it is UTF-8.
#[derive(Clone, Copy, Default)]
pub struct StrRef<'a> {
    bytes: &'a [u8],
    truncated: bool,
}

impl<'a> StrRef<'a> {
    /// The text in these bytes; whether there was more, nothing in them says.
    #[must_use]
    pub const fn new(bytes: &'a [u8], truncated: bool) -> Self {
        StrRef { bytes, truncated }
    }

    /// The bytes up to the first NUL, or all if there is none.
    #[inline]
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        until_nul(self.bytes)
    }

    /// All bytes, with the NUL and whatever is behind it.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.bytes
    }

    /// Bytes of text.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.first().is_none_or(|&byte| byte == 0)
    }

    /// The text with its NUL; `None` if there is no NUL, as in a field that was not filled.
    #[must_use]
    pub fn as_cstr(&self) -> Option<&'a CStr> {
        CStr::from_bytes_until_nul(self.bytes).ok()
    }

    /// The text, if it is UTF-8.
    ///
    /// # Errors
    /// If it is not.
    pub fn to_str(&self) -> Result<&'a str, core::str::Utf8Error> {
        core::str::from_utf8(self.as_bytes())
    }

    /// The text, with U+FFFD for what is not UTF-8. Without `std`, use `Display`, which writes the same.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn to_str_lossy(&self) -> std::borrow::Cow<'a, str> {
        std::string::String::from_utf8_lossy(self.as_bytes())
    }

    /// The text as the operating system's own string, in which any bytes are allowed.
    #[cfg(all(feature = "std", unix))]
    #[must_use]
    pub fn as_os_str(&self) -> &'a std::ffi::OsStr {
        std::os::unix::ffi::OsStrExt::from_bytes(self.as_bytes())
    }

    /// Whether the text was longer than the field takes.
    #[must_use]
    pub const fn is_truncated(&self) -> bool {
        self.truncated
    }
}

impl AsRef<[u8]> for StrRef<'_> {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// Two texts are equal if their bytes up to the NUL are.
impl PartialEq for StrRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for StrRef<'_> {}

impl PartialEq<str> for StrRef<'_> {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for StrRef<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<[u8]> for StrRef<'_> {
    fn eq(&self, other: &[u8]) -> bool {
        self.as_bytes() == other
    }
}

/// The text between quotes, with escapes for quotes, control characters and what is not UTF-8.
impl fmt::Debug for StrRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_text(self.bytes, f)
    }
}

/// The text as it is, with U+FFFD for what is not UTF-8.
impl fmt::Display for StrRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        display_text(self.as_bytes(), f)
    }
}

/// StrsRef one after another: what `str[..N][..M]` in the spec is read as, without a copy.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct StrsRef<'a> {
    bytes: &'a [u8],
    truncated: bool,
}

impl<'a> StrsRef<'a> {
    /// The texts in these bytes, each ended by a NUL or the end; whether there were more, nothing in them says.
    #[must_use]
    pub const fn new(bytes: &'a [u8], truncated: bool) -> Self {
        StrsRef { bytes, truncated }
    }

    /// All of them, each with its NUL: `"ls\0-l\0"`.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.bytes
    }

    /// How many there are, which is found by reading all of them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether one was longer than the field takes, or there were more.
    #[must_use]
    pub const fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Each of them, in the order in which the program added them. What was cut is known of all of them only.
    #[must_use]
    pub const fn iter(&self) -> StrsIter<'a> {
        StrsIter { rest: self.bytes }
    }
}

impl<'a> IntoIterator for StrsRef<'a> {
    type Item = StrRef<'a>;
    type IntoIter = StrsIter<'a>;

    fn into_iter(self) -> StrsIter<'a> {
        self.iter()
    }
}

impl<'a> IntoIterator for &StrsRef<'a> {
    type Item = StrRef<'a>;
    type IntoIter = StrsIter<'a>;

    fn into_iter(self) -> StrsIter<'a> {
        self.iter()
    }
}

impl fmt::Debug for StrsRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

/// Iterates over [`StrsRef`].
#[derive(Clone, Debug)]
pub struct StrsIter<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for StrsIter<'a> {
    type Item = StrRef<'a>;

    fn next(&mut self) -> Option<StrRef<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|&byte| byte == 0).map_or(self.rest.len(), |nul| nul + 1);
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(StrRef::new(text, false))
    }
}

impl core::iter::FusedIterator for StrsIter<'_> {}

fn display_text(text: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match core::str::from_utf8(text) {
        Ok(text) => f.pad(text),
        Err(_) => fmt::Display::fmt(&Lossy(text), f),
    }
}

/// The bytes up to the first NUL, or all.
pub(crate) fn until_nul(bytes: &[u8]) -> &[u8] {
    &bytes[..find_nul(bytes).unwrap_or(bytes.len())]
}

/// Where the first NUL is. Texts of events are short: `CStr::from_bytes_until_nul` takes twice as long for thirty bytes,
/// most of it for those before the first whole word and behind the last.
fn find_nul(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<WORD>();
    for (index, word) in words.iter().enumerate() {
        if let Some(at) = find_nul_in_word(*word) {
            return Some(index * WORD + at);
        }
    }
    match bytes.last_chunk::<WORD>() {
        // None of its bytes that were looked at before is a NUL.
        Some(last) if !rest.is_empty() => find_nul_in_word(*last).map(|at| bytes.len() - WORD + at),
        Some(_) => None,
        None => rest.iter().position(|&byte| byte == 0),
    }
}

const WORD: usize = size_of::<u64>();

/// The same of eight bytes at once. Subtracting 1 from each sets the highest bit of those that were 0 or above 0x80, of
/// which the latter had it set before; only bytes behind a NUL can be taken for one because of what they lend.
fn find_nul_in_word(word: [u8; WORD]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([0x01; WORD]);
    const HIGHEST: u64 = u64::from_ne_bytes([0x80; WORD]);
    let word = u64::from_le_bytes(word);
    let nuls = word.wrapping_sub(ONES) & !word & HIGHEST;
    (nuls != 0).then(|| nuls.trailing_zeros() as usize / 8)
}

/// Whether a string's text was longer than its room: it bears the mark, or there is no NUL.
pub(crate) fn is_truncated(bytes: &[u8]) -> bool {
    is_cut(until_nul(bytes), bytes)
}

/// The same, where the text is known: its bytes [up to the first NUL](until_nul).
pub(crate) fn is_cut(text: &[u8], bytes: &[u8]) -> bool {
    match text.len() {
        len if len == bytes.len() => !bytes.is_empty(),
        len => len + 2 == bytes.len() && bytes.last() == Some(&TRUNCATED),
    }
}

/// Puts a text without NULs into zero bytes. If there is more of it than room, or it was `cut` before and fills the room,
/// truncates and marks it. Whether it did so.
pub(crate) fn copy_text(text: &[u8], cut: bool, room: &mut [u8]) -> bool {
    if room.is_empty() {
        return cut || !text.is_empty();
    }
    if text.len() < room.len() && !(cut && text.len() + 2 >= room.len()) {
        room[..text.len()].copy_from_slice(text);
        return false;
    }
    if let Some((mark, rest)) = room.split_last_mut()
        && let Some((_, head)) = rest.split_last_mut()
    {
        head.copy_from_slice(&text[..head.len()]);
        *mark = TRUNCATED;
    }
    true
}

/// Writes a string's bytes up to the NUL between quotes.
pub(crate) fn debug_text(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for chunk in until_nul(bytes).utf8_chunks() {
        write!(f, "{}", chunk.valid().escape_debug())?;
        for byte in chunk.invalid() {
            write!(f, "\\x{byte:02x}")?;
        }
    }
    f.write_char('"')
}

#[cfg(feature = "serde")]
impl<const N: usize> serde::Serialize for Str<N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Lossy(self.as_bytes()))
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for StrRef<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Lossy(self.as_bytes()))
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for StrsRef<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

#[cfg(test)]
mod tests {
    use std::{format, string::ToString, vec::Vec};

    use super::*;

    #[test]
    fn the_first_nul_is_found_wherever_it_is() {
        for len in 0..=33 {
            for filler in [0x01, 0x7f, 0x80, 0x81, 0xff] {
                let none = std::vec![filler; len];
                assert_eq!(until_nul(&none), none);
                for at in 0..len {
                    for behind in [0x00, 0x01, filler] {
                        let mut bytes = none.clone();
                        bytes[at] = 0;
                        bytes[at + 1..].fill(behind);
                        assert_eq!(until_nul(&bytes), &none[..at], "{len} bytes");
                    }
                }
            }
        }
    }

    #[test]
    fn text_ends_at_the_first_nul() {
        let text = Str::from_raw(*b"ab\0cd\0");
        assert_eq!(text.as_bytes(), b"ab");
        assert_eq!(text.as_cstr(), Some(c"ab"));
        assert_eq!(text.len(), 2);
        assert_eq!(text, "ab");
        assert!(!text.is_truncated() && !text.is_empty());
    }

    #[test]
    fn without_a_nul_all_is_text_and_truncated() {
        let text = Str::from_raw(*b"abcd");
        assert_eq!((text.as_bytes(), text.as_cstr(), text.is_truncated()), (&b"abcd"[..], None, true));
    }

    #[test]
    fn the_mark_counts_only_behind_a_full_text() {
        assert!(Str::from_raw(*b"abcd\0\xff").is_truncated());
        assert!(!Str::from_raw(*b"abc\0\0\xff").is_truncated());
        assert!(!Str::from_raw(*b"abcd\0\xfe").is_truncated());
        assert!(!Str::from_raw(*b"abcde\0").is_truncated());
    }

    #[test]
    fn from_bytes_fits_or_truncates_with_the_mark() {
        assert_eq!(Str::<6>::from_bytes(b"").raw(), b"\0\0\0\0\0\0");
        assert_eq!(Str::<6>::from_bytes(b"abcde").raw(), b"abcde\0");
        assert_eq!(Str::<6>::from_bytes(b"abcdef").raw(), b"abcd\0\xff");
        assert_eq!(Str::<6>::from_bytes(b"ab\0cdefg").raw(), b"ab\0\0\0\0");
    }

    #[test]
    fn the_smallest_rooms_do_not_panic() {
        assert_eq!(Str::<0>::from_bytes(b"abc").raw(), b"");
        assert!(!Str::<0>::EMPTY.is_truncated() && Str::<0>::EMPTY.is_empty());
        assert_eq!(Str::<1>::from_bytes(b"abc").raw(), b"\0");
        assert_eq!(Str::<2>::from_bytes(b"abc").raw(), b"\0\xff");
        assert!(Str::<2>::from_bytes(b"abc").is_truncated());
    }

    #[test]
    fn try_from_refuses_what_does_not_fit() {
        assert_eq!(Str::<4>::try_from("abc").unwrap(), "abc");
        assert_eq!(Str::<4>::try_from("abcd"), Err(StrError::TooLong { len: 4, room: 3 }));
        assert_eq!(Str::<4>::try_from("a\0b"), Err(StrError::Nul { at: 1 }));
    }

    #[test]
    fn printing_escapes_or_replaces() {
        let text = Str::<16>::from_bytes(b"\xc3\xa9\"\n\xff\x01z");
        assert_eq!(format!("{text:?}"), r#""é\"\n\xff\u{1}z""#);
        assert_eq!(text.to_string(), "é\"\n\u{fffd}\u{1}z");
        assert_eq!(format!("[{:>4}]", Str::<4>::from_bytes(b"ab")), "[  ab]");
    }

    #[test]
    fn texts_end_with_a_nul_or_the_end() {
        let texts = StrsRef::new(b"ls\0\0-l\0x", true);
        let found: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
        assert_eq!(found, [&b"ls"[..], b"", b"-l", b"x"]);
        assert_eq!((texts.len(), texts.is_truncated(), texts.is_empty()), (4, true, false));
        assert_eq!(format!("{texts:?}"), r#"["ls", "", "-l", "x"]"#);
        assert!(StrsRef::default().iter().next().is_none());
    }

    #[test]
    fn a_text_is_read_as_a_string_of_fixed_room_is() {
        let text = StrRef::new(b"ab\0cd\0", false);
        assert_eq!((text.as_bytes(), text.as_cstr(), text.len()), (&b"ab"[..], Some(c"ab"), 2));
        assert_eq!((text.to_str(), text == "ab", text.raw().len()), (Ok("ab"), true, 6));
        assert_eq!(format!("{:?} [{:>4}] {}", text, text, StrRef::new(b"\xff\0", true)), "\"ab\" [  ab] \u{fffd}");
        let empty = StrRef::default();
        assert!(empty.is_empty() && empty.as_cstr().is_none() && !empty.is_truncated());
    }
}
