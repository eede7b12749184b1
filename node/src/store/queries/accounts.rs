//! Accounts, lots, journal, shares.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::{Conn, ROWS_MAX};
use crate::store::rows::{AccountRow, JournalRow, LotRow, ShareRow};
use crate::store::schema::{account, journal, lot, share};
use crate::store::tx::{AccountTx, After};

impl AccountTx for Conn {
    fn insert_account(&mut self, row: &AccountRow) -> QueryResult<bool> {
        let added = diesel::insert_into(account::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(self)?;
        Ok(added == 1)
    }

    fn account(&mut self, id: &str) -> QueryResult<Option<AccountRow>> {
        account::table.find(id).first(self).optional()
    }

    fn accounts(&mut self, after: &str, limit: i64) -> QueryResult<Vec<AccountRow>> {
        account::table
            .filter(account::id.gt(after))
            .order(account::id)
            .limit(limit)
            .load(self)
    }

    fn lot_at(&mut self, series: &str, serial: i64) -> QueryResult<Option<LotRow>> {
        let found: Option<LotRow> = lot::table
            .filter(lot::series.eq(series).and(lot::first.le(serial)))
            .order(lot::first.desc())
            .first(self)
            .optional()?;
        Ok(found.filter(|l| l.last >= serial))
    }

    fn lots_from(&mut self, series: &str, first: i64, last: i64) -> QueryResult<Vec<LotRow>> {
        lot::table
            .filter(lot::series.eq(series).and(lot::first.between(first, last)))
            .order(lot::first)
            .load(self)
    }

    fn free_lots(
        &mut self,
        account: &str,
        series: Option<&str>,
        after: After<'_>,
        limit: i64,
    ) -> QueryResult<Vec<LotRow>> {
        let mut query = lot::table
            .filter(lot::account.eq(account).and(lot::reserved_by.is_null()))
            .filter(
                lot::series
                    .gt(after.0)
                    .or(lot::series.eq(after.0).and(lot::first.gt(after.1))),
            )
            .into_boxed();
        if let Some(series) = series {
            query = query.filter(lot::series.eq(series));
        }
        query.order((lot::series, lot::first)).limit(limit).load(self)
    }

    fn account_lots(&mut self, account: &str, after: After<'_>, limit: i64) -> QueryResult<Vec<LotRow>> {
        lot::table
            .filter(lot::account.eq(account))
            .filter(
                lot::series
                    .gt(after.0)
                    .or(lot::series.eq(after.0).and(lot::first.gt(after.1))),
            )
            .order((lot::series, lot::first))
            .limit(limit)
            .load(self)
    }

    fn lots(&mut self, after: After<'_>, limit: i64) -> QueryResult<Vec<LotRow>> {
        lot::table
            .filter(
                lot::series
                    .gt(after.0)
                    .or(lot::series.eq(after.0).and(lot::first.gt(after.1))),
            )
            .order((lot::series, lot::first))
            .limit(limit)
            .load(self)
    }

    fn lots_reserved_by(&mut self, by: &str) -> QueryResult<Vec<LotRow>> {
        lot::table
            .filter(lot::reserved_by.eq(by))
            .order((lot::series, lot::first))
            .load(self)
    }

    fn insert_lots(&mut self, rows: &[LotRow]) -> QueryResult<()> {
        rows.chunks(ROWS_MAX)
            .try_for_each(|some| diesel::insert_into(lot::table).values(some).execute(self).map(|_| ()))
    }

    fn delete_lots(&mut self, series: &str, first: i64, last: i64) -> QueryResult<()> {
        diesel::delete(lot::table.filter(lot::series.eq(series).and(lot::first.between(first, last))))
            .execute(self)
            .map(|_| ())
    }

    fn bind_lots(&mut self, series: &str, first: i64, last: i64, by: &str) -> QueryResult<()> {
        diesel::update(lot::table.filter(lot::series.eq(series).and(lot::first.between(first, last))))
            .set(lot::reserved_by.eq(by))
            .execute(self)
            .map(|_| ())
    }

    fn unbind_lots(&mut self, series: &str, first: i64, last: i64, by: &str) -> QueryResult<()> {
        diesel::update(
            lot::table.filter(
                lot::series
                    .eq(series)
                    .and(lot::first.between(first, last))
                    .and(lot::reserved_by.eq(by)),
            ),
        )
        .set(lot::reserved_by.eq(None::<String>))
        .execute(self)
        .map(|_| ())
    }

    fn lot_sums(&mut self, from: &str, to: &str) -> QueryResult<Vec<(String, bool, i64)>> {
        let sum = || sql::<BigInt>("CAST(SUM(last - first + 1) AS BIGINT)");
        let free: Vec<(String, i64)> = lot::table
            .filter(lot::account.between(from, to).and(lot::reserved_by.is_null()))
            .group_by(lot::account)
            .select((lot::account, sum()))
            .load(self)?;
        let bound: Vec<(String, i64)> = lot::table
            .filter(lot::account.between(from, to).and(lot::reserved_by.is_not_null()))
            .group_by(lot::account)
            .select((lot::account, sum()))
            .load(self)?;
        let mark = |bound: bool| move |(account, sum)| (account, bound, sum);
        Ok(free
            .into_iter()
            .map(mark(false))
            .chain(bound.into_iter().map(mark(true)))
            .collect())
    }

    fn insert_journal(&mut self, rows: &[JournalRow]) -> QueryResult<()> {
        rows.chunks(ROWS_MAX).try_for_each(|some| {
            diesel::insert_into(journal::table)
                .values(some)
                .execute(self)
                .map(|_| ())
        })
    }

    fn journal_entry(&mut self, entry: &str) -> QueryResult<Vec<JournalRow>> {
        journal::table
            .filter(journal::entry.eq(entry))
            .order(journal::line)
            .load(self)
    }

    fn journal(&mut self, account: &str, before: i64, limit: i64) -> QueryResult<Vec<JournalRow>> {
        journal::table
            .filter(journal::from_account.eq(account).or(journal::to_account.eq(account)))
            .filter(journal::at.lt(before))
            .order((journal::at.desc(), journal::entry.desc(), journal::line))
            .limit(limit)
            .load(self)
    }

    fn insert_shares(&mut self, rows: &[ShareRow]) -> QueryResult<()> {
        rows.chunks(ROWS_MAX)
            .try_for_each(|some| diesel::insert_into(share::table).values(some).execute(self).map(|_| ()))
    }

    fn open_shares(&mut self, issuance: &str) -> QueryResult<Vec<ShareRow>> {
        share::table
            .filter(share::issuance.eq(issuance).and(share::dealt_g.lt(share::quantity_g)))
            .order(share::line)
            .load(self)
    }

    fn set_dealt(&mut self, issuance: &str, line: i64, dealt_g: i64) -> QueryResult<()> {
        diesel::update(share::table.find((issuance, line)))
            .set(share::dealt_g.eq(dealt_g))
            .execute(self)
            .map(|_| ())
    }
}
