//! Methodologies, activities, the ranges of issuances.

use diesel::dsl::{max, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::{Conn, PAGES_MAX, ROWS_MAX};
use crate::store::activities::{
    ActivityIssuanceRow, ActivityPageRow, ActivitySeriesRow, ActivityTx, MethodologyRow, RecordPageRow,
    activity_counter, activity_issuance, activity_page, activity_record_page, activity_series, activity_source,
    methodology,
};
use crate::store::schema::share;

impl ActivityTx for Conn {
    fn methodology(&mut self, reference: &str) -> QueryResult<Option<MethodologyRow>> {
        methodology::table.find(reference).first(self).optional()
    }

    fn methodologies(&mut self) -> QueryResult<Vec<MethodologyRow>> {
        methodology::table.order(methodology::reference).load(self)
    }

    fn put_methodology(&mut self, row: &MethodologyRow) -> QueryResult<()> {
        diesel::insert_into(methodology::table)
            .values(row)
            .on_conflict(methodology::reference)
            .do_update()
            .set(row)
            .execute(self)
            .map(|_| ())
    }

    fn source_id(&mut self, name: &str) -> QueryResult<i64> {
        let found = activity_source::table
            .filter(activity_source::name.eq(name))
            .select(activity_source::id)
            .first(self)
            .optional()?;
        if let Some(id) = found {
            return Ok(id);
        }
        let last: Option<i64> = activity_source::table.select(max(activity_source::id)).first(self)?;
        let id = last.unwrap_or(0) + 1;
        diesel::insert_into(activity_source::table)
            .values((activity_source::id.eq(id), activity_source::name.eq(name)))
            .execute(self)?;
        Ok(id)
    }

    fn sources(&mut self) -> QueryResult<Vec<(i64, String)>> {
        activity_source::table.order(activity_source::id).load(self)
    }

    fn series_id(&mut self, row: &ActivitySeriesRow) -> QueryResult<i64> {
        let found = activity_series::table
            .filter(activity_series::methodology.eq(&row.methodology))
            .filter(activity_series::region_of_act.eq(&row.region_of_act))
            .filter(activity_series::vintage.eq(row.vintage))
            .select(activity_series::id)
            .first(self)
            .optional()?;
        if let Some(id) = found {
            return Ok(id);
        }
        let last: Option<i64> = activity_series::table.select(max(activity_series::id)).first(self)?;
        let id = last.unwrap_or(0) + 1;
        let row = ActivitySeriesRow { id, ..row.clone() };
        diesel::insert_into(activity_series::table).values(row).execute(self)?;
        Ok(id)
    }

    fn activity_series(&mut self) -> QueryResult<Vec<ActivitySeriesRow>> {
        activity_series::table
            .order((
                activity_series::methodology,
                activity_series::region_of_act,
                activity_series::vintage,
            ))
            .load(self)
    }

    fn take_activity_ids(&mut self, count: i64) -> QueryResult<i64> {
        // The update comes first: it is what makes other transactions wait.
        let next: i64 = diesel::update(activity_counter::table.find(1))
            .set(activity_counter::next_id.eq(activity_counter::next_id + count))
            .returning(activity_counter::next_id)
            .get_result(self)?;
        Ok(next - count)
    }

    fn insert_activity_pages(&mut self, rows: &[ActivityPageRow]) -> QueryResult<()> {
        rows.chunks(PAGES_MAX).try_for_each(|some| {
            diesel::insert_into(activity_page::table)
                .values(some)
                .execute(self)
                .map(|_| ())
        })
    }

    fn activity_page_with(&mut self, id: i64) -> QueryResult<Option<ActivityPageRow>> {
        let page: Option<ActivityPageRow> = activity_page::table
            .filter(activity_page::first_id.le(id))
            .order(activity_page::first_id.desc())
            .first(self)
            .optional()?;
        Ok(page.filter(|page| id <= page.last_id))
    }

    fn activity_pages(
        &mut self,
        series_id: i64,
        first: i64,
        last: i64,
        limit: i64,
    ) -> QueryResult<Vec<ActivityPageRow>> {
        activity_page::table
            .filter(activity_page::series_id.eq(series_id))
            .filter(activity_page::first_id.between(first, last))
            .order(activity_page::first_id)
            .limit(limit)
            .load(self)
    }

    fn last_activity_id(&mut self, series_id: i64) -> QueryResult<i64> {
        let last: Option<i64> = activity_page::table
            .filter(activity_page::series_id.eq(series_id))
            .order(activity_page::first_id.desc())
            .select(activity_page::last_id)
            .first(self)
            .optional()?;
        Ok(last.unwrap_or(0))
    }

    fn activity_sum(&mut self, series_id: i64, first: i64, last: i64) -> QueryResult<(i64, i64)> {
        activity_page::table
            .filter(activity_page::series_id.eq(series_id))
            .filter(activity_page::first_id.between(first, last))
            .select((
                sql::<BigInt>("CAST(COALESCE(SUM(last_id - first_id + 1), 0) AS BIGINT)"),
                sql::<BigInt>("CAST(COALESCE(SUM(reduction_g), 0) AS BIGINT)"),
            ))
            .first(self)
    }

    fn record_page_starts(&mut self, source_id: i64, first: &[u8], last: &[u8]) -> QueryResult<Vec<Vec<u8>>> {
        // The page that has `first` begins at it or before it.
        let begins: Option<Vec<u8>> = activity_record_page::table
            .filter(activity_record_page::source_id.eq(source_id))
            .filter(activity_record_page::first_key.le(first))
            .order(activity_record_page::first_key.desc())
            .select(activity_record_page::first_key)
            .first(self)
            .optional()?;
        activity_record_page::table
            .filter(activity_record_page::source_id.eq(source_id))
            .filter(activity_record_page::first_key.ge(begins.unwrap_or_default()))
            .filter(activity_record_page::first_key.le(last))
            .order(activity_record_page::first_key)
            .select(activity_record_page::first_key)
            .load(self)
    }

    fn record_pages(&mut self, source_id: i64, starts: &[&[u8]]) -> QueryResult<Vec<RecordPageRow>> {
        let mut found = Vec::with_capacity(starts.len());
        for some in starts.chunks(PAGES_MAX) {
            let rows: Vec<RecordPageRow> = activity_record_page::table
                .filter(activity_record_page::source_id.eq(source_id))
                .filter(activity_record_page::first_key.eq_any(some.iter().copied()))
                .order(activity_record_page::first_key)
                .load(self)?;
            found.extend(rows);
        }
        Ok(found)
    }

    fn record_pages_between(&mut self, source_id: i64, first: &[u8], last: &[u8]) -> QueryResult<Vec<RecordPageRow>> {
        activity_record_page::table
            .filter(activity_record_page::source_id.eq(source_id))
            .filter(activity_record_page::first_key.between(first, last))
            .order(activity_record_page::first_key)
            .load(self)
    }

    fn put_record_pages(&mut self, rows: &[RecordPageRow]) -> QueryResult<()> {
        rows.chunks(PAGES_MAX)
            .try_for_each(|some| super::super::bulk::put_record_pages(self, some))
    }

    fn activity_issuances(&mut self, series_id: i64) -> QueryResult<Vec<ActivityIssuanceRow>> {
        activity_issuance::table
            .filter(activity_issuance::series_id.eq(series_id))
            .order(activity_issuance::first_id)
            .load(self)
    }

    fn insert_activity_issuances(&mut self, rows: &[ActivityIssuanceRow]) -> QueryResult<()> {
        rows.chunks(ROWS_MAX).try_for_each(|some| {
            diesel::insert_into(activity_issuance::table)
                .values(some)
                .execute(self)
                .map(|_| ())
        })
    }

    fn delete_activity_issuance(&mut self, issuance: &str) -> QueryResult<usize> {
        diesel::delete(activity_issuance::table.filter(activity_issuance::issuance.eq(issuance))).execute(self)
    }

    fn count_shares(&mut self, issuance: &str) -> QueryResult<i64> {
        share::table
            .filter(share::issuance.eq(issuance))
            .count()
            .get_result(self)
    }

    fn activity_issuance(&mut self, issuance: &str) -> QueryResult<Vec<ActivityIssuanceRow>> {
        activity_issuance::table
            .filter(activity_issuance::issuance.eq(issuance))
            .order((activity_issuance::series_id, activity_issuance::first_id))
            .load(self)
    }
}
