//! Leaves, feeds, and the messages behind them.

use std::collections::BTreeMap;

use diesel::sql_types::BigInt;

use super::{BYTES_PAGE, pages, select};
use crate::store::database::{ReadConnection, StoreError};
use crate::store::row::Row as _;
use crate::store::rows::{EnvelopeRow, FeedHeadRow, FeedRow, LeafRow, MessageRow};
use crate::store::statement::{Bind, Statement};

/// Every leaf, in order.
///
/// # Errors
/// [`StoreError`].
pub fn leaves(
    connection: &mut ReadConnection<'_>,
    visit: impl FnMut(&mut ReadConnection<'_>, Vec<LeafRow>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let place = |row: &LeafRow| vec![row.idx.into()];
    pages(
        connection,
        ("", &[]),
        "idx",
        BYTES_PAGE,
        vec![Bind::I64(i64::MIN)],
        place,
        visit,
    )
}

/// The head of every feed, by number of the member.
///
/// # Errors
/// [`StoreError`].
pub fn feed_heads(connection: &mut ReadConnection<'_>) -> Result<BTreeMap<i32, FeedHeadRow>, StoreError> {
    let rows: Vec<FeedHeadRow> = select(connection, "", Vec::new())?;
    Ok(rows.into_iter().map(|row| (row.member_no, row)).collect())
}

/// Every entry of one feed, in order.
///
/// # Errors
/// [`StoreError`].
pub fn feed(
    connection: &mut ReadConnection<'_>,
    member: i32,
    mut visit: impl FnMut(FeedRow) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let place = |row: &FeedRow| vec![row.seq.into()];
    let condition = ("member_no = ? AND ", &[Bind::from(member)][..]);
    pages(
        connection,
        condition,
        "seq",
        BYTES_PAGE,
        vec![Bind::I64(i64::MIN)],
        place,
        |_, rows| rows.into_iter().try_for_each(&mut visit),
    )
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// How many feed entries belong to no member's feed head: their feed was cut off.
///
/// # Errors
/// [`StoreError`].
pub fn entries_without_head(connection: &mut ReadConnection<'_>) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) AS n FROM feed_entry WHERE member_no NOT IN (SELECT member_no FROM feed_head)";
    let rows: Vec<Count> = connection.load(Statement::new(sql))?;
    Ok(rows.first().map_or(0, |row| row.n))
}

/// Every stored outcome.
///
/// # Errors
/// [`StoreError`].
pub fn messages(
    connection: &mut ReadConnection<'_>,
    mut visit: impl FnMut(MessageRow) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let place = |row: &MessageRow| vec![row.id.clone().into(), row.member_no.into()];
    let from = vec![Bind::from(Vec::new()), Bind::I32(i32::MIN)];
    pages(
        connection,
        ("", &[]),
        MessageRow::KEY,
        BYTES_PAGE,
        from,
        place,
        |_, rows| rows.into_iter().try_for_each(&mut visit),
    )
}

/// Every envelope.
///
/// # Errors
/// [`StoreError`].
pub fn envelopes(
    connection: &mut ReadConnection<'_>,
    mut visit: impl FnMut(EnvelopeRow) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let place = |row: &EnvelopeRow| vec![row.sha256.clone().into()];
    let from = vec![Bind::from(Vec::new())];
    pages(
        connection,
        ("", &[]),
        EnvelopeRow::KEY,
        BYTES_PAGE,
        from,
        place,
        |_, rows| rows.into_iter().try_for_each(&mut visit),
    )
}
