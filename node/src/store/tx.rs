//! What can be asked of the database inside one transaction.
//!
//! The queries behind it are written once (`queries/`) and compiled for SQLite and for PostgreSQL; everything above sees
//! `&mut dyn Tx`. A method that lists takes a limit or is bounded by what it is asked about.

use diesel::QueryResult;

use super::activities::{ActivityTx, ImportTx, TokenTx};
use super::desk::DeskTx;
use super::reconciliations::ReconciliationTx;
use super::recovery::RecoveryTx;
use super::rows::{
    AccountRow, BlockRow, ContradictionRow, CursorRow, DealingRow, EntryRow, JournalRow, LotRow, OutboxRow, RuleRow,
    ShareRow,
};
use super::screening::ScreeningTx;
use super::subjects::SubjectTx;
use super::witness::WitnessTx;

/// A place in the order of series and serial: everything after it.
pub type After<'a> = (&'a str, i64);

/// Accounts, their lots and their journal.
pub trait AccountTx {
    /// Adds an account; `false` if it exists.
    fn insert_account(&mut self, row: &AccountRow) -> QueryResult<bool>;
    /// One account.
    fn account(&mut self, id: &str) -> QueryResult<Option<AccountRow>>;
    /// Accounts after `after`, by id.
    fn accounts(&mut self, after: &str, limit: i64) -> QueryResult<Vec<AccountRow>>;
    /// The lot that holds `serial`, if one does.
    fn lot_at(&mut self, series: &str, serial: i64) -> QueryResult<Option<LotRow>>;
    /// Lots whose first serial is in `first..=last`, ascending.
    fn lots_from(&mut self, series: &str, first: i64, last: i64) -> QueryResult<Vec<LotRow>>;
    /// Lots of an account that nothing binds, after a place, by series and serial; of one series where one is given.
    fn free_lots(
        &mut self,
        account: &str,
        series: Option<&str>,
        after: After<'_>,
        limit: i64,
    ) -> QueryResult<Vec<LotRow>>;
    /// Lots of an account, after a place.
    fn account_lots(&mut self, account: &str, after: After<'_>, limit: i64) -> QueryResult<Vec<LotRow>>;
    /// All lots, after a place.
    fn lots(&mut self, after: After<'_>, limit: i64) -> QueryResult<Vec<LotRow>>;
    /// Lots that `by` binds.
    fn lots_reserved_by(&mut self, by: &str) -> QueryResult<Vec<LotRow>>;
    /// Adds lots.
    fn insert_lots(&mut self, rows: &[LotRow]) -> QueryResult<()>;
    /// Removes the lots whose first serial is in `first..=last`.
    fn delete_lots(&mut self, series: &str, first: i64, last: i64) -> QueryResult<()>;
    /// Binds the lots whose first serial is in `first..=last`.
    fn bind_lots(&mut self, series: &str, first: i64, last: i64, by: &str) -> QueryResult<()>;
    /// Unbinds those of them that `by` binds.
    fn unbind_lots(&mut self, series: &str, first: i64, last: i64, by: &str) -> QueryResult<()>;
    /// Σ grams by account and by whether something binds them, for accounts `from..=to`.
    fn lot_sums(&mut self, from: &str, to: &str) -> QueryResult<Vec<(String, bool, i64)>>;
    /// Adds journal lines.
    fn insert_journal(&mut self, rows: &[JournalRow]) -> QueryResult<()>;
    /// The lines of one entry.
    fn journal_entry(&mut self, entry: &str) -> QueryResult<Vec<JournalRow>>;
    /// The lines that concern an account, newest first, before a time.
    fn journal(&mut self, account: &str, before: i64, limit: i64) -> QueryResult<Vec<JournalRow>>;
    /// Adds shares of an issuance.
    fn insert_shares(&mut self, rows: &[ShareRow]) -> QueryResult<()>;
    /// Shares of an issuance that have not got all their serials, in order.
    fn open_shares(&mut self, issuance: &str) -> QueryResult<Vec<ShareRow>>;
    /// Writes what a share has got.
    fn set_dealt(&mut self, issuance: &str, line: i64, dealt_g: i64) -> QueryResult<()>;
}

/// The book of the hub's side, and the feed.
pub trait FeedTx {
    /// The block over exactly this range.
    fn block(&mut self, series: &str, first: i64, last: i64) -> QueryResult<Option<BlockRow>>;
    /// Every block with a serial in `first..=last`, ascending.
    fn blocks_over(&mut self, series: &str, first: i64, last: i64) -> QueryResult<Vec<BlockRow>>;
    /// Blocks after a place; of one state where one is given.
    fn blocks(&mut self, state: Option<i16>, after: After<'_>, limit: i64) -> QueryResult<Vec<BlockRow>>;
    /// Σ grams by series and state.
    fn block_sums(&mut self) -> QueryResult<Vec<(String, i16, i64)>>;
    /// Adds blocks.
    fn insert_blocks(&mut self, rows: &[BlockRow]) -> QueryResult<()>;
    /// Removes one.
    fn delete_block(&mut self, series: &str, first: i64) -> QueryResult<()>;
    /// The cursor; `None` before the first contact.
    fn cursor(&mut self) -> QueryResult<Option<CursorRow>>;
    /// Writes the cursor.
    fn set_cursor(&mut self, row: &CursorRow) -> QueryResult<()>;
    /// Keeps entries as received.
    fn insert_entries(&mut self, rows: &[EntryRow]) -> QueryResult<()>;
    /// Entries after `after`.
    fn entries(&mut self, after: i64, limit: i64) -> QueryResult<Vec<EntryRow>>;
    /// Keeps evidence; the same evidence twice is kept once.
    fn insert_contradiction(&mut self, row: &ContradictionRow) -> QueryResult<()>;
    /// All evidence.
    fn contradictions(&mut self) -> QueryResult<Vec<ContradictionRow>>;
}

/// The outbox, the dealings and the acceptance policy.
pub trait DealingTx {
    /// Adds a message at the end of the outbox: `row.place` is set here.
    fn insert_outbox(&mut self, row: OutboxRow) -> QueryResult<()>;
    /// One message.
    fn outbox(&mut self, id: &str) -> QueryResult<Option<OutboxRow>>;
    /// Messages of one of these states, in order.
    fn outbox_in(&mut self, states: &[i16], limit: i64) -> QueryResult<Vec<OutboxRow>>;
    /// The newest messages first, before a place.
    fn outbox_before(&mut self, place: i64, limit: i64) -> QueryResult<Vec<OutboxRow>>;
    /// Writes a message back.
    fn update_outbox(&mut self, row: &OutboxRow) -> QueryResult<()>;
    /// How many are in one of these states.
    fn count_outbox(&mut self, states: &[i16]) -> QueryResult<i64>;
    /// Adds a dealing.
    fn insert_dealing(&mut self, row: &DealingRow) -> QueryResult<()>;
    /// One dealing.
    fn dealing(&mut self, id: &str) -> QueryResult<Option<DealingRow>>;
    /// Writes a dealing back.
    fn update_dealing(&mut self, row: &DealingRow) -> QueryResult<()>;
    /// Dealings of a kind and direction, newest first, with an id before `before`.
    fn dealings(&mut self, kind: i16, direction: Option<i16>, before: &str, limit: i64)
    -> QueryResult<Vec<DealingRow>>;
    /// Dealings with this decision and state.
    fn dealings_decided(&mut self, decision: i16, state: &str, limit: i64) -> QueryResult<Vec<DealingRow>>;
    /// The rules, in order.
    fn rules(&mut self) -> QueryResult<Vec<RuleRow>>;
    /// Writes a rule in its place.
    fn put_rule(&mut self, row: &RuleRow) -> QueryResult<()>;
    /// Removes a rule; `false` if there was none.
    fn delete_rule(&mut self, place: i64) -> QueryResult<bool>;
}

/// Everything that can be asked inside one transaction.
pub trait Tx:
    AccountTx
    + FeedTx
    + DealingTx
    + ActivityTx
    + ImportTx
    + TokenTx
    + RecoveryTx
    + SubjectTx
    + ScreeningTx
    + ReconciliationTx
    + WitnessTx
    + DeskTx
{
}
impl<T> Tx for T where
    T: AccountTx
        + FeedTx
        + DealingTx
        + ActivityTx
        + ImportTx
        + TokenTx
        + RecoveryTx
        + SubjectTx
        + ScreeningTx
        + WitnessTx
        + ReconciliationTx
        + DeskTx
{
}
