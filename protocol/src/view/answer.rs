//! What a write is answered, and what an offer tells its target.

use crate::id::{MessageId, NodeId, Sha256};
use crate::message::Price;
use crate::problem::Problem;
use crate::quantity::Grams;
use crate::recognition::Quote;
use crate::serial::BlockRef;
use crate::time::Timestamp;
use crate::r#use::Use;
use serde::{Deserialize, Serialize};

/// What a command did. One shape for all, so that a client needs one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// What it is about: `transfer/<id>`, ….
    pub subject: String,
    /// The state of the subject afterwards, where it has states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The leaf that records it.
    pub log_index: i64,
    /// The decision time.
    pub at: Timestamp,
    /// Grams that arrive, for a transfer or donation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_g: Option<Grams>,
    /// Grams to the hub's buffer, for a transfer or donation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffered_g: Option<Grams>,
    /// Grams cancelled as discount, for a transfer or donation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_g: Option<Grams>,
    /// Serials that an issuance was given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<BlockRef>,
}

/// The answer to one item of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemResult {
    /// The item's id; absent if none could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<MessageId>,
    /// The HTTP status that it would have had alone.
    pub status: u16,
    /// What it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// The answer to every write: one result an item, in the order of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    /// One an item.
    pub results: Vec<ItemResult>,
}

/// The body of a `transfer.offered` entry at the target: everything that its own checks and its signature need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Who offers.
    pub source: NodeId,
    /// For what.
    pub r#use: Use,
    /// The blocks.
    pub blocks: Vec<BlockRef>,
    /// What recognition does with them.
    pub quote: Quote,
    /// Until when it may be accepted.
    pub valid_until: Timestamp,
    /// Price as the members agreed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// The source's signed payload, as received.
    pub payload: String,
    /// SHA-256 of that payload.
    pub payload_sha256: Sha256,
    /// The signature over it, or the envelope of the batch that it came in.
    pub evidence: Evidence,
}

/// Where the signature over a payload is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The payload's own DSSE signatures.
    Signatures(Vec<crate::envelope::Signature>),
    /// It is an item of the batch with this SHA-256: `GET /v1/envelopes/{sha256}` has the batch as received.
    Batch {
        /// SHA-256 of the batch's payload.
        envelope: Sha256,
        /// The item's position.
        item: u32,
    },
}
