//! Signed bytes as they were received.

use tanqiao_protocol::id::{NodeId, Sha256};

use super::{members, row};
use crate::store::convert::content;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::rows::EnvelopeRow;

/// An envelope as received.
#[derive(Debug, Clone)]
pub struct StoredEnvelope {
    /// Who sent it.
    pub sender: NodeId,
    /// Its `payloadType`.
    pub payload_type: String,
    /// Its payload.
    pub payload: Vec<u8>,
    /// Its signatures, as they stood in its JSON.
    pub signatures: serde_json::Value,
}

/// The envelope around a payload.
///
/// # Errors
/// [`StoreError`].
pub fn find(connection: &mut ReadConnection<'_>, payload: &Sha256) -> Result<Option<StoredEnvelope>, StoreError> {
    let found: Option<EnvelopeRow> = row(connection, "sha256 = ?", vec![payload.0.to_vec().into()])?;
    let Some(found) = found else { return Ok(None) };
    let numbers = members(connection)?;
    Ok(Some(StoredEnvelope {
        sender: numbers.members.name(found.member_no)?.clone(),
        payload_type: found.payload_type,
        payload: found.payload,
        signatures: serde_json::from_str(&found.signatures).map_err(content)?,
    }))
}
