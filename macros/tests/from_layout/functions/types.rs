#![allow(unused_imports)]

#[path = "../records.rs"]
mod records;
use bpf_layout::FromLayout;
use records::*;

#[derive(FromLayout)]
#[from_layout(FileEvent)]
struct Access {
    #[from_layout(with = "by_value")]
    pid: u32,
    #[from_layout(with = "text")]
    op: u32,
    #[from_layout(try_with = "text", field = "op")]
    no_result: String,
    #[from_layout(try_with = "no_display", field = "op")]
    no_display: u32,
    #[from_layout(with = "missing")]
    size: u32,
}

fn by_value(pid: u32) -> u32 {
    pid
}

fn text(op: &FileOp) -> String {
    format!("{op:?}")
}

fn no_display(_: &FileOp) -> Result<u32, ()> {
    Err(())
}

fn main() {}
