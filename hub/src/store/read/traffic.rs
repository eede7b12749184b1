//! Transfers as the regulator looks at them: all of them, the newest first, and what flowed between regions.

use diesel::sql_types::{BigInt, Binary, Text};
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::time::{DAY_US, Timestamp};
use tanqiao_protocol::transfer::TransferState;

use super::{MEMBER_NO, id_of, limit, members, rows};
use crate::ledger::objects::Transfer;
use crate::store::convert::{self, id_bytes, message_id};
use crate::store::database::{ReadConnection, StoreError};
use crate::store::rows::TransferRow;
use crate::store::statement::{Bind, Statement};

/// Transfers that one page of a filtered list looks at: a filter that fits little must not read the whole table.
const LOOKED_AT: usize = 10_000;
/// An offer holds for 30 days at most: what is committed this month was proposed after this before it.
const PROPOSED_BEFORE_US: i64 = 62 * DAY_US;

/// Which transfers.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// From this member.
    pub source: Option<NodeId>,
    /// To this member.
    pub target: Option<NodeId>,
    /// In this state.
    pub state: Option<TransferState>,
    /// Only those that have not ended.
    pub open: bool,
    /// Before this one.
    pub before: Option<MessageId>,
    /// So many at most.
    pub limit: usize,
}

/// A part of the list.
#[derive(Debug, Clone)]
pub struct Part {
    /// The transfers, the newest first.
    pub transfers: Vec<Transfer>,
    /// Before which the next part begins, where there may be more.
    pub next: Option<MessageId>,
}

#[derive(diesel::QueryableByName)]
struct IdRow {
    #[diesel(sql_type = Binary)]
    id: Vec<u8>,
}

/// A part of the list of all transfers.
///
/// # Errors
/// [`StoreError`].
pub fn transfers(connection: &mut ReadConnection<'_>, wanted: &Wanted) -> Result<Part, StoreError> {
    let horizon = if is_filtered(wanted) {
        horizon(connection, wanted.before)?
    } else {
        None
    };
    let mut conditions: Vec<String> = Vec::new();
    let mut binds: Vec<Bind<'_>> = Vec::new();
    if let Some(before) = wanted.before {
        conditions.push("id < ?".to_owned());
        binds.push(id_bytes(before).into());
    }
    if let Some(horizon) = horizon {
        conditions.push("id >= ?".to_owned());
        binds.push(id_bytes(horizon).into());
    }
    for (column, member) in [("source_no", &wanted.source), ("target_no", &wanted.target)] {
        if let Some(member) = member {
            conditions.push(format!("{column} = {MEMBER_NO}"));
            binds.push(id_of(member));
        }
    }
    if let Some(state) = wanted.state {
        conditions.push("state = ?".to_owned());
        binds.push(state.code().into());
    }
    if wanted.open {
        conditions.push("state < 10".to_owned());
    }
    if conditions.is_empty() {
        conditions.push("1 = 1".to_owned());
    }
    binds.push(limit(wanted.limit + 1));
    let sql = format!("{} ORDER BY id DESC LIMIT ?", conditions.join(" AND "));
    let mut found: Vec<TransferRow> = rows(connection, &sql, binds)?;
    let more = found.len() > wanted.limit;
    found.truncate(wanted.limit);
    let numbers = members(connection)?;
    let transfers: Vec<Transfer> = found
        .iter()
        .map(|row| convert::transfer(row, &numbers))
        .collect::<Result<_, _>>()?;
    let next = if more {
        transfers.last().map(|transfer| transfer.id)
    } else {
        horizon
    };
    Ok(Part { transfers, next })
}

const fn is_filtered(wanted: &Wanted) -> bool {
    wanted.source.is_some() || wanted.target.is_some() || wanted.state.is_some() || wanted.open
}

/// The last transfer that a page of a filtered list looks at; `None` if it reaches the end.
fn horizon(connection: &mut ReadConnection<'_>, before: Option<MessageId>) -> Result<Option<MessageId>, StoreError> {
    let condition = if before.is_some() { "WHERE id < ?" } else { "" };
    let sql = format!("SELECT id FROM transfer {condition} ORDER BY id DESC LIMIT 1 OFFSET ?");
    let statement = before
        .into_iter()
        .fold(Statement::new(sql), |s, id| s.bind(id_bytes(id)));
    let found: Vec<IdRow> = connection.load(statement.bind(limit(LOOKED_AT - 1)))?;
    found.first().map(|row| message_id(&row.id)).transpose()
}

/// The open transfers of a member, as source or target, those that end first at the beginning.
///
/// # Errors
/// [`StoreError`].
pub fn open_of(connection: &mut ReadConnection<'_>, member: &NodeId, most: usize) -> Result<Vec<Transfer>, StoreError> {
    // In the order of the index over open transfers: those that have ended are not looked at.
    let sql =
        format!("state < 10 AND (source_no = {MEMBER_NO} OR target_no = {MEMBER_NO}) ORDER BY valid_until LIMIT ?");
    let found: Vec<TransferRow> = rows(connection, &sql, vec![id_of(member), id_of(member), limit(most)])?;
    let numbers = members(connection)?;
    found.iter().map(|row| convert::transfer(row, &numbers)).collect()
}

/// Whether there is a transfer after this one.
///
/// # Errors
/// [`StoreError`].
pub fn is_any_after(connection: &mut ReadConnection<'_>, id: MessageId) -> Result<bool, StoreError> {
    let sql = "SELECT id FROM transfer WHERE id > ? ORDER BY id LIMIT 1";
    let found: Vec<IdRow> = connection.load(Statement::new(sql).bind(id_bytes(id)))?;
    Ok(!found.is_empty())
}

/// What was delivered from one region's members to another's.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct RegionFlow {
    /// The source's region.
    #[diesel(sql_type = Text)]
    pub source: String,
    /// The target's region.
    #[diesel(sql_type = Text)]
    pub target: String,
    /// Delivered grams.
    #[diesel(sql_type = BigInt)]
    pub grams: i64,
}

/// What transfers that were committed since then have delivered. Looks at every transfer of the last two months: ask seldom, and keep the
/// answer.
///
/// # Errors
/// [`StoreError`].
pub fn flows(connection: &mut ReadConnection<'_>, since: Timestamp) -> Result<Vec<RegionFlow>, StoreError> {
    let delivered = if connection.is_postgres() {
        "CAST(CAST(x.content AS jsonb)->'quote'->>'delivered_g' AS BIGINT)"
    } else {
        "json_extract(x.content, '$.quote.delivered_g')"
    };
    let sql = format!(
        "SELECT s.region AS source, t.region AS target, CAST(SUM({delivered}) AS BIGINT) AS grams FROM transfer x
         JOIN member s ON s.no = x.source_no JOIN member t ON t.no = x.target_no
         WHERE x.id >= ? AND x.state = 10 AND x.ended_at >= ? GROUP BY s.region, t.region ORDER BY s.region, t.region"
    );
    let first = MessageId::from_parts(since.plus_micros(-PROPOSED_BEFORE_US), &[0; 10]);
    connection.load(Statement::new(sql).bind(id_bytes(first)).bind(since.micros()))
}
