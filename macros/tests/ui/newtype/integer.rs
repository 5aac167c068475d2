#![forbid(unsafe_code)]
use bpf_layout::BpfLayout;

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "file_op")]
#[repr(transparent)]
struct Op(u32);

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "open_flags")]
#[repr(transparent)]
struct Flags(i16);

fn main() {}
