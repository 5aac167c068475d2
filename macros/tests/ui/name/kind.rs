#![forbid(unsafe_code)]
use bpf_layout::BpfLayout;

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "addr")]
#[repr(C)]
struct Addr {
    bytes: [u8; 16],
}

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "file_op")]
#[repr(C)]
struct Op {
    value: u8,
}

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "buffer")]
#[repr(transparent)]
struct Buffer(u64);

fn main() {}
