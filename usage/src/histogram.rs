//! How often each length was seen. A length is bounded by its field, so that every one has a count of its own:
//! percentiles are exact, and merging loses nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Counts by length. In JSON an object, `{"12": 3}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Histogram(BTreeMap<u64, u64>);

impl Histogram {
    /// One more of this length.
    pub fn record(&mut self, length: u64) {
        let count = self.0.entry(length).or_default();
        *count = count.saturating_add(1);
    }

    /// Adds the counts of another one.
    pub fn merge(&mut self, other: &Histogram) {
        for (length, count) in &other.0 {
            let sum = self.0.entry(*length).or_default();
            *sum = sum.saturating_add(*count);
        }
    }

    /// How many were seen.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The longest.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        self.0.iter().rfind(|(_, count)| **count > 0).map(|(length, _)| *length)
    }

    /// How many were longer than this.
    #[must_use]
    pub fn above(&self, length: u64) -> u64 {
        self.between(length.saturating_add(1), u64::MAX)
    }

    /// How many were from `first` to `last` long.
    #[must_use]
    pub fn between(&self, first: u64, last: u64) -> u64 {
        if first > last {
            return 0;
        }
        self.0.range(first..=last).fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// The smallest length that this share of all, in percent, does not exceed (the nearest rank).
    #[must_use]
    pub fn percentile(&self, percent: f64) -> Option<u64> {
        let count = self.count();
        // Ranks that are not whole are rounded up; what multiplying added to a whole one is not.
        let rank = (count as f64 * percent / 100.0 - 1e-9).ceil().max(1.0) as u64;
        let mut seen: u64 = 0;
        let reached = self.0.iter().find(|(_, entry)| {
            seen = seen.saturating_add(**entry);
            seen >= rank
        });
        reached.map(|(length, _)| *length).or_else(|| self.max())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lengths: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::default();
        lengths.into_iter().for_each(|length| histogram.record(length));
        histogram
    }

    #[test]
    fn percentiles_are_nearest_ranks() {
        let hundred = of(1..=100);
        for (percent, expected) in [(0.0, 1), (1.0, 1), (50.0, 50), (50.1, 51), (99.0, 99), (99.9, 100), (100.0, 100)] {
            assert_eq!(hundred.percentile(percent), Some(expected), "{percent}");
        }
        let thousand = of((0..999).map(|_| 10).chain([400]));
        assert_eq!((thousand.percentile(99.9), thousand.percentile(99.91)), (Some(10), Some(400)));
        assert_eq!(of([]).percentile(50.0), None);
        assert_eq!(of([7]).percentile(99.9), Some(7));
    }

    #[test]
    fn merging_is_counting_together() {
        let (left, right) = (of([1, 5, 5, 300]), of([5, 8]));
        let mut merged = left.clone();
        merged.merge(&right);
        assert_eq!(merged, of([1, 5, 5, 300, 5, 8]));
        assert_eq!((merged.count(), merged.max(), merged.above(5), merged.between(5, 8)), (6, Some(300), 2, 4));
        assert_eq!((merged.above(u64::MAX), merged.between(9, 8)), (0, 0));
    }

    #[test]
    fn json_is_an_object_of_counts() {
        let histogram = of([12, 12, 3]);
        let text = serde_json::to_string(&histogram).expect("numbers");
        assert_eq!(text, r#"{"3":1,"12":2}"#);
        assert_eq!(serde_json::from_str::<Histogram>(&text).expect("its own"), histogram);
        let hostile: Histogram = serde_json::from_str(r#"{"1":18446744073709551615,"2":9}"#).expect("numbers");
        assert_eq!((hostile.count(), hostile.percentile(50.0)), (u64::MAX, Some(1)));
    }
}
