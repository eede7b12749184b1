//! Where the signed messages behind a leaf stand.

use tanqiao_protocol::id::{MessageId, NodeId, Sha256};
use tanqiao_protocol::message::Action;

use super::envelopes::{self, StoredEnvelope};
use super::{MEMBER_NO, id_of, row};
use crate::store::convert::{content, id_bytes, sha256};
use crate::store::database::{ReadConnection, StoreError};
use crate::store::rows::MessageRow;

/// A message as it came: its envelope, and the item where that is a batch.
#[derive(Debug, Clone)]
pub struct Received {
    /// The envelope.
    pub envelope: StoredEnvelope,
    /// Which item.
    pub item: Option<u32>,
}

/// The message of a member under its id.
///
/// # Errors
/// [`StoreError`].
pub fn by_id(
    connection: &mut ReadConnection<'_>,
    member: &NodeId,
    id: MessageId,
) -> Result<Option<Received>, StoreError> {
    let condition = format!("id = ? AND member_no = {MEMBER_NO}");
    let found: Option<MessageRow> = row(connection, &condition, vec![id_bytes(id).into(), id_of(member)])?;
    received(connection, found)
}

/// The acceptance with this payload.
///
/// # Errors
/// [`StoreError`].
pub fn acceptance(connection: &mut ReadConnection<'_>, payload: &Sha256) -> Result<Option<Received>, StoreError> {
    if let Some(envelope) = envelopes::find(connection, payload)? {
        return Ok(Some(Received { envelope, item: None }));
    }
    // The conditions of the index, word for word: it has no other rows.
    let condition = format!(
        "payload_sha256 = ? AND action = {} AND item IS NOT NULL",
        Action::TransferAcceptance.code()
    );
    let found: Option<MessageRow> = row(connection, &condition, vec![payload.0.to_vec().into()])?;
    received(connection, found)
}

fn received(connection: &mut ReadConnection<'_>, found: Option<MessageRow>) -> Result<Option<Received>, StoreError> {
    let Some(found) = found else { return Ok(None) };
    let Some(sha) = &found.envelope_sha256 else {
        return Ok(None);
    };
    let Some(envelope) = envelopes::find(connection, &sha256(sha)?)? else {
        return Ok(None);
    };
    let item = found.item.map(u32::try_from).transpose().map_err(content)?;
    Ok(Some(Received { envelope, item }))
}
