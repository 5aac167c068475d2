//! What is counted of one element: that it is in use, and how many bytes its strings use.

use crate::{document::Strings, histogram::Histogram};

/// A key or a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The key.
    Key,
    /// The value, or the record of a buffer.
    Value,
}

/// What lies at a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// The string itself.
    #[default]
    Fixed,
    /// The descriptor of a string of variable length, which follows the struct (docs/generated-code.md).
    Variable,
    /// The descriptor of several.
    Several,
}

/// A string in keys, values or records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `value.cwd`; elements of arrays are `value.args[]`.
    pub field: String,
    /// What it is in.
    pub part: Part,
    /// Bytes from the start of that, for the first element of each array around it.
    pub offset: u64,
    /// Arrays around it, the outermost first: bytes from one element to the next, and elements.
    pub repeats: Vec<(u64, u64)>,
    /// Bytes that it has, or of one of variable length, that it may have.
    pub length: u64,
    /// Whether it lies there itself.
    pub form: Form,
}

/// Counts of a map.
#[derive(Clone, Debug)]
pub struct Tally {
    places: Vec<Place>,
    /// Bytes from one CPU's value to the next.
    stride: usize,
    /// Whether an element of zeros is one that is not in use.
    zero_is_free: bool,
    /// Elements in use.
    entries: u64,
    lengths: Vec<(Histogram, u64)>,
}

impl Tally {
    /// For elements whose values, one for each CPU, are `stride` bytes apart; `zero_is_free` for arrays.
    #[must_use]
    pub fn new(places: Vec<Place>, stride: usize, zero_is_free: bool) -> Self {
        let lengths = vec![(Histogram::default(), 0); places.len()];
        Tally { places, stride: stride.max(1), zero_is_free, entries: 0, lengths }
    }

    /// Forgets everything, to begin anew.
    pub fn reset(&mut self) {
        self.entries = 0;
        self.lengths.fill((Histogram::default(), 0));
    }

    /// Elements in use.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Counts one element.
    pub fn element(&mut self, key: &[u8], value: &[u8]) {
        if self.zero_is_free && is_zero(value) {
            return;
        }
        self.entries += 1;
        for (place, (lengths, filled)) in self.places.iter().zip(&mut self.lengths) {
            let mut record = |bytes: &[u8]| {
                strings(place, bytes, &mut |used, full| {
                    lengths.record(used);
                    *filled += u64::from(full);
                })
            };
            match place.part {
                Part::Key => record(key),
                // A CPU that never wrote its value has no string there.
                Part::Value if value.len() > self.stride => {
                    value.chunks(self.stride).filter(|value| !is_zero(value)).for_each(record);
                }
                Part::Value => record(value),
            }
        }
    }

