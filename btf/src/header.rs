//! `struct btf_header`: where types, strings and the layout of kinds lie.

use crate::{bytes::Bytes, error::Error};

const MAGIC: u16 = 0xeb9f;
/// The header as it was before Linux 7.1, which added the place of the layout section.
const SHORT_HEADER: usize = 24;
const LONG_HEADER: usize = 32;

/// The sections of BTF.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sections<'a> {
    /// Types one after another, the first being type 1.
    pub(crate) types: Bytes<'a>,
    /// Strings, each with its NUL; the first is empty.
    pub(crate) strings: &'a [u8],
    /// `struct btf_layout` for each kind that the writer knew, by number. Empty if the writer gave none.
    pub(crate) layout: Bytes<'a>,
}

impl<'a> Sections<'a> {
    /// Finds the sections. All offsets count from the end of the header, whatever its length.
    pub(crate) fn find(data: &'a [u8]) -> Result<Self, Error> {
        let bytes = Bytes::new(data, is_big_endian(data)?);
        let (version, flags) = (data.get(2), data.get(3));
        if (version, flags) != (Some(&1), Some(&0)) {
            let byte = |byte: Option<&u8>| byte.copied().unwrap_or_default();
            return Err(Error::Version { version: byte(version), flags: byte(flags) });
        }
        let header = number(bytes, 4)?;
        if header < SHORT_HEADER {
            return Err(Error::Damaged("the header is shorter than any header is"));
        }
        let section = |at: usize, name: &'static str| {
            let start = header.checked_add(number(bytes, at)?).ok_or(Error::Damaged(name))?;
            bytes.part(start, number(bytes, at + 4)?).ok_or(Error::Damaged(name))
        };
        let types = section(8, "the types lie outside the data")?;
        let strings = section(16, "the strings lie outside the data")?.data();
        if strings.first() != Some(&0) || strings.last() != Some(&0) {
            return Err(Error::Damaged("the strings do not begin and end with a NUL"));
        }
        let layout = if header >= LONG_HEADER {
            section(24, "the layout of kinds lies outside the data")?
        } else {
            Bytes::new(&[], bytes.big_endian())
        };
        Ok(Sections { types, strings, layout })
    }
}

fn is_big_endian(data: &[u8]) -> Result<bool, Error> {
    match Bytes::new(data, false).u16(0) {
        Some(MAGIC) => Ok(false),
        Some(swapped) if swapped == MAGIC.swap_bytes() => Ok(true),
        _ => Err(Error::NotBtf),
    }
}

fn number(bytes: Bytes<'_>, at: usize) -> Result<usize, Error> {
    let number = bytes.u32(at).ok_or(Error::Damaged("the header is cut off"))?;
    usize::try_from(number).map_err(|_| Error::Damaged("the header has a number beyond memory"))
}
