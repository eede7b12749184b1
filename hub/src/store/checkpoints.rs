//! Heads of the transparency log that were signed, and the leaves that their tiles are made of.

use tanqiao_protocol::id::Sha256;

use super::connection::StoreConnection;
use super::convert::{content, sha256};
use super::database::{Database, ReadConnection, StoreError, WriteConnection};
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

fn head(row: LogCheckpointRow) -> Result<SignedHead, StoreError> {
    Ok(SignedHead {
        size: u64::try_from(row.size).map_err(content)?,
        root: sha256(&row.root)?,
        note: row.note,
    })
}

const LATEST: &str = "SELECT * FROM log_checkpoint ORDER BY size DESC LIMIT 1";

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

/// Claims a head, if `last` is the highest that was claimed until now: then nothing else is signed for this size, by any process.
///
/// # Errors
/// [`StoreError`].
pub fn claim(database: &Database, last: Option<u64>, size: u64, root: Sha256) -> Result<Claimed, StoreError> {
    fn of<C: StoreConnection>(c: &mut C, last: Option<u64>, size: u64, root: Sha256) -> Result<Claimed, StoreError> {
        if C::POSTGRES {
            // One process at a time; SQLite has one writer anyway.
            c.run(Statement::new("LOCK TABLE log_checkpoint IN EXCLUSIVE MODE"))?;
        }
        let rows = c.select::<LogCheckpointRow>(Statement::new(LATEST))?;
        let found = rows.into_iter().next().map(head).transpose()?;
        match found {
            Some(found) if found.size >= size || Some(found.size) != last => Ok(Claimed::Already(found)),
            _ => {
                c.insert_rows(&[LogCheckpointRow {
                    size: i64::try_from(size).map_err(content)?,
                    root: root.0.to_vec(),
                    note: None,
                }])?;
                let note = None;
                Ok(Claimed::New(SignedHead { size, root, note }))
            }
        }
    }
    match database.writer()? {
        WriteConnection::Sqlite(mut c) => c.write(|c| of(c, last, size, root)),
        WriteConnection::Postgres(mut c) => c.write(|c| of(c, last, size, root)),
    }
}

/// Stores the signed note of a claimed head.
///
/// # Errors
/// [`StoreError`].
pub fn put_note(database: &Database, size: u64, note: &str) -> Result<(), StoreError> {
    let statement = || -> Result<Statement<'_>, StoreError> {
        let sql = "UPDATE log_checkpoint SET note = ? WHERE size = ?";
        Ok(Statement::new(sql)
            .bind(note)
            .bind(i64::try_from(size).map_err(content)?))
    };
    match database.writer()? {
        WriteConnection::Sqlite(mut c) => c.write(|c| Ok::<_, StoreError>(c.run(statement()?)?))?,
        WriteConnection::Postgres(mut c) => c.write(|c| Ok::<_, StoreError>(c.run(statement()?)?))?,
    };
    Ok(())
}
