//! Numbers out of bytes, in the byte order that the data was written in.

/// Bytes with their byte order. Reading outside of them gives nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bytes<'a> {
    data: &'a [u8],
    big_endian: bool,
}

impl<'a> Bytes<'a> {
    pub(crate) fn new(data: &'a [u8], big_endian: bool) -> Self {
        Bytes { data, big_endian }
    }

    pub(crate) fn len(self) -> usize {
        self.data.len()
    }

    pub(crate) fn big_endian(self) -> bool {
        self.big_endian
    }

    pub(crate) fn data(self) -> &'a [u8] {
        self.data
    }

    /// `len` bytes from `start`, if all of them are there.
    pub(crate) fn part(self, start: usize, len: usize) -> Option<Self> {
        let end = start.checked_add(len)?;
        Some(Bytes { data: self.data.get(start..end)?, ..self })
    }

    pub(crate) fn u16(self, at: usize) -> Option<u16> {
        let bytes = *self.data.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    pub(crate) fn u32(self, at: usize) -> Option<u32> {
        let bytes = *self.data.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }
}
