#![forbid(unsafe_code)]
use bpf_layout::{Be16, BpfLayout, Pad};

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "socket_key")]
#[repr(C)]
struct Key {
    netns: u32,
    family: u16,
    _pad0: Pad<1>,
    port: Be16,
    _pad1: Pad<2>,
}

fn main() {}
