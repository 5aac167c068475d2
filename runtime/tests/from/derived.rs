//! Structs and enums that derive it.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::PathBuf,
    time::{Duration, SystemTime},
};

use bpf_layout::{
    Be16, Bool, BootClock, Buffer as _, FromLayout, Ipv4, Ktime, Layout as _, Mac, Str,
    convert::{Context, FromLayoutErrorKind, Text},
};

use super::{full, lean};

#[derive(FromLayout, Clone, Copy, Debug, PartialEq)]
#[from_layout(full::FileOp, lean::FileOp)]
pub(crate) enum Op {
    Open,
    #[from_layout(variant = "UNLINK")]
    Delete,
    OpenAt,
}

#[derive(FromLayout, Debug, PartialEq)]
#[from_layout(full::FileOp)]
enum AnyOp {
    Open,
    #[from_layout(other)]
    Other(u64),
}

#[derive(FromLayout, Debug, PartialEq)]
#[from_layout(full::FileOp)]
enum Opened {
    Open,
    #[from_layout(other)]
    Not,
}

#[derive(FromLayout, Debug, PartialEq)]
#[from_layout(full::AddressRef<'_>, lean::AddressRef<'_>)]
pub(crate) enum Address {
    V4(IpAddr),
    #[from_layout(variant = "V6")]
    Six(Ipv6Addr),
    #[from_layout(lossy)]
    Path(String),
    #[from_layout(other)]
    None,
}

#[derive(FromLayout, Debug, PartialEq)]
#[from_layout(full::AddressRef<'_>)]
enum OnlyInternet {
    V4(Ipv4Addr),
    V6,
}

#[derive(FromLayout, Debug, PartialEq)]
#[from_layout(full::Point, lean::Point)]
pub(crate) struct Point {
    x: i64,
    y: u8,
}

#[derive(FromLayout, Debug, PartialEq)]
#[from_layout(full::Tight, lean::Tight)]
pub(crate) struct Tight {
    head: usize,
    wide: u64,
    ends: Vec<Point>,
}

/// Any number.
#[derive(FromLayout, Debug, PartialEq)]
#[from_layout(u32)]
pub(crate) struct Number(u64);

/// Every field, some of them twice.
#[derive(FromLayout, Debug, PartialEq)]
#[from_layout(full::EveryEvent, lean::EveryEvent)]
pub(crate) struct Every {
    family: u16,
    port: u16,
    #[from_layout(accessor)]
    pub(crate) address: Address,
    #[from_layout(field = "when")]
    at: SystemTime,
    #[from_layout(field = "when")]
    since_boot: Duration,
    small: i128,
    signed: i32,
    large: u64,
    wide: u128,
    ok: bool,
    pub(crate) op: Option<Op>,
    ops: [Option<Op>; 3],
    #[from_layout(field = "op")]
    raw_op: u8,
    flags: u32,
    v4: Ipv4Addr,
    v6: IpAddr,
    mac: [u8; 6],
    task: u64,
    #[from_layout(lossy)]
    comm: Text<String>,
    #[from_layout(lossy)]
    names: Vec<String>,
    #[from_layout(accessor)]
    pub(crate) cwd: Option<PathBuf>,
    #[from_layout(accessor)]
    late: Option<u64>,
    #[from_layout(accessor)]
    pub(crate) mode: Option<Op>,
    #[from_layout(accessor)]
    level: i8,
    #[from_layout(accessor)]
    flag: bool,
    points: [Vec<Point>; 2],
    tight: Tight,
    r#type: Number,
    #[from_layout(len = "args_size")]
    pub(crate) args: Vec<u8>,
    #[from_layout(with = "twice", field = "small")]
    doubled: u16,
    #[from_layout(whole, with = "sum")]
    sum: u64,
    #[from_layout(skip)]
    seen: bool,
}

fn twice(small: &u8) -> u16 {
    2 * u16::from(*small)
}

/// Of either profile's record.
fn sum(event: &impl Sized) -> u64 {
    size_of_val(event) as u64
}

