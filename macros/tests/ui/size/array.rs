#![forbid(unsafe_code)]
use bpf_layout::BpfLayout;

#[derive(Clone, Copy, BpfLayout)]
#[repr(C, align(4))]
struct Buffer {
    text: [u8; 12],
}

fn main() {}
