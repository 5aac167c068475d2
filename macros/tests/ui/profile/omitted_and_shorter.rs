#![forbid(unsafe_code)]
use bpf_layout::BpfLayout;

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(profile = "lean")]
#[repr(C)]
struct Profiled {
    id: u32,
    cwd: bpf_layout::Str<64>,
    path: bpf_layout::Str<64>,
}

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "profiled", profile = "fat")]
#[repr(C)]
struct Fat {
    id: u32,
}

fn main() {}
