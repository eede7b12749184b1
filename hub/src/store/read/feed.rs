//! A member's feed, as it was written.

use diesel::sql_types::{BigInt, Binary, Text};
use tanqiao_protocol::id::{NodeId, Sha256};

use super::{MEMBER_NO, id_of, limit};
use crate::store::convert::{content, sha256};
use crate::store::database::{ReadConnection, StoreError};
use crate::store::statement::Statement;

/// Entries that are fetched at once.
const STEP: usize = 50;
/// A page ends after so many bytes, whatever its limit.
const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// An entry as stored: the canonical bytes, without the chain.
#[derive(Debug, Clone)]
pub struct StoredEntry {
    /// Its number.
    pub seq: i64,
    /// Its chain hash.
    pub chain: Sha256,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

#[derive(diesel::QueryableByName)]
struct EntryRow {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Binary)]
    chain: Vec<u8>,
    #[diesel(sql_type = Binary)]
    bytes: Vec<u8>,
}

#[derive(diesel::QueryableByName)]
struct ChainRow {
    #[diesel(sql_type = Binary)]
    chain: Vec<u8>,
}

#[derive(diesel::QueryableByName)]
struct HeadRow {
    #[diesel(sql_type = Text)]
    member: String,
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

/// How far every feed goes.
///
/// # Errors
/// [`StoreError`].
pub fn heads(connection: &mut ReadConnection<'_>) -> Result<Vec<(NodeId, i64)>, StoreError> {
    let sql = "SELECT member.id AS member, feed_head.seq AS seq FROM feed_head JOIN member ON member.no = feed_head.member_no";
    let rows: Vec<HeadRow> = connection.load(Statement::new(sql))?;
    rows.into_iter()
        .map(|row| Ok((row.member.parse().map_err(content)?, row.seq)))
        .collect()
}

/// The chain hash of an entry; `None` beyond the end.
///
/// # Errors
/// [`StoreError`].
pub fn chain_at(connection: &mut ReadConnection<'_>, member: &NodeId, seq: i64) -> Result<Option<Sha256>, StoreError> {
    let sql = format!("SELECT chain FROM feed_entry WHERE member_no = {MEMBER_NO} AND seq = ?");
    let rows: Vec<ChainRow> = connection.load(Statement::new(sql).bind(id_of(member)).bind(seq))?;
    rows.first().map(|row| sha256(&row.chain)).transpose()
}

/// Entries after `after`, in order: `most` of them, or as many as a page holds.
///
/// # Errors
/// [`StoreError`].
pub fn entries(
    connection: &mut ReadConnection<'_>,
    member: &NodeId,
    after: i64,
    most: usize,
) -> Result<Vec<StoredEntry>, StoreError> {
    let sql = format!(
        "SELECT seq, chain, bytes FROM feed_entry WHERE member_no = {MEMBER_NO} AND seq > ? ORDER BY seq LIMIT ?"
    );
    let mut entries: Vec<StoredEntry> = Vec::new();
    let mut bytes = 0;
    while entries.len() < most && bytes < PAGE_BYTES_MAX {
        let step = STEP.min(most - entries.len());
        let last = entries.last().map_or(after, |entry| entry.seq);
        let rows: Vec<EntryRow> = connection.load(
            Statement::new(sql.as_str())
                .bind(id_of(member))
                .bind(last)
                .bind(limit(step)),
        )?;
        let ended = rows.len() < step;
        for row in rows {
            bytes += row.bytes.len();
            entries.push(StoredEntry {
                seq: row.seq,
                chain: sha256(&row.chain)?,
                bytes: row.bytes,
            });
        }
        if ended {
            break;
        }
    }
    Ok(entries)
}

/// How far a member's feed goes.
///
/// # Errors
/// [`StoreError`].
pub fn latest(connection: &mut ReadConnection<'_>, member: &NodeId) -> Result<i64, StoreError> {
    let sql = format!("SELECT seq AS n FROM feed_head WHERE member_no = {MEMBER_NO}");
    let rows: Vec<super::Number> = connection.load(Statement::new(sql).bind(id_of(member)))?;
    Ok(rows.first().map_or(0, |row| row.n))
}
