#![forbid(unsafe_code)]
use bpf_layout::BpfLayout;

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "file_op", derive(Serialize, Pod))]
#[repr(transparent)]
struct Op(u8);

fn main() {}
