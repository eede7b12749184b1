//! Seeded random numbers: `SplitMix64` (Steele, Lea and Flood 2014), so that a seed gives one city on every machine.

#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to `bound` − 1; `bound` is small, so that the bias of a remainder is too.
    pub fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.next() % u64::from(bound.max(1))).unwrap_or(0)
    }

    /// From `first` to `last`, seconds mostly.
    pub fn between(&mut self, first: i64, last: i64) -> i64 {
        let span = u32::try_from(last - first + 1).unwrap_or(1);
        first + i64::from(self.below(span))
    }

    /// True `share` times in 10,000.
    pub fn chance(&mut self, share: u32) -> bool {
        self.below(10_000) < share
    }
}
