use bpf_layout::FromLayout;

#[derive(FromLayout)]
#[from_layout = "FileEvent"]
struct Access {
    #[from_layout]
    pid: u32,
    #[from_layout(field = pid)]
    tid: u32,
    #[from_layout(with = 7)]
    ppid: u32,
    #[from_layout(field "pid")]
    uid: u32,
}

fn main() {}
