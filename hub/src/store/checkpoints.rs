//! Heads of the transparency log that were signed, and the leaves that their tiles are made of.

use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::time::{SECOND_US, Timestamp};

use super::connection::StoreConnection;
use super::convert::{content, sha256};
use super::cosignatures;
use super::database::{Database, ReadConnection, StoreError};
use super::read::Number;
use super::rows::{LeafRow, LogCheckpointRow};
use super::statement::Statement;

/// A head that is claimed: nothing else will be signed for its size. `note` is there once it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHead {
    /// How many leaves.
    pub size: u64,
    /// The root over them.
    pub root: Sha256,
    /// The checkpoint with the log's signature.
    pub note: Option<String>,
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// This process may sign it.
    New(SignedHead),
    /// It, or a later one, was claimed before.
    Already(SignedHead),
}

pub(super) fn head(row: LogCheckpointRow) -> Result<SignedHead, StoreError> {
    Ok(SignedHead {
        size: u64::try_from(row.size).map_err(content)?,
        root: sha256(&row.root)?,
        note: row.note,
    })
}

const LATEST: &str = "SELECT * FROM log_checkpoint ORDER BY size DESC LIMIT 1";
const NEWEST: &str = "SELECT * FROM log_checkpoint WHERE note IS NOT NULL ORDER BY size DESC LIMIT 1";
const PUBLISHED: &str = "SELECT * FROM log_checkpoint WHERE published_at IS NOT NULL ORDER BY size DESC LIMIT 1";
/// How long a head is offered to all witnesses while newer ones are signed, in microseconds: those that are slow would never cosign the
/// same one otherwise.
const OFFERED_US: i64 = 10 * SECOND_US;
/// Heads without a quorum that are kept.
const WAITING_KEPT: i64 = 1_000;

/// Runs the body with a connection of the pool, in one transaction that writes.
macro_rules! in_transaction {
    ($database:expr, $c:ident => $body:expr) => {
        $database.read(|connection| match connection {
            $crate::store::database::ReadConnection::Sqlite($c) => {
                $crate::store::connection::StoreConnection::write(&mut **$c, |$c| $body)
            }
            $crate::store::database::ReadConnection::Postgres($c) => {
                $crate::store::connection::StoreConnection::write(&mut **$c, |$c| $body)
            }
        })
    };
}

pub(super) use in_transaction;

/// The highest head that was claimed.
///
/// # Errors
/// [`StoreError`].
pub fn latest(connection: &mut ReadConnection<'_>) -> Result<Option<SignedHead>, StoreError> {
    let rows: Vec<LogCheckpointRow> = connection.load(Statement::new(LATEST))?;
    rows.into_iter().next().map(head).transpose()
}

/// How many leaves are committed.
///
/// # Errors
/// [`StoreError`].
pub fn leaf_count(connection: &mut ReadConnection<'_>) -> Result<u64, StoreError> {
    let rows: Vec<Number> = connection.load(Statement::new("SELECT size AS n FROM log_head"))?;
    u64::try_from(rows.first().map_or(0, |row| row.n)).map_err(content)
}

/// The bytes of leaves `first` to `end − 1`.
///
/// # Errors
/// [`StoreError`].
pub fn leaves(connection: &mut ReadConnection<'_>, first: u64, end: u64) -> Result<Vec<Vec<u8>>, StoreError> {
    let place = |place| i64::try_from(place).map_err(content);
    let sql = "SELECT idx, bytes FROM leaf WHERE idx >= ? AND idx < ? ORDER BY idx";
    let rows: Vec<LeafRow> = connection.load(Statement::new(sql).bind(place(first)?).bind(place(end)?))?;
    Ok(rows.into_iter().map(|row| row.bytes).collect())
}

/// How far the log is signed and published, and what witnesses are asked to cosign.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heads {
    /// The highest head that is signed.
    pub newest: Option<SignedHead>,
    /// The head that witnesses are asked to cosign.
    pub offered: Option<SignedHead>,
    /// The highest head that has its quorum, and since when.
    pub published: Option<(SignedHead, Timestamp)>,
    /// Since when a head has been waiting for its quorum.
    pub waiting_since: Option<Timestamp>,
}

