//! What the ledger adds up to, for everybody: compared with a replay of the log.

use std::collections::BTreeMap;

use crate::block::BlockState;
use crate::ledger::Replay;
use crate::quantity::{Grams, QuantityError};
use crate::region::RegionCode;
use crate::serial::SeriesRef;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The blocks of one series in one state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TotalsLine {
    /// Where the acts took place, as the series says.
    pub region: RegionCode,
    /// The series.
    pub series: SeriesRef,
    /// The state.
    pub state: BlockState,
    /// Σ of the serials, in grams.
    pub quantity_g: Grams,
    /// Number of blocks.
    pub blocks: u64,
}

/// `GET /v1/public/totals`: one consistent read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicTotals {
    /// Number of leaves of the log that these totals belong to.
    pub log_size: u64,
    /// The time in the last of these leaves.
    pub at: Timestamp,
    /// By region, series and state, in this order.
    pub totals: Vec<TotalsLine>,
}

impl PublicTotals {
    /// From what was added up, in any order.
    #[must_use]
    pub fn new(log_size: u64, at: Timestamp, mut totals: Vec<TotalsLine>) -> Self {
        totals.sort_unstable_by(|a, b| {
            let key = |line: &TotalsLine| (line.region, line.series.clone(), line.state);
            key(a).cmp(&key(b))
        });
        Self { log_size, at, totals }
    }

    /// What a replayed log adds up to.
    ///
    /// # Errors
    /// [`QuantityError`] if a sum is beyond what a series can hold.
    pub fn of(replay: &Replay) -> Result<Self, QuantityError> {
        let mut sums: BTreeMap<(RegionCode, &SeriesRef, BlockState), (Grams, u64)> = BTreeMap::new();
        for block in replay.book.blocks() {
            let key = (block.series.region_of_act(), &block.series, block.status.state);
            let (quantity, blocks) = sums.entry(key).or_default();
            *quantity = quantity.plus(block.quantity())?;
            *blocks += 1;
        }
        let line = |((region, series, state), (quantity_g, blocks)): ((_, &SeriesRef, _), _)| TotalsLine {
            region,
            series: series.clone(),
            state,
            quantity_g,
            blocks,
        };
        let size = u64::try_from(replay.size).unwrap_or(0);
        Ok(Self::new(size, replay.at, sums.into_iter().map(line).collect()))
    }
}
