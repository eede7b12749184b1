//! Waiting for the hub's answer and for the feed to bring its effect; what was heard of the hub last.

use std::sync::PoisonError;
use std::time::Duration;

use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::message::Action;
use tanqiao_protocol::time::Timestamp;

use super::{Answer, Node};
use crate::error::NodeError;
use crate::exchange::{OutboxState, reached};
use crate::store::rows::OutboxRow;
use crate::store::{StoreError, Tx};

/// How long to wait before looking again for what another process may have written.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// What this process has heard of the hub.
#[derive(Debug, Clone, Default)]
pub(super) struct Contact {
    pub(super) heard_at: Option<Timestamp>,
    pub(super) trouble: Option<String>,
    pub(super) latest: i64,
}

impl Node {
    /// Waits until the hub has decided a message and the node's book has its effect, `patience` at most. What is known then
    /// is returned either way.
    ///
    /// # Errors
    /// [`NodeError::NotFound`] for a message that is not in the outbox.
    pub async fn wait_for(&self, id: MessageId, patience: Duration) -> Result<Answer, NodeError> {
        let mut progress = self.progress();
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            progress.mark_unchanged();
            let answer = self.read(move |tx| answer(tx, id)).await?;
            let done = answer.state.is_final() && (answer.outcome.is_none() || answer.caught_up);
            if done || tokio::time::Instant::now() >= deadline {
                return Ok(answer);
            }
            let look = deadline.min(tokio::time::Instant::now() + LOOK_AGAIN);
            tokio::select! {
                _ = progress.changed() => {}
                () = tokio::time::sleep_until(look) => {}
            }
        }
    }

    /// Notes that the hub was heard, or why not.
    pub(crate) fn heard(&self, trouble: Option<String>) {
        let mut contact = self.0.contact.lock().unwrap_or_else(PoisonError::into_inner);
        if trouble.is_none() {
            contact.heard_at = Some(self.now());
        }
        contact.trouble = trouble;
    }

    /// Notes the highest entry that the hub has for this member.
    pub(crate) fn latest(&self, seq: i64) {
        self.0.contact.lock().unwrap_or_else(PoisonError::into_inner).latest = seq;
    }

    pub(super) fn contact(&self) -> Contact {
        self.0.contact.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn answer(tx: &mut dyn Tx, id: MessageId) -> Result<Answer, NodeError> {
    let Some(row) = tx.outbox(&id.to_string())? else {
        // An issuance whose tokens are being derived has no message yet.
        return match tx.token_stream(&id.to_string())? {
            Some(_) => Ok(Answer {
                id,
                state: OutboxState::Pending,
                outcome: None,
                problem: None,
                caught_up: false,
            }),
            None => Err(NodeError::not_found("message", id)),
        };
    };
    let caught_up = match row.log_index {
        Some(index) => !moves_blocks(&row)? || reached(tx)? >= index,
        None => false,
    };
    Ok(Answer {
        id,
        state: OutboxState::from_code(row.state)?,
        outcome: read(row.outcome.as_deref())?,
        problem: read(row.problem.as_deref())?,
        caught_up,
    })
}

/// True if the hub tells the effect of such a message in the feed; listings and the like have none there.
fn moves_blocks(row: &OutboxRow) -> Result<bool, StoreError> {
    let action = Action::from_code(row.action).ok_or_else(|| StoreError::Corrupt(format!("action {}", row.action)))?;
    Ok(!matches!(
        action,
        Action::Batch
            | Action::Methodology
            | Action::Listing
            | Action::Key
            | Action::PledgeConsent
            | Action::Sheet
            | Action::MappingProposal
            | Action::MappingEndorsement
            | Action::MappingObjection
            | Action::MappingSuspension
            | Action::MappingLifting
            | Action::MappingComment
            | Action::ConflictEvidence
            | Action::TokenEpoch
            | Action::Asset
    ))
}

pub(super) fn read<T: serde::de::DeserializeOwned>(text: Option<&str>) -> Result<Option<T>, StoreError> {
    let parsed = text.map(serde_json::from_str).transpose();
    parsed.map_err(|e| StoreError::Corrupt(format!("a stored answer: {e}")))
}
