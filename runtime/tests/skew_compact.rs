//! Events with fields of variable length of an older or newer layout: the types are those that clang wrote from the one
//! spec, and the reader is of the other.
#![forbid(unsafe_code)]

#[path = "support/object.rs"]
mod object;

use bpf_layout::{
    Buffer as _, ParseErrorKind, Recorder,
    skew::{Scratch, SkewedBuffer, btf::Btf},
};
use object::{clang, compile, section};
use proptest::prelude::*;

mod old {
    bpf_layout::include_layouts!("tests/skew/compact_old.toml");
}

mod new {
    bpf_layout::include_layouts!("tests/skew/compact_new.toml");
}

/// How one version reads what the program of the other sends.
fn reader<M: bpf_layout::Buffer>(version: &str) -> SkewedBuffer<M> {
    let bytes = compile(&format!("skew/compact_{version}.toml"), "skew/compact.bpf.c", &[]);
    let btf = Btf::parse(section(&bytes)).expect("clang writes sound BTF");
    SkewedBuffer::by_name(&btf).expect("its events can be read")
}

fn old_open() -> Vec<u8> {
    let mut record = Recorder::<old::OpenEventHeader>::new();
    record.header.pid = 7;
    record.header.args = record.texts(["ls", "", "-l"]).cut().into();
    record.header.path = record.text(b"/bin/ls").into();
    record.record()
}

/// Its path is longer than an older one could be.
fn new_open() -> Vec<u8> {
    let mut record = Recorder::<new::OpenEventHeader>::new();
    (record.header.pid, record.header.uid) = (9, 1000);
    record.header.note = record.bytes(b"seen").into();
    record.header.path = record.text(&[b'x'; 200]).into();
    record.header.args = record.texts(["a", "b"]).into();
    record.record()
}

#[test]
fn an_older_record_is_read_and_what_it_lacks_is_empty() {
    if !clang() {
        return;
    }
    let (reader, mut scratch) = (reader::<new::maps::Events>("old"), Scratch::default());
    for trailing in 0..=7 {
        let record = [old_open(), vec![0xee; trailing]].concat();
        let (event, lost) = reader.parse(&record, &mut scratch).expect("an open event");
        let new::maps::EventsRecord::Open(open) = event else { panic!("{event:?}") };
        assert_eq!((open.pid, open.uid, open.path().as_bytes()), (7, 0, &b"/bin/ls"[..]));
        assert!(open.args().iter().map(|arg| arg.as_bytes().to_vec()).eq([&b"ls"[..], b"", b"-l"]));
        assert!(open.args().is_truncated() && !open.path().is_truncated() && open.note().is_empty());
        assert!(lost.missing().eq(["uid", "note"]), "{lost:?}");
    }
    let mut close = Recorder::<old::CloseEvent>::new();
    close.header.fd = 3;
    let record = close.record();
    let (event, lost) = reader.parse(&record, &mut scratch).expect("a close event");
    assert!(matches!(event, new::maps::EventsRecord::Close(close) if close.fd == 3 && close.reason().is_empty()));
    assert!(lost.missing().eq(["reason"]), "{lost:?}");
}

#[test]
fn a_newer_record_is_read_without_what_is_not_known() {
    if !clang() {
        return;
    }
    let (reader, mut scratch) = (reader::<old::maps::Events>("new"), Scratch::default());
    let record = new_open();
    let (event, lost) = reader.parse(&record, &mut scratch).expect("an open event");
    let old::maps::EventsRecord::Open(open) = event else { panic!("{event:?}") };
    assert_eq!((open.pid, open.path().as_bytes()), (9, &[b'x'; 200][..]), "a view has no limit");
    assert!(open.args().iter().map(|arg| arg.as_bytes().to_vec()).eq([b"a", b"b"]));
    assert_eq!(open.as_bytes().len(), size_of::<old::OpenEventHeader>() + 201 + 4, "the note has not come along");
    assert_eq!((lost.missing().count(), lost.notes().count()), (0, 0));
    let mut close = Recorder::<new::CloseEventHeader>::new();
    close.header.fd = 4;
    close.header.reason = close.text(b"tired").into();
    let record = close.record();
    let (event, _) = reader.parse(&record, &mut scratch).expect("a close event, with a text behind it");
    assert!(matches!(event, old::maps::EventsRecord::Close(close) if close.fd == 4));
    assert!(old::maps::Events::parse(&record).is_err(), "by itself the older program cannot");
}

#[test]
fn the_same_layout_is_read_in_place() {
    if !clang() {
        return;
    }
    let (reader, mut scratch) = (reader::<old::maps::Events>("old"), Scratch::default());
    assert_eq!(reader.differences().count(), 0);
    let record = old_open();
    let (event, _) = reader.parse(&record, &mut scratch).expect("an open event");
    let old::maps::EventsRecord::Open(open) = event else { panic!("{event:?}") };
    assert_eq!(open.as_bytes().as_ptr(), record.as_ptr(), "nothing was copied");
}

#[test]
fn what_is_cut_or_lies_is_refused() {
    if !clang() {
        return;
    }
    let (reader, mut scratch) = (reader::<new::maps::Events>("old"), Scratch::default());
    let record = old_open();
    for len in 0..record.len() {
        assert!(reader.parse(&record[..len], &mut scratch).is_err(), "cut to {len} of {} bytes", record.len());
    }
    let long = [record.as_slice(), &[0; 8]].concat();
    assert!(reader.parse(&long, &mut scratch).is_err(), "more than a transport appends");
    // `path` begins inside of the struct.
    let mut lies = record.clone();
    lies[8..10].copy_from_slice(&4u16.to_ne_bytes());
    let error = reader.parse(&lies, &mut scratch).expect_err("no text begins there");
    assert!(matches!(error.kind(), ParseErrorKind::Tail { field: "path", offset: 4, .. }), "{error:?}");
    // `path` and `args` are said to have the same bytes: as many as there are, each moved by itself.
    let mut both = record.clone();
    both[8..10].copy_from_slice(&16u16.to_ne_bytes());
    let (event, _) = reader.parse(&both, &mut scratch).expect("what they have is theirs to say");
    let new::maps::EventsRecord::Open(open) = event else { panic!("{event:?}") };
    assert_eq!(open.path().as_bytes(), b"ls");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), swaps in any::<[(u8, u8); 6]>()) {
        thread_local! {
            static READERS: Option<(SkewedBuffer<new::maps::Events>, SkewedBuffer<old::maps::Events>)> =
                clang().then(|| (reader("old"), reader("new")));
        }
        let spoil = |mut record: Vec<u8>| {
            for (at, byte) in swaps {
                let at = usize::from(at) % record.len();
                record[at] = byte;
            }
            record
        };
        READERS.with(|readers| {
            let Some((of_old, of_new)) = readers else { return };
            let mut scratch = Scratch::default();
            for record in [bytes.clone(), spoil(old_open()), spoil(new_open())] {
                if let Ok((event, _)) = of_old.parse(&record, &mut scratch) {
                    assert!(!format!("{event:?}").is_empty());
                }
                if let Ok((event, _)) = of_new.parse(&record, &mut scratch) {
                    assert!(!format!("{event:?}").is_empty());
                }
            }
        });
    }
}
