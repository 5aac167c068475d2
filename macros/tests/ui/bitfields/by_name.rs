#![forbid(unsafe_code)]
use bpf_layout::BpfLayout;

#[derive(Clone, Copy, BpfLayout)]
#[repr(C)]
struct Bits {
    id: u32,
    low: u8,
    _pad0: bpf_layout::Pad<3>,
}

fn main() {}
