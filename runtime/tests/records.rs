//! Generated types as their users meet them: printing, serialization, unions, bitfields, optional fields.
#![forbid(unsafe_code)]

use bpf_layout::{Bool, Ipv4, Ipv6, Ktime, Layout, ParseErrorKind, Str};

mod root {
    bpf_layout::include_layouts!("../layouts.toml");
}

mod before {
    bpf_layout::include_layouts!("../layouts.toml", profile = "before");
}

mod tagged {
    bpf_layout::include_layouts!("../tests/golden/tagged/layouts.toml");
}

mod bitfields {
    bpf_layout::include_layouts!("../tests/golden/bitfields/layouts.toml");
}

mod accessors {
    bpf_layout::include_layouts!("../tests/golden/accessors/layouts.toml");
}

mod optional {
    bpf_layout::include_layouts!("../tests/golden/optional/layouts.toml");
}

mod lean {
    bpf_layout::include_layouts!("../tests/golden/optional/layouts.toml", profile = "lean");
}

#[test]
fn a_length_follows_the_profile() {
    assert_eq!((root::PATH_LEN, before::PATH_LEN), (512, 4096));
    assert_eq!(size_of_val(&root::ExecInFlight::default().cwd), 512);
    assert_eq!(size_of_val(&before::ExecInFlight::default().cwd), 4096);
}

