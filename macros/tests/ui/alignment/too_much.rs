#![forbid(unsafe_code)]
use bpf_layout::BpfLayout;

#[derive(Clone, Copy, BpfLayout)]
#[repr(C, align(8))]
struct Buffer {
    text: [u8; 8],
}

fn main() {}
