//! The findings of reconciliations: members' reports, and the serials that the log contradicts.

use std::collections::BTreeMap;

use diesel::sql_types::{BigInt, Binary, Integer};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::time::{DAY_US, Timestamp};

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

/// All contradictions, also of findings that were closed.
///
/// # Errors
/// [`StoreError`].
pub fn contradictions(connection: &mut ReadConnection<'_>) -> Result<BTreeMap<MessageId, Contradicted>, StoreError> {
    let rows: Vec<ContradictionRow> = connection.load(Statement::new("SELECT * FROM contradiction"))?;
    let found = |row: ContradictionRow| {
        let mut found: Contradicted = parse(&row.content)?;
        found.open = row.open;
        Ok((message_id(&row.reconciliation)?, found))
    };
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

/// The most reports of a member that are kept in a day; 32 MiB each.
pub const REPORTS_PER_DAY_MAX: i64 = 48;

#[derive(diesel::QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Keeps a report. The first one stays. False where the member has given [`REPORTS_PER_DAY_MAX`] others in the last 24 hours.
///
/// # Errors
/// [`StoreError`].
pub fn keep(database: &Database, id: MessageId, report: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    let others =
        "SELECT COUNT(*) AS n FROM reconciliation_report p JOIN reconciliation r ON r.id = p.id WHERE p.received_at > ?
        AND p.id <> ? AND r.member_no = (SELECT member_no FROM reconciliation WHERE id = ?)";
    let row = ReportRow {
        id: id_bytes(id),
        report: report.to_vec(),
        received_at: now.micros(),
        examined: false,
    };
    in_transaction!(database, c => {
        let since = now.micros().saturating_sub(DAY_US);
        let statement = Statement::new(others).bind(since).bind(id_bytes(id)).bind(id_bytes(id));
        let others = c.select::<CountRow>(statement)?.first().map_or(0, |row| row.n);
        if others >= REPORTS_PER_DAY_MAX {
            return Ok(false);
        }
        c.keep_rows(std::slice::from_ref(&row))?;
        Ok(true)
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
struct UnexaminedRow {
    #[diesel(sql_type = Binary)]
    id: Vec<u8>,
    #[diesel(sql_type = Integer)]
    member_no: i32,
}

/// A report about which the log was not asked yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unexamined {
    /// Of which reconciliation.
    pub id: MessageId,
    /// The number of the member.
    pub member_no: i32,
}

/// The reports about which the log was not asked yet, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn unexamined(connection: &mut ReadConnection<'_>) -> Result<Vec<Unexamined>, StoreError> {
    let sql =
        "SELECT p.id AS id, r.member_no AS member_no FROM reconciliation_report p JOIN reconciliation r ON r.id = p.id
        WHERE p.examined = ? ORDER BY p.received_at, p.id LIMIT 1000";
    let rows: Vec<UnexaminedRow> = connection.load(Statement::new(sql).bind(false))?;
    let waiting = |row: &UnexaminedRow| {
        Ok(Unexamined {
            id: message_id(&row.id)?,
            member_no: row.member_no,
        })
    };
    rows.iter().map(waiting).collect()
}

/// Takes the member's turn, at most one in so many microseconds, whichever process takes it. False where it is not its turn. A turn that
/// was taken by a clock that was ahead holds nobody up.
///
/// # Errors
/// [`StoreError`].
pub fn take_turn(database: &Database, member_no: i32, now: Timestamp, apart_us: i64) -> Result<bool, StoreError> {
    let sql = "INSERT INTO examination_turn (member_no, taken_at) VALUES (?, ?) ON CONFLICT (member_no)
        DO UPDATE SET taken_at = excluded.taken_at WHERE examination_turn.taken_at <= ? OR examination_turn.taken_at > ?";
    let (now, before) = (now.micros(), now.micros().saturating_sub(apart_us));
    in_transaction!(database, c => {
        let statement = Statement::new(sql).bind(member_no).bind(now).bind(before).bind(now);
        Ok(c.run(statement)? > 0)
    })
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

#[derive(diesel::QueryableByName)]
struct FirstEntryRow {
    #[diesel(sql_type = diesel::sql_types::Text)]
    member: String,
    #[diesel(sql_type = Binary)]
    bytes: Vec<u8>,
}

#[derive(serde::Deserialize)]
struct EntryTime {
    at: Timestamp,
}

/// When each member was first told something: its admission, or its first block.
///
/// # Errors
/// [`StoreError`].
pub fn first_told(
    connection: &mut ReadConnection<'_>,
) -> Result<BTreeMap<tanqiao_protocol::id::NodeId, Timestamp>, StoreError> {
    let sql =
        "SELECT m.id AS member, e.bytes AS bytes FROM feed_entry e JOIN member m ON m.no = e.member_no WHERE e.seq = 1";
    let rows: Vec<FirstEntryRow> = connection.load(Statement::new(sql))?;
    let told = |row: FirstEntryRow| {
        let entry: EntryTime = serde_json::from_slice(&row.bytes).map_err(content)?;
        Ok((row.member.parse().map_err(content)?, entry.at))
    };
    rows.into_iter().map(told).collect()
}
