//! Registered assets and the conflicts about them, as everybody in the federation may see them.

use serde::{Deserialize, Serialize};

use crate::asset::{Asset, AssetConflictKind, AssetConflictState, AssetState, Scheme};
use crate::id::{Name, NodeId};
use crate::serial::BlockRef;
use crate::time::Timestamp;

/// One of `GET /v1/assets`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetView {
    /// What its registrant said last.
    #[serde(flatten)]
    pub content: Asset,
    /// Who registered it.
    pub member: NodeId,
    /// Whether it may be issued on.
    pub state: AssetState,
    /// Counts what the registrant has said of it, from 1.
    pub revision: u32,
    /// When it said so last.
    pub revised_at: Timestamp,
    /// The leaf of its last change.
    pub log_index: i64,
}

/// `GET /v1/assets/{id}`: an id, and everything about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetDetail {
    /// The id.
    pub asset: Name,
    /// Who has registered it; more than one where members contend for it.
    pub registrations: Vec<AssetView>,
    /// Every revision, in the order of the log.
    pub revisions: Vec<AssetRevision>,
    /// Every conflict about it, in the order in which they were opened.
    pub conflicts: Vec<AssetConflictView>,
}

/// One revision of an asset; its content is in the leaf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetRevision {
    /// Whose.
    pub member: NodeId,
    /// Which, from 1.
    pub revision: u32,
    /// The leaf.
    pub log_index: i64,
}

/// A registration as a side of a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetSide {
    /// The asset.
    pub asset: Name,
    /// Its registrant.
    pub member: NodeId,
}

/// The other side of a conflict: another registration, or an entry of another scheme's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetContender {
    /// The asset, of a registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<Name>,
    /// Its registrant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<NodeId>,
    /// The scheme, of an entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<Scheme>,
    /// The number there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// One of `GET /v1/asset-conflicts`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetConflictView {
    /// Its number: the leaf that opened it.
    pub conflict: i64,
    /// What is contended.
    pub kind: AssetConflictKind,
    /// Where it stands.
    pub state: AssetConflictState,
    /// The side that was there first.
    pub first: AssetSide,
    /// The other side.
    pub second: AssetContender,
    /// Both are credited from this instant.
    pub from: Timestamp,
    /// Until this instant, which is outside.
    pub until: Timestamp,
    /// The serials that were frozen for it.
    pub frozen: Vec<BlockRef>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Why it ended so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The leaf of its last change.
    pub log_index: i64,
}

/// One of `GET /v1/exclusivity`: what holds between two schemes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExclusivityView {
    /// One scheme.
    pub one: Scheme,
    /// Another.
    pub other: Scheme,
    /// True if both may count the same reduction, under the condition.
    pub coexist: bool,
    /// Under which condition, or in which respect.
    pub condition: String,
    /// Where the rule comes from.
    pub source: String,
}
