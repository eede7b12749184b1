//! What can be asked of the database for a hub that was restored, and after a new origin of its log.

use diesel::QueryResult;

use super::rows::{BatchRow, EntryRow, OrphanRow, OutboxRow};

/// Exporting what the hub may have lost, and following it where it cannot be given back.
pub trait RecoveryTx {
    /// Keeps a batch as it was signed.
    fn insert_batch(&mut self, row: &BatchRow) -> QueryResult<()>;
    /// Batches after an id, oldest first.
    fn batches(&mut self, after: &str, limit: i64) -> QueryResult<Vec<BatchRow>>;
    /// Messages after a place, in order.
    fn outbox_after(&mut self, place: i64, limit: i64) -> QueryResult<Vec<OutboxRow>>;
    /// Messages whose outcome names this leaf or a later one, in order.
    fn outbox_answered_from(&mut self, log_index: i64) -> QueryResult<Vec<OutboxRow>>;
    /// One feed entry.
    fn entry(&mut self, seq: i64) -> QueryResult<Option<EntryRow>>;
    /// The entries about a subject, oldest first.
    fn entries_about(&mut self, subject: &str) -> QueryResult<Vec<EntryRow>>;
    /// Moves the entries after `seq` out of the feed, to the evidence of the origin that was decided at `origin`, in
    /// microseconds.
    fn orphan_entries(&mut self, seq: i64, origin: i64) -> QueryResult<()>;
    /// Gives a journal entry another name; its lines stay as they are.
    fn rename_journal(&mut self, entry: &str, name: &str) -> QueryResult<()>;
    /// The entries that an origin has orphaned, oldest first.
    fn orphaned(&mut self, origin: i64) -> QueryResult<Vec<OrphanRow>>;
    /// Empties the book.
    fn delete_blocks(&mut self) -> QueryResult<()>;
    /// Takes back what the shares of an issuance were dealt.
    fn reset_shares(&mut self, issuance: &str) -> QueryResult<()>;
}
