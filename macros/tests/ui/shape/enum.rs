#![forbid(unsafe_code)]
use bpf_layout::BpfLayout;

#[derive(Clone, Copy, BpfLayout)]
#[repr(u8)]
enum FileOp {
    Open = 1,
}

fn main() {}
