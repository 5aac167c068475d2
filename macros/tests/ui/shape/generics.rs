#![forbid(unsafe_code)]
use bpf_layout::BpfLayout;

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "socket_key")]
#[repr(C)]
struct Key<'a, T> {
    netns: &'a T,
}

fn main() {}
