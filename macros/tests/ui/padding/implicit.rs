#![forbid(unsafe_code)]
use bpf_layout::{Be16, BpfLayout};

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "socket_key")]
#[repr(C)]
struct Key {
    netns: u32,
    family: u16,
    proto: u8,
    port: Be16,
}

fn main() {}
