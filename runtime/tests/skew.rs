//! Maps and buffers of an older or newer layout: written by programs that clang built from the one spec, read by types of
//! the other, on the kernel that runs.

#[path = "support/object.rs"]
mod object;
mod support;

use std::{
    os::fd::AsFd as _,
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};

use bpf_layout::{
    Be16, Buffer as _, Ipv4, Layout as _,
    libbpf::{
        Checked, Error, Events, LoadedBtf, SkewedMap, Stats, TypedMap,
        libbpf_rs::{MapCore as _, Object, ObjectBuilder, Program, ProgramInput, query::ProgInfoIter},
    },
    skew::{Note, PlanError, Scratch, SkewedBuffer, btf},
};
use object::{clang, compile, section};
use support::kernel;

mod old {
    bpf_layout::include_layouts!("tests/skew/old.toml");
}

mod new {
    bpf_layout::include_layouts!("tests/skew/new.toml");
}

fn older() -> Vec<u8> {
    compile("skew/old.toml", "skew/writer.bpf.c", &[])
}

fn newer() -> Vec<u8> {
    compile("skew/new.toml", "skew/writer.bpf.c", &["-DNEW"])
}

/// Loads an object into the kernel.
fn load(object: &[u8]) -> Object {
    let open = ObjectBuilder::default().open_memory(object).expect("libbpf reads it");
    open.load().expect("the kernel takes it")
}

/// Runs a program of a loaded object once.
fn run(object: &Object, name: &str) {
    let program = object.progs_mut().find(|program| program.name() == name).expect("the object has it");
    let mut context = [0; 96];
    let input = ProgramInput { context_in: Some(&mut context), ..Default::default() };
    let output = program.test_run(input).expect("the kernel runs it");
    assert_eq!(output.return_value, 0);
}

/// A pinned map, for as long as this is.
struct Pin(PathBuf);