/// The heads of now.
///
/// # Errors
/// [`StoreError`].
pub fn heads(connection: &mut ReadConnection<'_>, now: Timestamp) -> Result<Heads, StoreError> {
    let mut one = |statement| -> Result<Option<LogCheckpointRow>, StoreError> {
        Ok(connection.load(statement)?.into_iter().next())
    };
    let newest = one(Statement::new(NEWEST))?;
    let published = one(Statement::new(PUBLISHED))?;
    let beyond = published.as_ref().map_or(-1, |row| row.size);
    let waiting = "SELECT * FROM log_checkpoint WHERE note IS NOT NULL AND size > ? ORDER BY size LIMIT 1";
    let waiting = one(Statement::new(waiting).bind(beyond))?;
    let since = published.as_ref().and_then(|row| row.published_at).unwrap_or(0);
    let offered =
        "SELECT * FROM log_checkpoint WHERE note IS NOT NULL AND size > ? AND claimed_at >= ? ORDER BY size LIMIT 1";
    let since = since.max(now.micros() - OFFERED_US);
    let offered = one(Statement::new(offered).bind(beyond).bind(since))?.or_else(|| newest.clone());
    Ok(Heads {
        newest: newest.map(head).transpose()?,
        offered: offered.map(head).transpose()?,
        waiting_since: waiting.map(|row| Timestamp::from_micros(row.claimed_at)),
        published: published
            .map(|row| {
                let at = Timestamp::from_micros(row.published_at.unwrap_or_default());
                Ok::<_, StoreError>((head(row)?, at))
            })
            .transpose()?,
    })
}

/// Every head that is kept, the lowest first, and whether it is published.
///
/// # Errors
/// [`StoreError`].
pub fn all(connection: &mut ReadConnection<'_>) -> Result<Vec<(SignedHead, bool)>, StoreError> {
    let rows: Vec<LogCheckpointRow> = connection.load(Statement::new("SELECT * FROM log_checkpoint ORDER BY size"))?;
    let published = |row: LogCheckpointRow| {
        let published = row.published_at.is_some();
        Ok((head(row)?, published))
    };
    rows.into_iter().map(published).collect()
}

/// Claims a head at a time, if `last` is the highest that was claimed until now: then nothing else is signed for this size, by any
/// process.
///
/// # Errors
/// [`StoreError`].
pub fn claim(
    database: &Database,
    last: Option<u64>,
    size: u64,
    root: Sha256,
    now: Timestamp,
) -> Result<Claimed, StoreError> {
    fn of<C: StoreConnection>(c: &mut C, last: Option<u64>, new: &LogCheckpointRow) -> Result<Claimed, StoreError> {
        if C::POSTGRES {
            // One process at a time; SQLite has one writer anyway.
            c.run(Statement::new("LOCK TABLE log_checkpoint IN EXCLUSIVE MODE"))?;
        }
        let rows = c.select::<LogCheckpointRow>(Statement::new(LATEST))?;
        let found = rows.into_iter().next().map(head).transpose()?;
        let new_head = head(new.clone())?;
        match found {
            Some(found) if found.size >= new_head.size || Some(found.size) != last => Ok(Claimed::Already(found)),
            _ => {
                c.insert_rows(std::slice::from_ref(new))?;
                forget_between(c)?;
                Ok(Claimed::New(new_head))
            }
        }
    }
    let new = LogCheckpointRow {
        size: i64::try_from(size).map_err(content)?,
        root: root.0.to_vec(),
        note: None,
        claimed_at: now.micros(),
        published_at: None,
    };
    in_transaction!(database, c => of(c, last, &new))
}

/// While there is no quorum, heads wait in vain: the first and the last of them are kept.
fn forget_between<C: StoreConnection>(c: &mut C) -> Result<(), StoreError> {
    let sql = "DELETE FROM log_checkpoint WHERE published_at IS NULL
               AND size > (SELECT min(size) FROM log_checkpoint WHERE published_at IS NULL)
               AND size < (SELECT size FROM log_checkpoint ORDER BY size DESC LIMIT 1 OFFSET ?)";
    c.run(Statement::new(sql).bind(WAITING_KEPT))?;
    Ok(())
}

/// Stores the signed note of a claimed head, and publishes it where no witness has to cosign.
///
/// # Errors
/// [`StoreError`].
pub fn put_note(database: &Database, size: u64, note: &str, now: Timestamp) -> Result<(), StoreError> {
    fn of<C: StoreConnection>(c: &mut C, size: i64, note: &str, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE log_checkpoint SET note = ? WHERE size = ?";
        c.run(Statement::new(sql).bind(note).bind(size))?;
        cosignatures::settle(c, now)?;
        Ok(())
    }
    let size = i64::try_from(size).map_err(content)?;
    in_transaction!(database, c => of(c, size, note, now))
}
