//! Decisions that wait for a second officer.

use diesel::sql_types::{BigInt, Binary, Nullable, SmallInt, Text};
use tanqiao_protocol::id::{MessageId, Name};
use tanqiao_protocol::time::Timestamp;

use crate::ledger::command::Decision;
use crate::store::convert::{content, id_bytes, message_id};
use crate::store::database::{ReadConnection, StoreError};
use crate::store::read::Number;
use crate::store::statement::Statement;

tanqiao_protocol::words! {
    /// How far a pending decision is.
    pub enum ApprovalState {
        /// Nobody has claimed it.
        Waiting = 1 "waiting",
        /// Another officer looks at it.
        Claimed = 2 "claimed",
        /// That officer has approved it, and the ledger is asked: nobody takes it back any more.
        Deciding = 3 "deciding",
        /// The ledger has carried it out.
        Approved = 10 "approved",
        /// The other officer said no.
        Rejected = 11 "rejected",
        /// Its proposer took it back.
        Withdrawn = 12 "withdrawn",
        /// The ledger refused it.
        Refused = 13 "refused",
    }
}

/// A decision that waits for a second officer, or did.
#[derive(Debug, Clone)]
pub struct Approval {
    /// Its id, and that of its command.
    pub id: MessageId,
    /// What is to be decided.
    pub decision: Decision,
    /// Who proposed it.
    pub proposed_by: Name,
    /// When.
    pub proposed_at: Timestamp,
    /// Until when it may be approved.
    pub decide_until: Timestamp,
    /// How far it is.
    pub state: ApprovalState,
    /// Who looks at it.
    pub claimed_by: Option<Name>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What came of it, in words.
    pub outcome: Option<String>,
}

#[derive(diesel::QueryableByName)]
struct ApprovalRow {
    #[diesel(sql_type = Binary)]
    id: Vec<u8>,
    #[diesel(sql_type = Text)]
    decision: String,
    #[diesel(sql_type = Text)]
    proposed_by: String,
    #[diesel(sql_type = BigInt)]
    proposed_at: i64,
    #[diesel(sql_type = BigInt)]
    decide_until: i64,
    #[diesel(sql_type = SmallInt)]
    state: i16,
    #[diesel(sql_type = Nullable<Text>)]
    claimed_by: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    ended_at: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    outcome: Option<String>,
}

const COLUMNS: &str = "id, decision, proposed_by, proposed_at, decide_until, state, claimed_by, ended_at, outcome";

fn of_row(row: ApprovalRow) -> Result<Approval, StoreError> {
    Ok(Approval {
        id: message_id(&row.id)?,
        decision: serde_json::from_str(&row.decision).map_err(content)?,
        proposed_by: row.proposed_by.parse().map_err(content)?,
        proposed_at: Timestamp::from_micros(row.proposed_at),
        decide_until: Timestamp::from_micros(row.decide_until),
        state: ApprovalState::from_code(row.state)
            .ok_or_else(|| content(format!("unknown state {} of an approval", row.state)))?,
        claimed_by: row.claimed_by.map(|name| name.parse().map_err(content)).transpose()?,
        ended_at: row.ended_at.map(Timestamp::from_micros),
        outcome: row.outcome,
    })
}

/// Keeps a proposed decision.
///
/// # Errors
/// [`StoreError`].
pub fn propose(connection: &mut ReadConnection<'_>, approval: &Approval) -> Result<(), StoreError> {
    let sql = "INSERT INTO console_approval (id, decision, proposed_by, proposed_at, decide_until, state) VALUES (?, ?, ?, ?, ?, ?)";
    let decision = serde_json::to_string(&approval.decision).map_err(content)?;
    let statement = Statement::new(sql)
        .bind(id_bytes(approval.id))
        .bind(decision)
        .bind(approval.proposed_by.as_str())
        .bind(approval.proposed_at.micros())
        .bind(approval.decide_until.micros())
        .bind(approval.state.code());
    connection.execute(statement).map(drop)
}