#[test]
fn records_print_as_people_read_them() {
    let info = root::ExecInfo {
        timestamp: Ktime::from_nanos(1_500_000_000),
        pid: 42,
        retval: -2,
        upper_layer: Bool::TRUE,
        comm: Str::from_bytes(b"ba\"sh\xff"),
        ..Default::default()
    };
    let shown = format!("{:?}", root::ExecInFlight { info, ..Default::default() });
    for part in ["exec_info { timestamp: 1.5s", "pid: 42", "retval: -2", "upper_layer: true", r#"comm: "ba\"sh\xff""#] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    assert!(!shown.contains("_pad"), "{shown}");
}

#[test]
fn records_serialize_as_people_read_them() {
    let info = root::ExecInfo { pid: 42, comm: Str::from_bytes(b"b\xff"), ..Default::default() };
    let json = serde_json::to_value(root::ExecInFlight { info, ..Default::default() }).expect("any record serializes");
    assert_eq!(json["info"]["pid"], 42);
    assert_eq!(json["info"]["comm"], "b\u{fffd}");
    assert_eq!(json["info"]["upper_layer"], false);
    assert_eq!(json["args"].as_array().map(Vec::len), Some(root::ARGS_LEN));
    assert!(json["info"].get("_pad0").is_none());
}

#[test]
fn a_tag_selects_the_member() {
    use tagged::{AddressRef, ConnectEvent, Family};
    let mut event = ConnectEvent::default();
    assert_eq!(event.kind, tagged::EventKind::CONNECT, "the event's own tag is set");
    assert!(matches!(event.address(), AddressRef::Unknown(_)), "no family yet");

    event.set_address_v4(Ipv4::from(std::net::Ipv4Addr::LOCALHOST));
    assert_eq!(event.family, Family::INET);
    assert!(matches!(event.address(), AddressRef::V4(v4) if v4.get().is_loopback()));
    assert!(format!("{event:?}").contains("address: address { v4: 127.0.0.1 }"), "{event:?}");

    event.set_address_v6(Ipv6::from(std::net::Ipv6Addr::LOCALHOST));
    event.set_address_v4(Ipv4::from(std::net::Ipv4Addr::LOCALHOST));
    assert_eq!(event.address.as_bytes()[4..], [0; 60], "a setter zeroes what its member does not cover");

    event.family = Family(99);
    assert!(format!("{event:?}").contains("family: family(99)"), "{event:?}");
    let json = serde_json::to_value(event).expect("any event serializes");
    assert_eq!((&json["family"], &json["kind"]), (&99.into(), &"connect".into()));
    assert_eq!(json["address"], serde_json::json!({}), "no member is known to be in use");
}

#[test]
fn a_setter_keeps_a_tag_that_already_selects_its_member() {
    let mut event = tagged::ConnectEvent::default();
    event.set_anon0_error(7);
    assert_eq!(event.code, -1, "the first of its values");
    event.code = 1;
    event.set_anon0_error(8);
    assert_eq!((event.code, event.anon0.error()), (1, &8));
}

#[test]
fn a_buffer_tells_its_events_apart_by_their_tags() {
    use bpf_layout::Buffer as _;
    use tagged::{CloseEvent, ConnectEvent, maps};
    let close = CloseEvent { bytes: 7, ..Default::default() };
    let record = maps::Events::parse(close.as_bytes()).expect("a close event");
    assert!(matches!(record, maps::EventsRecord::Close(close) if close.bytes == 7));
    let connect = ConnectEvent::default();
    assert!(matches!(maps::Events::parse(connect.as_bytes()), Ok(maps::EventsRecord::Connect(_))));

    let error = ConnectEvent::parse(&[close.as_bytes(), &[0; 64]].concat()).expect_err("it is a close event");
    assert_eq!(error.kind(), ParseErrorKind::Tag { found: 2, expected: 1 });
    let unknown = maps::Events::parse(&[9; 80]).expect_err("no event has this tag");
    assert_eq!(unknown.to_string(), "events: a record of 80 bytes is none of the buffer's events");
    let short = maps::Events::parse(&close.as_bytes()[..12]).expect_err("it is too short");
    assert_eq!(short.to_string(), "close: got 12 bytes, need 16");
}

#[test]
fn bitfields_hold_what_is_put_in_and_print_by_name() {
    use bitfields::{Gaps, Level, Mode};
    let mut gaps = Gaps::default();
    gaps.set_flag(true);
    gaps.set_mode(Mode::WRITE);
    gaps.set_level(Level(7));
    gaps.set_wide(0xf_ffff);
    gaps.set_neg(-3);
    gaps.set_long(1 << 39);
    assert_eq!((gaps.flag(), gaps.mode(), gaps.level()), (true, Mode::WRITE, Level(7)));
    assert_eq!((gaps.wide(), gaps.neg(), gaps.long()), (0xf_ffff, -3, 1 << 39));
    let shown = format!("{gaps:?}");
    for part in ["flag: true", "mode: write", "level: level(7)", "neg: -3"] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    assert!(!shown.contains("_bits"), "{shown}");
    let json = serde_json::to_value(gaps).expect("any value serializes");
    assert_eq!((&json["mode"], &json["level"], &json["flag"]), (&"write".into(), &7.into(), &true.into()));
}

#[test]
fn a_bitfield_can_be_the_member_that_a_tag_selects() {
    let mut record = accessors::Option::zeroed();
    record.set_pick_small(-3);
    assert_eq!(record.kind, accessors::Kind::SMALL);
    assert!(matches!(record.pick(), accessors::PickRef::Small(-3)));
    assert!(format!("{record:?}").contains("pick: pick { small: -3 }"), "{record:?}");
    let json = serde_json::to_value(record).expect("any value serializes");
    assert_eq!(json["pick"], serde_json::json!({ "small": -3 }));
}

#[test]
fn optional_fields_have_their_accessor_in_every_profile() {
    let full = optional::SocketValue { cwd: Str::from_bytes(b"/"), ..Default::default() };
    assert!(full.cwd().is_some_and(|cwd| *cwd == *"/"));
    let lean = lean::SocketValue::default();
    assert!(lean.cwd().is_none() && lean.args().is_none() && lean.flag().is_none());
    assert!(lean.exepath().is_some());
}

#[test]
fn other_crates_traits_read_the_same_bytes() {
    let close = tagged::CloseEvent { bytes: 7, ..Default::default() };
    assert_eq!(bytemuck::bytes_of(&close), close.as_bytes());
    assert_eq!(zerocopy::IntoBytes::as_bytes(&close), close.as_bytes());
    let read: &tagged::CloseEvent = bytemuck::from_bytes(close.as_bytes());
    assert_eq!(*read, close);
}
