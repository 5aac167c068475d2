use bpf_layout::FromLayout;

#[derive(FromLayout)]
#[from_layout(FileEvent)]
struct Access {
    #[from_layout(field = "1x")]
    a: u32,
    #[from_layout(field = "")]
    b: u32,
    #[from_layout(field = "self")]
    s: u32,
    #[from_layout(field = "_")]
    u: u32,
    #[from_layout(len = "a.b")]
    c: Vec<u8>,
    #[from_layout(with = "a b")]
    d: u32,
    #[from_layout(try_with = "|x| x")]
    e: u32,
}

#[derive(FromLayout)]
#[from_layout(FileOp)]
enum Op {
    #[from_layout(variant = "FileOp::OPEN")]
    Open,
}

fn main() {}
