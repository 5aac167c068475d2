//! Calls that hand a record to userspace: through which map, and how many bytes.
//!
//! Programs say this nowhere but in their instructions. Map and size are known where the address of the map and a
//! constant arrive in the registers of the call on every way there, or on a way after whose last decision nothing else
//! decides whether there is a call; otherwise they are not, and nobody guesses.

mod elf;
mod flow;
mod insn;

use std::collections::BTreeSet;

use self::{
    elf::{Code, Elf},
    flow::Call,
    insn::{INSN_SIZE, Registers, Value},
};
use crate::{
    error::Error,
    ext::{Lines, SourceLine},
};

/// A call of a helper that hands a record to userspace. Where several ways lead to one call, each with a map and size of its
/// own, there is one of these for each.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutputCall<'a> {
    /// The helper, such as `bpf_ringbuf_output`.
    pub helper: &'static str,
    /// The map that the record goes through; `None` if it comes from elsewhere.
    pub map: Option<&'a str>,
    /// Bytes of the record; `None` if they are computed.
    pub size: Option<u32>,
    /// Whether map and size are the same on every way to the call, as far as they are known. If not, it may be that the way
    /// that brings these is never taken.
    pub always: bool,
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
        for (slot, call) in flow::calls(code.bytes, &code.maps, starts) {
            let Some(helper) = HELPERS.iter().find(|helper| helper.id == call.helper) else { continue };
            found.extend(output_calls_at(&elf, &code, slot, helper, &call, lines));
        }
    }
    Ok(found)
}

/// Map and size, as far as they are known.
type Arguments<'a> = (Option<&'a str>, Option<u32>);

/// The call with map and size as every way to it brings them, or with each pair that some way brings, if these do.
fn output_calls_at<'a>(
    elf: &Elf<'a>,
    code: &Code<'a>,
    slot: usize,
    helper: &Helper,
    call: &Call,
    lines: &Lines<'a>,
) -> Vec<OutputCall<'a>> {
    let read = |registers: &Registers| arguments(elf, registers[helper.map], registers[helper.size]);
    let is_known = |(map, size): &Arguments<'a>| map.is_some() && size.is_some();
    let (map, size) = read(&call.registers);
    let after = code.functions.partition_point(|(start, _)| *start <= slot);
    let offset = (slot * INSN_SIZE) as u64;
    let always = OutputCall {
        helper: helper.name,
        map,
        size,
        always: true,
        function: after.checked_sub(1).map_or("", |index| code.functions[index].1),
        section: code.name,
        offset,
        line: lines.find(code.name, offset),
    };
    if is_known(&(map, size)) {
        return vec![always];
    }
    // A size of 0 is what a variable is initialised with that then gets one of several.
    let ways: BTreeSet<Arguments<'a>> =
        call.ways.iter().map(read).filter(|way| is_known(way) && way.1 != Some(0)).collect();
    if ways.is_empty() {
        return vec![always];
    }
    ways.into_iter().map(|(map, size)| OutputCall { map, size, always: false, ..always.clone() }).collect()
}

fn arguments<'a>(elf: &Elf<'a>, map: Value, size: Value) -> Arguments<'a> {
    let map = match map {
        Value::Map(symbol) => Some(elf.symbol_name(symbol)).filter(|name| !name.is_empty()),
        Value::Number(_) | Value::Unknown => None,
    };
    let size = match size {
        Value::Number(size) => Some(size),
        Value::Map(_) | Value::Unknown => None,
    };
    (map, size)
}
