//! What was replayed beside what was published.

use std::collections::BTreeMap;

use serde::Serialize;
use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::serial::SeriesRef;
use tanqiao_protocol::view::{PublicTotals, TotalsLine};

/// A line that is not the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where the acts took place.
    pub region: RegionCode,
    /// The series.
    pub series: SeriesRef,
    /// The state.
    pub state: BlockState,
    /// Grams by the replay of the log.
    pub replayed_g: i64,
    /// Grams as published.
    pub published_g: i64,
    /// Blocks by the replay.
    pub replayed_blocks: u64,
    /// Blocks as published.
    pub published_blocks: u64,
}

type Key = (RegionCode, SeriesRef, BlockState);
type Sum = (i64, u64);

fn lines(totals: &[TotalsLine]) -> BTreeMap<Key, Sum> {
    let mut sums: BTreeMap<Key, Sum> = BTreeMap::new();
    for line in totals {
        let sum = sums.entry((line.region, line.series.clone(), line.state)).or_default();
        // A line that stands twice counts twice: then it differs.
        sum.0 = sum.0.saturating_add(line.quantity_g.get());
        sum.1 = sum.1.saturating_add(line.blocks);
    }
    sums
}

/// The lines in which the two differ.
#[must_use]
pub fn compare(replayed: &PublicTotals, published: &PublicTotals) -> Vec<Difference> {
    let (ours, theirs) = (lines(&replayed.totals), lines(&published.totals));
    let keys: std::collections::BTreeSet<&Key> = ours.keys().chain(theirs.keys()).collect();
    let found = keys.into_iter().filter_map(|key| {
        let (ours, theirs) = (
            ours.get(key).copied().unwrap_or_default(),
            theirs.get(key).copied().unwrap_or_default(),
        );
        let (region, series, state) = key.clone();
        (ours != theirs).then_some(Difference {
            region,
            series,
            state,
            replayed_g: ours.0,
            published_g: theirs.0,
            replayed_blocks: ours.1,
            published_blocks: theirs.1,
        })
    });
    found.collect()
}
