//! Writing messages to the outbox, in the transaction that binds what they are about.

use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::message::{Action, Content, StaffDecision};
use tanqiao_protocol::time::Timestamp;

use crate::crash;
use crate::error::NodeError;
use crate::exchange::{ExchangeError, FeedState, OutboxState, Signer};
use crate::store::Tx;
use crate::store::rows::OutboxRow;
use crate::witness::check_trusted;

/// A message to be written.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Its id.
    pub id: MessageId,
    /// When it is written.
    pub now: Timestamp,
    /// Who decided at the node.
    pub staff: Option<StaffDecision>,
}

/// Signs `content` and writes it at the end of the outbox. The same message again is written once.
///
/// # Errors
/// [`NodeError::Refused`] with code `id-reused` if the id is another message's.
pub fn enqueue<C: Content>(tx: &mut dyn Tx, signer: &Signer, message: &Outgoing, content: &C) -> Result<(), NodeError> {
    let payload = signer.payload(message.id, message.now, message.staff.clone(), content)?;
    if let Some(row) = tx.outbox(&message.id.to_string())? {
        let same = row.action == C::ACTION.code()
            && content_of(&row.payload)? == serde_json::to_value(content).map_err(ExchangeError::from)?;
        return if same { Ok(()) } else { Err(id_reused(message.id)) };
    }
    // What is wrong with the log is said whatever else has stopped.
    if C::ACTION != Action::LogFork {
        check_following(tx)?;
        check_trusted(tx)?;
    }
    let envelope = signer.sign(C::ACTION, &payload)?;
    crash::point("command.before-outbox");
    tx.insert_outbox(OutboxRow {
        id: message.id.to_string(),
        place: 0,
        action: C::ACTION.code(),
        payload,
        envelope: serde_json::to_string(&envelope).map_err(ExchangeError::from)?,
        state: OutboxState::Pending.code(),
        attempts: 0,
        created_at: message.now.micros(),
        not_after: signer.not_after(message.now).micros(),
        sent_at: None,
        answered_at: None,
        log_index: None,
        outcome: None,
        problem: None,
    })?;
    crash::point("command.after-outbox");
    Ok(())
}

/// A node that has stopped takes no new order: what it would reserve may not be its own any more.
fn check_following(tx: &mut dyn Tx) -> Result<(), NodeError> {
    let state = tx
        .cursor()?
        .map(|cursor| FeedState::from_code(cursor.state))
        .transpose()?;
    match state {
        None | Some(FeedState::Following) => Ok(()),
        Some(FeedState::Forked) => Err(NodeError::refused(
            "feed-fork",
            "the hub's feed is not the one that this node has read, so that no new order is taken. Give the hub's operator the \
             file of `tanqiao-node export recovery`; the node goes on by itself once the hub has its entries again. Where the \
             hub's log begins anew, run `tanqiao-node recover --follow-origin`. Then give the order again",
        )),
        Some(FeedState::Diverged) => Err(NodeError::refused(
            "feed-diverged",
            "this node's book is not what the hub says, so that no new order is taken. `tanqiao-node reconcile` shows both \
             sides; clear it up with the hub's operator, then give the order again",
        )),
    }
}

/// The refusal of an id that names another message.
pub(crate) fn id_reused(id: MessageId) -> NodeError {
    NodeError::refused(
        "id-reused",
        format!("message {id} exists and says something else: use a new id"),
    )
}

/// The content of a payload that this node wrote.
pub(crate) fn content_of(payload: &str) -> Result<serde_json::Value, NodeError> {
    let mut message: serde_json::Value = serde_json::from_str(payload).map_err(ExchangeError::from)?;
    Ok(message
        .get_mut("content")
        .map(serde_json::Value::take)
        .unwrap_or_default())
}

/// The action of a row.
pub(super) fn action_of(row: &OutboxRow) -> Result<Action, NodeError> {
    let unknown = || crate::store::StoreError::Corrupt(format!("action {}", row.action));
    Ok(Action::from_code(row.action).ok_or_else(unknown)?)
}
