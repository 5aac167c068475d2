// What a spec would give.

::bpf_layout::open_enum! { pub enum FileOp("file_op"): u8 { OPEN("open") = 1, UNLINK("unlink") = 2, ALIAS("alias") = 2 } }

::bpf_layout::layout! {
    pub struct FileEvent("file"): size 64, align 8 {
        pub timestamp: ::bpf_layout::Ktime = 0,
        pub pid: u32 = 8,
        pub peer: ::bpf_layout::Ipv4 = 12,
        pub op: FileOp = 16,
        pub ops: [FileOp; 3] = 17,
        pub _bits0: ::bpf_layout::Bits<1> = 20,
        pub r#type: u8 = 21,
        pub size: u16 = 22,
        pub args: [u8; 8] = 24,
        pub path: ::bpf_layout::Str<32> = 32,
    }
    details [::bpf_layout::Detail::bits::<::bpf_layout::Bool>("flag", (20, 1), (0, 1))]
}

impl FileEvent {
    pub fn flag(&self) -> bool {
        self._bits0.get(0, 1) != 0
    }

    pub fn path(&self) -> ::core::option::Option<&::bpf_layout::Str<32>> {
        ::core::option::Option::Some(&self.path)
    }

    pub fn peer(&self) -> PeerRef<'_> {
        PeerRef::V4(&self.peer)
    }
}

#[derive(::core::fmt::Debug)]
pub enum PeerRef<'a> {
    V4(&'a ::bpf_layout::Ipv4),
    Port(u16),
    Unknown(&'a FileEvent),
}