fn event() -> full::EveryEvent {
    let mut event = full::EveryEvent {
        port: Be16::new(443),
        when: Ktime::from_nanos(1_500_000_000),
        small: 200,
        signed: -2,
        large: u64::MAX,
        wide: u128::MAX,
        ok: Bool::TRUE,
        op: full::FileOp::UNLINK,
        ops: [full::FileOp::OPEN, full::FileOp(9), full::FileOp::OPEN_AT],
        flags: full::OpenFlags::WRONLY,
        v4: Ipv4Addr::LOCALHOST.into(),
        v6: Ipv6Addr::LOCALHOST.into(),
        mac: Mac::new([2, 0, 0x5e, 0x10, 0, 1]),
        task: bpf_layout::KernelPtr::new(7),
        comm: Str::from_bytes(b"0123456789abcdef"),
        names: [Str::from_bytes(b"a"), Str::from_bytes(b"b\xff")],
        cwd: Str::from_bytes(b"/tmp/\xff"),
        late: 3,
        r#type: 5,
        args_size: 3,
        ..Default::default()
    };
    event.args[..4].copy_from_slice(b"abcd");
    event.points[1][0].x = -7;
    event.tight.wide.set(1 << 40);
    event.tight.ends.set([full::Point { x: 1, y: 2, ..Default::default() }; 2]);
    event.set_mode(full::FileOp::OPEN);
    event.set_level(-3);
    event.set_flag(true);
    event.set_address_v4(Ipv4::from(Ipv4Addr::new(10, 1, 2, 3)));
    event
}

fn with_clock() -> (Context, BootClock) {
    let clock = BootClock::now();
    (Context::new().with_clock(clock), clock)
}

#[test]
fn every_kind_of_field_is_converted() {
    let (context, clock) = with_clock();
    let made = Every::from_layout_with(&event(), &context).expect("all of it fits");
    let point = |x, y| Point { x, y };
    let expected = Every {
        family: 2,
        port: 443,
        address: Address::V4(Ipv4Addr::new(10, 1, 2, 3).into()),
        at: clock.time_of(Ktime::from_nanos(1_500_000_000)).expect("a time of day"),
        since_boot: Duration::from_millis(1500),
        small: 200,
        signed: -2,
        large: u64::MAX,
        wide: u128::MAX,
        ok: true,
        op: Some(Op::Delete),
        ops: [Some(Op::Open), None, Some(Op::OpenAt)],
        raw_op: 2,
        flags: 1,
        v4: Ipv4Addr::LOCALHOST,
        v6: Ipv6Addr::LOCALHOST.into(),
        mac: [2, 0, 0x5e, 0x10, 0, 1],
        task: 7,
        comm: Text { value: "0123456789abcd".into(), is_truncated: true },
        names: vec!["a".into(), "b\u{fffd}".into()],
        cwd: Some(std::os::unix::ffi::OsStringExt::from_vec(b"/tmp/\xff".to_vec()))
            .map(|text: std::ffi::OsString| text.into()),
        late: Some(3),
        mode: Some(Op::Open),
        level: -3,
        flag: true,
        points: [vec![point(0, 0), point(0, 0)], vec![point(-7, 0), point(0, 0)]],
        tight: Tight { head: 0, wide: 1 << 40, ends: vec![point(1, 2), point(1, 2)] },
        r#type: Number(5),
        args: b"abc".to_vec(),
        doubled: 400,
        sum: size_of::<full::EveryEvent>() as u64,
        seen: false,
    };
    assert_eq!(made, expected);
}

#[test]
fn a_profile_without_the_optional_fields_makes_the_same_struct() {
    let made = Every::from_layout(&lean::EveryEvent { small: 7, ..Default::default() }).expect("all of it fits");
    assert_eq!((made.small, made.doubled, made.cwd, made.late), (7, 14, None, None));
}

#[test]
fn try_from_is_the_same() {
    let made = Every::try_from(&event()).expect("all of it fits");
    assert_eq!(made.op, Some(Op::Delete));
    assert_eq!(Op::try_from(&full::FileOp::OPEN_AT), Ok(Op::OpenAt));
    assert_eq!(Number::try_from(&7u32), Ok(Number(7)));
}

#[test]
fn without_a_clock_the_time_of_day_is_by_the_clocks_now() {
    let made = Every::from_layout(&event()).expect("all of it fits");
    let expected = BootClock::now().time_of(Ktime::from_nanos(1_500_000_000)).expect("a time of day");
    let distance = made.at.duration_since(expected).unwrap_or_else(|error| error.duration());
    assert!(distance < Duration::from_secs(2), "{distance:?}");
}

