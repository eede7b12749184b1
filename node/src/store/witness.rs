//! What was verified of the hub's log, and evidence against it: the tables of `migrations/node/*/0007_witness` and `0009_witness_rules`, alike on both
//! databases, and what can be asked of them inside a transaction.

use diesel::QueryResult;
use diesel::prelude::*;

use super::rows::{EntryRow, OutboxRow};

diesel::table! {
    witness (id) {
        id -> SmallInt, log_key -> Text, configured_key -> Nullable<Text>, next_key -> Nullable<Text>, proposed_key -> Nullable<Text>, size -> BigInt,
        root -> Text, note -> Text, cosigned_at -> BigInt, posted -> BigInt, witnessed -> BigInt, checked -> BigInt,
        checked_hashes -> Text, reports_read -> BigInt, stopped -> SmallInt, rules -> Text, doubted_at -> Nullable<BigInt>,
    }
}
diesel::table! {
    log_evidence (id) {
        id -> Text, at -> BigInt, kind -> SmallInt, first -> Text, second -> Text, proof -> Text, detail -> Text,
        reported_by -> Nullable<Text>, stops -> SmallInt, ended_at -> Nullable<BigInt>, ended_because -> Nullable<Text>,
    }
}

/// How far this node's witness is.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = witness, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct WitnessRow {
    /// 1
    pub id: i16,
    /// The pinned verifier key of the log.
    pub log_key: String,
    /// The key that the configuration named last: it counts when it is a new one, since the log may have rotated from it.
    pub configured_key: Option<String>,
    /// The key that a leaf in a tree signed by the pinned key names as its successor.
    pub next_key: Option<String>,
    /// The witness's key that was proposed to the hub last.
    pub proposed_key: Option<String>,
    /// Leaves of the head that was stored last; 0 before the first.
    pub size: i64,
    /// Its root, hexadecimal.
    pub root: String,
    /// Its note with the log's signature; empty before the first.
    pub note: String,
    /// The time of the last cosignature, in seconds since 1970 UTC.
    pub cosigned_at: i64,
    /// The size whose cosignature the hub has got.
    pub posted: i64,
    /// The size of the largest verified head that has its quorum.
    pub witnessed: i64,
    /// Leaves that were compared with the feed.
    pub checked: i64,
    /// Roots of the complete subtrees over them, hexadecimal, largest first, separated by spaces.
    pub checked_hashes: String,
    /// The feed entry up to which reports of forks were read.
    pub reports_read: i64,
    /// 1 while the node has stopped because of what the log has shown.
    pub stopped: i16,
    /// Witnesses and quorum as the compared leaves have decided them, as JSON.
    pub rules: String,
    /// Since when the hub has named others than its leaves, in microseconds; absent while it names the same.
    pub doubted_at: Option<i64>,
}

/// What contradicts the log.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = log_evidence, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct EvidenceRow {
    /// SHA-256 of kind, first and second, hexadecimal.
    pub id: String,
    /// Microseconds.
    pub at: i64,
    /// [`crate::witness::EvidenceKind`]
    pub kind: i16,
    /// What was known before: a note, or a leaf.
    pub first: String,
    /// What contradicts it: a note, or a feed entry.
    pub second: String,
    /// The request or answer in which it came.
    pub proof: String,
    /// What happened, for people.
    pub detail: String,
    /// The member that has found it; absent for this node.
    pub reported_by: Option<String>,
    /// 1 if this node stops for it.
    pub stops: i16,
    /// When a person ended the alarm, in microseconds.
    pub ended_at: Option<i64>,
    /// Why.
    pub ended_because: Option<String>,
}

/// The witness's state, and evidence.
pub trait WitnessTx {
    /// The state; `None` before the first contact.
    fn witness(&mut self) -> QueryResult<Option<WitnessRow>>;
    /// Writes the state.
    fn put_witness(&mut self, row: &WitnessRow) -> QueryResult<()>;
    /// One piece of evidence.
    fn evidence(&mut self, id: &str) -> QueryResult<Option<EvidenceRow>>;
    /// The newest evidence first; only what nobody has ended where `open`.
    fn all_evidence(&mut self, open: bool, limit: i64) -> QueryResult<Vec<EvidenceRow>>;
    /// Keeps evidence, or writes it back.
    fn put_evidence(&mut self, row: &EvidenceRow) -> QueryResult<()>;
    /// Entries of a type after `seq`.
    fn entries_of(&mut self, kind: &str, seq: i64, limit: i64) -> QueryResult<Vec<EntryRow>>;
    /// Entries whose leaf is in `from..until`, in order.
    fn entries_between(&mut self, from: i64, until: i64) -> QueryResult<Vec<EntryRow>>;
    /// Messages of one action in one of these states, in order.
    fn outbox_of(&mut self, action: i16, states: &[i16], limit: i64) -> QueryResult<Vec<OutboxRow>>;
}
