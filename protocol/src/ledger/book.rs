//! All blocks of all series, in memory.

use std::collections::BTreeMap;

use crate::block::Block;
use crate::ledger::{Replacement, Violation};
use crate::serial::{SerialRange, SeriesRef};

/// Blocks by series and first serial.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    series: BTreeMap<SeriesRef, BTreeMap<i64, Block>>,
}

impl Book {
    /// The block over exactly this range.
    #[must_use]
    pub fn find(&self, series: &SeriesRef, range: SerialRange) -> Option<&Block> {
        self.series
            .get(series)?
            .get(&range.first())
            .filter(|b| b.range == range)
    }

    /// Every block that has a serial in `range`, ascending.
    pub fn overlapping(&self, series: &SeriesRef, range: SerialRange) -> impl Iterator<Item = &Block> {
        self.series.get(series).into_iter().flat_map(move |blocks| {
            let from = blocks
                .range(..=range.first())
                .next_back()
                .map_or(range.first(), |(first, _)| *first);
            blocks
                .range(from..=range.last())
                .map(|(_, b)| b)
                .filter(move |b| b.range.overlaps(&range))
        })
    }

    /// Every block, by series and serial.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.series.values().flat_map(BTreeMap::values)
    }

    /// The serial after the last of a series; 1 for a series that has none.
    #[must_use]
    pub fn next_serial(&self, series: &SeriesRef) -> i64 {
        self.series
            .get(series)
            .and_then(|b| b.last_key_value())
            .map_or(1, |(_, b)| b.range.last() + 1)
    }

    /// Puts blocks in the place of the block before. The caller has checked the replacement.
    pub fn apply(&mut self, replacement: &Replacement) {
        if let Some(before) = &replacement.before
            && let Some(blocks) = self.series.get_mut(&before.series)
        {
            blocks.remove(&before.range.first());
        }
        for block in &replacement.after {
            self.series
                .entry(block.series.clone())
                .or_default()
                .insert(block.range.first(), block.clone());
        }
    }

    /// Checks that new serials continue their series without a gap, and that a change obeys the rules.
    ///
    /// # Errors
    /// The [`Violation`].
    pub fn check(&self, replacement: &Replacement) -> Result<(), Violation> {
        replacement.check()?;
        match (&replacement.before, replacement.after.first()) {
            (None, Some(first)) if first.range.first() != self.next_serial(&first.series) => Err(Violation::Mismatch {
                block: first.reference(),
                rule: "new serials do not continue their series",
            }),
            _ => Ok(()),
        }
    }
}
