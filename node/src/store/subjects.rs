//! What can be asked of the database about the holders' identifiers.

use diesel::QueryResult;

use super::rows::SubjectRow;

/// Identifiers, sealed.
pub trait SubjectTx {
    /// True if there is one.
    fn has_subjects(&mut self) -> QueryResult<bool>;
    /// Those of these accounts (ascending) that there are, ascending.
    fn subjects(&mut self, accounts: &[&str]) -> QueryResult<Vec<SubjectRow>>;
    /// Keeps identifiers of accounts that have none.
    fn insert_subjects(&mut self, rows: &[SubjectRow]) -> QueryResult<()>;
}
