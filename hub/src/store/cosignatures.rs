//! Cosignatures of witnesses, and the publication of the heads that have enough of them.

use diesel::sql_types::{BigInt, Text};
use tanqiao_protocol::id::{NodeId, Sha256};
use tanqiao_protocol::log::note::{Note, NoteError};
use tanqiao_protocol::signing::NoteKey;
use tanqiao_protocol::time::Timestamp;

use super::checkpoints::{SignedHead, head, in_transaction};
use super::connection::StoreConnection;
use super::convert::content;
use super::database::{Database, ReadConnection, StoreError};
use super::log_rules;
use super::read::Number;
use super::row::row;
use super::rows::{LogCheckpointRow, LogCosignatureRow};
use super::statement::Statement;

/// Published heads that are kept.
const PUBLISHED_KEPT: i64 = 100;

row!(NamedCosignatureRow in "log_cosignature", key "id", {
    id: Text => String, size: BigInt => i64, witness_key: Text => String, cosigned_at: BigInt => i64, note: Text => String,
});

/// A witness's cosignature of a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// Whose witness.
    pub member: NodeId,
    /// The key that made it.
    pub key: NoteKey,
    /// The size of the head.
    pub size: u64,
    /// When, as the witness says, in seconds since 1970-01-01 UTC.
    pub at: u64,
    /// The checkpoint with the log's signatures and this one.
    pub note: String,
}

/// What became of a cosignature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cosigned {
    /// It is kept.
    Taken {
        /// How many admitted witnesses have cosigned this head.
        cosignatures: usize,
        /// True if this head or a later one is published.
        published: bool,
    },
    /// The log has signed another root of this size.
    Other(SignedHead),
    /// No head of this size is kept.
    Unknown,
}

fn cosignature(row: NamedCosignatureRow) -> Result<Cosignature, StoreError> {
    let wrong = |error| content(format!("log_cosignature of {} over size {}: {error}", row.id, row.size));
    Ok(Cosignature {
        key: row.witness_key.parse().map_err(wrong)?,
        member: row.id.parse().map_err(content)?,
        size: u64::try_from(row.size).map_err(content)?,
        at: u64::try_from(row.cosigned_at).map_err(content)?,
        note: row.note,
    })
}

/// The checkpoint with every cosignature that fits; a line that does not is nothing that a reader could use.
///
/// # Errors
/// [`NoteError`] if the head's own note cannot be read.
pub fn joined(head: &str, cosignatures: &[Cosignature]) -> Result<Note, NoteError> {
    let mut note = Note::parse(head.as_bytes())?;
    for given in cosignatures {
        let cosigned = Note::parse(given.note.as_bytes())?;
        if let Some(line) = cosigned.signatures().iter().find(|line| line.is_of(&given.key)) {
            note.add(line.clone())?;
        }
    }
    Ok(note)
}

/// Keeps a cosignature of a head with this root, and publishes the head if it has its quorum now.
///
/// # Errors
/// [`StoreError`].
pub fn take(
    database: &Database,
    cosignature: &Cosignature,
    root: &Sha256,
    now: Timestamp,
) -> Result<Cosigned, StoreError> {
    in_transaction!(database, c => take_in_txn(c, cosignature, root, now))
}

fn take_in_txn<C: StoreConnection>(
    c: &mut C,
    given: &Cosignature,
    root: &Sha256,
    now: Timestamp,
) -> Result<Cosigned, StoreError> {
    let size = i64::try_from(given.size).map_err(content)?;
    let sql = "SELECT * FROM log_checkpoint WHERE note IS NOT NULL AND size = ?";
    let found = c.select::<LogCheckpointRow>(Statement::new(sql).bind(size))?;
    let Some(found) = found.into_iter().next().map(head).transpose()? else {
        return Ok(Cosigned::Unknown);
    };
    if found.root != *root {
        return Ok(Cosigned::Other(found));
    }
    let sql = "SELECT CAST(no AS BIGINT) AS n FROM member WHERE id = ?";
    let member = c.select::<Number>(Statement::new(sql).bind(given.member.as_str()))?;
    let member = member
        .first()
        .map(|row| i32::try_from(row.n))
        .transpose()
        .map_err(content)?;
    let member_no = member.ok_or_else(|| content(format!("there is no member `{}`", given.member)))?;
    let own = found.note.unwrap_or_default();
    let note = joined(&own, std::slice::from_ref(given)).map_err(content)?;
    c.put_rows(&[LogCosignatureRow {
        member_no,
        size,
        witness_key: given.key.to_string(),
        cosigned_at: i64::try_from(given.at).map_err(content)?,
        note: note.to_string(),
    }])?;
    let published = settle(c, now)?;
    let counted = format!("SELECT ({COUNTED}) AS n FROM log_checkpoint h WHERE h.size = ?");
    let counted = c.select::<Number>(Statement::new(counted).bind(size))?;
    Ok(Cosigned::Taken {
        cosignatures: counted.first().map_or(0, |row| usize::try_from(row.n).unwrap_or(0)),
        published: published.is_some_and(|published| published >= given.size),
    })
}

