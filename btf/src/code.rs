//! Calls that hand a record to userspace: through which map, and how many bytes.
//!
//! Programs say this nowhere but in their instructions. Map and size are known where the address of the map and a
//! constant arrive in the registers of the call on every way there; otherwise they are not, and nobody guesses.

mod elf;
mod flow;
mod insn;

use self::{
    elf::{Code, Elf},
    flow::Call,
    insn::{INSN_SIZE, Value},
};
use crate::{
    error::Error,
    ext::{Lines, SourceLine},
};

/// A call of a helper that hands a record to userspace.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutputCall<'a> {
    /// The helper, such as `bpf_ringbuf_output`.
    pub helper: &'static str,
    /// The map that the record goes through; `None` if it is not always the same one, or comes from elsewhere.
    pub map: Option<&'a str>,
    /// Bytes of the record; `None` if they are not always the same number.
    pub size: Option<u32>,
    /// The function that calls, into which others may have been inlined; empty if it has no symbol.
    pub function: &'a str,
    /// The section of the call.
    pub section: &'a str,
    /// Bytes from the start of that section to the call.
    pub offset: u64,
    /// The line of C, if the object has lines.
    pub line: Option<SourceLine<'a>>,
}

/// A helper that hands a record to userspace, and the registers of its arguments.
struct Helper {
    /// Its number in `enum bpf_func_id` of `include/uapi/linux/bpf.h`.
    id: u32,
    name: &'static str,
    map: usize,
    size: usize,
}

const HELPERS: &[Helper] = &[
    Helper { id: 25, name: "bpf_perf_event_output", map: 2, size: 5 },
    Helper { id: 111, name: "bpf_skb_output", map: 2, size: 5 },
    Helper { id: 121, name: "bpf_xdp_output", map: 2, size: 5 },
    Helper { id: 130, name: "bpf_ringbuf_output", map: 1, size: 3 },
    Helper { id: 131, name: "bpf_ringbuf_reserve", map: 1, size: 2 },
    Helper { id: 198, name: "bpf_ringbuf_reserve_dynptr", map: 1, size: 2 },
];

/// All such calls of an object, in the order of its sections.
pub(crate) fn output_calls<'a>(data: &'a [u8], lines: &Lines<'a>) -> Result<Vec<OutputCall<'a>>, Error> {
    let Some(elf) = Elf::parse(data)? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for code in elf.code()? {
        let starts = code.functions.iter().map(|(slot, _)| *slot);
        for call in flow::calls(code.bytes, &code.maps, starts) {
            found.extend(output_call(&elf, &code, &call, lines));
        }
    }
    Ok(found)
}

fn output_call<'a>(elf: &Elf<'a>, code: &Code<'a>, call: &Call, lines: &Lines<'a>) -> Option<OutputCall<'a>> {
    let helper = HELPERS.iter().find(|helper| helper.id == call.helper)?;
    let map = match call.registers[helper.map] {
        Value::Map(symbol) => Some(elf.symbol_name(symbol)).filter(|name| !name.is_empty()),
        Value::Number(_) | Value::Unknown => None,
    };
    let size = match call.registers[helper.size] {
        Value::Number(size) => Some(size),
        Value::Map(_) | Value::Unknown => None,
    };
    let after = code.functions.partition_point(|(slot, _)| *slot <= call.slot);
    let function = after.checked_sub(1).map_or("", |index| code.functions[index].1);
    let offset = (call.slot * INSN_SIZE) as u64;
    Some(OutputCall {
        helper: helper.name,
        map,
        size,
        function,
        section: code.name,
        offset,
        line: lines.find(code.name, offset),
    })
}
