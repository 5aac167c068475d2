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
use crate::text::{Str, StrRef, StrsRef, debug_text};

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

/// Implements what holds of both kinds of strings: those of fixed room, and those of variable length.
macro_rules! texts {
    ($([$($life:lifetime)?; $($param:tt)*] $from:ty;)+) => { $(
        impl<$($life,)? T: FromLayout<$from>, $($param)*> FromLayout<$from> for Text<T> {
            fn from_layout_with(from: &$from, context: &Context) -> Result<Self, FromLayoutError> {
                Ok(Text { value: T::from_layout_with(from, context)?, is_truncated: from.is_truncated() })
            }
        }

        /// The text; if it is not UTF-8, an error, or under [`Context::lossy`] U+FFFD in place of what is wrong.
        impl<$($life,)? $($param)*> FromLayout<$from> for String {
            fn from_layout_with(from: &$from, context: &Context) -> Result<Self, FromLayoutError> {
                string(whole(from.as_bytes(), from.is_truncated(), context)?, context)
            }
        }

        impl<$($life,)? $($param)*> FromLayout<$from> for Box<str> {
            fn from_layout_with(from: &$from, context: &Context) -> Result<Self, FromLayoutError> {
                String::from_layout_with(from, context).map(String::into_boxed_str)
            }
        }

        /// The bytes up to the first NUL.
        impl<$($life,)? $($param)*> FromLayout<$from> for Vec<u8> {
            fn from_layout_with(from: &$from, context: &Context) -> Result<Self, FromLayoutError> {
                whole(from.as_bytes(), from.is_truncated(), context).map(<[u8]>::to_vec)
            }
        }

        /// The bytes up to the first NUL.
        impl<$($life,)? $($param)*> FromLayout<$from> for Box<[u8]> {
            fn from_layout_with(from: &$from, context: &Context) -> Result<Self, FromLayoutError> {
                whole(from.as_bytes(), from.is_truncated(), context).map(Box::from)
            }
        }

        impl<$($life,)? $($param)*> FromLayout<$from> for CString {
            fn from_layout_with(from: &$from, context: &Context) -> Result<Self, FromLayoutError> {
                let text = whole(from.as_bytes(), from.is_truncated(), context)?;
                Ok(CString::new(text).unwrap_or_default()) // text ends at its first NUL, so there is none
            }
        }

        #[cfg(unix)]
        impl<$($life,)? $($param)*> FromLayout<$from> for OsString {
            fn from_layout_with(from: &$from, context: &Context) -> Result<Self, FromLayoutError> {
                let text = whole(from.as_bytes(), from.is_truncated(), context)?;
                Ok(std::os::unix::ffi::OsStringExt::from_vec(text.to_vec()))
            }
        }

        #[cfg(unix)]
        impl<$($life,)? $($param)*> FromLayout<$from> for PathBuf {
            fn from_layout_with(from: &$from, context: &Context) -> Result<Self, FromLayoutError> {
                OsString::from_layout_with(from, context).map(PathBuf::from)
            }
        }
    )+ };
}

texts! {
    [; const N: usize] Str<N>;
    ['a;] StrRef<'a>;
}

/// One element for each string.
impl<'a, T: FromLayout<StrRef<'a>>> FromLayout<StrsRef<'a>> for Vec<T> {
    fn from_layout_with(from: &StrsRef<'a>, context: &Context) -> Result<Self, FromLayoutError> {
        if context.denies_truncated() && from.is_truncated() {
            let reason = std::format!("{from:?} is not all of them");
            return Err(FromLayoutError::new(FromLayoutErrorKind::Truncated, reason));
        }
        from.iter().map(|text| T::from_layout_with(&text, context)).collect()
    }
}

fn string(text: &[u8], context: &Context) -> Result<String, FromLayoutError> {
    match str::from_utf8(text) {
        Ok(text) => Ok(text.into()),
        Err(_) if context.is_lossy() => Ok(String::from_utf8_lossy(text).into_owned()),
        Err(error) => {
            let (text, at) = (Quoted(text), error.valid_up_to());
            let reason = std::format!("{text} is not UTF-8 from byte {at}");
            Err(FromLayoutError::new(FromLayoutErrorKind::NotUtf8, reason))
        }
    }
}

/// The bytes, unless they were truncated and that is denied.
fn whole<'a>(text: &'a [u8], is_truncated: bool, context: &Context) -> Result<&'a [u8], FromLayoutError> {
    if context.denies_truncated() && is_truncated {
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
