#![forbid(unsafe_code)]
use bpf_layout::BpfLayout;

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "file")]
#[repr(C, align(8))]
struct File {
    time: std::time::Duration,
    key: &'static str,
    pid: char,
    comm: [char; 4],
    op: Op,
    ok: bool,
    flags: Option<bool>,
    delta: f32,
    addr: [bool; 16],
}

#[derive(Clone, Copy)]
#[repr(u8)]
enum Op {
    Open = 1,
}

fn main() {}
