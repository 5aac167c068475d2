//! Each row of the table in `bpf_layout::convert`: what is made, and what is said if it cannot be.

use std::{
    ffi::{CString, OsString},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::PathBuf,
    time::{Duration, SystemTime},
};

use bpf_layout::{
    Be16, Be32, Be64, Bool, BootClock, FromLayout, Ipv4, Ipv6, KernelPtr, Ktime, Mac, Str, Unaligned,
    convert::{Context, FromLayoutErrorKind as Kind, Text},
};

use super::full::{Address, FileOp, OpenFlags, Point};

/// What `T` is made of.
fn make<T: FromLayout<S>, S: ?Sized>(from: &S) -> T {
    T::from_layout(from).expect("it fits")
}

/// Why no `T` can be made.
fn refuse<T: FromLayout<S>, S: ?Sized>(from: &S, context: &Context) -> (String, Kind) {
    match T::from_layout_with(from, context) {
        Ok(_) => panic!("it fits"),
        Err(error) => {
            assert_eq!((error.record(), error.field(), error.reason()), ("", "", error.to_string().as_str()));
            (error.to_string(), error.kind())
        }
    }
}

#[track_caller]
fn assert_refused<T: FromLayout<S>, S>(from: S, kind: Kind, reason: &str) {
    assert_eq!(refuse::<T, S>(&from, &Context::new()), (reason.to_owned(), kind));
}

macro_rules! assert_made {
    ($($from:expr => $ty:ty: $expected:expr;)+) => { $( assert_eq!(make::<$ty, _>(&$from), $expected); )+ };
}

#[test]
fn integers_keep_their_value_in_any_type_that_has_it() {
    assert_made! {
        7u8 => u8: 7;
        255u8 => u16: 255;
        255u8 => i128: 255;
        65535u16 => usize: 65535;
        127u32 => i8: 127;
        u64::MAX => u128: u128::from(u64::MAX);
        u128::MAX => u128: u128::MAX;
        -1i8 => i16: -1;
        -1i64 => isize: -1;
        i128::MIN => i128: i128::MIN;
        i32::MAX => u32: 0x7fff_ffff;
        Be16::new(443) => u16: 443;
        Be32::new(0x0102_0304) => i64: 0x0102_0304;
        Be64::new(255) => u8: 255;
        KernelPtr::new(7) => u64: 7;
        Ktime::from_nanos(9) => u64: 9;
    }
}

#[test]
fn integers_that_a_type_does_not_have_are_refused() {
    assert_refused::<u8, _>(256u16, Kind::OutOfRange, "256 is out of range for u8");
    assert_refused::<i8, _>(128u8, Kind::OutOfRange, "128 is out of range for i8");
    assert_refused::<u128, _>(-1i8, Kind::OutOfRange, "-1 is out of range for u128");
    assert_refused::<i128, _>(
        u128::MAX,
        Kind::OutOfRange,
        "340282366920938463463374607431768211455 is out of range for i128",
    );
    assert_refused::<u8, _>(Be16::new(443), Kind::OutOfRange, "443 is out of range for u8");
    assert_refused::<u8, _>(OpenFlags::from_bits_retain(256), Kind::OutOfRange, "256 is out of range for u8");
    assert_refused::<i8, _>(FileOp(128), Kind::OutOfRange, "128 is out of range for i8");
}

#[test]
fn truth_times_and_addresses() {
    let v4 = Ipv4Addr::new(10, 1, 2, 3);
    assert_made! {
        Bool::TRUE => bool: true;
        true => bool: true;
        Ktime::from_nanos(1_500_000_000) => Duration: Duration::from_millis(1500);
        Ipv4::from(v4) => Ipv4Addr: v4;
        Ipv4::from(v4) => IpAddr: IpAddr::V4(v4);
        Ipv6::from(Ipv6Addr::LOCALHOST) => Ipv6Addr: Ipv6Addr::LOCALHOST;
        Ipv6::from(Ipv6Addr::LOCALHOST) => IpAddr: IpAddr::V6(Ipv6Addr::LOCALHOST);
        Mac::new([1, 2, 3, 4, 5, 6]) => [u8; 6]: [1, 2, 3, 4, 5, 6];
    }
}

#[test]
fn a_moment_is_a_time_of_day_by_the_clock_that_is_given() {
    let clock = BootClock::now();
    let moment = Ktime::from_nanos(1_500_000_000);
    let time = |context: &Context| SystemTime::from_layout_with(&moment, context).ok();
    assert_eq!(time(&Context::new().with_clock(clock)), clock.time_of(moment));
    assert_eq!(time(&Context::new().with_clock(clock).monotonic()), clock.time_of_monotonic(moment));
}

#[test]
fn no_moment_of_the_kernel_is_out_of_range() {
    assert!(SystemTime::from_layout(&Ktime::from_nanos(u64::MAX)).is_ok(), "in 2554 at the earliest");
}

#[test]
fn text_becomes_any_string() {
    let text = Str::<16>::from_raw(*b"caf\xc3\xa9\0behind it.");
    let bytes = "café".as_bytes();
    assert_made! {
        text => String: "café";
        text => Box<str>: "café".into();
        text => OsString: "café";
        text => PathBuf: PathBuf::from("café");
        text => CString: CString::new("café").expect("no NUL");
        text => Vec<u8>: bytes;
        text => Box<[u8]>: bytes.into();
        text => Str<16>: text;
        text => Text<String>: Text { value: "café".into(), is_truncated: false };
        Str::<4>::from_raw(*b"abcd") => Text<Vec<u8>>: Text { value: b"abcd".to_vec(), is_truncated: true };
        Str::<4>::from_raw(*b"abcd") => CString: CString::new("abcd").expect("no NUL");
        Str::<0>::EMPTY => String: "";
    }
}

