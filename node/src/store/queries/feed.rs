//! Book, cursor, entries, contradictions.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::{Conn, ROWS_MAX};
use crate::store::rows::{BlockRow, ContradictionRow, CursorRow, EntryRow};
use crate::store::schema::{block, contradiction, feed_cursor, feed_entry};
use crate::store::tx::{After, FeedTx};

impl FeedTx for Conn {
    fn block(&mut self, series: &str, first: i64, last: i64) -> QueryResult<Option<BlockRow>> {
        block::table
            .find((series, first))
            .filter(block::last.eq(last))
            .first(self)
            .optional()
    }

    fn blocks_over(&mut self, series: &str, first: i64, last: i64) -> QueryResult<Vec<BlockRow>> {
        // The last block that begins before the range is the only one of those that may reach into it.
        let before: Option<BlockRow> = block::table
            .filter(block::series.eq(series).and(block::first.lt(first)))
            .order(block::first.desc())
            .first(self)
            .optional()?;
        let inside: Vec<BlockRow> = block::table
            .filter(block::series.eq(series).and(block::first.between(first, last)))
            .order(block::first)
            .load(self)?;
        Ok(before.filter(|b| b.last >= first).into_iter().chain(inside).collect())
    }

    fn blocks(&mut self, state: Option<i16>, after: After<'_>, limit: i64) -> QueryResult<Vec<BlockRow>> {
        let mut query = block::table
            .filter(
                block::series
                    .gt(after.0)
                    .or(block::series.eq(after.0).and(block::first.gt(after.1))),
            )
            .into_boxed();
        if let Some(state) = state {
            query = query.filter(block::state.eq(state));
        }
        query.order((block::series, block::first)).limit(limit).load(self)
    }

    fn block_sums(&mut self) -> QueryResult<Vec<(String, i16, i64)>> {
        block::table
            .group_by((block::series, block::state))
            .select((
                block::series,
                block::state,
                sql::<BigInt>("CAST(SUM(last - first + 1) AS BIGINT)"),
            ))
            .order((block::series, block::state))
            .load(self)
    }

    fn insert_blocks(&mut self, rows: &[BlockRow]) -> QueryResult<()> {
        rows.chunks(ROWS_MAX)
            .try_for_each(|some| diesel::insert_into(block::table).values(some).execute(self).map(|_| ()))
    }

    fn delete_block(&mut self, series: &str, first: i64) -> QueryResult<()> {
        diesel::delete(block::table.find((series, first)))
            .execute(self)
            .map(|_| ())
    }

    fn cursor(&mut self) -> QueryResult<Option<CursorRow>> {
        feed_cursor::table.find(1).first(self).optional()
    }

    fn set_cursor(&mut self, row: &CursorRow) -> QueryResult<()> {
        diesel::insert_into(feed_cursor::table)
            .values(row)
            .on_conflict(feed_cursor::id)
            .do_update()
            .set(row)
            .execute(self)
            .map(|_| ())
    }

    fn insert_entries(&mut self, rows: &[EntryRow]) -> QueryResult<()> {
        rows.chunks(ROWS_MAX).try_for_each(|some| {
            diesel::insert_into(feed_entry::table)
                .values(some)
                .execute(self)
                .map(|_| ())
        })
    }

    fn entries(&mut self, after: i64, limit: i64) -> QueryResult<Vec<EntryRow>> {
        feed_entry::table
            .filter(feed_entry::seq.gt(after))
            .order(feed_entry::seq)
            .limit(limit)
            .load(self)
    }

    fn insert_contradiction(&mut self, row: &ContradictionRow) -> QueryResult<()> {
        diesel::insert_into(contradiction::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(self)
            .map(|_| ())
    }

    fn contradictions(&mut self) -> QueryResult<Vec<ContradictionRow>> {
        contradiction::table.order(contradiction::id).load(self)
    }
}
