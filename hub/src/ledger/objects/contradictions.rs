//! Serials of which the ledger does not say what the log says.

use serde::{Deserialize, Serialize};
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::serial::{BlockRef, SerialRange, SeriesRef};

use super::Governance;

/// What the log contradicts in the findings of one reconciliation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contradicted {
    /// Whose findings.
    pub member: NodeId,
    /// The serials: runs that neither overlap nor touch, ascending.
    pub blocks: Vec<BlockRef>,
    /// False once officers have closed the findings.
    #[serde(skip, default = "open")]
    pub open: bool,
}

const fn open() -> bool {
    true
}

impl Contradicted {
    /// True if one of the serials is in the range.
    #[must_use]
    pub fn overlaps(&self, series: &SeriesRef, range: SerialRange) -> bool {
        let begins = |block: &BlockRef| (&block.series, block.range.first()) <= (series, range.last());
        let last = self.blocks.partition_point(begins).checked_sub(1);
        let last = last.and_then(|place| self.blocks.get(place));
        last.is_some_and(|block| block.series == *series && block.range.overlaps(&range))
    }

    /// Σ in grams.
    #[must_use]
    pub fn quantity(&self) -> i64 {
        let grams = self.blocks.iter().map(|block| block.range.quantity().get());
        grams.fold(0, i64::saturating_add)
    }
}

impl Governance {
    /// What is in open findings and contradicted by the log.
    pub fn open_contradictions(&self) -> impl Iterator<Item = (MessageId, &Contradicted)> {
        let open = self.contradictions.iter().filter(|(_, found)| found.open);
        open.map(|(id, found)| (*id, found))
    }

    /// The reconciliation in whose open findings one of the serials is, if one is.
    #[must_use]
    pub fn contradicted(&self, series: &SeriesRef, range: SerialRange) -> Option<MessageId> {
        let mut open = self.open_contradictions();
        open.find(|(_, found)| found.overlaps(series, range)).map(|(id, _)| id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_found_among_many_of_several_series() {
        let series: Vec<SeriesRef> = [
            "harbin/230100/a.v1/2025",
            "wuhan/420100/a.v1/2024",
            "wuhan/420100/a.v1/2025",
        ]
        .map(|series| series.parse().unwrap())
        .into();
        let run = |series: &SeriesRef, first: i64| BlockRef {
            series: series.clone(),
            range: SerialRange::new(first, first + 9).unwrap(),
        };
        let found = Contradicted {
            member: "wuhan".parse().unwrap(),
            blocks: [0, 2]
                .into_iter()
                .flat_map(|place| (1..200).map(move |at| (place, at * 100)))
                .map(|(place, first)| run(&series[place], first))
                .collect(),
            open: true,
        };
        assert_eq!(found.quantity(), 2 * 199 * 10);
        let hit = |place: usize, first, last| found.overlaps(&series[place], SerialRange::new(first, last).unwrap());
        assert!(hit(0, 1, 100) && hit(0, 109, 150) && hit(0, 1, 1_000_000) && hit(2, 19_900, 19_900));
        assert!(!hit(0, 1, 99) && !hit(0, 110, 199) && !hit(0, 19_910, 1_000_000));
        assert!(!hit(1, 1, 1_000_000));
        assert!(!hit(2, 1, 99) && !hit(2, 19_910, 19_910));
    }
}
