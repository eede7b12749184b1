//! Many messages under one signature, and the same batch put together again.

use tanqiao_protocol::envelope::{Envelope, Signature};
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::message::{Action, Batch, BatchItem};
use tanqiao_protocol::time::Timestamp;

use crate::error::NodeError;
use crate::exchange::outbox::action_of;
use crate::exchange::{ExchangeError, Signer};
use crate::service::Node;
use crate::store::rows::{BatchRow, OutboxRow};
use crate::store::{StoreError, Tx};

fn content(rows: &[OutboxRow]) -> Result<Batch, NodeError> {
    let item = |row: &OutboxRow| {
        Ok(BatchItem {
            payload_type: action_of(row)?.payload_type(),
            payload: row.payload.clone(),
        })
    };
    let items = rows.iter().map(item).collect::<Result<_, NodeError>>()?;
    Ok(Batch { items })
}

/// Signs messages as one batch; with it the row that it can be put together from again.
pub(super) fn sign(node: &Node, rows: &[OutboxRow]) -> Result<(Envelope, BatchRow), NodeError> {
    let signer = node.signer();
    let (id, issued_at) = (node.new_id(), node.now());
    let not_after = signer.not_after(issued_at);
    let payload = signer.payload_until(id, issued_at, not_after, None, &content(rows)?)?;
    let envelope = signer.sign(Action::Batch, &payload)?;
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let row = BatchRow {
        id: id.to_string(),
        issued_at: issued_at.micros(),
        not_after: not_after.micros(),
        items: serde_json::to_string(&ids).map_err(ExchangeError::from)?,
        sha256: envelope.payload_sha256().to_string(),
        signatures: serde_json::to_string(envelope.signatures()).map_err(ExchangeError::from)?,
    };
    Ok((envelope, row))
}

/// The ids of the messages in a batch, in their order.
pub(crate) fn items_of(row: &BatchRow) -> Result<Vec<String>, NodeError> {
    Ok(serde_json::from_str(&row.items).map_err(ExchangeError::from)?)
}

/// Puts a batch together again, byte for byte.
///
/// # Errors
/// [`StoreError::Corrupt`] if what comes out is not what was signed.
pub(crate) fn again(tx: &mut dyn Tx, signer: &Signer, row: &BatchRow) -> Result<Envelope, NodeError> {
    let corrupt = || NodeError::from(StoreError::Corrupt(format!("batch {}", row.id)));
    let mut rows = Vec::new();
    for id in items_of(row)? {
        rows.push(tx.outbox(&id)?.ok_or_else(corrupt)?);
    }
    let id: MessageId = row.id.parse().map_err(|_| corrupt())?;
    let (issued_at, not_after) = (
        Timestamp::from_micros(row.issued_at),
        Timestamp::from_micros(row.not_after),
    );
    let payload = signer.payload_until(id, issued_at, not_after, None, &content(&rows)?)?;
    let signatures: Vec<Signature> = serde_json::from_str(&row.signatures).map_err(ExchangeError::from)?;
    if Sha256::of(payload.as_bytes()).to_string() != row.sha256 {
        return Err(corrupt());
    }
    Envelope::from_parts(&Action::Batch.payload_type(), payload.into_bytes(), signatures).map_err(|_| corrupt())
}
