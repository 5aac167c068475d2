//! Records of another layout, as hostile BTF describes them.
//!
//! The first two bytes say how many of the rest are the record (little-endian); the BTF stands before it.

use std::collections::HashSet;

use bpf_layout::skew::btf::Btf;

use crate::generated::TABLES;

pub(crate) fn run(data: &[u8]) {
    let Some((len, rest)) = data.split_first_chunk() else { return };
    let len = usize::from(u16::from_le_bytes(*len)).min(rest.len());
    let (btf, record) = rest.split_at(rest.len() - len);
    let Ok(btf) = Btf::parse(btf) else { return };
    // That a type is not there is found without an `unsafe` line, and with a hundred types takes most of Miri's time.
    let named: Option<HashSet<&str>> = cfg!(miri).then(|| btf.types().map(|ty| ty.name()).collect());
    let may_be_there = |name: &str| {
        let has =
            |names: &HashSet<&str>| ["", "_", "_event"].iter().any(|end| names.contains(&*format!("{name}{end}")));
        named.as_ref().is_none_or(has)
    };
    let mut left_out = 0;
    for table in TABLES {
        for row in table.records {
            if may_be_there(row.name) { (row.skew)(&btf, record) } else { left_out += 1 }
        }
        for buffer in table.buffers {
            let one_is_there = buffer.events.iter().any(|event| may_be_there(event.name()));
            if one_is_there { (buffer.skew)(&btf, record) } else { left_out += 1 }
        }
    }
    if left_out > 0 {
        println!("left out: {left_out} types and buffers of which the BTF has no name");
    }
}
