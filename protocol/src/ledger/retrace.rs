//! A few serials followed through the log, without replaying all of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::block::{Block, BlockChange};
use crate::id::NodeId;
use crate::leaf::Leaf;
use crate::ledger::{Book, Replacement, Violation, replacements};
use crate::serial::{BlockRef, SerialRange, SeriesRef};

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
        let mut places = Self {
            series,
            ranges: BTreeMap::new(),
        };
        ranges.into_iter().for_each(|range| places.insert(range));
        places
    }

    /// These serials too.
    pub fn insert(&mut self, range: SerialRange) {
        let (mut first, mut last) = (range.first(), range.last());
        while let Some((&before, &until)) = self.ranges.range(..=last.saturating_add(1)).next_back() {
            if until.saturating_add(1) < first {
                break;
            }
            self.ranges.remove(&before);
            (first, last) = (first.min(before), last.max(until));
        }
        self.ranges.insert(first, last);
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
    places: BTreeMap<SeriesRef, Places>,
    book: Book,
    broken: BTreeMap<SeriesRef, BTreeMap<i64, Broken>>,
    /// The index of the first leaf of the change whose parts are being gathered.
    gathering: Option<i64>,
    changes: Vec<BlockChange>,
}

/// Serials whose changes in the log contradict each other: from there on it does not say what has become of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The serials.
    pub place: BlockRef,
    /// The leaf of the first change that does not follow.
    pub leaf: i64,
    /// Why it does not.
    pub why: Violation,
    /// Who had them before, and to whom the changes that do not follow give them.
    pub holders: BTreeSet<NodeId>,
}

/// What the log says of the serials that were followed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traced {
    /// The blocks that have one of the serials, by series and first serial.
    pub blocks: Vec<Block>,
    /// Serials of which the log contradicts itself.
    pub broken: Vec<Broken>,
}

/// Serials of which ledger and log do not both say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contradiction {
    /// The ledger has this block, and the log does not say so.
    NotInLog(Block),
    /// The log says that it is so, and the ledger has it not.
    NotInLedger(Block),
    /// The log contradicts itself.
    InTheLog(Broken),
}

impl Retrace {
    /// Follows these serials from the beginning of the log. Each series is named once.
    #[must_use]
    pub fn of(places: impl IntoIterator<Item = Places>) -> Self {
        let places = places.into_iter().map(|places| (places.series.clone(), places));
        Self {
            places: places.collect(),
            book: Book::default(),
            broken: BTreeMap::new(),
            gathering: None,
            changes: Vec::new(),
        }
    }

    /// The next leaf. Leaves in between may be left out if they change no block of the series.
    pub fn apply(&mut self, leaf: Leaf) {
        let begun = leaf.index - i64::from(leaf.part.unwrap_or(1)) + 1;
        if self.gathering != Some(begun) {
            self.settle();
            self.gathering = Some(begun);
        }
        let places = &self.places;
        self.changes.extend(leaf.changes.into_iter().filter(|change| {
            let followed = places.get(&change.block.series);
            followed.is_some_and(|places| places.overlap(&over(change)))
        }));
    }

    /// What the log says after the last leaf.
    #[must_use]
    pub fn finish(mut self) -> Traced {
        self.settle();
        let broken = self.broken.into_values().flat_map(BTreeMap::into_values);
        Traced {
            blocks: self.book.blocks().cloned().collect(),
            broken: broken.collect(),
        }
    }

    fn settle(&mut self) {
        let changes = std::mem::take(&mut self.changes);
        let Some(index) = self.gathering.take() else { return };
        // The changes of one block stand together; what is wrong with one says nothing about another.
        let together = |a: &BlockChange, b: &BlockChange| {
            a.split_of.is_some() && a.split_of == b.split_of && a.block.series == b.block.series
        };
        for group in changes.chunk_by(together) {
            if let Err(why) = self.follow(group) {
                self.break_off(index, group, &why);
            }
        }
    }

    fn follow(&mut self, group: &[BlockChange]) -> Result<(), Violation> {
        let found = replacements(group, |series, range| self.book.find(series, range).cloned())?;
        for mut replacement in found {
            replacement.check()?;
            if replacement.before.is_none() {
                self.check_new(&replacement.after)?;
            }
            let places = &self.places;
            let followed = |block: &Block| {
                let places = places.get(&block.series);
                places.is_some_and(|places| places.overlap(&block.range))
            };
            replacement.after.retain(followed);
            self.book.apply(&replacement);
        }
        Ok(())
    }

