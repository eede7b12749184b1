//! Mappings on their way to recognition, and the sheets that they rest on.

use serde::{Deserialize, Serialize};

use crate::id::{Name, NodeId, Sha256};
use crate::mapping::{MappingProposal, MappingState, Party, RejectionGround};
use crate::methodology::MappingRef;
use crate::quantity::Grams;
use crate::recognition::MappingRecord;
use crate::time::Timestamp;

/// One of `GET /v1/mappings`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingView {
    /// The version.
    pub mapping: MappingRef,
    /// Where it stands.
    pub state: MappingState,
    /// Who proposed it; absent for officers of the hub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_by: Option<NodeId>,
    /// What was proposed; absent for a mapping of the time before proposals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<MappingProposal>,
    /// The record, once the evidence is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<MappingRecord>,
    /// Its hash, to which the parties agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_sha256: Option<Sha256>,
    /// Grams given under it this calendar year (UTC+8), reserved and committed.
    pub given_g: Grams,
    /// Until when comments are awaited before it may be approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment_until: Option<Timestamp>,
    /// The members that endorsed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endorsements: Vec<Endorsement>,
    /// The officers that approved it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Name>,
    /// Why it is suspended, and who has agreed to lift that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspension: Option<Suspension>,
    /// On which ground it was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<RejectionGround>,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The leaf of its last change.
    pub log_index: i64,
}

/// A member's endorsement of a mapping version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endorsement {
    /// For which party.
    pub party: Party,
    /// By whom; absent for officers, who speak for a reference methodology.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<NodeId>,
    /// SHA-256 of the signed payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_sha256: Option<Sha256>,
    /// The leaf.
    pub log_index: i64,
}

/// Why a mapping version is suspended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suspension {
    /// Which party stopped it; absent where something that it rests on changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Party>,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
    /// The parties that agree to lift it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lifted_by: Vec<Party>,
}

/// `GET /v1/mappings/{mapping}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingDetail {
    /// The version and where it stands.
    #[serde(flatten)]
    pub view: MappingView,
    /// Why the factor is what it is, or why there is none; the form of `Explanation` in the mappings crate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<serde_json::Value>,
    /// What was said about it.
    pub comments: Vec<Comment>,
}

/// A comment on a proposed mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comment {
    /// Which member; absent where officers recorded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<NodeId>,
    /// For whom officers recorded it: an organisation, never a person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    /// The comment.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// The leaf.
    pub log_index: i64,
}

/// `GET /v1/methodologies/{id}/{version}/sheet`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetView {
    /// Who published it; absent for a reference methodology's, which officers publish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<NodeId>,
    /// Counts the publications of this version's sheet from 1.
    pub revision: u32,
    /// SHA-256 over the sheet's canonical JSON.
    pub sha256: Sha256,
    /// When it was published.
    pub at: Timestamp,
    /// The leaf.
    pub log_index: i64,
    /// The sheet; the form of `Sheet` in the mappings crate.
    pub sheet: serde_json::Value,
}
