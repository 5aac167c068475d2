//! `.BTF.ext`: which line of which source an instruction comes from (`struct btf_ext_header` and `struct bpf_line_info` of
//! libbpf and `include/uapi/linux/bpf.h`).
//!
//! This is for messages only. As libbpf does, whoever finds it damaged goes on without it.

use std::collections::HashMap;

use crate::{
    btf::{Btf, TypeId},
    bytes::Bytes,
    ty::name_at,
};

const MAGIC: u16 = 0xeb9f;
/// `insn_off`, `file_name_off`, `line_off` and `line_col`.
const LINE_INFO_SIZE: usize = 16;
/// `line_col` has the column in its lower bits, the line above it (`BPF_LINE_INFO_LINE_NUM`).
const COLUMN_BITS: u32 = 10;

/// `insn_off`, `type_id`, `access_str_off` and `kind` (`struct bpf_core_relo`).
const RELOCATION_SIZE: usize = 16;
/// Where a relocation has its type and its kind.
const RELOCATION_TYPE: usize = 4;
const RELOCATION_KIND: usize = 12;
/// The kinds of relocations that say nothing of a type of the kernel: `BPF_CORE_TYPE_ID_LOCAL`.
const LOCAL: u32 = 6;

/// Types of which the loader looks up in the kernel where their members lie, how large they are, or whether they exist
/// (`bpf_core_relo_kind`), in the order of the section. Empty if the section is damaged or has none.
pub(crate) fn relocated_types(data: &[u8], btf: &Btf<'_>) -> Vec<TypeId> {
    read_relocations(data, btf).unwrap_or_default()
}

fn read_relocations(data: &[u8], btf: &Btf<'_>) -> Option<Vec<TypeId>> {
    let bytes = Bytes::new(data, btf.is_big_endian());
    if bytes.u16(0)? != MAGIC || data.get(2..4)? != [1, 0] {
        return None;
    }
    let number = |at: usize| usize::try_from(bytes.u32(at)?).ok();
    let header = number(4)?;
    // Headers of before Linux 5.5 end before it.
    if header < 32 {
        return Some(Vec::new());
    }
    let info = bytes.part(header.checked_add(number(24)?)?, number(28)?)?;
    let mut types = Vec::new();
    if info.len() == 0 {
        return Some(types);
    }
    let size = usize::try_from(info.u32(0)?).ok().filter(|size| *size >= RELOCATION_SIZE)?;
    let mut at = 4;
    while at < info.len() {
        let len = usize::try_from(info.u32(at + 4)?).ok()?.checked_mul(size)?;
        let records = info.part(at + 8, len)?;
        for record in (0..len).step_by(size) {
            if records.u32(record + RELOCATION_KIND)? != LOCAL {
                types.push(TypeId(records.u32(record + RELOCATION_TYPE)?));
            }
        }
        at += 8 + len;
    }
    Some(types)
}

/// A line of C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceLine<'a> {
    /// Its file, as the compiler was given it, or as it was told to call it.
    pub file: &'a str,
    /// From 1.
    pub line: u32,
    /// From 1; 0 if it is not known.
    pub column: u32,
    /// The line itself; empty if the compiler did not have it.
    pub text: &'a str,
}

/// The lines of all sections with instructions.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    /// By the name of the section: its records one after another, and the bytes of each.
    sections: HashMap<&'a str, (Bytes<'a>, usize)>,
    strings: &'a [u8],
}

impl<'a> Lines<'a> {
    /// No lines at all.
    pub(crate) fn none() -> Self {
        Lines { sections: HashMap::new(), strings: &[] }
    }

    /// Reads the section `.BTF.ext`, whose strings are those of `.BTF`. `None` if it is damaged.
    pub(crate) fn read(data: &'a [u8], btf: &Btf<'a>) -> Option<Self> {
        let bytes = Bytes::new(data, btf.is_big_endian());
        if bytes.u16(0)? != MAGIC || data.get(2..4)? != [1, 0] {
            return None;
        }
        let number = |at: usize| usize::try_from(bytes.u32(at)?).ok();
        // Offsets count from the end of the header.
        let start = number(4)?.checked_add(number(16)?)?;
        let info = bytes.part(start, number(20)?)?;
        let mut lines = Lines { sections: HashMap::new(), strings: btf.sections.strings };
        if info.len() > 0 {
            lines.read_sections(info)?;
        }
        Some(lines)
    }

    /// The size of a record, then for each section its name, the number of its records, and these.
    fn read_sections(&mut self, info: Bytes<'a>) -> Option<()> {
        let size = usize::try_from(info.u32(0)?).ok().filter(|size| *size >= LINE_INFO_SIZE)?;
        let mut at = 4;
        while at < info.len() {
            let name = name_at(self.strings, info.u32(at)?)?;
            let len = usize::try_from(info.u32(at + 4)?).ok()?.checked_mul(size)?;
            self.sections.insert(name, (info.part(at + 8, len)?, size));
            at += 8 + len;
        }
        Some(())
    }

    /// The line that the instruction at this byte of a section comes from.
    pub(crate) fn find(&self, section: &str, offset: u64) -> Option<SourceLine<'a>> {
        let (records, size) = *self.sections.get(section)?;
        let record = last_up_to(records, size, offset)?;
        let (file, text) = (name_at(self.strings, record.u32(4)?)?, name_at(self.strings, record.u32(8)?)?);
        let place = record.u32(12)?;
        let (line, column) = (place >> COLUMN_BITS, place & ((1 << COLUMN_BITS) - 1));
        // Line 0 is what a compiler says of instructions that come from no line.
        (line > 0).then_some(SourceLine { file, line, column, text })
    }
}

/// The last record of an instruction at `offset` or before. Records stand in the order of their instructions; of others,
/// it is one of them.
fn last_up_to(records: Bytes<'_>, size: usize, offset: u64) -> Option<Bytes<'_>> {
    let (mut low, mut high) = (0, records.len() / size);
    while low < high {
        let middle = low + (high - low) / 2;
        if u64::from(records.u32(middle * size)?) <= offset {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    records.part(low.checked_sub(1)? * size, size)
}
