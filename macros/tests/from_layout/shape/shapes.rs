#![allow(unused_imports)]

#[path = "../records.rs"]
mod records;
use bpf_layout::FromLayout;
use records::*;

#[derive(FromLayout)]
#[from_layout(FileEvent)]
struct Borrowed<'a> {
    path: &'a str,
}

#[derive(FromLayout)]
#[from_layout(FileEvent)]
struct Generic<T> {
    pid: T,
}

#[derive(FromLayout)]
#[from_layout(FileEvent)]
struct Pair(u32, u32);

#[derive(FromLayout)]
#[from_layout(FileEvent)]
struct Unit;

#[derive(FromLayout)]
#[from_layout(FileEvent)]
union Either {
    pid: u32,
}

fn main() {}
