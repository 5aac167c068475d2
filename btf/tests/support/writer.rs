//! BTF written by hand, as any writer of either format and byte order might.
#![allow(dead_code, reason = "each test binary uses a part of this")]

/// Writes BTF.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    big_endian: bool,
    types: Vec<u8>,
    strings: Vec<u8>,
    count: u32,
}

impl Writer {
    pub(crate) fn new(big_endian: bool) -> Self {
        Writer { big_endian, types: Vec::new(), strings: vec![0], count: 0 }
    }

    fn bytes(&self, number: u32) -> [u8; 4] {
        if self.big_endian { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    /// Adds a string and returns its offset.
    pub(crate) fn string(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let offset = u32::try_from(self.strings.len()).expect("few strings");
        self.strings.extend(text.as_bytes());
        self.strings.push(0);
        offset
    }

    /// Adds a type and returns its id. `info` is as in `struct btf_type`.
    pub(crate) fn raw(&mut self, name: u32, info: u32, size_or_type: u32, extra: &[u32]) -> u32 {
        for number in [name, info, size_or_type].iter().chain(extra) {
            let bytes = self.bytes(*number);
            self.types.extend(bytes);
        }
        self.count += 1;
        self.count
    }

    /// Adds a type of a kind by its number.
    pub(crate) fn ty(&mut self, kind: u32, name: &str, vlen: u32, size_or_type: u32, extra: &[u32]) -> u32 {
        let name = self.string(name);
        self.raw(name, kind << 24 | vlen, size_or_type, extra)
    }

    /// An integer of 4 bytes.
    pub(crate) fn int(&mut self, name: &str) -> u32 {
        self.ty(1, name, 0, 4, &[32])
    }

    fn header(&self, len: u32, rest: &[u32]) -> Vec<u8> {
        let magic = 0xeb9fu16;
        let mut out = (if self.big_endian { magic.to_be_bytes() } else { magic.to_le_bytes() }).to_vec();
        out.extend([1, 0]);
        for number in [len].iter().chain(rest) {
            out.extend(self.bytes(*number));
        }
        out
    }

    /// The whole, with the header as it was before Linux 7.1.
    pub(crate) fn finish(&self) -> Vec<u8> {
        let (types, strings) = (length(&self.types), length(&self.strings));
        [self.header(24, &[0, types, types, strings]), self.types.clone(), self.strings.clone()].concat()
    }

    /// The whole, with the header of Linux 7.1 and sizes of kinds: a pair for each, from kind 0.
    pub(crate) fn finish_with_layout(&self, kinds: &[(u8, u8)]) -> Vec<u8> {
        let layout: Vec<u8> = kinds.iter().flat_map(|(fixed, each)| [*fixed, *each, 0, 0]).collect();
        let (types, strings) = (length(&self.types), length(&self.strings));
        let rest = [0, types, types + length(&layout), strings, types, length(&layout)];
        [self.header(32, &rest), self.types.clone(), layout, self.strings.clone()].concat()
    }
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("small")
}
