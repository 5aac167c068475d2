#![allow(unused_imports)]

#[path = "../records.rs"]
mod records;
use bpf_layout::FromLayout;
use records::*;

#[derive(FromLayout)]
#[from_layout(FileEvent, skip, rename = "x")]
struct Access {
    #[from_layout(loosy)]
    path: String,
    #[from_layout(from = "pid")]
    process: u32,
    #[from_layout(variant = "PID", other)]
    pid: u32,
}

#[derive(FromLayout)]
#[from_layout(FileOp)]
enum Op {
    #[from_layout(field = "OPEN", skip)]
    Open,
    #[from_layout(lossy)]
    Unlink,
    #[from_layout(other, lossy)]
    Other,
}

#[derive(FromLayout)]
#[from_layout(u32)]
struct Pid(#[from_layout(accessor)] u32);

fn main() {}
