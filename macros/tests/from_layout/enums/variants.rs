#![allow(unused_imports)]

#[path = "../records.rs"]
mod records;
use bpf_layout::FromLayout;
use records::*;

#[derive(FromLayout)]
#[from_layout(PeerRef<'_>)]
enum Peer {
    V4 { address: std::net::Ipv4Addr },
    Port(u16, u16),
    #[from_layout(variant = "V4")]
    Again(std::net::Ipv4Addr),
    #[from_layout(other)]
    Other(u16),
}

#[derive(FromLayout)]
#[from_layout(FileOp)]
enum Op {
    Open,
    #[from_layout(variant = "OPEN")]
    Again,
    #[from_layout(other)]
    Other,
    #[from_layout(other)]
    More(u8),
    #[from_layout(other, variant = "UNLINK")]
    Most,
}

#[derive(FromLayout)]
#[from_layout(PeerRef<'_>)]
enum Held {
    V4(#[from_layout(lossy)] std::net::Ipv4Addr),
}

fn main() {}
