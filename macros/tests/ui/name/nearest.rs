#![forbid(unsafe_code)]
use bpf_layout::BpfLayout;

#[derive(Clone, Copy, BpfLayout)]
#[repr(C)]
struct SocketKye {
    netns: u32,
}

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "nothing")]
#[repr(C)]
struct Nothing {
    netns: u32,
}

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "file_opp")]
#[repr(transparent)]
struct Op(u8);

fn main() {}
