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
    /// The serials, whoever holds them.
    pub blocks: Vec<BlockRef>,
    /// False once officers have closed the findings.
    #[serde(skip, default = "open")]
    pub open: bool,
}

const fn open() -> bool {
    true
}

impl Governance {
    /// The reconciliation in whose open findings one of the serials is, if one is.
    #[must_use]
    pub fn contradicted(&self, series: &SeriesRef, range: SerialRange) -> Option<MessageId> {
        let mut open = self.contradictions.iter().filter(|(_, found)| found.open);
        open.find(|(_, found)| {
            let meets = |block: &BlockRef| block.series == *series && block.range.overlaps(&range);
            found.blocks.iter().any(meets)
        })
        .map(|(id, _)| *id)
    }
}
