//! Initialisers and readers of generated headers, run in this kernel.

mod support;

use std::{collections::HashMap, ffi::CString, fs, path::Path};

use libbpf_rs::Object;
use support::{
    bpf::{CLANGS, compile, first_value, is_permitted, load, run_program, set_first_value},
    compact::{all_arrived, stay_on_one_cpu},
    pages::Pages,
};

/// Bytes that no initialised record holds.
const DIRT: u8 = 0xaa;

/// A program of `tests/kernel`, built by each compiler against the header of `tests/kernel/layouts.toml`.
fn objects(source: &str, profile: Option<&str>) -> Vec<(tempfile::TempDir, Object)> {
    if !is_permitted() {
        return Vec::new();
    }
    let kernel = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kernel");
    let header = bpf_layout_emit::c::header(&support::load(&kernel.join("layouts.toml"), profile));
    CLANGS
        .into_iter()
        .filter(|clang| support::has_tool(clang))
        .map(|clang| {
            let folder = tempfile::tempdir().expect("a temporary folder");
            fs::write(folder.path().join("layouts.h"), &header).expect("a writable file");
            let object = load(&compile(clang, folder.path(), &kernel.join(source)));
            (folder, object)
        })
        .collect()
}

/// A string field of `struct strings`: its number in readers.bpf.c, offset, length and index.
#[derive(Clone, Copy, Debug)]
struct Field {
    number: u64,
    offset: usize,
    length: usize,
    index: u64,
}

const fn field(number: u64, offset: usize, length: usize, index: u64) -> Field {
    Field { number, offset, length, index }
}

const GONE: Field = field(6, 115, 16, 0);

const FIELDS: [Field; 9] = [
    field(0, 0, 1, 0),
    field(1, 1, 2, 0),
    field(2, 3, 3, 0),
    field(3, 6, 16, 0),
    field(4, 22, 13, 0),
    field(5, 35, 16, 0),
    field(5, 35 + 4 * 16, 16, 4),
    GONE,
    field(7, 131, 512, 0),
];

impl Field {
    fn of<'a>(&self, record: &'a [u8]) -> &'a [u8] {
        &record[self.offset..self.offset + self.length]
    }

    /// What the contract says that reading `text` returns and leaves in an initialised field.
    fn expected(&self, text: &[u8]) -> (i32, Vec<u8>) {
        let mut bytes = vec![0; self.length];
        if text.len() < self.length {
            bytes[..text.len()].copy_from_slice(text);
            return (i32::try_from(text.len() + 1).expect("short"), bytes);
        }
        if let Some(cut) = self.length.checked_sub(2) {
            bytes[..cut].copy_from_slice(&text[..cut]);
            bytes[cut + 1] = 0xff;
        }
        (i32::try_from(self.length + 1).expect("short"), bytes)
    }
}

/// Strings that just fit, just do not, and neither.
fn texts(length: usize) -> Vec<Vec<u8>> {
    let lengths = [0, 1, length.saturating_sub(2), length - 1, length, length + 1, 10 * length];
    lengths.iter().map(|&length| (0..length).map(|index| b'a' + (index % 26) as u8).collect()).collect()
}

#[test]
fn kernel_strings_of_every_length_are_read() {
    for (_folder, object) in objects("readers.bpf.c", None) {
        for field in FIELDS {
            for text in texts(field.length) {
                let (result, bytes) = field.expected(&text);
                let user = CString::new(text.clone()).expect("no NUL");
                let arguments = [field.number, field.index, user.as_ptr().addr() as u64];
                assert_eq!(run_program(&object, "init", &[]), 0);
                assert_eq!(run_program(&object, "from_user", &arguments), result, "{field:?} {}", text.len());
                assert_eq!(field.of(&first_value(&object, "records")), bytes, "{field:?} {}", text.len());

                let mut source = user.into_bytes_with_nul();
                source.resize(8192, DIRT);
                set_first_value(&object, "source", &source);
                assert_eq!(run_program(&object, "init", &[]), 0);
                assert_eq!(run_program(&object, "from_kernel", &[field.number, field.index, 0]), result, "{field:?}");
                assert_eq!(field.of(&first_value(&object, "records")), bytes, "{field:?} {}", text.len());
            }
        }
    }
}

