//! Leaves of the transparency log: every change of the ledger, in clear, enough to replay it.
//!
//! A leaf's bytes are RFC 8785 JSON (strings and integers only, members sorted). The fields below are declared in sorted
//! order, so that serialising the struct gives the canonical bytes; a test checks it.

use serde::{Deserialize, Serialize};

use crate::block::BlockChange;
use crate::id::{MessageId, Name, NodeId, Sha256};
use crate::methodology::MappingRef;
use crate::time::Timestamp;

/// The largest leaf, in bytes (C2SP tlog-tiles: a bundle entry has a 16-bit length).
pub const LEAF_BYTES_MAX: usize = 65_535;

/// One change of the ledger. A change that does not fit one leaf is consecutive leaves `part` 1 to `parts`, applied
/// together or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    /// The decision time of the batch.
    pub at: Timestamp,
    /// What mapping caps gained or gave back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caps: Vec<CapChange>,
    /// The blocks that changed, in the order of the change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<BlockChange>,
    /// What else was decided, in clear, by type.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub data: serde_json::Value,
    /// Its place in the log, from 0 without gaps.
    pub index: i64,
    /// What a permission to link two obligations was used for or gave back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked: Option<LinkChange>,
    /// The member whose command it was; absent for officers and sweeps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<NodeId>,
    /// The officers who decided, where officers did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub officers: Vec<Name>,
    /// Which part of a change in many parts, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<u32>,
    /// How many parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<u32>,
    /// SHA-256 of the signed payload behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_sha256: Option<Sha256>,
    /// What an event's room gained or gave back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomChange>,
    /// The state of the subject afterwards, where it has states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What it is about: `transfer/<id>`, `member/<id>`, ….
    pub subject: String,
    /// What happened: the feed's type, such as `transfer.committed`.
    pub r#type: String,
    /// The version of this format, 1.
    pub v: u32,
}

/// A change of what was given under a mapping in a calendar year (UTC+8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapChange {
    /// Grams that became final (0 or more).
    pub committed_g: i64,
    /// The mapping version.
    pub mapping: MappingRef,
    /// Grams reserved (positive) or given back (negative).
    pub reserved_g: i64,
    /// The year of the reservation.
    pub year: u16,
}

/// A change of an event's room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoomChange {
    /// Delivered grams that became final (0 or more).
    pub committed_g: i64,
    /// The event.
    pub event: Name,
    /// Delivered grams reserved (positive) or given back (negative).
    pub reserved_g: i64,
}

/// A change of what was claimed under a permission to link two obligations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkChange {
    /// Grams that were claimed (0 or more).
    pub committed_g: i64,
    /// The permission.
    pub permission: MessageId,
    /// Grams reserved (positive) or given back (negative).
    pub reserved_g: i64,
}

/// The RFC 6962 §2.1 hash of a leaf: SHA-256 of a zero byte and the entry.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Sha256 {
    Sha256::of_parts(&[&[0], entry])
}
