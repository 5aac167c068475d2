#![forbid(unsafe_code)]
use bpf_layout::BpfLayout;

#[derive(Clone, Copy, BpfLayout)]
#[repr(C)]
struct SocketKey {
    family: u16,
    netns: u64,
    protocol: u8,
    dport: u16,
    cookie: u64,
}

#[derive(Clone, Copy, BpfLayout)]
#[repr(C)]
struct Buffer {
    text: [bool; 8],
}

fn main() {}
