#![allow(unused_imports)]

#[path = "../records.rs"]
mod records;
use bpf_layout::FromLayout;
use records::*;

#[derive(FromLayout)]
#[from_layout(FileEvent)]
struct Access {
    pids: u32,
    #[from_layout(field = "time")]
    at: u64,
    #[from_layout(accessor)]
    pid: u32,
    #[from_layout(len = "count")]
    args: Vec<u8>,
    flag: bool,
    #[from_layout(field = "args", len = "path")]
    no_number: Vec<u8>,
}

#[derive(FromLayout)]
#[from_layout(ExecEvent)]
struct Exec {
    pid: u32,
}

fn main() {}
