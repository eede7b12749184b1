//! Reconciliations, and the cut that one compares: a member's blocks, feed head and log size in one consistent read.

use tanqiao_protocol::block::Block;
use tanqiao_protocol::feed::CHAIN_START;
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::reconciliation::{Cut, Place};
use tanqiao_protocol::serial::{BlockRef, SeriesRef};

use super::dealings::Window;
use super::{MEMBER_NO, blocks, id_of, learn_mappings, learn_series, limit, members, row, rows, series_number};
use crate::ledger::objects::Reconciled;
use crate::store::convert::{self, id_bytes, sha256};
use crate::store::database::{ReadConnection, StoreError};
use crate::store::rows::{BlockRow, FeedHeadRow, ReconciliationRow};
use crate::store::statement::{Bind, Statement};
use crate::store::{audit, reconciliations};

/// Blocks that are read at once.
const BLOCKS_AT_ONCE: usize = 10_000;

/// One reconciliation.
///
/// # Errors
/// [`StoreError`].
pub fn reconciliation(connection: &mut ReadConnection<'_>, id: MessageId) -> Result<Option<Reconciled>, StoreError> {
    let found: Option<ReconciliationRow> = row(connection, "id = ?", vec![id_bytes(id).into()])?;
    found
        .map(|row| reconciliations::reconciliation(&row, &members(connection)?))
        .transpose()
}

/// Reconciliations, oldest first, of one member or of all.
///
/// # Errors
/// [`StoreError`].
pub fn list(
    connection: &mut ReadConnection<'_>,
    member: Option<&NodeId>,
    window: Window,
) -> Result<Vec<Reconciled>, StoreError> {
    let mut condition = String::new();
    let mut binds: Vec<Bind<'_>> = Vec::new();
    if let Some(member) = member {
        condition = format!("member_no = {MEMBER_NO} AND ");
        binds.push(id_of(member));
    }
    condition.push_str("id > ? ORDER BY id LIMIT ?");
    binds.push(window.after.map(id_bytes).unwrap_or_default().into());
    binds.push(limit(window.limit));
    let found: Vec<ReconciliationRow> = rows(connection, &condition, binds)?;
    let numbers = members(connection)?;
    found
        .iter()
        .map(|row| reconciliations::reconciliation(row, &numbers))
        .collect()
}

/// The newest reconciliation of a member.
///
/// # Errors
/// [`StoreError`].
pub fn newest(connection: &mut ReadConnection<'_>, member: &NodeId) -> Result<Option<Reconciled>, StoreError> {
    let condition = format!("member_no = {MEMBER_NO} ORDER BY id DESC LIMIT 1");
    let found: Option<ReconciliationRow> = row(connection, &condition, vec![id_of(member)])?;
    found
        .map(|row| reconciliations::reconciliation(&row, &members(connection)?))
        .transpose()
}

/// Takes the cut of a member: visits each of its blocks as they are together at one instant, and says which. No writer waits
/// for it.
///
/// # Errors
/// [`StoreError`]; those of `visit`.
pub fn cut(
    connection: &mut ReadConnection<'_>,
    member: &NodeId,
    visit: impl FnMut(Block) -> Result<(), StoreError>,
) -> Result<Cut, StoreError> {
    let begin = if connection.is_postgres() {
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    } else {
        "BEGIN"
    };
    connection.execute(Statement::new(begin))?;
    let taken = cut_inside(connection, member, visit);
    // It has written nothing; a connection whose transaction cannot be ended must not go back as if it were good.
    connection.execute(Statement::new("ROLLBACK"))?;
    taken
}

fn cut_inside(
    connection: &mut ReadConnection<'_>,
    member: &NodeId,
    mut visit: impl FnMut(Block) -> Result<(), StoreError>,
) -> Result<Cut, StoreError> {
    let log_size = audit::head(connection)?.size;
    let condition = format!("member_no = {MEMBER_NO}");
    // A member that was told nothing yet stands before the first entry.
    let head: Option<FeedHeadRow> = row(connection, &condition, vec![id_of(member)])?;
    let (seq, chain) = match head {
        Some(head) => (head.seq, sha256(&head.chain)?),
        None => (0, CHAIN_START),
    };
    let mut numbers = members(connection)?;
    learn_mappings(connection, &mut numbers)?;
    let condition = format!("holder = {MEMBER_NO} AND (series_no, first) > (?, ?) ORDER BY series_no, first LIMIT ?");
    let (mut series_no, mut first) = (0, 0);
    loop {
        let binds = vec![
            id_of(member),
            Bind::from(series_no),
            Bind::from(first),
            limit(BLOCKS_AT_ONCE),
        ];
        let page: Vec<BlockRow> = rows(connection, &condition, binds)?;
        learn_series(connection, &mut numbers, page.iter().map(|row| row.series_no).collect())?;
        for row in &page {
            visit(convert::block(row, &numbers)?)?;
        }
        let Some(last) = page.last().filter(|_| page.len() == BLOCKS_AT_ONCE) else {
            return Ok(Cut { seq, chain, log_size });
        };
        (series_no, first) = (last.series_no, last.first);
    }
}

/// The block that begins with this serial now.
///
/// # Errors
/// [`StoreError`].
pub fn block_at(
    connection: &mut ReadConnection<'_>,
    series: &SeriesRef,
    first: i64,
) -> Result<Option<Block>, StoreError> {
    let Some(number) = series_number(connection, &series.to_string())? else {
        return Ok(None);
    };
    let found: Option<BlockRow> = row(
        connection,
        "series_no = ? AND first = ?",
        vec![number.into(), first.into()],
    )?;
    let Some(found) = found else { return Ok(None) };
    let mut numbers = members(connection)?;
    learn_mappings(connection, &mut numbers)?;
    learn_series(connection, &mut numbers, vec![found.series_no])?;
    convert::block(&found, &numbers).map(Some)
}

/// Who has the first serial of a block, as far as `member` may know.
///
/// # Errors
/// [`StoreError`].
pub fn place(connection: &mut ReadConnection<'_>, member: &NodeId, block: &BlockRef) -> Result<Place, StoreError> {
    let found = blocks::holding(connection, &block.series, block.range.first())?;
    Ok(found.map_or(Place::Unknown, |found| {
        if found.holder == *member {
            Place::Here
        } else {
            Place::Elsewhere
        }
    }))
}