/// How many of the admitted keys have cosigned the head `h`.
const COUNTED: &str = "SELECT count(*) FROM log_cosignature c JOIN log_witness w ON w.member_no = c.member_no AND w.admitted = c.witness_key
                       WHERE c.size = h.size";

/// The size that is published, and the highest beyond it that has its quorum.
fn due<C: StoreConnection>(c: &mut C) -> Result<(Option<i64>, Option<i64>), StoreError> {
    let quorum = i64::try_from(log_rules::load(c)?.quorum()).map_err(content)?;
    let sql = "SELECT size AS n FROM log_checkpoint WHERE published_at IS NOT NULL ORDER BY size DESC LIMIT 1";
    let last = c.select::<Number>(Statement::new(sql))?.first().map(|row| row.n);
    let sql = format!(
        "SELECT h.size AS n FROM log_checkpoint h WHERE h.note IS NOT NULL AND h.size > ? AND ({COUNTED}) >= ? ORDER BY h.size DESC LIMIT 1"
    );
    let next = c.select::<Number>(Statement::new(sql).bind(last.unwrap_or(-1)).bind(quorum))?;
    Ok((last, next.first().map(|row| row.n)))
}

/// Publishes the highest head that has its quorum, and forgets what lies below it. The size that is published.
pub(super) fn settle<C: StoreConnection>(c: &mut C, now: Timestamp) -> Result<Option<u64>, StoreError> {
    let (last, next) = due(c)?;
    if let Some(next) = next {
        let sql = "UPDATE log_checkpoint SET published_at = ? WHERE size = ?";
        c.run(Statement::new(sql).bind(now.micros()).bind(next))?;
        forget_below(c, next)?;
    }
    next.or(last).map(u64::try_from).transpose().map_err(content)
}

/// Forgets heads that were never published, published ones but the last, and their cosignatures; never a witness's highest.
fn forget_below<C: StoreConnection>(c: &mut C, published: i64) -> Result<(), StoreError> {
    let sql = "DELETE FROM log_checkpoint WHERE size < ? AND (published_at IS NULL OR size < (
                   SELECT size FROM log_checkpoint WHERE published_at IS NOT NULL ORDER BY size DESC LIMIT 1 OFFSET ?))";
    c.run(Statement::new(sql).bind(published).bind(PUBLISHED_KEPT))?;
    let sql = "DELETE FROM log_cosignature WHERE size < ?
               AND NOT EXISTS (SELECT 1 FROM log_checkpoint h WHERE h.size = log_cosignature.size)
               AND size < (SELECT max(o.size) FROM log_cosignature o WHERE o.member_no = log_cosignature.member_no)";
    c.run(Statement::new(sql).bind(published))?;
    Ok(())
}

/// Publishes what has its quorum, such as after a witness was removed. Where nothing has, it writes nothing, and waits for no other writer.
///
/// # Errors
/// [`StoreError`].
pub fn publish(database: &Database, now: Timestamp) -> Result<(), StoreError> {
    let (_, next) = database.read(|connection| match connection {
        ReadConnection::Sqlite(c) => due(&mut **c),
        ReadConnection::Postgres(c) => due(&mut **c),
    })?;
    if next.is_some() {
        in_transaction!(database, c => settle(c, now))?;
    }
    Ok(())
}

const NAMED: &str = "SELECT m.id, c.size, c.witness_key, c.cosigned_at, c.note FROM log_cosignature c JOIN member m ON m.no = c.member_no";

/// All cosignatures of a head, by member.
///
/// # Errors
/// [`StoreError`].
pub fn of(connection: &mut ReadConnection<'_>, size: u64) -> Result<Vec<Cosignature>, StoreError> {
    let size = i64::try_from(size).map_err(content)?;
    let sql = format!("{NAMED} WHERE c.size = ? ORDER BY m.id");
    let rows = connection.load(Statement::new(sql).bind(size))?;
    rows.into_iter().map(cosignature).collect()
}

/// The highest head that a member's witness has cosigned.
///
/// # Errors
/// [`StoreError`].
pub fn highest(connection: &mut ReadConnection<'_>, member: &NodeId) -> Result<Option<Cosignature>, StoreError> {
    let sql = format!("{NAMED} WHERE m.id = ? ORDER BY c.size DESC LIMIT 1");
    let rows: Vec<NamedCosignatureRow> = connection.load(Statement::new(sql).bind(member.as_str()))?;
    rows.into_iter().next().map(cosignature).transpose()
}

/// Every cosignature that is kept.
///
/// # Errors
/// [`StoreError`].
pub fn all(connection: &mut ReadConnection<'_>) -> Result<Vec<Cosignature>, StoreError> {
    let rows = connection.load(Statement::new(format!("{NAMED} ORDER BY c.size, m.id")))?;
    rows.into_iter().map(cosignature).collect()
}
