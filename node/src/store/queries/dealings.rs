//! Outbox, dealings, acceptance rules.

use diesel::dsl::max;
use diesel::prelude::*;

use super::Conn;
use crate::store::rows::{DealingRow, OutboxRow, RuleRow};
use crate::store::schema::{acceptance_rule, dealing, outbox};
use crate::store::tx::DealingTx;

impl DealingTx for Conn {
    fn insert_outbox(&mut self, row: OutboxRow) -> QueryResult<()> {
        let last: Option<i64> = outbox::table.select(max(outbox::place)).first(self)?;
        let row = OutboxRow {
            place: last.unwrap_or(0) + 1,
            ..row
        };
        diesel::insert_into(outbox::table).values(row).execute(self).map(|_| ())
    }

    fn outbox(&mut self, id: &str) -> QueryResult<Option<OutboxRow>> {
        outbox::table.find(id).first(self).optional()
    }

    fn outbox_in(&mut self, states: &[i16], limit: i64) -> QueryResult<Vec<OutboxRow>> {
        outbox::table
            .filter(outbox::state.eq_any(states))
            .order(outbox::place)
            .limit(limit)
            .load(self)
    }

    fn outbox_before(&mut self, place: i64, limit: i64) -> QueryResult<Vec<OutboxRow>> {
        outbox::table
            .filter(outbox::place.lt(place))
            .order(outbox::place.desc())
            .limit(limit)
            .load(self)
    }

    fn update_outbox(&mut self, row: &OutboxRow) -> QueryResult<()> {
        diesel::update(outbox::table.find(&row.id))
            .set(row)
            .execute(self)
            .map(|_| ())
    }

    fn count_outbox(&mut self, states: &[i16]) -> QueryResult<i64> {
        outbox::table
            .filter(outbox::state.eq_any(states))
            .count()
            .get_result(self)
    }

    fn insert_dealing(&mut self, row: &DealingRow) -> QueryResult<()> {
        diesel::insert_into(dealing::table)
            .values(row)
            .execute(self)
            .map(|_| ())
    }

    fn dealing(&mut self, id: &str) -> QueryResult<Option<DealingRow>> {
        dealing::table.find(id).first(self).optional()
    }

    fn update_dealing(&mut self, row: &DealingRow) -> QueryResult<()> {
        diesel::update(dealing::table.find(&row.id))
            .set(row)
            .execute(self)
            .map(|_| ())
    }

    fn dealings(
        &mut self,
        kind: i16,
        direction: Option<i16>,
        before: &str,
        limit: i64,
    ) -> QueryResult<Vec<DealingRow>> {
        let mut query = dealing::table
            .filter(dealing::kind.eq(kind))
            .filter(dealing::id.lt(before))
            .into_boxed();
        if let Some(direction) = direction {
            query = query.filter(dealing::direction.eq(direction));
        }
        query.order(dealing::id.desc()).limit(limit).load(self)
    }

    fn dealings_decided(&mut self, decision: i16, state: &str, limit: i64) -> QueryResult<Vec<DealingRow>> {
        dealing::table
            .filter(dealing::decision.eq(decision).and(dealing::state.eq(state)))
            .order(dealing::id)
            .limit(limit)
            .load(self)
    }

    fn rules(&mut self) -> QueryResult<Vec<RuleRow>> {
        acceptance_rule::table.order(acceptance_rule::place).load(self)
    }

    fn put_rule(&mut self, row: &RuleRow) -> QueryResult<()> {
        diesel::insert_into(acceptance_rule::table)
            .values(row)
            .on_conflict(acceptance_rule::place)
            .do_update()
            .set(row)
            .execute(self)
            .map(|_| ())
    }

    fn delete_rule(&mut self, place: i64) -> QueryResult<bool> {
        Ok(diesel::delete(acceptance_rule::table.find(place)).execute(self)? == 1)
    }
}