/// One of them.
///
/// # Errors
/// [`StoreError`].
pub fn approval(connection: &mut ReadConnection<'_>, id: MessageId) -> Result<Option<Approval>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM console_approval WHERE id = ?");
    let rows: Vec<ApprovalRow> = connection.load(Statement::new(sql).bind(id_bytes(id)))?;
    rows.into_iter().next().map(of_row).transpose()
}

/// Those before `before`, the newest first.
///
/// # Errors
/// [`StoreError`].
pub fn approvals(
    connection: &mut ReadConnection<'_>,
    before: Option<MessageId>,
    limit: i64,
) -> Result<Vec<Approval>, StoreError> {
    let condition = if before.is_some() { "WHERE id < ?" } else { "" };
    let sql = format!("SELECT {COLUMNS} FROM console_approval {condition} ORDER BY id DESC LIMIT ?");
    let statement = before
        .into_iter()
        .fold(Statement::new(sql), |s, id| s.bind(id_bytes(id)));
    let rows: Vec<ApprovalRow> = connection.load(statement.bind(limit))?;
    rows.into_iter().map(of_row).collect()
}

/// How many wait for an officer who has not proposed them.
///
/// # Errors
/// [`StoreError`].
pub fn waiting(connection: &mut ReadConnection<'_>, account: &str, now: Timestamp) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) AS n FROM console_approval WHERE state < 10 AND decide_until > ? AND proposed_by <> ? AND (claimed_by IS NULL OR claimed_by = ?)";
    let statement = Statement::new(sql).bind(now.micros()).bind(account).bind(account);
    let rows: Vec<Number> = connection.load(statement)?;
    Ok(rows.first().map_or(0, |row| row.n))
}

/// Claims one for an officer; false if it is not there to be claimed, or is its own proposal.
///
/// # Errors
/// [`StoreError`].
pub fn claim(
    connection: &mut ReadConnection<'_>,
    id: MessageId,
    account: &Name,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE console_approval SET state = ?, claimed_by = ? WHERE id = ? AND state = ? AND proposed_by <> ? AND decide_until > ?";
    let statement = Statement::new(sql)
        .bind(ApprovalState::Claimed.code())
        .bind(account.as_str())
        .bind(id_bytes(id))
        .bind(ApprovalState::Waiting.code())
        .bind(account.as_str())
        .bind(now.micros());
    Ok(connection.execute(statement)? == 1)
}

/// Lets one go to the ledger that this officer has claimed; again, where the answer was lost. False if it is not there to be approved.
///
/// # Errors
/// [`StoreError`].
pub fn decide(
    connection: &mut ReadConnection<'_>,
    id: MessageId,
    account: &Name,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE console_approval SET state = ? WHERE id = ? AND claimed_by = ? AND (state = ? OR (state = ? AND decide_until > ?))";
    let statement = Statement::new(sql)
        .bind(ApprovalState::Deciding.code())
        .bind(id_bytes(id))
        .bind(account.as_str())
        .bind(ApprovalState::Deciding.code())
        .bind(ApprovalState::Claimed.code())
        .bind(now.micros());
    Ok(connection.execute(statement)? == 1)
}

/// Ends one that is open; false if it has ended already. What people end must not have gone to the ledger.
///
/// # Errors
/// [`StoreError`].
pub fn end(
    connection: &mut ReadConnection<'_>,
    id: MessageId,
    state: ApprovalState,
    outcome: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE console_approval SET state = ?, ended_at = ?, outcome = ? WHERE id = ? AND state < ?";
    let before = match state {
        ApprovalState::Rejected | ApprovalState::Withdrawn => ApprovalState::Deciding,
        _ => ApprovalState::Approved,
    };
    let statement = Statement::new(sql)
        .bind(state.code())
        .bind(now.micros())
        .bind(outcome)
        .bind(id_bytes(id))
        .bind(before.code());
    Ok(connection.execute(statement)? == 1)
}
