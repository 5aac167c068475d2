#![forbid(unsafe_code)]
use bpf_layout::BpfLayout;

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(spec = "layouts.toml", profile = "lean")]
#[repr(transparent)]
struct FileOp(u8);

fn main() {}
