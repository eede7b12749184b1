//! Challenges between rows and objects, and the end of what was kept of their answers.

use tanqiao_protocol::challenge::ChallengeState;
use tanqiao_protocol::time::{DAY_US, Timestamp};

use super::connection::StoreConnection;
use super::convert::{content, id_bytes, json, message_id, parse, sha256};
use super::database::{Database, StoreError, WriteConnection};
use super::numbers::Numbers;
use super::rows::ChallengeRow;
use super::statement::Statement;
use crate::ledger::objects::Challenge;

/// A challenge.
///
/// # Errors
/// [`StoreError`] if the row is not one.
pub fn challenge(row: &ChallengeRow, numbers: &Numbers) -> Result<Challenge, StoreError> {
    Ok(Challenge {
        id: message_id(&row.id)?,
        issuance: message_id(&row.issuance)?,
        member: numbers.members.name(row.member_no)?.clone(),
        state: ChallengeState::from_code(row.state)
            .ok_or_else(|| content(format!("unknown state {} of a challenge", row.state)))?,
        opened_at: Timestamp::from_micros(row.opened_at),
        answer_until: Timestamp::from_micros(row.answer_until),
        ended_at: row.ended_at.map(Timestamp::from_micros),
        answer_envelope: row.answer_envelope.as_deref().map(sha256).transpose()?,
        sealed_kept: row.sealed_kept,
        content: parse(&row.content)?,
        log_index: row.log_index,
    })
}

pub(super) fn challenge_row(challenge: &Challenge, numbers: &Numbers) -> Result<ChallengeRow, StoreError> {
    Ok(ChallengeRow {
        id: id_bytes(challenge.id),
        issuance: id_bytes(challenge.issuance),
        member_no: numbers.members.number(&challenge.member)?,
        state: challenge.state.code(),
        opened_at: challenge.opened_at.micros(),
        answer_until: challenge.answer_until.micros(),
        ended_at: challenge.ended_at.map(Timestamp::micros),
        answer_envelope: challenge.answer_envelope.map(|hash| hash.0.to_vec()),
        sealed_kept: challenge.sealed_kept,
        content: json(&challenge.content)?,
        log_index: challenge.log_index,
    })
}

/// How long a sealed answer is kept after its challenge has ended, in days.
pub const SEALED_DAYS: i64 = 30;

/// Empties the envelopes of answers to challenges that ended long enough ago: hash and signature stay, the sealed records go.
/// How many there were.
///
/// # Errors
/// [`StoreError`].
pub fn forget_sealed(database: &Database, now: Timestamp) -> Result<usize, StoreError> {
    let until = now.plus_micros(-SEALED_DAYS * DAY_US);
    match database.writer()? {
        WriteConnection::Sqlite(mut connection) => forget(&mut *connection, until),
        WriteConnection::Postgres(mut connection) => forget(&mut *connection, until),
    }
}

fn forget<C: StoreConnection>(connection: &mut C, until: Timestamp) -> Result<usize, StoreError> {
    connection.write(|c| {
        let ended = "sealed_kept AND ended_at <= ?";
        let sql = format!(
            "UPDATE envelope SET payload = ? WHERE sha256 IN (SELECT answer_envelope FROM challenge WHERE {ended})"
        );
        c.run(Statement::new(sql).bind(Vec::new()).bind(until.micros()))?;
        let sql = format!("UPDATE challenge SET sealed_kept = ? WHERE {ended}");
        Ok(c.run(Statement::new(sql).bind(false).bind(until.micros()))?)
    })
}
