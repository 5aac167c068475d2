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
    /// Bytes that it has.
    pub length: u64,
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
    repeated(bytes, place.offset, place.length, &place.repeats, each);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(part: Part, offset: u64, length: u64, repeats: &[(u64, u64)]) -> Place {
        Place { field: "f".into(), part, offset, repeats: repeats.to_vec(), length }
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
    fn values_that_are_too_short_have_no_strings() {
        let places = [place(Part::Value, 6, 4, &[])];
        let mut tally = Tally::new(places.into(), 8, false);
        tally.element(&[], &[1; 8]);
        assert_eq!(seen(&tally), [(0, None, 0)]);
    }
}
