//! Records of any bytes as owned values, by `FromLayout`.

use std::{
    ffi::{CString, OsString},
    fmt::Debug,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::PathBuf,
    time::{Duration, SystemTime},
};

use bpf_layout::{
    FromLayout, Layout,
    convert::{Context, Text},
};

use crate::generated::{from, root};

#[derive(FromLayout, Debug, PartialEq)]
#[from_layout(from::FileOp)]
enum Op {
    Open,
    Unlink,
    #[from_layout(other)]
    Other(u64),
}

#[derive(FromLayout, Debug, PartialEq)]
#[from_layout(from::AddressRef<'_>)]
enum Address {
    V4(IpAddr),
    V6(Ipv6Addr),
    #[from_layout(lossy)]
    Path(String),
    #[from_layout(other)]
    None,
}

#[derive(FromLayout, Debug, PartialEq)]
#[from_layout(from::Point)]
struct Point {
    x: i64,
    y: u8,
}

#[derive(FromLayout, Debug, PartialEq)]
#[from_layout(from::Tight)]
struct Tight {
    head: usize,
    wide: u64,
    ends: Vec<Point>,
}

/// What always fits.
#[derive(FromLayout, Debug, PartialEq)]
#[from_layout(from::EveryEvent)]
struct Everything {
    family: u16,
    port: u16,
    #[from_layout(accessor)]
    address: Address,
    when: Duration,
    small: i128,
    signed: i32,
    large: u64,
    wide: u128,
    ok: bool,
    op: Op,
    ops: [Option<String>; 3],
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
    cwd: Option<PathBuf>,
    #[from_layout(accessor)]
    late: Option<u64>,
    #[from_layout(accessor)]
    mode: Option<&'static str>,
    #[from_layout(accessor)]
    level: i8,
    #[from_layout(accessor)]
    flag: bool,
    points: [Vec<Point>; 2],
    tight: Tight,
}

/// What often does not.
#[derive(FromLayout, Debug, PartialEq)]
#[from_layout(from::EveryEvent)]
#[from_layout(deny_truncated)]
struct Strict {
    when: SystemTime,
    signed: u8,
    wide: i64,
    op: &'static str,
    flags: Vec<&'static str>,
    comm: Box<str>,
    #[from_layout(field = "comm")]
    raw: CString,
    #[from_layout(len = "args_size")]
    args: Vec<u8>,
}

#[derive(FromLayout, Debug, PartialEq)]
#[from_layout(root::ExecInfo)]
struct Caller {
    #[from_layout(field = "timestamp")]
    at: SystemTime,
    pid: u32,
    retval: i64,
    comm: OsString,
    missing: Vec<&'static str>,
}

#[derive(FromLayout, Debug, PartialEq)]
#[from_layout(root::ExecEvent<'_>)]
struct Exec {
    #[from_layout(field = "info")]
    caller: Caller,
    #[from_layout(accessor)]
    cwd: Option<PathBuf>,
    #[from_layout(accessor)]
    file: Option<Text<CString>>,
    #[from_layout(accessor)]
    args: Vec<u8>,
}

pub(crate) fn run(data: &[u8]) {
    convert::<from::EveryEvent, Everything>(data, true);
    convert::<from::EveryEvent, Strict>(data, false);
    convert::<root::ExecInfo, Caller>(data, false);
    compact(data);
}

/// Makes an `Exec` of a record of variable length, if these bytes are one.
fn compact(data: &[u8]) {
    let Ok(event) = root::ExecEvent::parse(data) else { return };
    for context in [Context::new(), Context::new().lossy()] {
        match Exec::from_layout_with(&event, &context) {
            Ok(made) => assert_eq!(made.args, event.args()),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

/// Makes a `T` of a record of these bytes, cut or filled with zeros; an error says why not.
fn convert<L: Layout, T: FromLayout<L> + Debug>(data: &[u8], always: bool) {
    let mut record = L::zeroed();
    let len = data.len().min(size_of::<L>());
    record.as_bytes_mut()[..len].copy_from_slice(&data[..len]);
    for context in [Context::new(), Context::new().lossy()] {
        match T::from_layout_with(&record, &context) {
            Ok(made) => assert!(!format!("{made:?}").is_empty()),
            Err(error) => assert!(!always && !error.to_string().is_empty(), "{error}"),
        }
    }
}
