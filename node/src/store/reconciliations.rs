//! What can be asked of the database about reconciliations with the hub.

use diesel::QueryResult;

use super::rows::{EntryRow, ReconciliationRow};

/// Reconciliations that have ended.
pub trait ReconciliationTx {
    /// Keeps one, or what has become of it.
    fn put_reconciliation(&mut self, row: &ReconciliationRow) -> QueryResult<()>;
    /// One of them.
    fn reconciliation(&mut self, id: &str) -> QueryResult<Option<ReconciliationRow>>;
    /// The newest first, before an id.
    fn reconciliations(&mut self, before: &str, limit: i64) -> QueryResult<Vec<ReconciliationRow>>;
    /// The newest one whose sides agreed.
    fn last_agreed(&mut self) -> QueryResult<Option<ReconciliationRow>>;
    /// The last feed entry of a type.
    fn last_entry_of(&mut self, kind: &str) -> QueryResult<Option<EntryRow>>;
}