    /// What was found of each string.
    #[must_use]
    pub fn strings(&self) -> Vec<Strings> {
        let found = self.places.iter().zip(&self.lengths);
        found
            .map(|(place, (lengths, filled))| Strings {
                field: place.field.clone(),
                length: place.length,
                filled: *filled,
                lengths: lengths.clone(),
            })
            .collect()
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// Bytes of a string in use, the NUL included: all of them if none is free, or if the reader left the mark of having cut it,
/// a NUL and 0xff at the end (docs/generated-code.md).
fn used(string: &[u8]) -> u64 {
    let nul = string.iter().position(|byte| *byte == 0).unwrap_or(string.len());
    let cut = nul + 2 == string.len() && string.last() == Some(&0xff);
    let used = if cut { string.len() } else { (nul + 1).min(string.len()) };
    used as u64
}

/// Gives bytes in use, the NUL included, and whether no byte is left, of each string at a place.
fn strings(place: &Place, bytes: &[u8], each: &mut impl FnMut(u64, bool)) {
    fn repeated(bytes: &[u8], offset: u64, length: u64, repeats: &[(u64, u64)], each: &mut impl FnMut(u64, bool)) {
        let Some(((stride, count), inner)) = repeats.split_first() else {
            let range = usize::try_from(offset).ok().zip(usize::try_from(offset + length).ok());
            if let Some(string) = range.and_then(|(start, end)| bytes.get(start..end)) {
                let used = used(string);
                each(used, used == length);
            }
            return;
        };
        for index in 0..*count {
            repeated(bytes, offset + index * stride, length, inner, each);
        }
    }
    match place.form {
        Form::Fixed => repeated(bytes, place.offset, place.length, &place.repeats, each),
        Form::Variable => {
            // One that was not filled is no string, and one that was cut is as long as it may be.
            if let Some((string, cut)) = described(bytes, place.offset).filter(|(string, _)| !string.is_empty()) {
                let used = if cut { place.length } else { string.len() as u64 };
                each(used, used >= place.length);
            }
        }
        Form::Several => {
            let all = described(bytes, place.offset).map_or(&[][..], |(strings, _)| strings);
            for string in all.split_inclusive(|byte| *byte == 0) {
                let used = string.len() as u64;
                each(used, used >= place.length);
            }
        }
    }
}

/// The bytes that a descriptor says are in use, and whether more were cut off: `offset` and `len`, a `u16` each.
fn described(bytes: &[u8], at: u64) -> Option<(&[u8], bool)> {
    const CUT: u16 = 0x8000;
    let at = usize::try_from(at).ok()?;
    let half = |at: usize| Some(u16::from_ne_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?));
    let (offset, len) = (usize::from(half(at)?), half(at.checked_add(2)?)?);
    Some((bytes.get(offset..offset + usize::from(len & !CUT))?, len & CUT != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(part: Part, offset: u64, length: u64, repeats: &[(u64, u64)]) -> Place {
        Place { field: "f".into(), part, offset, repeats: repeats.to_vec(), length, form: Form::Fixed }
    }

    fn seen(tally: &Tally) -> Vec<(u64, Option<u64>, u64)> {
        tally.strings().iter().map(|found| (found.lengths.count(), found.lengths.max(), found.filled)).collect()
    }

    #[test]
    fn a_string_ends_at_its_nul_or_its_field() {
        let places = [place(Part::Key, 0, 4, &[]), place(Part::Value, 1, 4, &[])];
        let mut tally = Tally::new(places.into(), 8, false);
        tally.element(b"ab\0\0", b"?abcd???");
        tally.element(b"\0zzz", b"?abc\0???");
        assert_eq!(tally.entries(), 2);
        assert_eq!(seen(&tally), [(2, Some(3), 0), (2, Some(4), 2)]);
    }

    #[test]
    fn a_string_that_was_cut_says_so() {
        for (string, expected) in [
            (&b"abcd\0\xff"[..], 6),
            (b"abcd\0x", 5),
            (b"abc\0\0\xff", 4),
            (b"abcde\0", 6),
            (b"abcdef", 6),
            (b"\0\xff", 2),
            (b"\0", 1),
            (b"", 0),
        ] {
            assert_eq!(used(string), expected, "{string:?}");
        }
    }

    #[test]
    fn values_of_cpus_and_elements_of_arrays_count_each() {
        let places = [place(Part::Value, 0, 2, &[(4, 2)])];
        let mut tally = Tally::new(places.into(), 8, true);
        tally.element(&[0; 4], &[0; 16]);
        tally.element(&[0; 4], b"a\0..bc..\0\0\0\0\0\0\0\0");
        assert_eq!(tally.entries(), 1);
        assert_eq!(seen(&tally), [(2, Some(2), 2)]);
    }

    #[test]
    fn strings_of_variable_length_are_found_by_their_descriptors() {
        let of = |form, offset, length| Place { form, ..place(Part::Value, offset, length, &[]) };
        let places = [of(Form::Variable, 0, 16), of(Form::Several, 4, 4)];
        let mut tally = Tally::new(places.into(), usize::MAX, false);
        let record = |text: (u16, u16), texts: (u16, u16), tail: &[u8]| {
            let head = [text.0, text.1, texts.0, texts.1].map(u16::to_ne_bytes).concat();
            [head.as_slice(), tail].concat()
        };
        tally.element(&[], &record((8, 3), (11, 6), b"ab\0\0abc\0x"));
        tally.element(&[], &record((8, 0x8003), (0, 0), b"ab\0"));
        tally.element(&[], &record((0, 0), (8, 0x8000), b""));
        // Descriptors that point nowhere.
        tally.element(&[], &record((8, 9), (0xffff, 0x7fff), b"ab\0"));
        tally.element(&[], b"\0\0\0");
        assert_eq!(seen(&tally), [(2, Some(16), 1), (3, Some(4), 1)]);
        assert_eq!(tally.strings()[1].lengths.count(), 3, "`x` without a NUL is a string, too");
    }

    #[test]
    fn values_that_are_too_short_have_no_strings() {
        let places = [place(Part::Value, 6, 4, &[])];
        let mut tally = Tally::new(places.into(), 8, false);
        tally.element(&[], &[1; 8]);
        assert_eq!(seen(&tally), [(0, None, 0)]);
    }
}
