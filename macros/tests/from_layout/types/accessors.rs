#![allow(unused_imports)]

#[path = "../records.rs"]
mod records;
use bpf_layout::FromLayout;
use records::*;
use std::{net::IpAddr, path::PathBuf};

#[derive(FromLayout)]
#[from_layout(FileEvent)]
struct NotAsked {
    path: Option<PathBuf>,
}

#[derive(FromLayout)]
#[from_layout(FileEvent)]
struct Asked {
    #[from_layout(accessor)]
    path: PathBuf,
    #[from_layout(accessor)]
    peer: IpAddr,
    #[from_layout(accessor)]
    flag: u8,
}

#[derive(FromLayout)]
#[from_layout(FileEvent)]
struct Inside {
    #[from_layout(accessor)]
    path: Option<u32>,
}

fn main() {}
