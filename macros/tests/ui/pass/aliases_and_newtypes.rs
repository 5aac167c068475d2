//! Types that rustc sees through, and those that say less than the spec.
#![forbid(unsafe_code)]
#![deny(warnings)]

use bpf_layout::{Be16, Bits, BpfLayout, Ipv4, Ktime, Layout, Pad, Str, Unaligned, kernel::SpinLock};

type Netns = u32;
type Port<const N: usize> = [u8; N];
const COMM: usize = 4 * 4;

#[derive(Clone, Copy, BpfLayout)]
#[repr(transparent)]
struct Family(u16);

#[derive(Clone, Copy, BpfLayout)]
#[repr(transparent)]
struct Proto {
    number: Inner,
}

#[derive(Clone, Copy, BpfLayout)]
#[repr(transparent)]
struct Inner(u8);

/// Fields by other names, padding by another name.
#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "socket_key", derive(Debug, Default, PartialEq, Eq, Hash))]
#[repr(C, align(4))]
pub struct Key {
    #[bpf_layout(name = "netns")]
    r#mod: Netns,
    family: Family,
    proto: Proto,
    __reserved_0: u8,
    #[bpf_layout(name = "port")]
    dport: Port<2>,
    #[bpf_layout(padding)]
    tail: [u8; 2],
}

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "file_op", derive(Debug, Default, PartialEq, Eq, Hash))]
#[repr(transparent)]
pub struct Op(u8);

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(derive(Debug))]
#[repr(transparent)]
pub struct OpenFlags(u16);

/// An event by the name of its generated type.
#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(derive(Debug, Default))]
#[repr(C)]
pub struct FileEvent {
    time: Ktime,
    key: Key,
    pid: u32,
    comm: [i8; COMM],
    op: Op,
    ok: u8,
    flags: OpenFlags,
    delta: i32,
    addr: [u8; 16],
}

mod bits {
    use super::{Bits, BpfLayout};

    #[derive(Clone, Copy, BpfLayout)]
    #[bpf_layout(name = "bits", derive(Debug))]
    #[repr(C)]
    pub struct Run {
        id: u32,
        _bits0: Bits<1>,
        _pad0: [u8; 3],
    }

    #[derive(Clone, Copy, BpfLayout)]
    #[bpf_layout(name = "bits")]
    #[repr(C)]
    pub struct Whole {
        pub id: u32,
        #[bpf_layout(bits)]
        pub levels: u8,
        pub _pad0: [u8; 3],
    }
}

mod packed {
    use super::{BpfLayout, Unaligned};

    #[derive(Clone, Copy, BpfLayout)]
    #[bpf_layout(name = "packed", derive(Debug))]
    #[repr(C)]
    pub struct Held {
        kind: u8,
        pid: Unaligned<u32, 4>,
    }

    #[derive(Clone, Copy, BpfLayout)]
    #[repr(C, packed)]
    pub struct Packed {
        pub kind: u8,
        pub pid: u32,
    }
}

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(derive(Debug))]
#[repr(C)]
pub struct Locked {
    lock: SpinLock,
    pair: [Be16; 2],
    keys: [Key; 2],
}

#[derive(Clone, Copy, BpfLayout)]
#[repr(C)]
pub struct Profiled {
    pub id: u32,
    pub cwd: Str<64>,
    pub path: Str<64>,
}

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "profiled", profile = "lean")]
#[repr(C)]
pub struct Lean {
    pub id: u32,
    pub path: Str<16>,
}

fn in_a_function() -> usize {
    #[derive(Clone, Copy, BpfLayout)]
    #[bpf_layout(name = "buffer")]
    #[repr(C, align(4))]
    struct Local {
        text: [u8; 8],
    }
    size_of_val(&Local::zeroed().text)
}

macro_rules! key {
    ($name:ident, $netns:ty) => {
        #[derive(Clone, Copy, BpfLayout)]
        #[bpf_layout(name = "socket_key")]
        #[repr(C)]
        pub struct $name {
            pub netns: $netns,
            pub family: u16,
            pub proto: u8,
            pub _pad0: Pad<1>,
            pub port: Be16,
            pub _pad1: Pad<2>,
        }
    };
}

key!(ByMacro, u32);

fn main() {
    let key = Key { r#mod: 7, family: Family(2), dport: [1, 187], ..Default::default() };
    assert_eq!(format!("{key:?}"), "socket_key { netns: 7, family: 2, proto: 0, port: 443 }");
    assert_eq!((key.proto.number.0, key.__reserved_0, key.tail), (0, 0, [0; 2]));
    let event = FileEvent { op: Op(2), flags: OpenFlags(0x41), comm: [98; COMM], ..Default::default() };
    let shown = format!("{event:?}");
    for part in ["file { time: 0ns, key: socket_key {", "op: unlink", "ok: false", "flags: WRONLY | CREAT", "comm: \"bbbb"] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    assert_eq!((event.time, event.key, event.pid, event.ok), (Ktime::default(), Key::default(), 0, 0));
    assert_eq!((event.delta, event.addr), (0, [0; 16]));
    assert!(FileEvent::parse(&[0; 63]).is_err() && FileEvent::parse(&[0; 71]).is_ok());
    let held = packed::Held::read_from(&[1, 2, 0, 0, 0]).expect("five bytes");
    let packed = packed::Packed::read_from(held.as_bytes()).expect("five bytes");
    assert_eq!(({ packed.kind }, { packed.pid }, format!("{held:?}").as_str()), (1, 2, "packed { kind: 1, pid: 2 }"));
    assert_eq!(format!("{:?}", bits::Run::zeroed()), "bits { id: 0, low: 0, high: 0 }");
    assert_eq!((bits::Whole::zeroed().levels, bits::Whole::zeroed().id, bits::Whole::zeroed()._pad0), (0, 0, [0; 3]));
    let locked = Locked::zeroed();
    assert_eq!((locked.lock, locked.pair, locked.keys), (SpinLock::default(), [Be16::new(0); 2], [Key::default(); 2]));
    assert_eq!((in_a_function(), Ipv4::SHAPE.size(), size_of::<ByMacro>()), (8, 4, 12));
    assert_eq!((size_of::<Profiled>(), size_of::<Lean>()), (132, 20));
}
