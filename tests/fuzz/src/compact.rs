//! Compact events: records whose struct says where its fields of variable length lie, by bytes that anyone may have sent.
//!
//! Few bytes are such a record. So the input is taken as one, and as the fields of one that is then built, and damaged.

use bpf_layout::{MAX_TRAILING, StrRef, StrsRef, Tail};

use crate::generated::TABLES;

/// One compact event.
pub(crate) struct Compact {
    /// In the spec.
    pub(crate) name: &'static str,
    /// Bytes of its struct.
    pub(crate) header: usize,
    /// Whether a tag tells it from others.
    pub(crate) tagged: bool,
    /// Where the descriptors of its fields lie in its struct.
    pub(crate) descriptors: &'static [usize],
    /// Builds a record with these bytes in its fields, which are filled in turn.
    pub(crate) build: fn(&[Vec<u8>]) -> Vec<u8>,
    /// Parses bytes, and gives the record and the bytes of each field, or nothing if they are none.
    pub(crate) parse: Parse,
}

/// The bytes of the record, and of each field what its accessor gives.
pub(crate) type Parse = for<'a> fn(&'a [u8]) -> Option<(&'a [u8], Vec<&'a [u8]>)>;

macro_rules! compact {
    ($name:literal, $view:ident, $header:ident, $tagged:literal, [$($field:ident),*]) => {
        crate::compact::Compact {
            name: $name,
            header: size_of::<$header>(),
            tagged: $tagged,
            descriptors: &[$(::core::mem::offset_of!($header, $field)),*],
            build: |_fields| {
                #[allow(unused_mut)]
                let mut record = ::bpf_layout::Recorder::<$header>::new();
                let mut _fields = _fields.iter();
                $(record.header.$field = record.bytes(_fields.next().map_or(&[], Vec::as_slice)).into();)*
                record.record()
            },
            parse: |bytes| match $view::parse(bytes) {
                Ok(view) => {
                    assert!(crate::records::prints(&view));
                    assert!(<$view<'static> as ::bpf_layout::Event>::parse_event(bytes).is_ok());
                    Some((view.as_bytes(), vec![$(crate::compact::Read::read(view.$field())),*]))
                }
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    None
                }
            },
        }
    };
}

pub(crate) use compact;

/// What accessors of fields of variable length give.
pub(crate) trait Read<'a> {
    /// Asks it all there is to ask, and gives its bytes.
    fn read(self) -> &'a [u8];
}

impl<'a> Read<'a> for &'a [u8] {
    fn read(self) -> &'a [u8] {
        self
    }
}

impl<'a> Read<'a> for StrRef<'a> {
    fn read(self) -> &'a [u8] {
        let text = self.as_bytes();
        assert!(!text.contains(&0) && self.raw().starts_with(text) && self.len() == text.len());
        assert_eq!(self.as_cstr().is_some(), self.raw().contains(&0));
        assert_eq!(self.is_empty(), text.is_empty());
        assert_eq!(self.to_str().is_ok(), self.to_str_lossy().as_bytes() == text);
        self.raw()
    }
}

impl<'a> Read<'a> for StrsRef<'a> {
    fn read(self) -> &'a [u8] {
        assert_eq!(
            self.iter().map(|text| text.read().len()).sum::<usize>(),
            self.raw().len(),
            "all bytes are of a text"
        );
        assert_eq!(self.len(), self.raw().split_inclusive(|byte| *byte == 0).count());
        assert_eq!(self.is_empty(), self.raw().is_empty());
        self.raw()
    }
}

impl<'a, T: Read<'a>> Read<'a> for Option<T> {
    fn read(self) -> &'a [u8] {
        self.map_or(&[], Read::read)
    }
}

pub(crate) fn run(data: &[u8]) {
    for event in TABLES.iter().flat_map(|table| table.compacts) {
        at_any_address(event, data);
        built(event, data);
    }
}

/// The first byte says what is done to the record, the next ones how long its fields are, the rest what is in them.
fn built(event: &Compact, data: &[u8]) {
    let count = event.descriptors.len();
    let Some((&damage, rest)) = data.split_first() else { return };
    let Some((lengths, mut rest)) = rest.split_at_checked(count) else { return };
    let mut fields = Vec::new();
    for len in lengths {
        let (field, behind) = rest.split_at(usize::from(*len).min(rest.len()));
        fields.push(field.to_vec());
        rest = behind;
    }
    let mut record = (event.build)(&fields);
    let (whole, found) = (event.parse)(&record).unwrap_or_else(|| panic!("{} was built", event.name));
    assert_eq!(whole, record);
    assert!(found.iter().eq(&fields), "{}: what is put into fields is read from them", event.name);
    record.extend(std::iter::repeat_n(0xee, usize::from(damage & 7)));
    at_any_address(event, &record);
    // Two bytes each: a place, and what is there now.
    for change in rest.chunks_exact(2).take(usize::from(damage >> 6)) {
        let place = usize::from(change[0]) % record.len();
        record[place] = change[1];
    }
    record.truncate(record.len() - usize::from(damage >> 3 & 7).min(record.len()));
    at_any_address(event, &record);
}

/// What must be so of any bytes at all, wherever they lie.
fn at_any_address(event: &Compact, data: &[u8]) {
    let mut room = vec![0; data.len() + 128];
    let aligned = room.as_ptr().align_offset(64);
    for skew in [0, 1, 4] {
        let range = aligned + skew..aligned + skew + data.len();
        room[range.clone()].copy_from_slice(data);
        let bytes = &room[range];
        let expected = expected(event, bytes);
        match ((event.parse)(bytes), expected) {
            (Some(found), Some(expected)) => assert_eq!(found, expected, "{}", event.name),
            (None, expected) => assert!(expected.is_none() || event.tagged, "{} is one: {bytes:?}", event.name),
            (Some(_), None) => panic!("{} is none: {bytes:?}", event.name),
        }
    }
}

/// The rule, as docs/generated-code.md has it: as long as the struct and all that the descriptors count, up to 7 bytes more,
/// and the bytes of every field in what is behind the struct.
fn expected<'a>(event: &Compact, bytes: &'a [u8]) -> Option<(&'a [u8], Vec<&'a [u8]>)> {
    let header = bytes.get(..event.header)?;
    let half = |at: usize| u16::from_ne_bytes([header[at], header[at + 1]]);
    let tails: Vec<Tail> = event.descriptors.iter().map(|at| Tail::new(half(*at), half(*at + 2), false)).collect();
    let len = event.header + tails.iter().map(|tail| tail.len()).sum::<usize>();
    if !(len..=len + MAX_TRAILING).contains(&bytes.len()) {
        return None;
    }
    let record = &bytes[..len];
    let field = |tail: &Tail| match tail.len() {
        0 => Some(&record[..0]),
        len => (tail.offset() >= event.header).then(|| record.get(tail.offset()..tail.offset() + len))?,
    };
    let fields = tails.iter().map(field).collect::<Option<Vec<_>>>()?;
    Some((record, fields))
}
