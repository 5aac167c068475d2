#![forbid(unsafe_code)]
use bpf_layout::BpfLayout;

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "file")]
#[repr(C, align(8))]
struct File {
    time: i64,
    key: [u8; 12],
    pid: bpf_layout::Ipv4,
    comm: bpf_layout::Ipv6,
    op: i8,
    ok: Op,
    flags: bpf_layout::Be16,
    delta: u32,
    addr: [u32; 4],
}

/// A newtype with the name of another enum than the field's.
#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "file_op")]
#[repr(transparent)]
struct Op(u8);

fn main() {}
