//! Blocks: a run of serials with one holder and one state, and every change that a block may undergo.

use serde::{Deserialize, Serialize};

use crate::id::{MessageId, NodeId};
use crate::methodology::MappingRef;
use crate::quantity::{Factor, Grams};
use crate::serial::{BlockRef, SerialRange, SeriesRef};
use crate::text::words;
use crate::r#use::Uses;

words! {
    /// The state of a block.
    pub enum BlockState {
        /// At its holder's disposal.
        Held = 1 "held",
        /// Bound to one open transfer, donation or export.
        Reserved = 2 "reserved",
        /// Collateral; moves only with the pledgee's signature.
        Pledged = 3 "pledged",
        /// Held back by a finding, a conflict or an officer.
        Frozen = 4 "frozen",
        /// Used for one claim. Final.
        Retired = 10 "retired",
        /// Taken out with no claim. Final.
        Cancelled = 11 "cancelled",
        /// Gone to another ledger. Final.
        Exported = 12 "exported",
    }
}

impl BlockState {
    /// True for the states that nothing leaves, ever.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Retired | Self::Cancelled | Self::Exported)
    }

    /// Every permitted change of 1-domain; `None` is "not issued yet". Staying in a state (a split, a change of holder of
    /// a reserved block that becomes held) is not a change and needs no entry.
    pub const TRANSITIONS: &'static [(Option<Self>, Self)] = &[
        (None, Self::Held),
        (Some(Self::Held), Self::Reserved),
        (Some(Self::Held), Self::Pledged),
        (Some(Self::Held), Self::Retired),
        (Some(Self::Held), Self::Cancelled),
        (Some(Self::Held), Self::Frozen),
        (Some(Self::Reserved), Self::Held),
        (Some(Self::Reserved), Self::Retired),
        (Some(Self::Reserved), Self::Cancelled),
        (Some(Self::Reserved), Self::Exported),
        (Some(Self::Pledged), Self::Held),
        (Some(Self::Pledged), Self::Frozen),
        (Some(Self::Frozen), Self::Held),
        (Some(Self::Frozen), Self::Pledged),
        (Some(Self::Frozen), Self::Cancelled),
    ];

    /// True if a block may go from `from` to `to`.
    #[must_use]
    pub fn permits(from: Option<Self>, to: Self) -> bool {
        Self::TRANSITIONS.contains(&(from, to))
    }
}

/// What recognition has fixed for a block; inherited by splits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockTerms {
    /// True once a buffer was taken from it (at its first crossing).
    pub buffered: bool,
    /// The factor already paid, in millionths; never raised.
    pub factor_paid: Factor,
    /// The issuance that it comes from.
    pub issuance: MessageId,
    /// The mapping version that it was last recognised by, none at home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<MappingRef>,
    /// What it may be used for where it is.
    pub uses: Uses,
}

/// Who holds a block, in which state.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockStatus {
    /// The open transfer, donation or pledge that binds it, or the retirement or cancellation that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound_to: Option<MessageId>,
    /// The member that holds it; of a final block, the last that did.
    pub holder: NodeId,
    /// Its state.
    pub state: BlockState,
    /// For a frozen block, the state to which an officer's decision may return it (`held` or `pledged`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_before: Option<BlockState>,
}

impl BlockStatus {
    /// Held, bound to nothing.
    #[must_use]
    pub const fn held_by(holder: NodeId) -> Self {
        Self {
            bound_to: None,
            holder,
            state: BlockState::Held,
            state_before: None,
        }
    }

    /// In `state`, bound to `by`.
    #[must_use]
    pub const fn bound(holder: NodeId, state: BlockState, by: MessageId) -> Self {
        Self {
            bound_to: Some(by),
            holder,
            state,
            state_before: None,
        }
    }
}

/// A contiguous run of serials with one holder, one state and one set of terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its series.
    pub series: SeriesRef,
    /// Its serials.
    pub range: SerialRange,
    /// Who holds it, in which state.
    pub status: BlockStatus,
    /// What recognition has fixed.
    pub terms: BlockTerms,
}

impl Block {
    /// How people and messages name it.
    #[must_use]
    pub fn reference(&self) -> BlockRef {
        BlockRef {
            series: self.series.clone(),
            range: self.range,
        }
    }

    /// One gram a serial.
    #[must_use]
    pub fn quantity(&self) -> Grams {
        self.range.quantity()
    }

    /// The record of this block in its holder's set digest (5-trust, continuous reconciliation): an unambiguous text, so
    /// that any implementation can form it. Fields in this order, separated by `|`, empty where there is none:
    /// block, holder, state, state before, bound to, factor paid in millionths, uses as bits, mapping, buffered 0/1.
    #[must_use]
    pub fn digest_record(&self) -> String {
        use std::fmt::Write as _;
        let mut record = String::with_capacity(160);
        let status = &self.status;
        let _ = write!(
            record,
            "{}/{}|{}|{}|",
            self.series, self.range, status.holder, status.state
        );
        if let Some(before) = status.state_before {
            let _ = write!(record, "{before}");
        }
        record.push('|');
        if let Some(by) = status.bound_to {
            let _ = write!(record, "{by}");
        }
        let _ = write!(
            record,
            "|{}|{}|",
            self.terms.factor_paid.millionths(),
            self.terms.uses.bits()
        );
        if let Some(mapping) = &self.terms.mapping {
            let _ = write!(record, "{mapping}");
        }
        record.push_str(if self.terms.buffered { "|1" } else { "|0" });
        record
    }
}

/// One block as it is after a change, beside what it was: the unit of feeds and leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockChange {
    /// The block after the change.
    pub block: BlockRef,
    /// Holder and state before; absent for an issuance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<BlockStatus>,
    /// The serials of the larger block that this one was split from, where it was split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_of: Option<SplitOf>,
    /// The terms after the change; absent where the terms are those that the block had and its holder is the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<BlockTerms>,
    /// Holder and state after.
    pub to: BlockStatus,
}

/// A range of serials as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitOf(pub SerialRange);

impl std::str::FromStr for SplitOf {
    type Err = crate::id::TextError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl std::fmt::Display for SplitOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

crate::text::serde_as_text!(SplitOf, "a range of serials such as 1-2500");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_states_is_permitted_or_refused_as_the_table_of_the_domain_says() {
        use BlockState::{Cancelled, Exported, Frozen, Held, Pledged, Reserved, Retired};
        for from in std::iter::once(None).chain(BlockState::ALL.iter().copied().map(Some)) {
            for &to in BlockState::ALL {
                let permitted = match from {
                    None => to == Held,
                    Some(Held) => matches!(to, Reserved | Pledged | Retired | Cancelled | Frozen),
                    Some(Reserved) => matches!(to, Held | Retired | Cancelled | Exported),
                    Some(Pledged) => matches!(to, Held | Frozen),
                    Some(Frozen) => matches!(to, Held | Pledged | Cancelled),
                    Some(Retired | Cancelled | Exported) => false,
                };
                assert_eq!(BlockState::permits(from, to), permitted, "{from:?} to {to:?}");
            }
        }
        assert!(
            BlockState::ALL
                .iter()
                .filter(|s| s.is_final())
                .all(|s| BlockState::ALL.iter().all(|to| !BlockState::permits(Some(*s), *to)))
        );
    }
}