#[test]
fn kernel_readers_leave_other_fields_alone() {
    for (_folder, object) in objects("readers.bpf.c", None) {
        for field in FIELDS {
            let record = vec![DIRT; first_value(&object, "records").len()];
            set_first_value(&object, "records", &record);
            let text = CString::new(vec![b'x'; 10 * field.length]).expect("no NUL");
            run_program(&object, "from_user", &[field.number, field.index, text.as_ptr().addr() as u64]);
            let after = first_value(&object, "records");
            assert!(
                after[..field.offset].iter().chain(&after[field.offset + field.length..]).all(|&byte| byte == DIRT)
            );
            assert_eq!(field.of(&after), field.expected(text.as_bytes()).1, "{field:?}");
        }
    }
}

#[test]
fn kernel_readers_take_back_an_old_mark() {
    for (_folder, object) in objects("readers.bpf.c", None) {
        for field in FIELDS.into_iter().filter(|field| field.length > 2) {
            assert_eq!(run_program(&object, "init", &[]), 0);
            for (text, last) in [("x".repeat(5000), 0xff), ("x".to_owned(), 0)] {
                let text = CString::new(text).expect("no NUL");
                run_program(&object, "from_user", &[field.number, field.index, text.as_ptr().addr() as u64]);
                assert_eq!(field.of(&first_value(&object, "records"))[field.length - 1], last, "{field:?}");
            }
        }
    }
}

#[test]
fn kernel_addresses_that_cannot_be_read_leave_nothing() {
    for (_folder, object) in objects("readers.bpf.c", None) {
        for field in FIELDS {
            for program in ["from_user", "from_kernel_address"] {
                for address in [0, 0x10, u64::MAX - 0x1000] {
                    set_first_value(&object, "records", &vec![DIRT; first_value(&object, "records").len()]);
                    let result = run_program(&object, program, &[field.number, field.index, address]);
                    assert!(result < 0, "{program} {address:#x} gave {result}");
                    assert!(field.of(&first_value(&object, "records")).iter().all(|&byte| byte == 0), "{field:?}");
                }
            }
        }
    }
}

/// What becomes of a text at the end of what can be read: none for one that runs beyond it within the field.
fn at_the_end(field: Field, text: &[u8], has_nul: bool) -> Option<(i32, Vec<u8>)> {
    (has_nul || text.len() >= field.length).then(|| field.expected(text))
}

#[test]
fn kernel_readers_go_to_the_end_of_what_can_be_read() {
    let pages = Pages::new();
    for (_folder, object) in objects("readers.bpf.c", None) {
        for field in FIELDS {
            for text in texts(field.length).into_iter().filter(|text| text.len() <= field.length + 1) {
                for has_nul in [true, false] {
                    set_first_value(&object, "records", &vec![DIRT; first_value(&object, "records").len()]);
                    assert_eq!(run_program(&object, "init", &[]), 0);
                    let arguments = [field.number, field.index, pages.ending_text(&text, has_nul)];
                    let (result, bytes) =
                        at_the_end(field, &text, has_nul).unwrap_or_else(|| (-14, vec![0; field.length]));
                    let place = format!("{field:?} {} {has_nul}", text.len());
                    assert_eq!(run_program(&object, "from_user", &arguments), result, "{place}");
                    assert_eq!(field.of(&first_value(&object, "records")), bytes, "{place}");
                }
            }
        }
    }
}

