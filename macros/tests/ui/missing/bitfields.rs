#![forbid(unsafe_code)]
use bpf_layout::BpfLayout;

#[derive(Clone, Copy, BpfLayout)]
#[repr(C)]
struct Bits {
    id: u32,
}

fn main() {}