#[test]
fn values_without_a_variant_are_an_error_or_the_other() {
    let error = Op::from_layout(&full::FileOp(9)).expect_err("there is no 9");
    assert_eq!(error.to_string(), "9 is no value of file_op that Op knows");
    assert_eq!(error.kind(), FromLayoutErrorKind::UnknownValue);
    let error = Op::from_layout(&full::FileOp::RENAME).expect_err("Op has no such variant");
    assert_eq!(error.to_string(), "3 (rename) is no value of file_op that Op knows");
    assert_eq!(AnyOp::from_layout(&full::FileOp(9)), Ok(AnyOp::Other(9)));
    assert_eq!(AnyOp::from_layout(&full::FileOp::OPEN), Ok(AnyOp::Open));
    assert_eq!(Opened::from_layout(&full::FileOp(9)), Ok(Opened::Not));
    assert_eq!(Opened::from_layout(&full::FileOp::OPEN), Ok(Opened::Open));
}

#[test]
fn each_member_of_a_union_has_its_variant() {
    let mut event = event();
    let address = |event: &full::EveryEvent| Every::from_layout(event).map(|every| every.address);
    event.set_address_v6(Ipv6Addr::LOCALHOST.into());
    assert_eq!(address(&event), Ok(Address::Six(Ipv6Addr::LOCALHOST)));
    event.set_address_path(Str::from_bytes(b"/run/\xff"));
    assert_eq!(address(&event), Ok(Address::Path("/run/\u{fffd}".into())));
    event.family = full::Family(99);
    assert_eq!(address(&event), Ok(Address::None));
}

#[derive(FromLayout, Debug, PartialEq)]
#[from_layout(full::EveryEvent)]
pub(crate) struct Strict {
    op: Op,
    #[from_layout(accessor)]
    address: OnlyInternet,
    names: [String; 2],
    #[from_layout(deny_truncated)]
    comm: Box<str>,
    #[from_layout(len = "args_size")]
    args: Box<[u8]>,
    flags: Vec<&'static str>,
    signed: u32,
    #[from_layout(try_with = "even")]
    small: u8,
    #[from_layout(accessor, try_with = "absolute")]
    cwd: String,
    #[from_layout(field = "points")]
    grid: [[Narrow; 2]; 2],
}

fn even(small: &u8) -> Result<u8, String> {
    if small.is_multiple_of(2) { Ok(*small) } else { Err(format!("{small} is odd")) }
}

fn absolute(cwd: Option<&Str<64>>) -> Result<String, &'static str> {
    let cwd = cwd.ok_or("no working directory")?.to_str_lossy();
    cwd.starts_with('/').then(|| cwd.into_owned()).ok_or("a relative path")
}

#[derive(FromLayout, Debug, PartialEq)]
#[from_layout(full::Point)]
struct Narrow {
    x: u8,
}

fn fitting() -> full::EveryEvent {
    full::EveryEvent {
        signed: 2,
        comm: Str::from_bytes(b"bash"),
        names: [Str::EMPTY; 2],
        points: Default::default(),
        ..event()
    }
}

#[test]
fn what_fits_is_made() {
    let made = Strict::from_layout(&fitting()).expect("all of it fits");
    assert_eq!((made.op, &*made.comm, made.signed, made.small), (Op::Delete, "bash", 2, 200));
    assert_eq!((&*made.args, made.flags, &*made.cwd), (&b"abc"[..], vec!["WRONLY"], "/tmp/\u{fffd}"));
    assert_eq!(made.address, OnlyInternet::V4(Ipv4Addr::new(10, 1, 2, 3)));
}

/// Spoils what fits, and expects to be told so.
fn assert_unfit(spoil: fn(&mut full::EveryEvent), kind: FromLayoutErrorKind, expected: &str) {
    let mut event = fitting();
    spoil(&mut event);
    let error = Strict::from_layout(&event).expect_err(expected);
    assert_eq!((error.to_string().as_str(), error.kind()), (expected, kind));
    assert_eq!(error.record(), "every");
    assert_eq!(format!("every.{}: {}", error.field(), error.reason()), expected);
}

