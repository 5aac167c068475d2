//! A small random number generator: the same seed gives the same specs on every machine and in every release.

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The numbers that follow from this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Rng(seed)
    }

    /// The next 64 bits.
    #[allow(clippy::should_implement_trait, reason = "it never ends, and so is no iterator")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub fn range(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    /// True in `percent` of a hundred cases.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.range(1, 100) <= percent
    }

    /// One of `from`, which must not be empty.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let last = u64::try_from(from.len()).expect("a slice's length fits 64 bits") - 1;
        &from[usize::try_from(self.range(0, last)).expect("an index into a slice")]
    }

    /// One of `from` by weight: a table of weights and choices.
    pub fn weighted<T: Copy>(&mut self, from: &[(u64, T)]) -> T {
        let mut ticket = self.range(1, from.iter().map(|(weight, _)| weight).sum());
        for &(weight, choice) in from {
            if ticket <= weight {
                return choice;
            }
            ticket -= weight;
        }
        unreachable!("a ticket is at most the sum of the weights")
    }
}