#[test]
fn text_that_is_not_utf8_is_refused_or_mended() {
    let text = Str::<8>::from_bytes(b"ba\xffsh");
    let reason = r#""ba\xffsh" is not UTF-8 from byte 2"#;
    assert_refused::<String, _>(text, Kind::NotUtf8, reason);
    assert_refused::<Box<str>, _>(text, Kind::NotUtf8, reason);
    assert_refused::<Text<String>, _>(text, Kind::NotUtf8, reason);
    let lossy = Context::new().lossy();
    assert_eq!(String::from_layout_with(&text, &lossy).expect("it is mended"), "ba\u{fffd}sh");
    assert_eq!(&*Box::<str>::from_layout_with(&text, &lossy).expect("it is mended"), "ba\u{fffd}sh");
    assert_made! { text => Vec<u8>: b"ba\xffsh".to_vec(); }
}

#[test]
fn truncated_text_is_refused_only_where_that_is_asked_for() {
    let deny = Context::new().deny_truncated();
    let text = Str::<6>::from_bytes(b"abcdef");
    assert_made! { text => String: "abcd"; }
    let expected = (r#""abcd" was truncated to 4 bytes"#.to_owned(), Kind::Truncated);
    assert_eq!(refuse::<String, _>(&text, &deny), expected);
    assert_eq!(refuse::<PathBuf, _>(&text, &deny), expected);
    assert_eq!(refuse::<Box<[u8]>, _>(&text, &deny), expected);
    assert_eq!(refuse::<Text<CString>, _>(&text, &deny), expected);
    assert!(String::from_layout_with(&Str::<6>::from_bytes(b"abcde"), &deny).is_ok());
}

#[test]
fn enums_become_numbers_or_names() {
    assert_made! {
        FileOp::UNLINK => u8: 2;
        FileOp(9) => i64: 9;
        FileOp::OPEN_AT => String: "open_at";
        FileOp::OPEN_AT => &'static str: "open_at";
        FileOp(9) => Option<&'static str>: None;
        FileOp::OPEN => Option<String>: Some("open".into());
        FileOp(9) => FileOp: FileOp(9);
    }
    assert_refused::<String, _>(FileOp(9), Kind::UnknownValue, "9 has no name in file_op");
    assert_refused::<&str, _>(FileOp(9), Kind::UnknownValue, "9 has no name in file_op");
}

#[test]
fn only_an_unknown_value_is_none() {
    assert_refused::<Option<i8>, _>(FileOp(200), Kind::OutOfRange, "200 is out of range for i8");
}

#[test]
fn flags_become_numbers_or_names() {
    let flags = OpenFlags::WRONLY | OpenFlags::CREAT;
    assert_made! {
        flags => u64: 0x41;
        flags => OpenFlags: flags;
        flags => Vec<&'static str>: ["WRONLY", "CREAT"];
        OpenFlags::empty() => Vec<&'static str>: [""; 0];
    }
    let unnamed = OpenFlags::from_bits_retain(0x8_0001);
    assert_refused::<Vec<&str>, _>(unnamed, Kind::UnnamedBits, "0x80000 has no name in open_flags");
}

#[test]
fn sequences_are_converted_element_by_element() {
    assert_made! {
        [1u8, 2] => [u32; 2]: [1, 2];
        [1u8, 2] => Vec<u64>: [1, 2];
        [1u8, 2] => Box<[u8]>: [1, 2].into();
        [[1u8, 2], [3, 4]] => Vec<[i8; 2]>: [[1, 2], [3, 4]];
        [FileOp::OPEN, FileOp(9)] => [Option<&'static str>; 2]: [Some("open"), None];
        [0u8; 0] => Vec<u8>: [0u8; 0];
    }
    assert_eq!(make::<Vec<u16>, [u8]>(&[1, 2, 3]), [1, 2, 3]);
    assert_eq!(make::<Box<[u16]>, [u8]>(&[1, 2, 3]), [1, 2, 3].into());
    for error in [
        <[u8; 2]>::from_layout(&[1u16, 256]).expect_err("256 is no u8"),
        Vec::<u8>::from_layout(&[1u16, 256]).expect_err("256 is no u8"),
        Box::<[u8]>::from_layout(&[1u16, 256]).expect_err("256 is no u8"),
    ] {
        assert_eq!((error.field(), error.to_string().as_str()), ("[1]", "[1]: 256 is out of range for u8"));
    }
    let error = Vec::<[u8; 2]>::from_layout(&[[1i32, 2], [3, -4]]).expect_err("-4 is no u8");
    assert_eq!(error.to_string(), "[1][1]: -4 is out of range for u8");
}

#[test]
fn what_lies_askew_or_may_be_left_out_is_converted_like_any_other() {
    assert_made! {
        Unaligned::<u64, 8>::new(7) => u8: 7;
        Unaligned::<[u16; 2], 4>::new([1, 2]) => Vec<u8>: [1, 2];
        Some(7u8) => Option<u64>: Some(7);
        None::<u8> => Option<u64>: None;
    }
    assert_refused::<Option<u8>, _>(Some(256u16), Kind::OutOfRange, "256 is out of range for u8");
}

#[test]
fn generated_types_stay_what_they_are() {
    let point = Point { x: 1, y: 2, ..Default::default() };
    assert_made! {
        point => Point: point;
        [point] => Vec<Point>: [point];
        Address::default() => Address: Address::default();
        Ktime::from_nanos(7) => Ktime: Ktime::from_nanos(7);
        Mac::new([7; 6]) => Mac: Mac::new([7; 6]);
        Bool::TRUE => Bool: Bool::TRUE;
    }
}
