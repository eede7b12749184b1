//! Blocks of a holder, and the block that a serial is in.

use std::collections::BTreeMap;

use tanqiao_protocol::block::{Block, BlockState};
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::ledger::Places;
use tanqiao_protocol::serial::{SerialRange, SeriesRef};
use tanqiao_protocol::view::BlockView;

use super::{MEMBER_NO, id_of, learn_mappings, learn_series, limit, members, rows, series_number};
use crate::store::convert;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::rows::BlockRow;
use crate::store::statement::Bind;

/// Which blocks.
#[derive(Debug, Clone)]
pub struct Blocks {
    /// Of this holder.
    pub holder: NodeId,
    /// Of this series.
    pub series: Option<SeriesRef>,
    /// In this state.
    pub state: Option<BlockState>,
    /// After this place in the list.
    pub after: Option<BlockPlace>,
    /// So many at most.
    pub limit: usize,
}

/// A place in a holder's list of blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockPlace {
    series_no: i64,
    first: i64,
}

impl std::fmt::Display for BlockPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.series_no, self.first)
    }
}

impl std::str::FromStr for BlockPlace {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (series, first) = text.split_once('.').unwrap_or((text, ""));
        Ok(Self {
            series_no: series.parse()?,
            first: first.parse()?,
        })
    }
}

/// A page of a holder's blocks, each with its place.
///
/// # Errors
/// [`StoreError`].
pub fn list(connection: &mut ReadConnection<'_>, asked: &Blocks) -> Result<Vec<(BlockPlace, BlockView)>, StoreError> {
    let mut sql = format!("holder = {MEMBER_NO}");
    let mut binds = vec![id_of(&asked.holder)];
    if let Some(series) = &asked.series {
        let Some(number) = series_number(connection, &series.to_string())? else {
            return Ok(Vec::new());
        };
        sql.push_str(" AND series_no = ?");
        binds.push(number.into());
    }
    if let Some(state) = asked.state {
        sql.push_str(" AND state = ?");
        binds.push(state.code().into());
    }
    if let Some(after) = asked.after {
        sql.push_str(" AND (series_no, first) > (?, ?)");
        binds.extend([Bind::from(after.series_no), after.first.into()]);
    }
    sql.push_str(" ORDER BY series_no, first LIMIT ?");
    binds.push(limit(asked.limit));
    let found: Vec<BlockRow> = rows(connection, &sql, binds)?;
    views(connection, &found)
}

/// The block that a serial is in.
///
/// # Errors
/// [`StoreError`].
pub fn holding(
    connection: &mut ReadConnection<'_>,
    series: &SeriesRef,
    serial: i64,
) -> Result<Option<BlockView>, StoreError> {
    let Some(number) = series_number(connection, &series.to_string())? else {
        return Ok(None);
    };
    let sql = "series_no = ? AND first <= ? ORDER BY first DESC LIMIT 1";
    let found: Vec<BlockRow> = rows(connection, sql, vec![number.into(), serial.into()])?;
    let found: Vec<BlockRow> = found.into_iter().filter(|row| row.last >= serial).collect();
    Ok(views(connection, &found)?.pop().map(|(_, view)| view))
}

/// The blocks that have one of the serials.
#[derive(Debug, Default)]
pub struct BlocksOver {
    /// The blocks, by first serial.
    pub blocks: Vec<Block>,
    /// Runs of serials for which there was no room.
    pub left_out: Vec<SerialRange>,
}

/// The blocks that have one of the serials, so many at most: runs with more are left out whole.
///
/// # Errors
/// [`StoreError`].
pub fn over(connection: &mut ReadConnection<'_>, places: &Places, most: usize) -> Result<BlocksOver, StoreError> {
    let Some(number) = series_number(connection, &places.series.to_string())? else {
        return Ok(BlocksOver::default());
    };
    let mut numbers = members(connection)?;
    learn_mappings(connection, &mut numbers)?;
    learn_series(connection, &mut numbers, vec![number])?;
    let sql = "series_no = ? AND first <= ? AND first >= COALESCE((SELECT p.first FROM block p WHERE p.series_no = ? AND p.first <= ?
        ORDER BY p.first DESC LIMIT 1), ?) ORDER BY first LIMIT ?";
    let (mut found, mut left_out): (BTreeMap<i64, Block>, Vec<SerialRange>) = (BTreeMap::new(), Vec::new());
    for range in places.ranges() {
        let room = most.saturating_sub(found.len());
        let binds = [number, range.last(), number, range.first(), range.first()];
        // One more shows that there are more, and the block before the first serial may have none of them.
        let binds = binds.into_iter().map(Bind::from).chain([limit(room.saturating_add(2))]);
        let rows: Vec<BlockRow> = rows(connection, sql, binds.collect())?;
        let rows: Vec<&BlockRow> = rows.iter().filter(|row| row.last >= range.first()).collect();
        if rows.len() > room {
            left_out.push(range);
            continue;
        }
        for row in rows {
            found.insert(row.first, convert::block(row, &numbers)?);
        }
    }
    Ok(BlocksOver {
        blocks: found.into_values().collect(),
        left_out,
    })
}

pub(super) fn views(
    connection: &mut ReadConnection<'_>,
    found: &[BlockRow],
) -> Result<Vec<(BlockPlace, BlockView)>, StoreError> {
    let mut numbers = members(connection)?;
    learn_mappings(connection, &mut numbers)?;
    learn_series(
        connection,
        &mut numbers,
        found.iter().map(|row| row.series_no).collect(),
    )?;
    let view = |row: &BlockRow| {
        let block = convert::block(row, &numbers)?;
        let place = BlockPlace {
            series_no: row.series_no,
            first: row.first,
        };
        let view = BlockView {
            block: block.reference(),
            quantity_g: block.quantity(),
            holder: block.status.holder,
            state: block.status.state,
            bound_to: block.status.bound_to,
            terms: block.terms,
            log_index: row.log_index,
        };
        Ok((place, view))
    };
    found.iter().map(view).collect()
}
