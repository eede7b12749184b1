//! Challenges, and the sealed answers to them.

use diesel::sql_types::Binary;
use tanqiao_protocol::challenge::ChallengeAnswer;
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::message::Message;

use super::dealings::Window;
use super::{MEMBER_NO, id_of, limit, members, row, rows};
use crate::ledger::objects::Challenge;
use crate::store::challenges;
use crate::store::convert::{content, id_bytes};
use crate::store::database::{ReadConnection, StoreError};
use crate::store::rows::ChallengeRow;
use crate::store::statement::{Bind, Statement};

/// One challenge.
///
/// # Errors
/// [`StoreError`].
pub fn challenge(connection: &mut ReadConnection<'_>, id: MessageId) -> Result<Option<Challenge>, StoreError> {
    let found: Option<ChallengeRow> = row(connection, "id = ?", vec![id_bytes(id).into()])?;
    found
        .map(|row| challenges::challenge(&row, &members(connection)?))
        .transpose()
}

/// Challenges, oldest first: to one member or to all; `open` for those that have not ended.
///
/// # Errors
/// [`StoreError`].
pub fn challenges(
    connection: &mut ReadConnection<'_>,
    member: Option<&NodeId>,
    open: bool,
    window: Window,
) -> Result<Vec<Challenge>, StoreError> {
    let mut condition = String::new();
    let mut binds: Vec<Bind<'_>> = Vec::new();
    if open {
        condition.push_str("state < 10 AND ");
    }
    if let Some(member) = member {
        condition.push_str("member_no = ");
        condition.push_str(MEMBER_NO);
        condition.push_str(" AND ");
        binds.push(id_of(member));
    }
    condition.push_str("id > ? ORDER BY id LIMIT ?");
    binds.push(window.after.map(id_bytes).unwrap_or_default().into());
    binds.push(limit(window.limit));
    let found: Vec<ChallengeRow> = rows(connection, &condition, binds)?;
    let numbers = members(connection)?;
    found.iter().map(|row| challenges::challenge(row, &numbers)).collect()
}

#[derive(diesel::QueryableByName)]
struct Payload {
    #[diesel(sql_type = Binary)]
    payload: Vec<u8>,
}

/// The sealed answer to a challenge in base64, as long as it is kept.
///
/// # Errors
/// [`StoreError`], also if the envelope is not what the challenge says.
pub fn sealed(connection: &mut ReadConnection<'_>, challenge: &Challenge) -> Result<Option<String>, StoreError> {
    let Some(envelope) = challenge.answer_envelope.filter(|_| challenge.sealed_kept) else {
        return Ok(None);
    };
    let statement = Statement::new("SELECT payload FROM envelope WHERE sha256 = ?").bind(envelope.0.to_vec());
    let found: Vec<Payload> = connection.load(statement)?;
    let payload = found
        .first()
        .ok_or_else(|| content(format!("envelope {envelope} is missing")))?;
    let message: Message<ChallengeAnswer> = serde_json::from_slice(&payload.payload).map_err(content)?;
    Ok(Some(message.content.sealed))
}
