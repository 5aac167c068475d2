//! Strings.

use std::{
    boxed::Box,
    ffi::{CString, OsString},
    fmt,
    path::PathBuf,
    string::String,
    vec::Vec,
};

use super::{Context, FromLayout, FromLayoutError, FromLayoutErrorKind};
use crate::text::{Str, debug_text};

/// A string, and whether it was longer than the room it had ([`Str::is_truncated`]).
///
/// ```
/// use bpf_layout::{FromLayout, Str, convert::Text};
///
/// let text = Text::<String>::from_layout(&Str::<6>::from_bytes(b"/usr/bin")).unwrap();
/// assert_eq!((text.value.as_str(), text.is_truncated), ("/usr", true));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Text<T> {
    /// What there was room for.
    pub value: T,
    /// Whether that is not all.
    pub is_truncated: bool,
}

impl<T: FromLayout<Str<N>>, const N: usize> FromLayout<Str<N>> for Text<T> {
    fn from_layout_with(from: &Str<N>, context: &Context) -> Result<Self, FromLayoutError> {
        Ok(Text { value: T::from_layout_with(from, context)?, is_truncated: from.is_truncated() })
    }
}

/// The text; if it is not UTF-8, an error, or under [`Context::lossy`] U+FFFD in place of what is wrong.
impl<const N: usize> FromLayout<Str<N>> for String {
    fn from_layout_with(from: &Str<N>, context: &Context) -> Result<Self, FromLayoutError> {
        let bytes = text(from, context)?;
        match str::from_utf8(bytes) {
            Ok(text) => Ok(text.into()),
            Err(_) if context.is_lossy() => Ok(String::from_utf8_lossy(bytes).into_owned()),
            Err(error) => {
                let (text, at) = (Quoted(bytes), error.valid_up_to());
                let reason = std::format!("{text} is not UTF-8 from byte {at}");
                Err(FromLayoutError::new(FromLayoutErrorKind::NotUtf8, reason))
            }
        }
    }
}

/// Implements conversions into owned bytes, which any text fits.
macro_rules! bytes {
    ($($(#[$meta:meta])* $to:ty, $convert:expr;)+) => { $(
        $(#[$meta])*
        impl<const N: usize> FromLayout<Str<N>> for $to {
            fn from_layout_with(from: &Str<N>, context: &Context) -> Result<Self, FromLayoutError> {
                let convert: fn(&[u8]) -> $to = $convert;
                Ok(convert(text(from, context)?))
            }
        }
    )+ };
}

bytes! {
    /// The bytes up to the first NUL.
    Vec<u8>, <[u8]>::to_vec;
    /// The bytes up to the first NUL.
    Box<[u8]>, |text| text.into();
    CString, |text| CString::new(text).unwrap_or_default(); // text ends at its first NUL, so there is none
}

#[cfg(unix)]
bytes! {
    OsString, |text| std::os::unix::ffi::OsStringExt::from_vec(text.to_vec());
    PathBuf, |text| PathBuf::from(<OsString as std::os::unix::ffi::OsStringExt>::from_vec(text.to_vec()));
}

impl<const N: usize> FromLayout<Str<N>> for Box<str> {
    fn from_layout_with(from: &Str<N>, context: &Context) -> Result<Self, FromLayoutError> {
        String::from_layout_with(from, context).map(String::into_boxed_str)
    }
}

/// The bytes up to the NUL, unless they were truncated and that is denied.
fn text<'a, const N: usize>(from: &'a Str<N>, context: &Context) -> Result<&'a [u8], FromLayoutError> {
    let text = from.as_bytes();
    if context.denies_truncated() && from.is_truncated() {
        let reason = std::format!("{} was truncated to {} bytes", Quoted(text), text.len());
        return Err(FromLayoutError::new(FromLayoutErrorKind::Truncated, reason));
    }
    Ok(text)
}

/// Text between quotes.
struct Quoted<'a>(&'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_text(self.0, f)
    }
}
