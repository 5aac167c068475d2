//! Structs written by hand beside the generated ones: whatever bytes come, both say the same of them.
#![forbid(unsafe_code)]

use std::{fmt::Debug, hash::BuildHasher as _};

use bpf_layout::{
    Be16, Bits, Bool, BpfLayout, Buffer as _, Ipv4, Ktime, Layout, Map, Pad, ParseErrorKind, Shape, Str, kind,
};
use proptest::prelude::*;
use serde::Serialize;

mod root {
    bpf_layout::include_layouts!("../layouts.toml");
}

mod tagged {
    bpf_layout::include_layouts!("../tests/golden/tagged/layouts.toml");
}

mod bitfields {
    bpf_layout::include_layouts!("../tests/golden/bitfields/layouts.toml");
}

/// By types that say less than the spec; the nearest `layouts.toml` above is the root spec.
#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "exec_info", derive(Debug, Default, PartialEq, Eq, Hash, Serialize))]
#[repr(C)]
struct Info {
    timestamp: u64,
    mntns: u64,
    pid: Pid,
    tid: Pid,
    ppid: Pid,
    uid: u32,
    gid: u32,
    loginuid: u32,
    sessionid: u32,
    retval: i32,
    upper_layer: u8,
    args_cut: Bool,
    missing: u8,
    _pad0: u8,
    args_count: u32,
    args_size: u32,
    comm: [u8; 16],
    pcomm: [i8; 16],
    _pad1: Pad<4>,
}

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "exec_in_flight", derive(Debug, Default, PartialEq, Eq, Hash, Serialize))]
#[repr(C)]
struct Exec {
    info: Info,
    cwd: Path,
    exepath: Path,
    file: [u8; root::PATH_LEN],
    args: Args,
}

type Path = Str<{ root::PATH_LEN }>;

#[derive(Clone, Copy, BpfLayout)]
#[repr(transparent)]
struct Pid(u32);

#[derive(Clone, Copy, BpfLayout)]
#[repr(transparent)]
struct Args {
    text: [u8; root::ARGS_LEN],
}

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(
    name = "connect",
    spec = "../tests/golden/tagged/layouts.toml",
    derive(Debug, Default, PartialEq, Eq, Hash, Serialize)
)]
#[repr(C)]
struct Connect {
    #[bpf_layout(name = "kind")]
    which: u32,
    family: Family,
    port: [u8; 2],
    address: tagged::Address,
    code: i8,
    #[bpf_layout(padding)]
    unused: [u8; 3],
    #[bpf_layout(name = "anon0")]
    result: tagged::ConnectEventAnon0,
}

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(name = "family", spec = "../tests/golden/tagged/layouts.toml", derive(Debug, Serialize))]
#[repr(transparent)]
struct Family(u16);

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(spec = "../tests/golden/tagged/layouts.toml", derive(Debug, Default, PartialEq, Eq, Hash, Serialize, Pod))]
#[repr(C)]
struct CloseEvent {
    kind: tagged::EventKind,
    _pad0: Pad<4>,
    bytes: u64,
}

#[derive(Clone, Copy, BpfLayout)]
#[bpf_layout(spec = "../tests/golden/bitfields/layouts.toml", derive(Debug, Default, PartialEq, Eq, Hash, Serialize))]
#[repr(C, align(8))]
struct Gaps {
    head: u8,
    _bits0: Bits<1>,
    _pad0: Pad<2>,
    #[bpf_layout(bits)]
    wide: [u8; 3],
    _pad3: Pad<1>,
    next: u16,
    #[bpf_layout(bits)]
    signed: [u8; 6],
    tail: u8,
    _pad5: Pad<1>,
    #[bpf_layout(name = "anon0")]
    inner: bitfields::GapsAnon0,
    _pad7: [u8; 2],
}

/// What two types that lie alike must agree on, for these bytes.
fn same<Generated, Derived>(bytes: &[u8]) -> Result<(), TestCaseError>
where
    Generated: Layout + Debug + Default + Eq + std::hash::Hash + Serialize,
    Derived: Layout + Debug + Default + Eq + std::hash::Hash + Serialize,
{
    let exact = &bytes[..size_of::<Generated>()];
    let (generated, derived) =
        (Generated::read_from(exact).expect("its size"), Derived::read_from(exact).expect("likewise"));
    prop_assert_eq!(format!("{generated:#?}"), format!("{derived:#?}"));
    prop_assert_eq!(json(&generated), json(&derived));
    prop_assert_eq!(derived.as_bytes(), exact);
    prop_assert_eq!(Generated::default().as_bytes().to_vec(), Derived::default().as_bytes().to_vec());
    let hasher = std::hash::BuildHasherDefault::<std::hash::DefaultHasher>::default();
    prop_assert_eq!(hasher.hash_one(generated), hasher.hash_one(derived));
    for len in [exact.len() - 1, exact.len(), exact.len() + 7, exact.len() + 8] {
        let (one, other) = (Generated::parse(&bytes[..len]), Derived::parse(&bytes[..len]));
        prop_assert_eq!(one.map(|it| it.as_bytes().to_vec()), other.map(|it| it.as_bytes().to_vec()));
    }
    Ok(())
}

fn json(value: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(value).expect("any value serializes")
}