    /// Serials are issued once.
    fn check_new(&self, blocks: &[Block]) -> Result<(), Violation> {
        let again = |block: &&Block| {
            let broken = self.broken.get(&block.series);
            let broken = broken.and_then(|broken| broken.range(..=block.range.last()).next_back());
            broken.is_some_and(|(_, broken)| broken.place.range.overlaps(&block.range))
                || self.book.overlapping(&block.series, block.range).next().is_some()
        };
        blocks.iter().find(again).map_or(Ok(()), |block| {
            Err(Violation::Mismatch {
                block: block.reference(),
                rule: "its serials were issued before",
            })
        })
    }

    /// Of these serials, and of the whole blocks that have them, the log says nothing that can be followed any more.
    fn break_off(&mut self, index: i64, group: &[BlockChange], why: &Violation) {
        let Some(change) = group.first() else { return };
        let series = &change.block.series;
        let mut holders: BTreeSet<NodeId> = BTreeSet::new();
        for change in group {
            holders.extend(
                change
                    .from
                    .iter()
                    .chain([&change.to])
                    .map(|status| status.holder.clone()),
            );
        }
        let mut range = over(change);
        let mut first_known = (index, why.clone());
        let blocks: Vec<Block> = self.book.overlapping(series, range).cloned().collect();
        for block in blocks {
            range = range.hull(&block.range);
            holders.insert(block.status.holder.clone());
            self.book.apply(&Replacement {
                before: Some(block),
                after: Vec::new(),
            });
        }
        let broken = self.broken.entry(series.clone()).or_default();
        while let Some((&at, before)) = broken.range(..=range.last()).next_back() {
            if !before.place.range.overlaps(&range) {
                break;
            }
            range = range.hull(&before.place.range);
            if before.leaf < first_known.0 {
                first_known = (before.leaf, before.why.clone());
            }
            holders.extend(before.holders.iter().cloned());
            broken.remove(&at);
        }
        let (leaf, why) = first_known;
        let place = BlockRef {
            series: series.clone(),
            range,
        };
        broken.insert(
            range.first(),
            Broken {
                place,
                leaf,
                why,
                holders,
            },
        );
    }
}

/// The serials of the block that a change replaces.
fn over(change: &BlockChange) -> SerialRange {
    change.split_of.map_or(change.block.range, |split| split.0)
}

/// Where the ledger's blocks are not those that the log says. Both are the blocks that have one of the serials; none where
/// they are the same, in whatever order.
#[must_use]
pub fn contradictions(ledger: Vec<Block>, log: Traced) -> Vec<Contradiction> {
    let by_place = |blocks: Vec<Block>| -> BTreeMap<(SeriesRef, i64), Block> {
        let keyed = |block: Block| ((block.series.clone(), block.range.first()), block);
        blocks.into_iter().map(keyed).collect()
    };
    let (mut ledger, mut logged) = (by_place(ledger), by_place(log.blocks));
    ledger.retain(|place, block| {
        let same = logged.get(place) == Some(block);
        if same {
            logged.remove(place);
        }
        !same
    });
    let mut found: Vec<Contradiction> = ledger.into_values().map(Contradiction::NotInLog).collect();
    found.extend(logged.into_values().map(Contradiction::NotInLedger));
    found.extend(log.broken.into_iter().map(Contradiction::InTheLog));
    found.sort_by_cached_key(Contradiction::place);
    found
}

impl Contradiction {
    /// The serials.
    #[must_use]
    pub fn place(&self) -> BlockRef {
        match self {
            Self::NotInLog(block) | Self::NotInLedger(block) => block.reference(),
            Self::InTheLog(broken) => broken.place.clone(),
        }
    }

    /// True if the ledger or the log gives the serials to this member, or gave them when the log began to contradict itself.
    #[must_use]
    pub fn concerns(&self, member: &NodeId) -> bool {
        match self {
            Self::NotInLog(block) | Self::NotInLedger(block) => block.status.holder == *member,
            Self::InTheLog(broken) => broken.holders.contains(member),
        }
    }
}

#[cfg(test)]
mod tests;
