//! How far the token streams of issuances are, for people and programs.

use serde::{Deserialize, Serialize};
use tanqiao_protocol::conflict::{ActivityState, ConflictState};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::time::Timestamp;

use super::StreamState;
use crate::error::NodeError;
use crate::ledger::grams;
use crate::store::screening::TokenStreamRow;
use crate::store::{StoreError, Tx};

/// The token stream of an issuance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenProgress {
    /// The issuance.
    pub issuance: MessageId,
    /// How far it is.
    pub state: StreamState,
    /// How its tokens are made.
    pub suite: String,
    /// Number of activities.
    pub activities: u64,
    /// Activities whose tokens are made.
    pub derived: u64,
    /// Bytes of what is made.
    pub bytes: u64,
    /// Bytes that the hub has.
    pub uploaded: u64,
    /// Activities that wait for a conflict, and have no serials.
    pub held_back: u64,
    /// Their grams.
    pub held_back_g: Grams,
    /// Open conflicts of it.
    pub conflicts: u64,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Why it does not go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// How far the token stream of an issuance is; `None` if it has none.
///
/// # Errors
/// A database error.
pub fn progress(tx: &mut dyn Tx, issuance: MessageId) -> Result<Option<TokenProgress>, NodeError> {
    let row = tx.token_stream(&issuance.to_string())?;
    row.map(|row| shown(tx, row)).transpose()
}

/// Streams that have not ended, oldest first.
pub(crate) fn open(tx: &mut dyn Tx, limit: i64) -> Result<Vec<TokenProgress>, NodeError> {
    let states = [
        StreamState::Deriving,
        StreamState::Derived,
        StreamState::Uploading,
        StreamState::Uploaded,
    ];
    let rows = tx.token_streams(&states.map(StreamState::code), limit)?;
    rows.into_iter().map(|row| shown(tx, row)).collect()
}

fn shown(tx: &mut dyn Tx, row: TokenStreamRow) -> Result<TokenProgress, NodeError> {
    let unsigned = |number| u64::try_from(number).unwrap_or(0);
    let held = tx.held_of(&row.issuance)?;
    let waiting: Vec<_> = held
        .iter()
        .filter(|held| held.state == ActivityState::Held.code())
        .collect();
    Ok(TokenProgress {
        issuance: row
            .issuance
            .parse()
            .map_err(|_| StoreError::Corrupt(row.issuance.clone()))?,
        state: StreamState::from_code(row.state)?,
        suite: row.suite,
        activities: unsigned(row.activities),
        derived: unsigned(row.derived),
        bytes: unsigned(row.bytes),
        uploaded: unsigned(row.uploaded),
        held_back: waiting.len() as u64,
        held_back_g: grams(waiting.iter().map(|held| held.quantity_g).sum())?,
        conflicts: unsigned(tx.count_conflicts(Some(&row.issuance), ConflictState::Open.code())?),
        opened_at: Timestamp::from_micros(row.opened_at),
        problem: row.problem,
    })
}
