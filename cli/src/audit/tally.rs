//! What is counted of one element: that it is in use, and how many bytes its strings use.

use super::{
    document::Strings,
    histogram::Histogram,
    places::{Part, Place},
};

/// Counts of a map.
#[derive(Debug)]
pub(super) struct Tally<'a> {
    places: &'a [Place],
    /// Bytes from one CPU's value to the next.
    stride: usize,
    /// Whether an element of zeros is one that is not in use.
    zero_is_free: bool,
    /// Elements in use.
    pub(super) entries: u64,
    lengths: Vec<(Histogram, u64)>,
}

impl<'a> Tally<'a> {
    /// For elements whose values, one for each CPU, are `stride` bytes apart; `zero_is_free` for arrays.
    pub(super) fn new(places: &'a [Place], stride: usize, zero_is_free: bool) -> Self {
        let lengths = vec![(Histogram::default(), 0); places.len()];
        Tally { places, stride: stride.max(1), zero_is_free, entries: 0, lengths }
    }

    /// Forgets everything, to begin anew.
    pub(super) fn reset(&mut self) {
        *self = Tally::new(self.places, self.stride, self.zero_is_free);
    }

    /// Counts one element.
    pub(super) fn element(&mut self, key: &[u8], value: &[u8]) {
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
    pub(super) fn strings(self) -> Vec<Strings> {
        let found = self.places.iter().zip(self.lengths);
        found
            .map(|(place, (lengths, filled))| Strings {
                field: place.field.clone(),
                length: place.length,
                filled,
                lengths,
            })
            .collect()
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// Gives bytes in use, the NUL included, and whether no byte is left, of each string at a place.
fn strings(place: &Place, bytes: &[u8], each: &mut impl FnMut(u64, bool)) {
    fn repeated(bytes: &[u8], offset: u64, length: u64, repeats: &[(u64, u64)], each: &mut impl FnMut(u64, bool)) {
        let Some(((stride, count), inner)) = repeats.split_first() else {
            let range = usize::try_from(offset).ok().zip(usize::try_from(offset + length).ok());
            if let Some(string) = range.and_then(|(start, end)| bytes.get(start..end)) {
                let nul = string.iter().position(|byte| *byte == 0).unwrap_or(string.len());
                let used = (nul + 1).min(string.len()) as u64;
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
    use super::{super::places::Decided, *};

    fn place(part: Part, offset: u64, length: u64, repeats: &[(u64, u64)]) -> Place {
        let repeats = repeats.to_vec();
        Place { field: "f".into(), part, offset, repeats, length, decided: Decided::Otherwise, written: None }
    }

    fn seen(tally: Tally<'_>) -> Vec<(u64, Option<u64>, u64)> {
        tally.strings().iter().map(|found| (found.lengths.count(), found.lengths.max(), found.filled)).collect()
    }

    #[test]
    fn a_string_ends_at_its_nul_or_its_field() {
        let places = [place(Part::Key, 0, 4, &[]), place(Part::Value, 1, 4, &[])];
        let mut tally = Tally::new(&places, 8, false);
        tally.element(b"ab\0\0", b"?abcd???");
        tally.element(b"\0zzz", b"?abc\0???");
        assert_eq!(tally.entries, 2);
        assert_eq!(seen(tally), [(2, Some(3), 0), (2, Some(4), 2)]);
    }

    #[test]
    fn values_of_cpus_and_elements_of_arrays_count_each() {
        let places = [place(Part::Value, 0, 2, &[(4, 2)])];
        let mut tally = Tally::new(&places, 8, true);
        tally.element(&[0; 4], &[0; 16]);
        tally.element(&[0; 4], b"a\0..bc..\0\0\0\0\0\0\0\0");
        assert_eq!(tally.entries, 1);
        assert_eq!(seen(tally), [(2, Some(2), 2)]);
    }

    #[test]
    fn values_that_are_too_short_have_no_strings() {
        let places = [place(Part::Value, 6, 4, &[])];
        let mut tally = Tally::new(&places, 8, false);
        tally.element(&[], &[1; 8]);
        assert_eq!(seen(tally), [(0, None, 0)]);
    }
}
