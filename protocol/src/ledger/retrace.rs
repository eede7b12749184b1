//! A few serials followed through the log, without replaying all of it.

use std::collections::BTreeMap;

use crate::block::{Block, BlockChange};
use crate::leaf::Leaf;
use crate::ledger::{Book, ReplayError, Violation, replacements};
use crate::serial::{SerialRange, SeriesRef};

/// Serials of one series: ranges that neither overlap nor touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The series.
    pub series: SeriesRef,
    /// Last serials by first.
    ranges: BTreeMap<i64, i64>,
}

impl Places {
    /// All serials that are in one of the ranges.
    #[must_use]
    pub fn of(series: SeriesRef, ranges: impl IntoIterator<Item = SerialRange>) -> Self {
        let mut sorted: Vec<SerialRange> = ranges.into_iter().collect();
        sorted.sort_unstable_by_key(SerialRange::first);
        let mut merged: BTreeMap<i64, i64> = BTreeMap::new();
        for range in sorted {
            match merged.last_entry() {
                Some(mut open) if range.first() <= open.get().saturating_add(1) => {
                    let last = (*open.get()).max(range.last());
                    open.insert(last);
                }
                _ => {
                    merged.insert(range.first(), range.last());
                }
            }
        }
        Self { series, ranges: merged }
    }

    /// The ranges, ascending.
    pub fn ranges(&self) -> impl Iterator<Item = SerialRange> {
        self.ranges
            .iter()
            .filter_map(|(first, last)| SerialRange::new(*first, *last).ok())
    }

    /// True if one of the serials is in `range`.
    #[must_use]
    pub fn overlap(&self, range: &SerialRange) -> bool {
        let before = self.ranges.range(..=range.last()).next_back();
        before.is_some_and(|(_, last)| *last >= range.first())
    }
}

/// What the log says of some serials. Feed it, in order, every leaf that changes a block of their series; it keeps only the
/// blocks that have one of the serials, so that its memory is that of these blocks however long the series is.
#[derive(Debug)]
pub struct Retrace {
    places: Places,
    book: Book,
    /// The index of the first leaf of the change whose parts are being gathered.
    gathering: Option<i64>,
    changes: Vec<BlockChange>,
}

/// A block that ledger and log do not both have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contradiction {
    /// The ledger has it, and the log does not say so.
    NotInLog(Block),
    /// The log says that it is so, and the ledger has it not.
    NotInLedger(Block),
}

impl Retrace {
    /// Follows these serials from the beginning of the log.
    #[must_use]
    pub fn of(places: Places) -> Self {
        Self {
            places,
            book: Book::default(),
            gathering: None,
            changes: Vec::new(),
        }
    }

    /// The next leaf. Leaves in between may be left out if they change no block of the series.
    ///
    /// # Errors
    /// [`ReplayError::Block`] where the log itself changes one of the serials against the rules.
    pub fn apply(&mut self, leaf: Leaf) -> Result<(), ReplayError> {
        let begun = leaf.index - i64::from(leaf.part.unwrap_or(1)) + 1;
        if self.gathering != Some(begun) {
            self.settle()?;
            self.gathering = Some(begun);
        }
        let places = &self.places;
        self.changes.extend(leaf.changes.into_iter().filter(|change| {
            let over = change.split_of.map_or(change.block.range, |split| split.0);
            change.block.series == places.series && places.overlap(&over)
        }));
        Ok(())
    }

    /// The blocks that have one of the serials after the last leaf, by first serial.
    ///
    /// # Errors
    /// As [`Retrace::apply`], for the last change.
    pub fn finish(mut self) -> Result<Vec<Block>, ReplayError> {
        self.settle()?;
        Ok(self.book.blocks().cloned().collect())
    }

    fn settle(&mut self) -> Result<(), ReplayError> {
        let changes = std::mem::take(&mut self.changes);
        let Some(index) = self.gathering.take().filter(|_| !changes.is_empty()) else {
            return Ok(());
        };
        let block = |source| ReplayError::Block { index, source };
        let found = replacements(&changes, |series, range| self.book.find(series, range).cloned()).map_err(block)?;
        for mut replacement in found {
            replacement.check().map_err(block)?;
            if replacement.before.is_none() {
                self.check_new(&replacement.after).map_err(block)?;
            }
            let places = &self.places;
            replacement.after.retain(|after| places.overlap(&after.range));
            self.book.apply(&replacement);
        }
        Ok(())
    }

    /// Serials are issued once.
    fn check_new(&self, blocks: &[Block]) -> Result<(), Violation> {
        let again = |block: &&Block| self.book.overlapping(&block.series, block.range).next().is_some();
        blocks.iter().find(again).map_or(Ok(()), |block| {
            Err(Violation::Mismatch {
                block: block.reference(),
                rule: "its serials were issued before",
            })
        })
    }
}

/// Where the ledger's blocks are not those that the log says. Both are the blocks that have one of the serials; none where
/// they are the same, in whatever order.
#[must_use]
pub fn contradictions(ledger: &[Block], log: &[Block]) -> Vec<Contradiction> {
    let only = |these: &[Block], others: &[Block]| -> Vec<Block> {
        these.iter().filter(|block| !others.contains(block)).cloned().collect()
    };
    let mut found: Vec<Contradiction> = only(ledger, log).into_iter().map(Contradiction::NotInLog).collect();
    found.extend(only(log, ledger).into_iter().map(Contradiction::NotInLedger));
    found.sort_by_key(|one| {
        let range: SerialRange = one.block().range;
        (range.first(), range.last())
    });
    found
}

impl Contradiction {
    /// The block.
    #[must_use]
    pub const fn block(&self) -> &Block {
        match self {
            Self::NotInLog(block) | Self::NotInLedger(block) => block,
        }
    }
}

#[cfg(test)]
mod tests;
