//! The witness's state, and evidence against the log.

use diesel::prelude::*;

use super::Conn;
use crate::store::rows::{EntryRow, OutboxRow};
use crate::store::schema::{feed_entry, outbox};
use crate::store::witness::{EvidenceRow, WitnessRow, WitnessTx, log_evidence, witness};

impl WitnessTx for Conn {
    fn witness(&mut self) -> QueryResult<Option<WitnessRow>> {
        witness::table.find(1).first(self).optional()
    }

    fn put_witness(&mut self, row: &WitnessRow) -> QueryResult<()> {
        diesel::insert_into(witness::table)
            .values(row)
            .on_conflict(witness::id)
            .do_update()
            .set(row)
            .execute(self)
            .map(|_| ())
    }

    fn evidence(&mut self, id: &str) -> QueryResult<Option<EvidenceRow>> {
        log_evidence::table.find(id).first(self).optional()
    }

    fn all_evidence(&mut self, open: bool, limit: i64) -> QueryResult<Vec<EvidenceRow>> {
        let newest = log_evidence::table
            .order((log_evidence::at.desc(), log_evidence::id))
            .limit(limit);
        if open {
            newest.filter(log_evidence::ended_at.is_null()).load(self)
        } else {
            newest.load(self)
        }
    }

    fn put_evidence(&mut self, row: &EvidenceRow) -> QueryResult<()> {
        diesel::insert_into(log_evidence::table)
            .values(row)
            .on_conflict(log_evidence::id)
            .do_update()
            .set(row)
            .execute(self)
            .map(|_| ())
    }

    fn entries_of(&mut self, kind: &str, seq: i64, limit: i64) -> QueryResult<Vec<EntryRow>> {
        feed_entry::table
            .filter(feed_entry::kind.eq(kind).and(feed_entry::seq.gt(seq)))
            .order(feed_entry::seq)
            .limit(limit)
            .load(self)
    }

    fn entries_between(&mut self, from: i64, until: i64) -> QueryResult<Vec<EntryRow>> {
        feed_entry::table
            .filter(feed_entry::log_index.ge(from).and(feed_entry::log_index.lt(until)))
            .order(feed_entry::seq)
            .load(self)
    }

    fn outbox_of(&mut self, action: i16, states: &[i16], limit: i64) -> QueryResult<Vec<OutboxRow>> {
        outbox::table
            .filter(
                outbox::action
                    .eq(action)
                    .and(outbox::state.eq_any(states.iter().copied())),
            )
            .order(outbox::place)
            .limit(limit)
            .load(self)
    }
}
