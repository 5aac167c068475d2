#![forbid(unsafe_code)]
use bpf_layout::BpfLayout;

#[derive(Clone, Copy, BpfLayout)]
#[repr(C)]
union Addr {
    v4: u32,
    v6: [u8; 16],
}

fn main() {}