#[test]
fn kernel_intern_reads_to_the_end_of_what_can_be_read() {
    stay_on_one_cpu();
    let pages = Pages::new();
    let comm = FIELDS[3];
    for (_folder, object) in objects("intern.bpf.c", None) {
        let mut ids = HashMap::new();
        let (mut hits, mut unreadable) = (0, 0);
        for text in texts(comm.length).into_iter().filter(|text| text.len() <= comm.length + 1) {
            // The second time the same string is there.
            for has_nul in [false, true, true, false] {
                assert_eq!(run_program(&object, "intern", &[pages.ending_text(&text, has_nul)]), 0);
                let found = first_value(&object, "found");
                let (numbers, held) = found.split_at(5 * 8);
                let numbers = numbers.chunks(8).map(|bytes| u64::from_ne_bytes(bytes.try_into().expect("8 bytes")));
                let numbers: Vec<u64> = numbers.collect();
                let place = format!("{} {has_nul} {numbers:?}", text.len());
                let id = match at_the_end(comm, &text, has_nul) {
                    Some((_, bytes)) => {
                        assert_eq!(held, bytes, "{place}");
                        assert_ne!(numbers[0], 0, "{place}");
                        hits += u64::from(ids.contains_key(&bytes));
                        *ids.entry(bytes).or_insert(numbers[0])
                    }
                    None => {
                        unreadable += 1;
                        0
                    }
                };
                // None is busy: what could not be read is not in the way of what follows.
                assert_eq!(numbers, [id, ids.len() as u64, hits, unreadable, 0], "{place}");
            }
        }
        // Those without a NUL of 0, 1, N - 2 and N - 1 bytes, twice; what is cut is one string, of two lengths.
        assert_eq!((ids.len(), unreadable), (5, 8));
    }
}

#[test]
fn kernel_indices_are_checked() {
    for (_folder, object) in objects("readers.bpf.c", None) {
        let text = CString::new("abc").expect("no NUL");
        let address = text.as_ptr().addr() as u64;
        let argv = FIELDS[5];
        for index in [5, 6, 1 << 28, u64::from(u32::MAX)] {
            assert_eq!(run_program(&object, "from_user", &[argv.number, index, address]), -34);
        }
        assert_eq!(run_program(&object, "every_argument", &[address]), 5 * 4);
    }
}

#[test]
fn kernel_readers_of_omitted_fields_do_nothing() {
    for (_folder, object) in objects("readers.bpf.c", Some("lean")) {
        let record = vec![DIRT; first_value(&object, "records").len()];
        set_first_value(&object, "records", &record);
        let text = CString::new("abc").expect("no NUL");
        assert_eq!(run_program(&object, "from_user", &[GONE.number, 0, text.as_ptr().addr() as u64]), 0);
        assert_eq!(first_value(&object, "records"), record);
    }
}

#[test]
fn kernel_memory_of_initialised_records_holds_nothing_stale() {
    for (_folder, object) in objects("init.bpf.c", None) {
        set_first_value(&object, "dirt", &[DIRT; 20480]);
        for (event, size) in
            [("small_event", 304), ("medium_event", 1500), ("octets_event", 5001), ("large_event", 16392)]
        {
            // The ring's 64 KiB come round several times.
            let rounds = 4 * (64 << 10) / size + 1;
            for program in ["send", "scratch", "stack"] {
                let program = format!("{program}_{event}");
                if !object.progs_mut().any(|known| known.name() == program.as_str()) {
                    continue;
                }
                for record in records(&object, &format!("dirty_{event}"), rounds) {
                    assert_eq!(record, vec![DIRT; size], "{event}: the test itself is wrong");
                }
                for record in records(&object, &program, rounds) {
                    assert_eq!(record, initialised(event, size), "{program}");
                }
            }
        }
    }
}

/// Every byte zero but the tag of a tagged event.
fn initialised(event: &str, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    if event == "small_event" {
        bytes[8] = 7;
    }
    bytes
}

/// What the ring buffer delivers when a program runs several times.
fn records(object: &Object, program: &str, rounds: usize) -> Vec<Vec<u8>> {
    let run = |_| {
        assert_eq!(run_program(object, program, &[]), 1, "{program}");
        all_arrived(object)
    };
    let records: Vec<Vec<u8>> = (0..rounds).flat_map(run).collect();
    assert_eq!(records.len(), rounds, "{program}");
    records
}
