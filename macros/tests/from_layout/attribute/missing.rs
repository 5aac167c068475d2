use bpf_layout::FromLayout;

#[derive(FromLayout)]
struct Access {
    pid: u32,
}

#[derive(FromLayout)]
#[from_layout()]
enum Op {
    Open,
}

#[derive(FromLayout)]
#[from_layout(lossy)]
struct Comm(String);

fn main() {}
