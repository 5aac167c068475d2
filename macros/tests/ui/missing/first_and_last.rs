#![forbid(unsafe_code)]
use bpf_layout::{BpfLayout, Pad};

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "socket_key")]
#[repr(C)]
struct Key {
    family: u16,
    proto: u8,
    _pad0: Pad<1>,
}

fn main() {}
