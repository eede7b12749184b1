//! Reconciliations that have ended.

use diesel::prelude::*;

use super::Conn;
use crate::store::reconciliations::ReconciliationTx;
use crate::store::rows::{EntryRow, ReconciliationRow};
use crate::store::schema::{feed_entry, reconciliation};

impl ReconciliationTx for Conn {
    fn put_reconciliation(&mut self, row: &ReconciliationRow) -> QueryResult<()> {
        diesel::insert_into(reconciliation::table)
            .values(row)
            .on_conflict(reconciliation::id)
            .do_update()
            .set(row)
            .execute(self)
            .map(|_| ())
    }

    fn reconciliation(&mut self, id: &str) -> QueryResult<Option<ReconciliationRow>> {
        reconciliation::table.find(id).first(self).optional()
    }

    fn reconciliations(&mut self, before: &str, limit: i64) -> QueryResult<Vec<ReconciliationRow>> {
        reconciliation::table
            .filter(reconciliation::id.lt(before))
            .order(reconciliation::id.desc())
            .limit(limit)
            .load(self)
    }

    fn last_agreed(&mut self) -> QueryResult<Option<ReconciliationRow>> {
        reconciliation::table
            .filter(reconciliation::agreed.eq(1_i16))
            .order(reconciliation::id.desc())
            .first(self)
            .optional()
    }

    fn last_entry_of(&mut self, kind: &str) -> QueryResult<Option<EntryRow>> {
        feed_entry::table
            .filter(feed_entry::kind.eq(kind))
            .order(feed_entry::seq.desc())
            .first(self)
            .optional()
    }
}
