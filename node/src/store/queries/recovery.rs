//! Recovery: batches as signed, messages and entries for export, orphaned entries.

use diesel::prelude::*;

use super::{Conn, ROWS_MAX};
use crate::store::recovery::RecoveryTx;
use crate::store::rows::{BatchRow, EntryRow, OrphanRow, OutboxRow};
use crate::store::schema::{block, feed_entry, journal, orphaned_entry, outbox, outbox_batch, share};

impl RecoveryTx for Conn {
    fn insert_batch(&mut self, row: &BatchRow) -> QueryResult<()> {
        diesel::insert_into(outbox_batch::table)
            .values(row)
            .execute(self)
            .map(|_| ())
    }

    fn batches(&mut self, after: &str, limit: i64) -> QueryResult<Vec<BatchRow>> {
        outbox_batch::table
            .filter(outbox_batch::id.gt(after))
            .order(outbox_batch::id)
            .limit(limit)
            .load(self)
    }

    fn outbox_after(&mut self, place: i64, limit: i64) -> QueryResult<Vec<OutboxRow>> {
        outbox::table
            .filter(outbox::place.gt(place))
            .order(outbox::place)
            .limit(limit)
            .load(self)
    }

    fn outbox_answered_from(&mut self, log_index: i64) -> QueryResult<Vec<OutboxRow>> {
        outbox::table
            .filter(outbox::log_index.ge(log_index))
            .order(outbox::place)
            .load(self)
    }

    fn entry(&mut self, seq: i64) -> QueryResult<Option<EntryRow>> {
        feed_entry::table.find(seq).first(self).optional()
    }

    fn entries_about(&mut self, subject: &str) -> QueryResult<Vec<EntryRow>> {
        feed_entry::table
            .filter(feed_entry::subject.eq(subject))
            .order(feed_entry::seq)
            .load(self)
    }

    fn orphan_entries(&mut self, seq: i64, origin: i64) -> QueryResult<()> {
        let rows: Vec<EntryRow> = feed_entry::table
            .filter(feed_entry::seq.gt(seq))
            .order(feed_entry::seq)
            .load(self)?;
        let orphans: Vec<OrphanRow> = rows
            .into_iter()
            .map(|row| OrphanRow {
                origin,
                seq: row.seq,
                at: row.at,
                kind: row.kind,
                subject: row.subject,
                log_index: row.log_index,
                chain: row.chain,
                entry: row.entry,
            })
            .collect();
        for some in orphans.chunks(ROWS_MAX) {
            diesel::insert_into(orphaned_entry::table).values(some).execute(self)?;
        }
        diesel::delete(feed_entry::table.filter(feed_entry::seq.gt(seq)))
            .execute(self)
            .map(|_| ())
    }

    fn rename_journal(&mut self, entry: &str, name: &str) -> QueryResult<()> {
        diesel::update(journal::table.filter(journal::entry.eq(entry)))
            .set(journal::entry.eq(name))
            .execute(self)
            .map(|_| ())
    }

    fn orphaned(&mut self, origin: i64) -> QueryResult<Vec<OrphanRow>> {
        orphaned_entry::table
            .filter(orphaned_entry::origin.eq(origin))
            .order(orphaned_entry::seq)
            .load(self)
    }

    fn delete_blocks(&mut self) -> QueryResult<()> {
        diesel::delete(block::table).execute(self).map(|_| ())
    }

    fn reset_shares(&mut self, issuance: &str) -> QueryResult<()> {
        diesel::update(share::table.filter(share::issuance.eq(issuance)))
            .set(share::dealt_g.eq(0))
            .execute(self)
            .map(|_| ())
    }
}
