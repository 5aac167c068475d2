#![allow(unused_imports)]

#[path = "../records.rs"]
mod records;
use bpf_layout::FromLayout;
use records::*;

#[derive(FromLayout)]
#[from_layout(FileEvent)]
struct Access {
    #[from_layout(skip, field = "pid")]
    a: u32,
    #[from_layout(skip, lossy)]
    b: String,
    #[from_layout(with = "f", try_with = "f")]
    pid: u32,
    #[from_layout(with = "f", monotonic)]
    timestamp: u64,
    #[from_layout(len = "size", with = "f")]
    args: Vec<u8>,
    #[from_layout(accessor, len = "size")]
    path: Vec<u8>,
    #[from_layout(whole)]
    c: u32,
    #[from_layout(whole, field = "pid", with = "f")]
    d: u32,
    #[from_layout(accessor, accessor, field = "flag", field = "flag")]
    e: bool,
}

fn f() {}

fn main() {}
