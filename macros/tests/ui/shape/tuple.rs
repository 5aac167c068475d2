#![forbid(unsafe_code)]
use bpf_layout::BpfLayout;

#[derive(Clone, Copy, BpfLayout)]
#[repr(C)]
struct SocketKey(u32, u16);

#[derive(Clone, Copy, BpfLayout)]
#[repr(C)]
struct Unit;

fn main() {}
