#![forbid(unsafe_code)]
use bpf_layout::BpfLayout;

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "socket_key")]
#[repr(C)]
struct Key {
    netns: u32,
    family: u16,
    proto: u8,
    #[bpf_layout(name = "port")]
    port: [u8; 2],
    #[bpf_layout(padding)]
    rest: [u8; 3],
}

fn main() {}
