//! Token streams, activities left out and held back, conflicts.

use diesel::prelude::*;

use super::{Conn, ROWS_MAX};
use crate::store::screening::{
    ConflictRow, HeldRow, LeftOutRow, ScreeningTx, TokenStreamRow, activity_left_out, conflict, held_activity,
    token_stream,
};

impl ScreeningTx for Conn {
    fn insert_token_stream(&mut self, row: &TokenStreamRow) -> QueryResult<()> {
        diesel::insert_into(token_stream::table)
            .values(row)
            .execute(self)
            .map(|_| ())
    }

    fn token_stream(&mut self, issuance: &str) -> QueryResult<Option<TokenStreamRow>> {
        token_stream::table.find(issuance).first(self).optional()
    }

    fn token_streams(&mut self, states: &[i16], limit: i64) -> QueryResult<Vec<TokenStreamRow>> {
        token_stream::table
            .filter(token_stream::state.eq_any(states.iter().copied()))
            .order(token_stream::issuance)
            .limit(limit)
            .load(self)
    }

    fn update_token_stream(&mut self, row: &TokenStreamRow) -> QueryResult<()> {
        diesel::update(token_stream::table.find(&row.issuance))
            .set(row)
            .execute(self)
            .map(|_| ())
    }

    fn delete_token_stream(&mut self, issuance: &str) -> QueryResult<()> {
        diesel::delete(token_stream::table.find(issuance))
            .execute(self)
            .map(|_| ())
    }

    fn left_out(&mut self, series_id: i64) -> QueryResult<Vec<LeftOutRow>> {
        activity_left_out::table
            .filter(activity_left_out::series_id.eq(series_id))
            .order(activity_left_out::activity_id)
            .load(self)
    }

    fn left_out_of(&mut self, issuance: &str) -> QueryResult<Vec<LeftOutRow>> {
        activity_left_out::table
            .filter(
                activity_left_out::left_by
                    .eq(issuance)
                    .or(activity_left_out::taken_by.assume_not_null().eq(issuance)),
            )
            .order(activity_left_out::activity_id)
            .load(self)
    }

    fn put_left_out(&mut self, rows: &[LeftOutRow]) -> QueryResult<()> {
        rows.chunks(ROWS_MAX)
            .try_for_each(|some| super::super::bulk::put_left_out(self, some))
    }

    fn delete_left_out(&mut self, activities: &[i64]) -> QueryResult<()> {
        activities.chunks(ROWS_MAX).try_for_each(|some| {
            diesel::delete(activity_left_out::table)
                .filter(activity_left_out::activity_id.eq_any(some.iter().copied()))
                .execute(self)
                .map(|_| ())
        })
    }

    fn insert_held(&mut self, rows: &[HeldRow]) -> QueryResult<()> {
        rows.chunks(ROWS_MAX).try_for_each(|some| {
            diesel::insert_into(held_activity::table)
                .values(some)
                .on_conflict_do_nothing()
                .execute(self)
                .map(|_| ())
        })
    }

    fn held(&mut self, issuance: &str, place: i64) -> QueryResult<Option<HeldRow>> {
        held_activity::table.find((issuance, place)).first(self).optional()
    }

    fn held_of(&mut self, issuance: &str) -> QueryResult<Vec<HeldRow>> {
        held_activity::table
            .filter(held_activity::issuance.eq(issuance))
            .order(held_activity::place)
            .load(self)
    }

    fn set_held(&mut self, issuance: &str, place: i64, state: i16) -> QueryResult<()> {
        diesel::update(held_activity::table.find((issuance, place)))
            .set(held_activity::state.eq(state))
            .execute(self)
            .map(|_| ())
    }

    fn put_conflict(&mut self, row: &ConflictRow) -> QueryResult<()> {
        diesel::insert_into(conflict::table)
            .values(row)
            .on_conflict(conflict::id)
            .do_update()
            .set(row)
            .execute(self)
            .map(|_| ())
    }

    fn conflict(&mut self, id: &str) -> QueryResult<Option<ConflictRow>> {
        conflict::table.find(id).first(self).optional()
    }

    fn conflicts(&mut self, state: Option<i16>, before: &str, limit: i64) -> QueryResult<Vec<ConflictRow>> {
        let mut query = conflict::table
            .filter(conflict::id.lt(before))
            .order(conflict::id.desc())
            .limit(limit)
            .into_boxed();
        if let Some(state) = state {
            query = query.filter(conflict::state.eq(state));
        }
        query.load(self)
    }

    fn count_conflicts(&mut self, issuance: Option<&str>, state: i16) -> QueryResult<i64> {
        let of_state = conflict::table.filter(conflict::state.eq(state));
        match issuance {
            Some(issuance) => of_state
                .filter(conflict::issuance.eq(issuance))
                .count()
                .get_result(self),
            None => of_state.count().get_result(self),
        }
    }
}
