//! The feed: everything that the hub has to tell one member, in order, without gaps.
//!
//! An entry travels as a JSON object with a member `chain` beside those of [`FeedEntry`]. The bytes under the chain are
//! the RFC 8785 form of the object **without** `chain`; `chain = SHA-256(previous chain ‖ bytes)`, and the chain before the
//! first entry is 32 zero bytes.

use serde::{Deserialize, Serialize};

use crate::block::BlockChange;
use crate::id::Sha256;
use crate::time::Timestamp;

/// The chain before the first entry.
pub const CHAIN_START: Sha256 = Sha256([0; 32]);

/// One entry, without its chain hash. Fields in sorted order: serialising gives the canonical bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedEntry {
    /// The decision time of the batch.
    pub at: Timestamp,
    /// What the type tells beyond the changes.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub body: serde_json::Value,
    /// Every block of this member that changed, came or went. Apply them whatever the type says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<BlockChange>,
    /// On the member's last entry of a batch: the fingerprint of the set of all its blocks after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Sha256>,
    /// The leaf of the transparency log (its first part).
    pub log_index: i64,
    /// From 1, without gaps.
    pub seq: i64,
    /// What it is about: `transfer/<id>`, ….
    pub subject: String,
    /// The type, such as `transfer.offered`.
    pub r#type: String,
}

/// An entry with its chain hash, as the hub serves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainedEntry {
    /// Chain hash of this entry.
    pub chain: Sha256,
    /// The entry.
    #[serde(flatten)]
    pub entry: FeedEntry,
}

/// A page of the feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedPage {
    /// Entries after the cursor, in order.
    pub entries: Vec<ChainedEntry>,
    /// The highest `seq` that the member's feed has now.
    pub latest: i64,
}

/// The chain after an entry with these canonical bytes.
#[must_use]
pub fn chain(previous: &Sha256, entry_bytes: &[u8]) -> Sha256 {
    Sha256::of_parts(&[&previous.0, entry_bytes])
}
