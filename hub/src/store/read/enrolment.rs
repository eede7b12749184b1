//! Enrolment: one-time codes and requests. Not part of the ledger, and so written here and not by the sequencer.

use diesel::sql_types::{SmallInt, Text};

use super::limit;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::statement::Statement;

/// A row of text under a key.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct CodeRow {
    /// For whom.
    #[diesel(sql_type = Text)]
    pub member: String,
    /// The record, as JSON.
    #[diesel(sql_type = Text)]
    pub content: String,
}

/// A request to enrol.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct EnrolmentRow {
    /// Its id.
    #[diesel(sql_type = Text)]
    pub id: String,
    /// Who asks.
    #[diesel(sql_type = Text)]
    pub member: String,
    /// Its state.
    #[diesel(sql_type = SmallInt)]
    pub status: i16,
    /// The rest, as JSON.
    #[diesel(sql_type = Text)]
    pub content: String,
}

/// The code of a member.
///
/// # Errors
/// [`StoreError`].
pub fn code(connection: &mut ReadConnection<'_>, member: &str) -> Result<Option<CodeRow>, StoreError> {
    Ok(connection
        .load(Statement::new("SELECT member, content FROM enrolment_code WHERE member = ?").bind(member))?
        .into_iter()
        .next())
}

/// Puts a member's code in the place of an earlier one.
///
/// # Errors
/// [`StoreError`].
pub fn put_code(connection: &mut ReadConnection<'_>, row: &CodeRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO enrolment_code (member, content) VALUES (?, ?) ON CONFLICT (member) DO UPDATE SET content = excluded.content";
    connection
        .execute(Statement::new(sql).bind(row.member.as_str()).bind(row.content.as_str()))
        .map(drop)
}

/// Replaces a code if it is still what was read: of two that redeem it at once, one does. False if it was the other.
///
/// # Errors
/// [`StoreError`].
pub fn replace_code(connection: &mut ReadConnection<'_>, read: &CodeRow, content: &str) -> Result<bool, StoreError> {
    let sql = "UPDATE enrolment_code SET content = ? WHERE member = ? AND content = ?";
    let changed = connection.execute(
        Statement::new(sql)
            .bind(content)
            .bind(read.member.as_str())
            .bind(read.content.as_str()),
    )?;
    Ok(changed == 1)
}

/// Records a request.
///
/// # Errors
/// [`StoreError`].
pub fn insert(connection: &mut ReadConnection<'_>, row: &EnrolmentRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO enrolment (id, member, status, content) VALUES (?, ?, ?, ?)";
    let statement = Statement::new(sql)
        .bind(row.id.as_str())
        .bind(row.member.as_str())
        .bind(row.status)
        .bind(row.content.as_str());
    connection.execute(statement).map(drop)
}

/// One request.
///
/// # Errors
/// [`StoreError`].
pub fn find(connection: &mut ReadConnection<'_>, id: &str) -> Result<Option<EnrolmentRow>, StoreError> {
    let sql = "SELECT id, member, status, content FROM enrolment WHERE id = ?";
    Ok(connection.load(Statement::new(sql).bind(id))?.into_iter().next())
}

/// The last requests.
///
/// # Errors
/// [`StoreError`].
pub fn list(connection: &mut ReadConnection<'_>, most: usize) -> Result<Vec<EnrolmentRow>, StoreError> {
    let sql = "SELECT id, member, status, content FROM enrolment ORDER BY id DESC LIMIT ?";
    connection.load(Statement::new(sql).bind(limit(most)))
}

/// Decides a request that has the state `from`; false if another process was first.
///
/// # Errors
/// [`StoreError`].
pub fn decide(connection: &mut ReadConnection<'_>, from: i16, row: &EnrolmentRow) -> Result<bool, StoreError> {
    let sql = "UPDATE enrolment SET status = ?, content = ? WHERE id = ? AND status = ?";
    let statement = Statement::new(sql)
        .bind(row.status)
        .bind(row.content.as_str())
        .bind(row.id.as_str())
        .bind(from);
    Ok(connection.execute(statement)? == 1)
}
