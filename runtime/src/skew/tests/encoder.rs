//! Writes BTF, as `include/uapi/linux/btf.h` has it.

use std::{string::String, vec::Vec};

use bpf_layout_btf::TypeId;

/// BTF that is being written, in this machine's byte order.
#[derive(Default)]
pub(super) struct Encoder {
    types: Vec<u8>,
    strings: Vec<u8>,
    count: u32,
}

/// A member: name, type, first bit, and bits if it is a bitfield.
pub(super) type Member = (String, TypeId, usize, usize);

const INT: u32 = 1;
const ARRAY: u32 = 3;
const STRUCT: u32 = 4;
const UNION: u32 = 5;
const ENUM: u32 = 6;
const TYPEDEF: u32 = 8;

impl Encoder {
    fn string(&mut self, text: &str) -> u32 {
        if self.strings.is_empty() {
            self.strings.push(0);
        }
        if text.is_empty() {
            return 0;
        }
        let at = self.strings.len() as u32;
        self.strings.extend(text.bytes().chain([0]));
        at
    }

    fn ty(&mut self, name: &str, (kind, flag, len): (u32, bool, usize), size: u32, extra: &[u32]) -> TypeId {
        let info = kind << 24 | u32::from(flag) << 31 | len as u32;
        let name = self.string(name);
        let words = [name, info, size].into_iter().chain(extra.iter().copied());
        self.types.extend(words.flat_map(u32::to_ne_bytes));
        self.count += 1;
        TypeId(self.count)
    }

    pub(super) fn int(&mut self, name: &str, size: usize, signed: bool) -> TypeId {
        self.ty(name, (INT, false, 0), size as u32, &[(u32::from(signed) << 24) | (8 * size as u32)])
    }

    pub(super) fn bool(&mut self) -> TypeId {
        self.ty("_Bool", (INT, false, 0), 1, &[4 << 24 | 8])
    }

    pub(super) fn typedef(&mut self, name: &str, id: TypeId) -> TypeId {
        self.ty(name, (TYPEDEF, false, 0), id.0, &[])
    }

    pub(super) fn array(&mut self, element: TypeId, len: usize) -> TypeId {
        self.ty("", (ARRAY, false, 0), 0, &[element.0, element.0, len as u32])
    }

    pub(super) fn record(&mut self, name: &str, union: bool, size: usize, members: &[Member]) -> TypeId {
        let mut extra = Vec::new();
        for (name, id, bit, bits) in members {
            extra.extend([self.string(name), id.0, *bit as u32 | (*bits as u32) << 24]);
        }
        let kind = if union { UNION } else { STRUCT };
        self.ty(name, (kind, true, members.len()), size as u32, &extra)
    }

    pub(super) fn values(&mut self, name: &str, size: usize, values: &[(&str, i32)]) -> TypeId {
        let mut extra = Vec::new();
        for (name, value) in values {
            extra.extend([self.string(name), value.cast_unsigned()]);
        }
        self.ty(name, (ENUM, false, values.len()), size as u32, &extra)
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.string("");
        let lengths = [24, 0, self.types.len(), self.types.len(), self.strings.len()].map(|len| len as u32);
        let mut data = Vec::from(0xeb9fu16.to_ne_bytes());
        data.extend([1, 0]);
        data.extend(lengths.into_iter().flat_map(u32::to_ne_bytes));
        data.append(&mut self.types);
        data.append(&mut self.strings);
        data
    }
}
