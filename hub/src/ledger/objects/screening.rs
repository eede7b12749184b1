//! What the ledger knows of screening: its result, conflicts, and what members owe after losing one.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tanqiao_protocol::conflict::{ActivityRef, ActivityState, ConflictOutcome, ConflictSide, ConflictState};
use tanqiao_protocol::fingerprint::{Token, TokenEntry, TokenKind};
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::{BlockRef, SerialRange};
use tanqiao_protocol::time::Timestamp;

/// What screening found of one issuance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Screened {
    /// The issuance.
    pub issuance: MessageId,
    /// The run that holds its tokens in the screening store.
    pub run: u32,
    /// Under which its pages and shared tokens were written.
    pub attempt: MessageId,
    /// Grams of the activities that collide with nothing.
    pub clean_g: Grams,
    /// The activities that collide, ascending.
    pub held: Vec<Collided>,
    /// Collisions beyond the most that are kept apart: then the whole issuance is refused.
    pub too_many: bool,
    /// Tokens whose first owner is out, and that belong to this issuance from now on.
    pub owned: Vec<Owned>,
}

/// A run of the screening store that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// The run.
    pub run: u32,
    /// The issuance that was screened.
    pub issuance: MessageId,
    /// Under which its pages and shared tokens were written.
    pub attempt: MessageId,
    /// The leaf that names it.
    pub log_index: i64,
}

/// A token that changes its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owned {
    /// The token.
    pub token: SharedToken,
    /// The activity that it belongs to.
    pub index: u32,
}

/// An activity that collides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collided {
    /// Its position.
    pub index: u32,
    /// Its grams.
    pub grams: Grams,
    /// With what.
    pub with: Vec<Collision>,
}

/// With which other activity, and by which tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collision {
    /// The other activity.
    pub activity: ActivityRef,
    /// The tokens that both have.
    pub tokens: Vec<SharedToken>,
    /// Where the other activity's serials lie; `None` if it was held back itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

/// A token that two activities have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedToken {
    /// Its kind.
    pub kind: TokenKind,
    /// Number of its epoch.
    pub epoch: u16,
    /// The token.
    pub token: Token,
}

impl From<TokenEntry> for SharedToken {
    fn from(entry: TokenEntry) -> Self {
        Self {
            kind: entry.kind,
            epoch: entry.epoch.number(),
            token: entry.token,
        }
    }
}

/// A conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Its id.
    pub id: MessageId,
    /// The activity whose header came first.
    pub earlier: ConflictSide,
    /// The activity that is held back.
    pub later: ConflictSide,
    /// Its state.
    pub state: ConflictState,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When the rule decides.
    pub deadline: Timestamp,
    /// How it ended.
    pub outcome: Option<ConflictOutcome>,
    /// When it ended.
    pub resolved_at: Option<Timestamp>,
    /// What does not change, and why it ended.
    pub content: ConflictContent,
    /// The leaf that opened it.
    pub log_index: i64,
    /// The leaf that ended it.
    pub end_log_index: Option<i64>,
}

/// What a conflict is kept with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConflictContent {
    /// Grams of the later activity.
    pub quantity_g: Grams,
    /// The tokens that both have.
    pub tokens: Vec<SharedToken>,
    /// What the rule says.
    pub rule: ConflictOutcome,
    /// Why it ended as it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl ConflictContent {
    /// The kinds of the shared tokens, each once.
    #[must_use]
    pub fn kinds(&self) -> Vec<TokenKind> {
        let mut kinds: Vec<TokenKind> = self.tokens.iter().map(|shared| shared.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

/// An activity that was held back, or that lost a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contested {
    /// The activity.
    pub activity: ActivityRef,
    /// Its grams.
    pub quantity: Grams,
    /// What became of it.
    pub state: ActivityState,
    /// Its serials in its issuance's series, once released.
    pub range: Option<SerialRange>,
    /// The activity that took its place, where one did.
    pub successor: Option<ActivityRef>,
}

/// Where the serials of an activity lie in the block of its issuance; `None` for one that was held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Grams of the clean activities before it.
    pub before: i64,
    /// Its own grams.
    pub grams: i64,
}

/// How much may have to be covered by other blocks of a member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cover {
    /// Grams.
    pub grams: i64,
    /// From what these issuances were given first.
    pub first_from: BTreeSet<MessageId>,
}

/// Blocks that a member has in one state: the first of its issuances and the largest that make up a cover, or all it has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holding {
    /// For what they were loaded.
    pub cover: Cover,
    /// The blocks, as they were when the batch began, in the order in which they are taken.
    pub blocks: Vec<BlockRef>,
    /// Their grams.
    pub grams: i64,
}

/// What a member owes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debt {
    /// What caused it.
    pub id: MessageId,
    /// Who owes.
    pub member: NodeId,
    /// Grams at first.
    pub quantity: Grams,
    /// Grams covered since.
    pub covered: Grams,
    /// The leaf that recorded it.
    pub log_index: i64,
}

impl Debt {
    /// Grams still owed.
    #[must_use]
    pub fn open(&self) -> Grams {
        self.quantity.saturating_minus(self.covered)
    }
}

/// What one side of a conflict said, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// About which conflict.
    pub conflict: MessageId,
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
