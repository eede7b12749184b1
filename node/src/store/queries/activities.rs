//! Methodologies, activities, the ranges of issuances.

use diesel::dsl::{max, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::{Conn, ROWS_MAX};
use crate::store::activities::{
    ActivityIssuanceRow, ActivityRow, ActivitySeriesRow, ActivityTx, MethodologyRow, NewActivity, activity,
    activity_counter, activity_issuance, activity_series, activity_source, methodology,
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

    fn insert_activities(&mut self, rows: &[NewActivity<'_>]) -> QueryResult<usize> {
        super::super::bulk::insert_activities(self, rows)
    }

    fn activities_by_record(&mut self, source_id: i64, record_ids: &[&str]) -> QueryResult<Vec<ActivityRow>> {
        let mut found = Vec::new();
        for some in record_ids.chunks(ROWS_MAX) {
            let rows: Vec<ActivityRow> = activity::table
                .filter(
                    activity::source_id
                        .eq(source_id)
                        .and(activity::record_id.eq_any(some.iter().copied())),
                )
                .load(self)?;
            found.extend(rows);
        }
        Ok(found)
    }

    fn activities(&mut self, series_id: i64, first: i64, last: i64, limit: i64) -> QueryResult<Vec<ActivityRow>> {
        activity::table
            .filter(activity::series_id.eq(series_id).and(activity::id.between(first, last)))
            .order(activity::id)
            .limit(limit)
            .load(self)
    }

    fn last_activity_id(&mut self, series_id: i64) -> QueryResult<i64> {
        let last: Option<i64> = activity::table
            .filter(activity::series_id.eq(series_id))
            .select(max(activity::id))
            .first(self)?;
        Ok(last.unwrap_or(0))
    }

    fn activity_sum(&mut self, series_id: i64, first: i64, last: i64) -> QueryResult<(i64, i64)> {
        activity::table
            .filter(activity::series_id.eq(series_id).and(activity::id.between(first, last)))
            .select((
                sql::<BigInt>("CAST(COUNT(*) AS BIGINT)"),
                sql::<BigInt>("CAST(COALESCE(SUM(reduction_g), 0) AS BIGINT)"),
            ))
            .first(self)
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
