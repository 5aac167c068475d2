#![allow(unused_imports)]

#[path = "../records.rs"]
mod records;
use bpf_layout::FromLayout;
use records::*;

#[derive(FromLayout)]
#[from_layout(FileOp)]
enum Op {
    Open,
    Rename,
}

#[derive(FromLayout)]
#[from_layout(PeerRef<'_>)]
enum Peer {
    V4(std::net::Ipv4Addr),
    V6(std::net::Ipv6Addr),
}

#[derive(FromLayout)]
#[from_layout(PeerRef)]
enum NoLifetime {
    Port(u16),
}

#[derive(FromLayout)]
#[from_layout(PeerRef<'_>)]
enum Types {
    V4(String),
    Port(bool),
}

#[derive(FromLayout)]
#[from_layout(FileOp)]
enum Held {
    Open,
    #[from_layout(other)]
    Other(std::net::IpAddr),
}

fn main() {}
