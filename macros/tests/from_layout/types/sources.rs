#![allow(unused_imports)]

#[path = "../records.rs"]
mod records;
use bpf_layout::FromLayout;
use records::*;

#[derive(FromLayout)]
#[from_layout(String)]
struct NoRecord {
    pid: u32,
}

#[derive(FromLayout)]
#[from_layout(u32)]
struct Pid(String);

#[derive(FromLayout)]
#[from_layout(u32)]
enum Number {
    Max,
}

fn main() {}
