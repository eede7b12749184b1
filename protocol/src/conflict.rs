//! Conflicts: two activities whose fingerprint tokens collide, and what became of them.

use serde::{Deserialize, Serialize};

use crate::fingerprint::TokenKind;
use crate::id::{MessageId, NodeId};
use crate::quantity::Grams;
use crate::text::words;
use crate::time::{DAY_US, Timestamp};

/// How long both sides may bring evidence; then the rule decides.
pub const CONFLICT_US: i64 = 14 * DAY_US;
/// How long a member has to upload the token stream of a registered issuance; then it is abandoned.
pub const UPLOAD_US: i64 = DAY_US;
/// The most collisions of one issuance: beyond it the batch as a whole was issued elsewhere, and is refused.
pub const COLLISIONS_MAX: usize = 5_000;

words! {
    /// The state of a conflict.
    pub enum ConflictState {
        /// Waits for evidence, an officer, or its deadline.
        Open = 1 "open",
        /// Decided. Final.
        Resolved = 10 "resolved",
    }
}

words! {
    /// How a conflict ends.
    pub enum ConflictOutcome {
        /// The act belongs to the issuance whose header came first; the later activity is never issued.
        Earlier = 1 "earlier",
        /// The act belongs to the later issuance; what the earlier one was given for it is cancelled or replaced.
        Later = 2 "later",
        /// Two different acts: both count.
        Distinct = 3 "distinct",
    }
}

words! {
    /// What became of an activity that was held back, or that lost a conflict.
    pub enum ActivityState {
        /// Waits for its conflicts; it has no serials.
        Held = 1 "held",
        /// It has serials of its own run.
        Released = 10 "released",
        /// It was never issued, and never will be.
        Refused = 11 "refused",
        /// It had serials; they, or others in their place, were cancelled.
        Cancelled = 12 "cancelled",
    }
}

/// One activity of one issuance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivityRef {
    /// The issuance.
    pub issuance: MessageId,
    /// The activity's position in it, from 0.
    pub index: u32,
}

/// One side of a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConflictSide {
    /// Who issued.
    pub member: NodeId,
    /// The activity.
    #[serde(flatten)]
    pub activity: ActivityRef,
}

/// What a side of a conflict says about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConflictEvidence {
    /// The conflict.
    pub conflict: MessageId,
    /// True to give the activity up: the conflict is then decided for the other side at once.
    pub concede: bool,
    /// The evidence in words, 1 to 2,000 characters, without persons.
    pub statement: String,
}

/// `GET /v1/conflicts/{id}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictView {
    /// Its id.
    pub conflict: MessageId,
    /// Its state.
    pub state: ConflictState,
    /// The activity whose header came first.
    pub earlier: ConflictSide,
    /// The activity that is held back.
    pub later: ConflictSide,
    /// The kinds of token that collide.
    pub kinds: Vec<TokenKind>,
    /// Grams of the later activity.
    pub quantity_g: Grams,
    /// What the rule says, and what holds at the deadline when nobody decides.
    pub rule: ConflictOutcome,
    /// Until when evidence is taken.
    pub deadline: Timestamp,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<ConflictOutcome>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
    /// What the sides have said, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Statement>,
    /// The leaf that opened it.
    pub log_index: i64,
}

/// What one side said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Who.
    pub member: NodeId,
    /// When.
    pub at: Timestamp,
    /// In words.
    pub statement: String,
    /// True if it gave the activity up.
    pub concede: bool,
    /// The leaf.
    pub log_index: i64,
}

/// Grams that a member owes because what it lost could be taken from nowhere. Blocks its issuances and what it gives away until covered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DebtView {
    /// What caused it: the conflict, or the officers' decision.
    pub debt: MessageId,
    /// Who owes.
    pub member: NodeId,
    /// Grams owed at first.
    pub quantity_g: Grams,
    /// Grams covered since.
    pub covered_g: Grams,
    /// The leaf that recorded it.
    pub log_index: i64,
}

/// `GET /v1/issuances/{id}/tokens`: how much of the token stream has arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadView {
    /// The issuance.
    pub issuance: MessageId,
    /// Bytes that are safe.
    pub offset: u64,
    /// Bytes of the whole stream.
    pub stream_bytes: u64,
    /// True once the stream was found to be the one that the header promised.
    pub complete: bool,
}

/// One of `GET /v1/issuances/{id}/held`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldView {
    /// The activity's position.
    pub index: u32,
    /// Its grams.
    pub quantity_g: Grams,
    /// What became of it.
    pub state: ActivityState,
    /// Its serials, once released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<crate::serial::BlockRef>,
}
