#![forbid(unsafe_code)]
use bpf_layout::{Be16, BpfLayout, Pad};

#[derive(Clone, Copy, BpfLayout)]
#[repr(C)]
struct Locked {
    lock: u32,
    pair: [Be16; 3],
    _pad0: Pad<2>,
    keys: [profiled::Profiled; 2],
}

mod profiled {
    #[derive(Clone, Copy, bpf_layout::BpfLayout)]
    #[repr(C)]
    pub struct Profiled {
        id: u32,
        cwd: bpf_layout::Str<64>,
        path: bpf_layout::Str<64>,
    }
}

fn main() {}
