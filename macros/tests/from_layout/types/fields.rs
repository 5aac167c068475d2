#![allow(unused_imports)]

#[path = "../records.rs"]
mod records;
use bpf_layout::FromLayout;
use records::*;

#[derive(FromLayout)]
#[from_layout(FileEvent)]
struct Access {
    pid: String,
    path: u32,
    peer: std::net::Ipv6Addr,
    op: Op,
    ops: Vec<bool>,
    size: bool,
    args: [u8; 4],
    r#type: Option<u8>,
    timestamp: std::time::SystemTime,
}

enum Op {
    Open,
}

fn main() {}
