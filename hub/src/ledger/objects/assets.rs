//! Registered assets, what was issued on them, what other schemes list, and the conflicts between all these.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tanqiao_protocol::asset::{Asset, AssetConflictKind, AssetConflictState, AssetState, Place, Scheme};
use tanqiao_protocol::id::{MessageId, Name, NodeId, Sha256};
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::time::Timestamp;

/// One member's registration of one asset. Two members may register one id: that is a conflict, and neither overwrites the other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetKey {
    /// The asset's id.
    pub asset: Name,
    /// Who registered it.
    pub member: NodeId,
}

impl fmt::Display for AssetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.member, self.asset)
    }
}

/// A registration as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredAsset {
    /// Which.
    pub key: AssetKey,
    /// Whether it may be issued on.
    pub state: AssetState,
    /// Counts what its registrant said of it, from 1.
    pub revision: u32,
    /// What it said last.
    pub content: Arc<Asset>,
    /// When.
    pub revised_at: Timestamp,
    /// The leaf of its last revision.
    pub revision_index: i64,
    /// The leaf of its last change.
    pub log_index: i64,
}

/// An issuance on an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetUse {
    /// The issuance.
    pub issuance: MessageId,
    /// First activity begins.
    pub from: Timestamp,
    /// Last activity ends.
    pub until: Timestamp,
    /// False once it was refused or abandoned.
    pub live: bool,
    /// Its serials, once it has some.
    pub blocks: Vec<BlockRef>,
}

/// Issuances on one asset.
pub type Uses = Vec<AssetUse>;

/// An entry of another scheme's list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntryKey {
    /// The scheme.
    pub scheme: Scheme,
    /// Its number there.
    pub reference: String,
}

impl fmt::Display for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.scheme, self.reference)
    }
}

/// A row of another scheme's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemeEntry {
    /// The scheme.
    pub scheme: Scheme,
    /// The project's or certificate's number there.
    pub reference: String,
    /// The asset's id, where the list has one, or what it calls the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<String>,
    /// The class of activity.
    pub activity: Name,
    /// Where it is, where the list says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Counted there from this instant.
    pub from: Timestamp,
    /// Until this instant, which is outside.
    pub until: Timestamp,
    /// How much: an exact decimal as text.
    pub quantity: String,
    /// Of what: `MWh`, `t`, ….
    pub unit: String,
}

impl SchemeEntry {
    /// Which entry it is.
    #[must_use]
    pub fn key(&self) -> EntryKey {
        EntryKey {
            scheme: self.scheme,
            reference: self.reference.clone(),
        }
    }

    /// The asset's id, if what the list calls it may be one.
    #[must_use]
    pub fn asset_id(&self) -> Option<Name> {
        self.asset.as_ref()?.parse().ok()
    }
}

/// Some rows of a list, in one decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemeList {
    /// SHA-256 of the file that they come from.
    pub sha256: Sha256,
    /// The rows.
    pub rows: Vec<SchemeEntry>,
}

/// An entry as it was last listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedEntry {
    /// What the list says.
    pub content: Arc<SchemeEntry>,
    /// The leaf.
    pub log_index: i64,
}

/// The second side of a conflict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contender {
    /// Another registration, the later one.
    Asset(AssetKey),
    /// An entry of another scheme's list.
    Entry(EntryKey),
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asset(key) => key.fmt(f),
            Self::Entry(key) => key.fmt(f),
        }
    }
}

/// A conflict about an asset. Its number is the index of the leaf that opened it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetConflict {
    /// Its number.
    pub id: i64,
    /// What is contended.
    pub kind: AssetConflictKind,
    /// Where it stands.
    pub state: AssetConflictState,
    /// The registration that was there first; the only one where the other side is a list.
    pub first: AssetKey,
    /// The other side.
    pub second: Contender,
    /// What else is known.
    pub content: AssetConflictContent,
    /// The leaf of its last change.
    pub log_index: i64,
}

/// What else is known of a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetConflictContent {
    /// Both sides are credited from this instant.
    pub from: Timestamp,
    /// Until this instant, which is outside.
    pub until: Timestamp,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The serials that were frozen for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frozen: Vec<BlockRef>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Why it ended so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl AssetConflict {
    /// True while it keeps this registration from being issued on: it is the later one, or stands in another scheme's list. The
    /// earlier of two registrations goes on, or anybody could stop anybody.
    #[must_use]
    pub fn blocks(&self, key: &AssetKey) -> bool {
        self.state == AssetConflictState::Open
            && match &self.second {
                Contender::Asset(second) => second == key,
                Contender::Entry(_) => self.first == *key,
            }
    }

    /// True if this registration is a side of it.
    #[must_use]
    pub fn concerns(&self, key: &AssetKey) -> bool {
        self.first == *key || matches!(&self.second, Contender::Asset(second) if second == key)
    }

    /// The registrations of both sides.
    pub fn sides(&self) -> impl Iterator<Item = &AssetKey> {
        let second = match &self.second {
            Contender::Asset(key) => Some(key),
            Contender::Entry(_) => None,
        };
        std::iter::once(&self.first).chain(second)
    }

    /// Of the other side, seen from this registration.
    #[must_use]
    pub fn other(&self, key: &AssetKey) -> Contender {
        if self.first == *key {
            self.second.clone()
        } else {
            Contender::Asset(self.first.clone())
        }
    }
}