impl Pin {
    fn new(object: &mut Object, map: &str) -> Self {
        let path =
            Path::new("/sys/fs/bpf").join(format!("bpf_layout_{}_{map}_{:p}", std::process::id(), &raw const map));
        let mut map = object.maps_mut().find(|found| found.name() == map).expect("the object has it");
        map.pin(&path).expect("bpffs is mounted");
        Pin(path)
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn notes<'n>(notes: impl Iterator<Item = Note<'n>>) -> Vec<String> {
    notes.map(|note| format!("{note:?}")).collect()
}

#[test]
fn kernel_a_newer_program_reads_an_older_pinned_map() {
    if !kernel() || !clang() {
        return;
    }
    let mut object = load(&older());
    run(&object, "fill_maps");
    let pin = Pin::new(&mut object, "files");
    let map = SkewedMap::<new::maps::Files>::open_pinned(&pin.0).expect("it can be read");
    assert!(!map.is_identical() && map.checked() == Checked::Fields && map.max_entries() == 16);

    let key = new::FileKey { proto: 6, port: 443, netns: 4_026_531_840, ..Default::default() };
    let value = map.lookup(&key).expect("the kernel looks").expect("the program put it in");
    assert_eq!((value.count, value.offset), (7, -5));
    assert_eq!((value.op, value.flags.bits()), (new::FileOp::UNLINK, 0x1081));
    assert_eq!(
        (value.path, value.comm),
        (bpf_layout::Str::from_bytes(b"/etc/passwd"), bpf_layout::Str::from_bytes(b"worker-thread"))
    );
    assert!(value.comm.is_truncated());
    assert_eq!(value.sizes, [100, 200]);
    assert_eq!(value.spans.map(|span| (span.start, span.end)), [(1, 2), (3, 4)]);
    assert_eq!((value.port, value.mode(), value.level()), (443, 5, -9));
    assert_eq!((value.anon0.uid, value.anon0.gid), (1000, 100));
    assert!(matches!(value.address(), new::AddressRef::V4(v4) if v4.get().is_loopback()));
    assert_eq!((value.known(|value| &value.owner), value.known(|value| &value.count)), (None, Some(&7)));
    assert_eq!(value.lost().missing().collect::<Vec<_>>(), ["address.path", "owner"]);
    assert_eq!(notes(value.lost().notes()), [r#"Truncated("comm")"#, r#"Truncated("sizes")"#]);

    let other = map.lookup(&new::FileKey { port: 80, ..key }).expect("the kernel looks").expect("it is there");
    assert_eq!((other.count, other.offset, other.op), (0xffff_ffff, i64::from(i32::MIN), new::FileOp(9)));
    assert_eq!((other.level(), other.path.len(), other.path.is_truncated()), (-16, 32, false));
    assert!(matches!(other.address(), new::AddressRef::V6(v6) if v6.get().octets() == [0xfe; 16]));
    let cut = [r#"Truncated("comm")"#, r#"Truncated("path")"#, r#"Truncated("sizes")"#];
    assert_eq!(notes(other.lost().notes()), cut, "of the path there was no end");

    let mut ports: Vec<_> = map.iter().map(|entry| entry.expect("the kernel reads").0.port).collect();
    ports.sort_unstable();
    assert_eq!(ports, [80, 443]);
    assert_eq!(map.keys().filter(|key| key.netns == 4_026_531_840).count(), 2);
    let entries = map.entries().expect("the kernel reads");
    assert_eq!(entries.iter().filter(|(key, value)| key.proto == 6 && value.anon0.uid == 1000).count(), 2);
}

#[test]
fn kernel_an_older_program_reads_a_newer_pinned_map() {
    if !kernel() || !clang() {
        return;
    }
    let mut object = load(&newer());
    run(&object, "fill_maps");
    let pin = Pin::new(&mut object, "files");
    let map = SkewedMap::<old::maps::Files>::open_pinned(&pin.0).expect("it can be read");
    let key = old::FileKey { netns: 4_026_531_840, port: 443, proto: 6, ..Default::default() };
    let value = map.lookup(&key).expect("the kernel looks").expect("the program put it in");
    assert_eq!((value.count, value.offset), (7, -5));
    assert_eq!((value.op, value.flags.bits()), (old::FileOp::UNLINK, 0x1041));
    assert_eq!((value.path.as_bytes(), value.comm.as_bytes()), (&b"/etc/passwd"[..], &b"worker"[..]));
    // An integer that is not declared big-endian is taken as it is here, for many programs do not declare it.
    assert_eq!((value.sizes, value.port), ([100, 200, 0], Be16::new(443u16.swap_bytes())));
    assert_eq!(value.spans.map(|span| (span.start, span.end)), [(1, 2), (3, 4)]);
    assert_eq!((value.mode(), value.level()), (5, -9));
    assert_eq!((value.anon0.uid, value.anon0.gid), (1000, 100));
    assert!(matches!(value.address(), old::AddressRef::V4(v4) if v4.get().is_loopback()));
    assert_eq!(value.lost().missing().count() + value.lost().notes().count(), 0);

    let other = map.lookup(&old::FileKey { port: 80, ..key }).expect("the kernel looks").expect("it is there");
    assert_eq!((other.count, other.offset, other.sizes[0], other.level()), (u32::MAX, i32::MIN, u16::MAX, 15));
    assert_eq!((other.op.name(), other.path.len(), other.path.is_truncated()), (None, 30, true));
    let mut changed: Vec<_> = other.lost().changed().collect();
    changed.sort_unstable();
    assert_eq!(changed, ["count", "level", "offset", "op", "sizes"]);
    assert_eq!(other.lost().truncated().collect::<Vec<_>>(), ["path"]);

    // The path of a unix socket is a member that there was not yet: the tag says that it is none of those known.
    let unix = map.lookup(&old::FileKey { port: 1, ..key }).expect("the kernel looks").expect("it is there");
    assert_eq!(unix.family, old::Family(1));
    assert!(matches!(unix.address(), old::AddressRef::Unknown(_)));
}

#[test]
fn kernel_what_would_be_lost_is_not_written() {
    if !kernel() || !clang() {
        return;
    }
    let mut object = load(&older());
    let pin = Pin::new(&mut object, "files");
    let map = SkewedMap::<new::maps::Files>::open_pinned(&pin.0).expect("it can be read");
    let key = new::FileKey { proto: 17, port: 53, netns: 9, ..Default::default() };
    let mut value = new::FileValue { count: 3, offset: -3, op: new::FileOp::UNLINK, port: 53, ..Default::default() };
    value.comm = bpf_layout::Str::from_bytes(b"dnsd");
    value.set_address_v4(Ipv4::from(std::net::Ipv4Addr::LOCALHOST));
    map.update(&key, &value).expect("the older layout holds it all");
    assert_eq!(*map.lookup(&key).expect("the kernel looks").expect("it is there"), value);

    let own = TypedMap::<old::maps::Files>::open_pinned(&pin.0).expect("it is the older map");
    assert_eq!(own.checked(), Checked::Fields);
    let old_key = old::FileKey { netns: 9, port: 53, proto: 17, ..Default::default() };
    let written = own.lookup(&old_key).expect("the kernel looks").expect("it is there");
    assert_eq!((written.count, written.offset, written.op), (3, -3, old::FileOp::UNLINK));
    assert_eq!((written.port, written.comm.as_bytes()), (Be16::new(53), &b"dnsd"[..]));
    assert!(matches!(written.address(), old::AddressRef::V4(v4) if v4.get().is_loopback()));

    let mut unix = value;
    unix.set_address_path(bpf_layout::Str::from_bytes(b"/run/socket"));
    for (lossy, field) in [
        (new::FileValue { owner: 1, ..value }, "owner"),
        (new::FileValue { count: 1 << 32, ..value }, "count"),
        (new::FileValue { path: bpf_layout::Str::from_bytes(&[b'p'; 47]), ..value }, "path"),
        (new::FileValue { op: new::FileOp::RENAME, ..value }, "op"),
        (unix, "address"),
    ] {
        let error = map.update(&key, &lossy).expect_err(field).to_string();
        assert!(error.contains(&format!("cannot hold `{field}`")), "{error}");
    }
    let wide = new::FileKey { netns: 1 << 32, ..key };
    assert!(matches!(map.lookup(&wide), Err(Error::Write { .. })), "the older map has no such key");
    assert!(map.delete(&key).expect("the kernel deletes") && !map.delete(&key).expect("the kernel looks"));
    let error = SkewedMap::<old::maps::Totals>::open_pinned(&pin.0).expect_err("it is a hash");
    assert_eq!(error.to_string(), "map `totals` differs from its layout: type: Hash, expected array (2)");
}

#[test]
fn kernel_open_pinned_refuses_another_layout_with_every_field_that_differs() {
    if !kernel() || !clang() {
        return;
    }
    let mut object = load(&older());
    let pin = Pin::new(&mut object, "files");
    let Err(Error::Mismatch(mismatch)) = TypedMap::<new::maps::Files>::open_pinned(&pin.0) else {
        panic!("the layouts differ");
    };
    let text = mismatch.differences.join("\n") + "\n";
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/skew/refused.txt");
    if std::env::var_os("BPF_LAYOUT_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&golden, &text).expect("a writable file");
    }
    assert_eq!(text, std::fs::read_to_string(&golden).expect("it was blessed"));
    assert_eq!(mismatch.layout.len(), mismatch.differences.len());

    let missing = TypedMap::<new::maps::Files>::open_pinned("/sys/fs/bpf/no/such/map").expect_err("there is none");
    assert!(missing.to_string().starts_with("map `files`: cannot open the map pinned at /sys/fs/bpf/no/such/map: "));
    let nul = TypedMap::<new::maps::Files>::open_pinned("a\0b").expect_err("no path has a NUL");
    assert!(matches!(nul, Error::Open { .. }));
}

#[test]
fn kernel_another_number_of_entries_is_no_difference() {
    if !kernel() || !clang() {
        return;
    }
    let mut object = load(&older());
    run(&object, "fill_maps");
    let pin = Pin::new(&mut object, "totals");
    let map = TypedMap::<new::maps::Totals>::open_pinned(&pin.0).expect("the same layout");
    assert_eq!((map.max_entries(), map.checked()), (1, Checked::Fields));
    assert_eq!(map.lookup(&0).expect("the kernel looks").map(|totals| (totals.files, totals.lost)), Some((2, 1)));
    let skewed = SkewedMap::<new::maps::Totals>::open_pinned(&pin.0).expect("the same layout");
    assert!(skewed.is_identical() && skewed.differences().next().is_none());
    assert_eq!(skewed.lookup(&0).expect("the kernel looks").map(|totals| totals.files), Some(2));

    let live = object.maps().find(|map| map.name() == "totals").expect("the object has it");
    assert_eq!(TypedMap::<new::maps::Totals>::attach(&live).expect("the same layout").checked(), Checked::Fields);
    assert_eq!(TypedMap::<new::maps::Totals>::new(&live).expect("the same sizes").checked(), Checked::SizesOnly);
    let id = live.info().expect("the kernel tells").info.id;
    assert_eq!(TypedMap::<new::maps::Totals>::open_id(id).expect("the same layout").checked(), Checked::Fields);
}

#[test]
fn kernel_a_map_without_types_is_compared_by_sizes() {
    if !kernel() {
        return;
    }
    let handle = support::create::<old::maps::Files>(4);
    let map = TypedMap::<old::maps::Files>::attach(&handle).expect("the same sizes");
    assert_eq!(map.checked(), Checked::SizesOnly);
    let skewed = SkewedMap::<old::maps::Files>::attach(&handle).expect("the same sizes");
    assert_eq!((skewed.checked(), skewed.is_identical()), (Checked::SizesOnly, true));
    let error = SkewedMap::<new::maps::Files>::attach(&handle).expect_err("other sizes, and nothing to go by");
    assert!(error.to_string().contains("key: 8 bytes, expected 16 (file_key)"), "{error}");
    assert!(TypedMap::<new::maps::Files>::attach(&handle).is_err());
}

#[test]
fn kernel_flags_are_compared() {
    if !kernel() {
        return;
    }
    struct NoPrealloc;
    impl bpf_layout::Map for NoPrealloc {
        type Kind = bpf_layout::kind::Hash;
        type Key = u32;
        type Value = u64;
        const NAME: &'static str = "lazy";
        const MAX_ENTRIES: u32 = 4;
        const FLAGS: u32 = 0;
    }
    let options = libbpf_options(1 << 0);
    let kind = bpf_layout::libbpf::libbpf_rs::MapType::Hash;
    let handle =
        bpf_layout::libbpf::libbpf_rs::MapHandle::create(kind, Some("lazy"), 4, 8, 4, &options).expect("valid");
    let error = TypedMap::<NoPrealloc>::attach(&handle).expect_err("BPF_F_NO_PREALLOC is set");
    let expected = "map `lazy` differs from its layout: flags: 0x1 in the live map, 0x0 here (map-flags)";
    assert_eq!(error.to_string(), expected);
    SkewedMap::<NoPrealloc>::attach(&handle).expect("flags do not matter to reading");
}

fn libbpf_options(map_flags: u32) -> bpf_layout::libbpf::libbpf_rs::libbpf_sys::bpf_map_create_opts {
    let sz = size_of::<bpf_layout::libbpf::libbpf_rs::libbpf_sys::bpf_map_create_opts>() as _;
    bpf_layout::libbpf::libbpf_rs::libbpf_sys::bpf_map_create_opts { sz, map_flags, ..Default::default() }
}

#[test]
fn kernel_events_of_an_older_producer_are_read() {
    if !kernel() || !clang() {
        return;
    }
    let bytes = older();
    let object = load(&bytes);
    // As a program that finds the producer running has it: from the kernel.
    let sender = object.progs_mut().find(|program| program.name() == "send_events").expect("the object has it");
    let id = Program::id_from_fd(sender.as_fd()).expect("the kernel tells");
    let loaded = ProgInfoIter::default().find(|info| info.id == id).expect("it is loaded");
    let from_kernel = LoadedBtf::from_id(loaded.btf_id).and_then(|btf| btf.bytes()).expect("the kernel has its BTF");
    let btf = btf::Btf::parse(&from_kernel).expect("the kernel keeps sound BTF");
    let buffer = SkewedBuffer::<new::maps::Events>::by_name(&btf).expect("its events can be read");
    assert_eq!(buffer.missing_events().collect::<Vec<_>>(), ["fork"]);

    let live = object.maps().find(|map| map.name() == "events").expect("the object has it");
    let (seen, notes) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let events = Events::<new::maps::Events>::builder(&live)
        .build_skewed(buffer, |record, lost| {
            seen.lock().expect("no panic").push(match record {
                new::maps::EventsRecord::Fork(_) => panic!("there was no fork yet"),
                new::maps::EventsRecord::Exec(exec) => {
                    assert_eq!((exec.kind, exec.timestamp), (new::EventKind::EXEC, bpf_layout::Ktime::from_nanos(0)));
                    format!("exec {} {} {}", exec.pid, exec.retval, exec.comm)
                }
                new::maps::EventsRecord::Exit(exit) => format!("exit {} {}", exit.pid, exit.code),
            });
            notes.lock().expect("no panic").push((lost.missing().count(), self::notes(lost.notes())));
        })
        .expect("it is a ring buffer");
    run(&object, "send_events");
    assert_eq!(events.poll(Duration::from_secs(5)).expect("the kernel waits"), 2);
    assert_eq!(*seen.lock().expect("no panic"), ["exec 42 -2 a-long", "exit 42 -1"]);
    let expected = [(1, vec![r#"Truncated("comm")"#.to_owned()]), (1, vec![])];
    assert_eq!(*notes.lock().expect("no panic"), expected);
    assert_eq!(events.stats(), Stats { received: 2, malformed: 0, lost: 0 });
}

#[test]
fn events_of_a_newer_producer_are_read_and_its_new_ones_are_none() {
    if !clang() {
        return;
    }
    let bytes = newer();
    let btf = btf::Btf::parse(section(&bytes)).expect("clang writes sound BTF");
    let buffer = SkewedBuffer::<old::maps::Events>::by_name(&btf).expect("its events can be read");
    let mut scratch = Scratch::default();
    let exec = new::ExecEvent { pid: 7, retval: 70_000, ..Default::default() };
    let (record, lost) = buffer.parse(exec.as_bytes(), &mut scratch).expect("it is an exec event");
    assert!(matches!(record, old::maps::EventsRecord::Exec(exec) if exec.pid == 7 && exec.retval == i16::MAX));
    assert_eq!(lost.changed().collect::<Vec<_>>(), ["retval"]);
    let exit = new::ExitEvent { pid: 8, code: -1, ..Default::default() };
    let (record, _) = buffer.parse(exit.as_bytes(), &mut scratch).expect("it is an exit event");
    assert!(matches!(record, old::maps::EventsRecord::Exit(exit) if exit.pid == 8));
    let fork = new::ForkEvent { child: 9, ..Default::default() };
    assert!(buffer.parse(fork.as_bytes(), &mut scratch).is_err());
    assert!(old::maps::Events::parse(exec.as_bytes()).is_err(), "by itself the older program cannot");
}

#[test]
fn btf_without_the_events_is_refused() {
    if !clang() {
        return;
    }
    let bytes = older();
    let btf = btf::Btf::parse(section(&bytes)).expect("clang writes sound BTF");
    mod others {
        bpf_layout::include_layouts!("../tests/golden/design/layouts.toml");
    }
    let error = SkewedBuffer::<others::maps::Events>::by_name(&btf).expect_err("it has no file events");
    assert_eq!(error, PlanError::NoEvents { buffer: "events" });
}