/// Bytes for a type and what may follow it, often small, so that tags and enums have values that are known.
fn bytes<T>() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(0), 0..12u8, any::<u8>()];
    prop::collection::vec(byte, size_of::<T>() + 8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_tagged_event_with_tagged_unions(mut bytes in bytes::<Connect>(), kind in 0..3u8, family in 0..12u8) {
        bytes[..8].copy_from_slice(&[kind, 0, 0, 0, family, 0, 0, 0]);
        same::<tagged::ConnectEvent, Connect>(&bytes)?;
        same::<tagged::CloseEvent, CloseEvent>(&bytes)?;
    }

    #[test]
    fn a_record_with_bitfields(bytes in bytes::<Gaps>()) {
        same::<bitfields::Gaps, Gaps>(&bytes)?;
    }
}

proptest! {
    // It has thousands of bytes, and each is a number in JSON.
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn a_record_of_plain_types(bytes in bytes::<Exec>()) {
        same::<root::ExecInFlight, Exec>(&bytes)?;
    }
}

#[test]
fn an_enum_by_hand_has_its_names() {
    assert_eq!(format!("{:?} {:?}", Family(2), Family(3)), "inet family(3)");
    assert_eq!(json(&Family(10)), "inet6");
}

struct Events;

impl Map for Events {
    type Kind = kind::Ringbuf;
    type Key = ();
    type Value = ();
    const NAME: &'static str = "events";
    const MAX_ENTRIES: u32 = 65536;
    const FLAGS: u32 = 0;
}

bpf_layout::buffer! { enum EventsRecord for Events("events") { Connect(Connect), Close(CloseEvent) } }

#[test]
fn a_buffer_tells_events_by_hand_apart_by_their_tags() {
    let close = CloseEvent { bytes: 7, ..Default::default() };
    assert_eq!(close.kind, tagged::EventKind::CLOSE, "the event's own tag is set");
    let record = Events::parse(close.as_bytes()).expect("a close event");
    assert!(matches!(record, EventsRecord::Close(close) if close.bytes == 7 && close._pad0 == Pad::ZERO));
    let connect = Connect { port: 443u16.to_be_bytes(), family: Family(2), ..Default::default() };
    let record = Events::parse(connect.as_bytes()).expect("a connect event");
    assert!(matches!(record, EventsRecord::Connect(it) if it.which == 1 && it.family.0 == 2 && it.port == [1, 187]));
    let wrong = Connect::parse(&[2; 80]).expect_err("it has another tag");
    assert_eq!(wrong.kind(), ParseErrorKind::Tag { found: 0x0202_0202, expected: 1 });
    assert_eq!(bytemuck::bytes_of(&close), close.as_bytes());
}

#[test]
fn tables_name_fields_as_generated_ones_do() {
    let fields = |shape: Shape| match shape {
        Shape::Record(info) => info.fields().map(|field| (field.name, field.offset)).collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    assert_eq!(fields(Connect::SHAPE), fields(tagged::ConnectEvent::SHAPE));
    assert_eq!(fields(Exec::SHAPE), fields(root::ExecInFlight::SHAPE));
    assert_eq!(fields(Info::SHAPE), fields(root::ExecInfo::SHAPE));
    assert_eq!(fields(Gaps::SHAPE), fields(bitfields::Gaps::SHAPE));
    assert!(fields(Gaps::SHAPE).contains(&("_bits2", 10)));
}

#[test]
fn fields_are_ordinary_fields() {
    let info = Info { pid: Pid(7), comm: *b"sh\0\0\0\0\0\0\0\0\0\0\0\0\0\0", ..Default::default() };
    let exec = Exec { info, cwd: Path::from_bytes(b"/"), ..Default::default() };
    let info = exec.info;
    assert_eq!((info.pid.0, info.tid.0, info.ppid.0, info.timestamp, info.mntns), (7, 0, 0, 0, 0));
    assert_eq!((info.uid, info.gid, info.loginuid, info.sessionid, info.retval), (0, 0, 0, 0, 0));
    assert_eq!((info.upper_layer, info.args_cut, info.missing, info._pad0, info.args_count), (0, Bool::FALSE, 0, 0, 0));
    assert_eq!((info.args_size, info.pcomm, info._pad1), (0, [0; 16], Pad::ZERO));
    assert_eq!((exec.file[0], exec.args.text[0]), (0, 0));
    assert_eq!((exec.cwd, exec.exepath), (Path::from_bytes(b"/"), Path::default()));
    let shown = format!("{exec:?}");
    assert!(
        shown.starts_with("exec_in_flight { info: exec_info { timestamp: 0ns")
            && shown.contains("comm: \"sh\"")
            && shown.contains("missing: 0x0")
    );
    let gaps = Gaps { head: 1, next: 2, tail: 3, ..Default::default() };
    assert_eq!(
        (gaps.head, gaps._bits0, gaps._pad0, gaps.wide, gaps._pad3),
        (1, Bits::ZERO, Pad::ZERO, [0; 3], Pad::ZERO)
    );
    assert_eq!((gaps.next, gaps.signed, gaps.tail, gaps._pad5, gaps._pad7), (2, [0; 6], 3, Pad::ZERO, [0; 2]));
    assert_eq!((gaps.inner.x(), Connect::default().code, Connect::default().unused), (0, 0, [0; 3]));
    assert_eq!((Connect::default().address, Connect::default().result.value()), (tagged::Address::default(), &0));
    assert_eq!((Ktime::SHAPE.size(), Ipv4::SHAPE.size(), Be16::SHAPE.size()), (8, 4, 2));
}
