#![forbid(unsafe_code)]
use bpf_layout::{BpfLayout, Pad};

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(nam = "socket_key", derive(Debug))]
#[repr(C)]
struct SocketKey {
    #[bpf_layout(rename = "netns")]
    netns: u32,
    family: u16,
    proto: u8,
    #[bpf_layout(padding, name = "port")]
    _pad0: Pad<1>,
    #[bpf_layout(name = "port", name = "port")]
    port: bpf_layout::Be16,
    _pad1: Pad<2>,
}

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "buffer", derive(Debug, Ord))]
#[repr(C, align(4))]
struct Buffer {
    text: [u8; 8],
}

fn main() {}
