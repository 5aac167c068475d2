//! Parsing: any bytes, of any length, at any address.
#![forbid(unsafe_code)]

use bpf_layout::{Layout, ParseErrorKind};
use proptest::prelude::*;

mod layouts {
    bpf_layout::include_layouts!("../tests/golden/design/layouts.toml");
}

mod tagged {
    bpf_layout::include_layouts!("../tests/golden/tagged/layouts.toml");
}

use layouts::SocketKey;

/// Bytes that begin `skew` bytes behind an address that is a multiple of 64.
struct Skewed {
    words: Vec<[u8; 64]>,
    start: usize,
    len: usize,
}

impl Skewed {
    fn new(bytes: &[u8], skew: usize) -> Self {
        let mut words = vec![[0; 64]; bytes.len() / 64 + 3];
        let start = words.as_flattened().as_ptr().align_offset(64) + skew;
        words.as_flattened_mut()[start..start + bytes.len()].copy_from_slice(bytes);
        Skewed { words, start, len: bytes.len() }
    }

    fn bytes(&self) -> &[u8] {
        &self.words.as_flattened()[self.start..self.start + self.len]
    }
}

#[test]
fn aligned_records_are_borrowed_and_others_copied() {
    let key = SocketKey { netns: 7, port: 443, ..Default::default() };
    for skew in 0..16 {
        let bytes = Skewed::new(key.as_bytes(), skew);
        let view = SocketKey::parse(bytes.bytes()).expect("it has the right size");
        assert_eq!(view.is_borrowed(), skew % align_of::<SocketKey>() == 0, "{skew}");
        assert_eq!(*view, key);
    }
}

#[test]
fn a_perf_sample_at_4_mod_8_with_trailing_bytes_is_read() {
    let event = tagged::CloseEvent { bytes: 5, ..Default::default() };
    let mut sample = event.as_bytes().to_vec();
    sample.extend([0xee; 4]); // round_up(16 + 4, 8) - 4
    let sample = Skewed::new(&sample, 4);
    let view = tagged::CloseEvent::parse(sample.bytes()).expect("trailing bytes are the transport's");
    assert_eq!((view.is_borrowed(), view.into_owned()), (false, event));
}

#[test]
fn a_view_is_the_record_whether_it_is_borrowed_or_copied() {
    let key = SocketKey { netns: 7, port: 443, ..Default::default() };
    let other = SocketKey { netns: 8, ..key };
    let [aligned, askew, others] =
        [(key, 0), (key, 1), (other, 1)].map(|(key, skew)| Skewed::new(key.as_bytes(), skew));
    let [borrowed, copied, others] =
        [&aligned, &askew, &others].map(|bytes| SocketKey::parse(bytes.bytes()).expect("it has the right size"));
    assert!(borrowed.is_borrowed() && !copied.is_borrowed());
    assert!(borrowed == copied && copied != others);
    for view in [borrowed, copied] {
        assert_eq!(view.as_ref(), &key);
        assert_eq!(format!("{view:?}"), format!("{key:?}"));
        assert_eq!(serde_json::to_value(&view).expect("any record serializes")["port"], 443);
        let copy = view.clone();
        assert_eq!((copy.is_borrowed(), copy.into_owned()), (view.is_borrowed(), key));
        assert_eq!(view.into_owned(), key);
    }
    assert!(bpf_layout::View::from(&key).is_borrowed() && !bpf_layout::View::from(Box::new(key)).is_borrowed());
}

#[test]
fn a_view_is_handed_on_as_an_address_however_large_its_record_is() {
    assert_eq!(size_of::<bpf_layout::View<'_, [u8; 4096]>>(), 2 * size_of::<usize>());
}

proptest! {
    #[test]
    fn exactly_the_lengths_that_a_transport_delivers_are_accepted(
        bytes in proptest::collection::vec(any::<u8>(), 0..40),
        skew in 0usize..16,
    ) {
        let skewed = Skewed::new(&bytes, skew);
        let size = size_of::<SocketKey>();
        match SocketKey::parse(skewed.bytes()) {
            Ok(view) => {
                prop_assert!((size..=size + 7).contains(&bytes.len()));
                prop_assert_eq!(Layout::as_bytes(&*view), &bytes[..size]);
            }
            Err(error) => {
                prop_assert!(!(size..=size + 7).contains(&bytes.len()));
                prop_assert_eq!(error.kind(), ParseErrorKind::Size { len: bytes.len(), needed: size });
                prop_assert_eq!(error.name(), "socket_key");
            }
        }
    }

    #[test]
    fn any_bytes_print_serialize_and_come_back(bytes in proptest::collection::vec(any::<u8>(), 80), tag in 0u8..4) {
        use tagged::maps::{Events, EventsRecord};
        use bpf_layout::Buffer as _;
        let mut bytes = bytes;
        bytes[..4].copy_from_slice(&u32::from(tag).to_ne_bytes());
        let event = tagged::ConnectEvent::read_from(&bytes).expect("80 bytes");
        prop_assert_eq!(event.as_bytes(), &bytes[..]);
        let shown = format!("{event:#?}");
        prop_assert!(shown.contains("address"));
        prop_assert!(serde_json::to_string(&event).is_ok());
        prop_assert_eq!(matches!(Events::parse(&bytes), Ok(EventsRecord::Connect(_))), tag == 1);
    }

    #[test]
    fn a_buffer_survives_any_record(bytes in proptest::collection::vec(any::<u8>(), 0..120), skew in 0usize..8) {
        use bpf_layout::Buffer as _;
        let skewed = Skewed::new(&bytes, skew);
        if let Ok(record) = tagged::maps::Events::parse(skewed.bytes()) {
            let shown = format!("{record:?}");
            prop_assert!(!shown.is_empty());
        }
    }
}
