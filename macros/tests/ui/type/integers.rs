#![forbid(unsafe_code)]
use bpf_layout::{Be16, BpfLayout, Pad};

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "socket_key")]
#[repr(C)]
struct Key {
    netns: i32,
    family: Be16,
    proto: i8,
    _pad0: Pad<1>,
    port: u16,
    _pad1: Pad<2>,
}

fn main() {}
