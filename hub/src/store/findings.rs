//! The findings of reconciliations: members' reports, and the serials that the log contradicts.

use std::collections::BTreeMap;

use diesel::sql_types::{BigInt, Binary};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::time::Timestamp;

use super::checkpoints::in_transaction;
use super::connection::StoreConnection;
use super::convert::{content, id_bytes, json, message_id, parse};
use super::database::{Database, ReadConnection, StoreError};
use super::row::WriteRows as _;
use super::rows::{ContradictionRow, ReportRow};
use super::statement::Statement;
use crate::ledger::objects::Contradicted;

/// The open contradictions, which are a part of governance.
pub(super) fn load_open<C: StoreConnection>(
    connection: &mut C,
) -> Result<BTreeMap<MessageId, Contradicted>, StoreError> {
    let sql = "SELECT * FROM contradiction WHERE open = ?";
    let rows = connection.select::<ContradictionRow>(Statement::new(sql).bind(true))?;
    let found = |row: ContradictionRow| Ok((message_id(&row.reconciliation)?, parse(&row.content)?));
    rows.into_iter().map(found).collect()
}

/// Writes what differs.
pub(super) fn save<'a, C: StoreConnection>(
    connection: &mut C,
    changed: impl Iterator<Item = (&'a MessageId, &'a Contradicted)>,
) -> Result<(), StoreError> {
    let row = |(id, found): (&MessageId, &Contradicted)| {
        Ok(ContradictionRow {
            reconciliation: id_bytes(*id),
            open: found.open,
            content: json(found)?,
        })
    };
    let rows: Vec<ContradictionRow> = changed.map(row).collect::<Result<_, StoreError>>()?;
    Ok(connection.put_rows(&rows)?)
}

/// Keeps a report. The first one stays.
///
/// # Errors
/// [`StoreError`].
pub fn keep(database: &Database, id: MessageId, report: &[u8], now: Timestamp) -> Result<(), StoreError> {
    let row = || ReportRow {
        id: id_bytes(id),
        report: report.to_vec(),
        received_at: now.micros(),
        examined: false,
    };
    in_transaction!(database, c => {
        let sql = "SELECT * FROM reconciliation_report WHERE id = ?";
        if c.select::<ReportRow>(Statement::new(sql).bind(id_bytes(id)))?.is_empty() {
            c.put_rows(&[row()])?;
        }
        Ok(())
    })
}

/// A report, as the member wrote it.
///
/// # Errors
/// [`StoreError`].
pub fn report(connection: &mut ReadConnection<'_>, id: MessageId) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT * FROM reconciliation_report WHERE id = ?";
    let rows: Vec<ReportRow> = connection.load(Statement::new(sql).bind(id_bytes(id)))?;
    Ok(rows.into_iter().next().map(|row| row.report))
}

#[derive(diesel::QueryableByName)]
struct IdRow {
    #[diesel(sql_type = Binary)]
    id: Vec<u8>,
}

/// The reports about which the log was not asked yet, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn unexamined(connection: &mut ReadConnection<'_>) -> Result<Vec<MessageId>, StoreError> {
    let sql = "SELECT id FROM reconciliation_report WHERE examined = ? ORDER BY id LIMIT 100";
    let rows: Vec<IdRow> = connection.load(Statement::new(sql).bind(false))?;
    rows.iter().map(|row| message_id(&row.id)).collect()
}

/// Notes that the log was asked.
///
/// # Errors
/// [`StoreError`].
pub fn mark_examined(database: &Database, id: MessageId) -> Result<(), StoreError> {
    let sql = "UPDATE reconciliation_report SET examined = ? WHERE id = ?";
    in_transaction!(database, c => {
        c.run(Statement::new(sql).bind(true).bind(id_bytes(id)))?;
        Ok(())
    })
}

#[derive(diesel::QueryableByName)]
struct EndedRow {
    #[diesel(sql_type = diesel::sql_types::Text)]
    member: String,
    #[diesel(sql_type = BigInt)]
    ended_at: i64,
}

/// When each member last had a result; only an agreement where `agreed`.
///
/// # Errors
/// [`StoreError`].
pub fn last_ended(
    connection: &mut ReadConnection<'_>,
    agreed: bool,
) -> Result<BTreeMap<tanqiao_protocol::id::NodeId, Timestamp>, StoreError> {
    let sql =
        "SELECT m.id AS member, max(r.ended_at) AS ended_at FROM reconciliation r JOIN member m ON m.no = r.member_no
        WHERE r.ended_at IS NOT NULL AND (r.state = 10 OR ?) GROUP BY m.id";
    let rows: Vec<EndedRow> = connection.load(Statement::new(sql).bind(!agreed))?;
    rows.into_iter()
        .map(|row| {
            Ok((
                row.member.parse().map_err(content)?,
                Timestamp::from_micros(row.ended_at),
            ))
        })
        .collect()
}
