//! Records of another layout, as hostile BTF describes them.
//!
//! The first two bytes say how many of the rest are the record (little-endian); the BTF stands before it.

use bpf_layout::skew::btf::Btf;

use crate::generated::TABLES;

pub(crate) fn run(data: &[u8]) {
    let Some((len, rest)) = data.split_first_chunk() else { return };
    let len = usize::from(u16::from_le_bytes(*len)).min(rest.len());
    let (btf, record) = rest.split_at(rest.len() - len);
    let Ok(btf) = Btf::parse(btf) else { return };
    for table in TABLES {
        table.records.iter().for_each(|row| (row.skew)(&btf, record));
        table.buffers.iter().for_each(|buffer| (buffer.skew)(&btf, record));
    }
}
