//! Anything at all, given to every parser of the root spec and of the random ones.

use bpf_layout_tests::{
    generated::SPECS,
    marks::Case,
    parsers::{Buffer, Parser},
};
use proptest::{collection::vec, prelude::*, sample::select};

/// Most bytes that a transport appends to a record.
const MAX_TRAILING: usize = 7;

fn parsers() -> Vec<Parser> {
    SPECS.iter().flat_map(|spec| spec.parsers).copied().collect()
}

fn buffers() -> Vec<Buffer> {
    SPECS.iter().flat_map(|spec| spec.buffers).copied().collect()
}

fn cases() -> Vec<Case> {
    SPECS.iter().flat_map(|spec| spec.cases).copied().collect()
}

/// Bytes that begin `skew` bytes behind an address that suits every type.
fn skewed(bytes: &[u8], skew: usize) -> (Vec<u8>, std::ops::Range<usize>) {
    let mut room = vec![0; bytes.len() + 128];
    let start = room.as_ptr().align_offset(64) + skew;
    room[start..start + bytes.len()].copy_from_slice(bytes);
    (room, start..start + bytes.len())
}

#[test]
fn a_parser_takes_its_size_and_what_transports_append() {
    for parser in parsers() {
        let bytes: Vec<u8> = (0..parser.size + 16).map(|index| (index * 37 + 11).to_le_bytes()[0]).collect();
        let lengths = [0, 1, parser.size / 2, parser.size - 1].into_iter().chain(parser.size..bytes.len());
        for len in lengths {
            for skew in [0, 1, 4] {
                let (room, range) = skewed(&bytes[..len], skew);
                let fits = (parser.size..=parser.size + MAX_TRAILING).contains(&len);
                let parsed = (parser.parse)(&room[range]);
                assert!(
                    parsed.is_ok() == fits || parser.tagged && parsed.is_err(),
                    "{}: {len} bytes of {}: {parsed:?}",
                    parser.name,
                    parser.size
                );
            }
        }
    }
}

#[test]
fn a_parsers_error_says_what_came_and_what_was_needed() {
    for parser in parsers() {
        let error = (parser.parse)(&[]).expect_err("nothing is no record").to_string();
        assert!(error.contains(" 0 bytes") && error.contains(&parser.size.to_string()), "{}: {error}", parser.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_a_parser_panic(
        parser in select(parsers()),
        noise in vec(any::<u8>(), 1..256),
        (cut, skew) in (any::<prop::sample::Index>(), 0..16usize),
    ) {
        let bytes: Vec<u8> = noise.iter().copied().cycle().take(parser.size + 8).collect();
        let (room, range) = skewed(&bytes[..cut.index(bytes.len() + 1)], skew);
        let _ = (parser.parse)(&room[range]);
        let (room, range) = skewed(&bytes[..parser.size], skew);
        prop_assert!(parser.tagged || (parser.parse)(&room[range]).is_ok());
    }

    #[test]
    fn no_bytes_make_a_buffer_panic(
        buffer in select(buffers()),
        noise in vec(any::<u8>(), 1..64),
        (len, skew) in (0..40_000usize, 0..16usize),
    ) {
        let bytes: Vec<u8> = noise.iter().copied().cycle().take(len).collect();
        let (room, range) = skewed(&bytes, skew);
        let _ = (buffer.parse)(&room[range]);
    }

    #[test]
    fn no_bytes_make_an_accessor_panic(case in select(cases()), noise in vec(any::<u8>(), 1..256)) {
        let bytes: Vec<u8> = noise.iter().copied().cycle().take(case.size).collect();
        let _ = (case.read)(&bytes);
    }
}