#[test]
fn what_does_not_fit_is_named_with_its_place_and_value() {
    use FromLayoutErrorKind as Kind;
    assert_unfit(|e| e.op = full::FileOp(9), Kind::UnknownValue, "every.op: 9 is no value of file_op that Op knows");
    assert_unfit(
        |e| e.set_address_path(Str::EMPTY),
        Kind::UnknownMember,
        r#"every.address: Path("") has no variant in OnlyInternet"#,
    );
    assert_unfit(
        |e| e.names[1] = Str::from_bytes(b"a\xffb"),
        Kind::NotUtf8,
        r#"every.names[1]: "a\xffb" is not UTF-8 from byte 1"#,
    );
    assert_unfit(
        |e| e.comm = Str::from_bytes(&[b'x'; 20]),
        Kind::Truncated,
        r#"every.comm: "xxxxxxxxxxxxxx" was truncated to 14 bytes"#,
    );
    assert_unfit(|e| e.args_size = 33, Kind::Length, "every.args: a length of 33, but there is room for 32");
    assert_unfit(
        |e| e.flags = full::OpenFlags::from_bits_retain(0x80),
        Kind::UnnamedBits,
        "every.flags: 0x80 has no name in open_flags",
    );
    assert_unfit(|e| e.signed = -2, Kind::OutOfRange, "every.signed: -2 is out of range for u32");
    assert_unfit(|e| e.small = 7, Kind::Custom, "every.small: 7 is odd");
    assert_unfit(|e| e.cwd = Str::EMPTY, Kind::Custom, "every.cwd: a relative path");
    assert_unfit(|e| e.points[1][0].x = -1, Kind::OutOfRange, "every.points[1][0].x: -1 is out of range for u8");
}

#[test]
fn a_context_holds_for_all_that_is_inside() {
    let mut event = fitting();
    event.names[1] = Str::from_bytes(b"a\xffb");
    let made = Strict::from_layout_with(&event, &Context::new().lossy()).expect("it is lossy");
    assert_eq!(made.names[1], "a\u{fffd}b");
}

#[derive(FromLayout, Debug, PartialEq)]
#[from_layout(full::EveryEvent, lossy, deny_truncated, monotonic)]
struct Policy {
    comm: String,
    when: SystemTime,
}

#[test]
fn a_policy_of_the_struct_holds_for_its_fields() {
    let (context, clock) = with_clock();
    let mut event = fitting();
    event.comm = Str::from_bytes(b"\xff");
    let made = Policy::from_layout_with(&event, &context).expect("it is lossy");
    assert_eq!((made.comm.as_str(), Some(made.when)), ("\u{fffd}", clock.time_of_monotonic(event.when)));
    event.comm = Str::from_raw([b'x'; 16]);
    let error = Policy::from_layout(&event).expect_err("it is truncated");
    assert_eq!(error.kind(), FromLayoutErrorKind::Truncated);
}

#[derive(FromLayout, Debug, PartialEq)]
#[from_layout(full::CloseEvent)]
struct Close {
    fd: u32,
}

#[derive(FromLayout, Debug, PartialEq)]
#[from_layout(full::maps::EventsRecord<'_>)]
enum Record {
    Every(Box<Strict>),
    Close(Close),
}

impl FromLayout<full::EveryEvent> for Box<Strict> {
    fn from_layout_with(from: &full::EveryEvent, context: &Context) -> Result<Self, bpf_layout::FromLayoutError> {
        Strict::from_layout_with(from, context).map(Box::new)
    }
}

#[test]
fn the_events_of_a_buffer_become_one_enum() {
    let bytes = full::CloseEvent { fd: 7, ..Default::default() };
    let record = full::maps::Events::parse(bytes.as_bytes()).expect("a close event");
    assert_eq!(Record::from_layout(&record), Ok(Record::Close(Close { fd: 7 })));
    let bytes = full::CloseEvent { fd: -1, ..Default::default() };
    let record = full::maps::Events::parse(bytes.as_bytes()).expect("a close event");
    let error = Record::from_layout(&record).expect_err("no file descriptor");
    assert_eq!(error.to_string(), "close.fd: -1 is out of range for u32");
    let event = fitting();
    let record = full::maps::Events::parse(event.as_bytes()).expect("an event");
    assert!(matches!(Record::from_layout(&record), Ok(Record::Every(_))));
}

#[test]
fn a_view_is_converted_like_its_record() {
    let bytes = [&[0], fitting().as_bytes()].concat();
    let view = full::EveryEvent::parse(&bytes[1..]).expect("an event");
    assert_eq!(Strict::from_layout(&view), Strict::from_layout(&*view));
}
