//! What the node answers.

use serde::{Deserialize, Serialize};
use tanqiao_protocol::block::{BlockState, BlockTerms};
use tanqiao_protocol::id::{MessageId, NodeId, Sha256};
use tanqiao_protocol::message::Action;
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::serial::{BlockRef, SeriesRef};
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::view::Outcome;

pub use crate::exchange::FeedState;
use crate::exchange::OutboxState;
use crate::issuing::TokenProgress;
use crate::ledger::{AccountId, AccountKind};
pub use crate::ledger::{Decision, Direction, Kind};
use crate::witness::{LogPlace, LogStatus};

/// An account and what it holds, in grams. `total_g = free_g + reserved_g + frozen_g`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountBalance {
    /// Its id, a pseudonym.
    pub account: AccountId,
    /// Its kind.
    pub kind: AccountKind,
    /// Everything.
    pub total_g: Grams,
    /// At its disposal; of `suspense`, waiting to be attributed.
    pub free_g: Grams,
    /// Bound by a command that waits, an open transfer or donation, or a pledge.
    pub reserved_g: Grams,
    /// Frozen at the hub.
    pub frozen_g: Grams,
    /// When it was opened.
    pub created_at: Timestamp,
}

/// What the node holds of one series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesHolding {
    /// The series.
    pub series: SeriesRef,
    /// At its disposal at the hub; what a waiting outbox message binds locally is still in here.
    pub held_g: Grams,
    /// In open transfers and donations.
    pub reserved_g: Grams,
    /// Collateral.
    pub pledged_g: Grams,
    /// Frozen.
    pub frozen_g: Grams,
    /// Used.
    pub retired_g: Grams,
    /// Taken out.
    pub cancelled_g: Grams,
    /// Gone to another ledger.
    pub exported_g: Grams,
}

/// Everything that the node holds, as its feed says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holdings {
    /// By series.
    pub series: Vec<SeriesHolding>,
    /// The feed entry up to which this is so.
    pub feed_seq: i64,
    /// The leaf of the transparency log up to which this is so; −1 before the first.
    pub log_index: i64,
}

/// One block of the node's book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockHolding {
    /// The block.
    pub block: BlockRef,
    /// Its quantity.
    pub quantity_g: Grams,
    /// Its state.
    pub state: BlockState,
    /// What binds or ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound_to: Option<MessageId>,
    /// What recognition has fixed.
    pub terms: BlockTerms,
}

/// A transfer, donation, retirement, cancellation, pledge or issuance that this node asked for or was offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dealing {
    /// Its id: that of the message that opened it.
    pub id: MessageId,
    /// What it is.
    pub kind: Kind,
    /// For a transfer, whether it goes out or comes in.
    pub direction: Direction,
    /// The account that gives or shall receive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// The other side: a member, an event, a pledgee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
    /// The hub's word for its state; absent until the hub has spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What this node has decided about an offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// Grams given.
    pub quantity_g: Grams,
    /// Grams that arrive, once recognition has spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_g: Option<Grams>,
    /// Grams to the hub's buffer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffered_g: Option<Grams>,
    /// Grams cancelled as discount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_g: Option<Grams>,
    /// When it was opened here.
    pub opened_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Until when it may be decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// Why it waits or how it ended, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where its last change stands in the log, and whether the quorum of witnesses has cosigned that; absent before it is logged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogPlace>,
    /// The signed content, or for an offer the hub's [`tanqiao_protocol::view::Offer`].
    pub content: serde_json::Value,
}

/// A message of the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxItem {
    /// Its id.
    pub id: MessageId,
    /// What it asks for.
    pub action: Action,
    /// How far it is.
    pub state: OutboxState,
    /// How often it was sent.
    pub attempts: i32,
    /// When it was written.
    pub created_at: Timestamp,
    /// What it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Why it was refused, or the last reason why it has to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// The hub's answer to one message, and whether the feed has brought its effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The message.
    pub id: MessageId,
    /// How far it is.
    pub state: OutboxState,
    /// What it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// True once the node's own book has the effect.
    pub caught_up: bool,
}

/// How the node is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The member.
    pub member: NodeId,
    /// Its region.
    pub region: RegionCode,
    /// The program's version.
    pub version: String,
    /// Whether the feed is followed, or why not.
    pub feed: FeedState,
    /// The last entry applied.
    pub feed_seq: i64,
    /// Entries that the hub has and the node has not, as last heard.
    pub feed_lag: i64,
    /// The chain hash of the last entry applied.
    pub feed_chain: Sha256,
    /// The leaf of the last entry applied; −1 before the first.
    pub log_index: i64,
    /// The fingerprint of everything that the node holds.
    pub digest: Sha256,
    /// For a feed that diverged or forked: what the hub said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// For a feed that diverged or forked: what the node has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// When the hub was last heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_at: Option<Timestamp>,
    /// The last reason why it could not be heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Messages that wait to be sent or answered.
    pub outbox_waiting: i64,
    /// Offers that wait for a person.
    pub offers_waiting: i64,
    /// Grams in `suspense`.
    pub suspense_g: Grams,
    /// Mapping versions that wait for this member's endorsement; absent where the hub was not asked or gave no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mappings_waiting: Option<Vec<MappingRef>>,
    /// Conflicts that are open.
    #[serde(default)]
    pub conflicts_open: i64,
    /// Issuances whose token streams are made, sent, or kept for a conflict; the oldest hundred.
    #[serde(default)]
    pub token_streams: Vec<TokenProgress>,
    /// How far the hub's log is verified; absent before the first contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogStatus>,
}
