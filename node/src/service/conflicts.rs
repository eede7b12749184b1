//! Conflicts about activities, as the feed told them.

use serde::{Deserialize, Serialize};
use tanqiao_protocol::conflict::{ConflictEvidence, ConflictOutcome, ConflictState};
use tanqiao_protocol::fingerprint::TokenKind;
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::time::Timestamp;

use super::records::ITEMS_MAX;
use super::{Node, Staffed};
use crate::error::NodeError;
use crate::ledger::{check_text, grams};
use crate::store::StoreError;
use crate::store::screening::ConflictRow;

/// The longest statement about a conflict, in characters.
const STATEMENT_MAX: usize = 2_000;

/// An activity of this member whose tokens collide with another's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// Its id.
    pub conflict: MessageId,
    /// Whether it is decided.
    pub state: ConflictState,
    /// This member's issuance, where the hub named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuance: Option<MessageId>,
    /// The place of this member's activity in it, from 0.
    pub index: u32,
    /// Its grams.
    pub quantity_g: Grams,
    /// True if it has no serials because of this: its issuance came later.
    pub held_back: bool,
    /// The kinds of token that collide.
    pub kinds: Vec<TokenKind>,
    /// `S10` within this member, `S11` with another one.
    pub check: String,
    /// The other side.
    pub other_member: NodeId,
    /// Its issuance.
    pub other_issuance: MessageId,
    /// The place of its activity.
    pub other_index: u32,
    /// Until when evidence is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<ConflictOutcome>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
}

impl Node {
    /// The newest conflicts first, opened before `before`; of one state where one is given.
    ///
    /// # Errors
    /// A database error.
    pub async fn conflicts(
        &self,
        state: Option<ConflictState>,
        before: Option<MessageId>,
        count: u32,
    ) -> Result<Vec<Conflict>, NodeError> {
        let before = before.map_or_else(|| "~".to_owned(), |id| id.to_string());
        let limit = i64::from(count.clamp(1, ITEMS_MAX));
        self.read(move |tx| {
            let rows = tx.conflicts(state.map(ConflictState::code), &before, limit)?;
            rows.into_iter().map(|row| Ok(shown(row)?)).collect()
        })
        .await
    }

    /// One conflict.
    ///
    /// # Errors
    /// [`NodeError::NotFound`]
    pub async fn conflict(&self, id: MessageId) -> Result<Conflict, NodeError> {
        self.read(move |tx| {
            let row = tx.conflict(&id.to_string())?;
            Ok(shown(row.ok_or_else(|| NodeError::not_found("conflict", id))?)?)
        })
        .await
    }

    /// Says something about a conflict, or gives the activity up (`concede`). Both sides and the officers read it.
    ///
    /// # Errors
    /// [`NodeError::NotFound`]; [`NodeError::Refused`]: `ended`, `personal-data`, `too-long`, `malformed`.
    pub async fn conflict_evidence(
        &self,
        by: Staffed,
        conflict: MessageId,
        concede: bool,
        statement: String,
    ) -> Result<MessageId, NodeError> {
        if statement.trim().is_empty() {
            return Err(NodeError::refused(
                "malformed",
                "the statement is empty: say what the hub's officers should know",
            ));
        }
        check_text("the statement", &statement, STATEMENT_MAX)?;
        let said = by.id.map(|id| id.to_string());
        self.read(move |tx| {
            if let Some(said) = &said
                && tx.outbox(said)?.is_some()
            {
                return Ok(());
            }
            let row = tx.conflict(&conflict.to_string())?;
            let row = row.ok_or_else(|| NodeError::not_found("conflict", conflict))?;
            if row.state == ConflictState::Resolved.code() {
                return Err(NodeError::refused("ended", format!("conflict {conflict} is resolved")));
            }
            Ok(())
        })
        .await?;
        let evidence = ConflictEvidence {
            conflict,
            concede,
            statement,
        };
        self.say(by, evidence).await
    }
}

fn shown(row: ConflictRow) -> Result<Conflict, StoreError> {
    let corrupt = || StoreError::Corrupt(format!("conflict {}", row.id));
    let place = |place| u32::try_from(place).map_err(|_| corrupt());
    let kinds = row.kinds.split(' ').filter(|kind| !kind.is_empty());
    Ok(Conflict {
        conflict: row.id.parse().map_err(|_| corrupt())?,
        state: ConflictState::from_code(row.state).ok_or_else(corrupt)?,
        issuance: row
            .issuance
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|_| corrupt())?,
        index: place(row.place)?,
        quantity_g: grams(row.quantity_g)?,
        held_back: row.held_back != 0,
        kinds: kinds
            .map(|kind| kind.parse().map_err(|_| corrupt()))
            .collect::<Result<_, _>>()?,
        check: row.check_code.clone(),
        other_member: row.other_member.parse().map_err(|_| corrupt())?,
        other_issuance: row.other_issuance.parse().map_err(|_| corrupt())?,
        other_index: place(row.other_place)?,
        deadline: row.deadline.map(Timestamp::from_micros),
        opened_at: Timestamp::from_micros(row.opened_at),
        outcome: row
            .outcome
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|_| corrupt())?,
        reason: row.reason.clone(),
        resolved_at: row.resolved_at.map(Timestamp::from_micros),
    })
}
