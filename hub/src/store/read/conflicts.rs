//! What screening asks of the ledger, and what members and officers ask about conflicts and debts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use diesel::sql_types::{BigInt, Binary, Integer, SmallInt};
use tanqiao_protocol::conflict::{
    ActivityRef, ConflictOutcome, ConflictView, DebtView, HeldView, Statement as Said, UPLOAD_US,
};
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::serial::{BlockRef, SeriesRef};
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::view::MemberStatus;

use super::dealings::{Window, issued};
use super::{MEMBER_NO, id_of, limit, many_bytes, members, one_of_bytes, rows};
use crate::ledger::objects::{Contested, Issuance, Position, SharedToken};
use crate::screening::pages::PAGE_ACTIVITIES;
use crate::store::conflicts::{PAGE_OF, activity, conflict, contested, debt, position, shared_token};
use crate::store::convert::{content, id_bytes, message_id};
use crate::store::database::{ReadConnection, StoreError};
use crate::store::row::row;
use crate::store::rows::{
    ConflictRow, ContestedRow, DebtRow, IssuanceRow, PageRow, ScreeningRunRow, StatementRow, TokenOwnerRow,
};
use crate::store::statement::{Bind, Statement};

/// The most activities of one token that are looked at beside its first.
pub const SHARERS_MAX: i64 = 64;

/// The issuance whose turn it is: the lowest header that has no result yet.
///
/// # Errors
/// [`StoreError`].
pub fn next(connection: &mut ReadConnection<'_>) -> Result<Option<Issuance>, StoreError> {
    let found: Vec<IssuanceRow> = rows(connection, "state < 10 ORDER BY log_index LIMIT 1", Vec::new())?;
    Ok(issued(connection, &found)?.pop())
}

/// Those of these issuances that wait for their tokens, or to be screened.
///
/// # Errors
/// [`StoreError`].
pub fn waiting(
    connection: &mut ReadConnection<'_>,
    issuances: &BTreeSet<MessageId>,
) -> Result<BTreeSet<MessageId>, StoreError> {
    let sql = format!("{} AND state < 10", one_of_bytes(connection, "id"));
    let ids = many_bytes(connection, issuances.iter().map(|id| id_bytes(*id)).collect());
    let found: Vec<IssuanceRow> = rows(connection, &sql, vec![ids])?;
    found.iter().map(|row| message_id(&row.id)).collect()
}

/// The issuances of a member that have no result yet.
///
/// # Errors
/// [`StoreError`].
pub fn unfinished_of(connection: &mut ReadConnection<'_>, member: &NodeId) -> Result<Vec<Issuance>, StoreError> {
    let condition = format!("state < 10 AND member_no = {MEMBER_NO}");
    let found: Vec<IssuanceRow> = rows(connection, &condition, vec![id_of(member)])?;
    issued(connection, &found)
}

/// The runs of the screening store that count.
///
/// # Errors
/// [`StoreError`].
pub fn runs(connection: &mut ReadConnection<'_>) -> Result<BTreeSet<u32>, StoreError> {
    let found: Vec<ScreeningRunRow> = rows(connection, "run > 0", Vec::new())?;
    found.iter().map(|row| run_no(row.run)).collect()
}

fn run_no(run: i32) -> Result<u32, StoreError> {
    u32::try_from(run).map_err(content)
}

/// The issuances of these runs.
///
/// # Errors
/// [`StoreError`].
pub fn issuances_of_runs(
    connection: &mut ReadConnection<'_>,
    wanted: &BTreeSet<u32>,
) -> Result<BTreeMap<u32, MessageId>, StoreError> {
    let sql = super::one_of_i64(connection, "run");
    let wanted = super::many_i64(connection, wanted.iter().copied().map(i64::from).collect());
    let runs: Vec<ScreeningRunRow> = rows(connection, &sql, vec![wanted])?;
    let mut out = BTreeMap::new();
    for row in &runs {
        out.insert(run_no(row.run)?, message_id(&row.issuance)?);
    }
    Ok(out)
}

/// The numbers of the issuers of these issuances.
///
/// # Errors
/// [`StoreError`].
pub fn issuers(
    connection: &mut ReadConnection<'_>,
    wanted: &BTreeSet<MessageId>,
) -> Result<BTreeMap<MessageId, i32>, StoreError> {
    let sql = one_of_bytes(connection, "id");
    let ids = many_bytes(connection, wanted.iter().map(|id| id_bytes(*id)).collect());
    let found: Vec<IssuanceRow> = rows(connection, &sql, vec![ids])?;
    found
        .iter()
        .map(|row| Ok((message_id(&row.id)?, row.member_no)))
        .collect()
}

/// Issuances without tokens, and conflicts, whose time has come: at most 500 of each.
///
/// # Errors
/// [`StoreError`].
pub fn due(
    connection: &mut ReadConnection<'_>,
    now: Timestamp,
) -> Result<(Vec<MessageId>, Vec<MessageId>), StoreError> {
    let late = now.plus_micros(-UPLOAD_US).micros();
    let condition =
        "state = 1 AND state < 10 AND (registered_at <= ? OR member_no IN (SELECT no FROM member WHERE status <> ?))
        ORDER BY log_index LIMIT 500";
    let binds = vec![late.into(), MemberStatus::Admitted.code().into()];
    let issuances: Vec<IssuanceRow> = rows(connection, condition, binds)?;
    let condition = "state < 10 AND deadline <= ? ORDER BY deadline, id LIMIT 500";
    let conflicts: Vec<ConflictRow> = rows(connection, condition, vec![now.micros().into()])?;
    let issuances = issuances
        .iter()
        .map(|row| message_id(&row.id))
        .collect::<Result<_, _>>()?;
    let conflicts = conflicts
        .iter()
        .map(|row| message_id(&row.id))
        .collect::<Result<_, _>>()?;
    Ok((issuances, conflicts))
}

/// The number of the last run that was named.
///
/// # Errors
/// [`StoreError`].
pub fn last_run(connection: &mut ReadConnection<'_>) -> Result<u32, StoreError> {
    let found: Vec<ScreeningRunRow> = rows(connection, "run > 0 ORDER BY run DESC LIMIT 1", Vec::new())?;
    found.first().map_or(Ok(0), |row| run_no(row.run))
}

/// Tokens by the number of their epoch.
fn by_epoch(tokens: &BTreeSet<SharedToken>) -> BTreeMap<u16, Vec<Vec<u8>>> {
    let mut out: BTreeMap<u16, Vec<Vec<u8>>> = BTreeMap::new();
    for token in tokens {
        out.entry(token.epoch).or_default().push(token.token.0.to_vec());
    }
    out
}

/// The owners of those of these tokens that have changed hands.
///
/// # Errors
/// [`StoreError`].
pub fn owners(
    connection: &mut ReadConnection<'_>,
    tokens: &BTreeSet<SharedToken>,
) -> Result<BTreeMap<SharedToken, ActivityRef>, StoreError> {
    let sql = format!("epoch = ? AND {}", one_of_bytes(connection, "token"));
    let mut out = BTreeMap::new();
    for (epoch, wanted) in by_epoch(tokens) {
        let binds = vec![i32::from(epoch).into(), many_bytes(connection, wanted)];
        for row in rows::<TokenOwnerRow>(connection, &sql, binds)? {
            let token = shared_token(row.epoch, &row.token, row.kind)?;
            // The same bytes as another kind are another token.
            if tokens.contains(&token) {
                out.insert(token, activity(&row.issuance, row.idx)?);
            }
        }
    }
    Ok(out)
}

row!(SharerRow in "token_share", key "epoch, token, kind, attempt, idx", {
    epoch: Integer => i32, token: Binary => Vec<u8>, kind: SmallInt => i16, issuance: Binary => Vec<u8>, idx: BigInt => i64,
});

/// The activities that have one of these tokens without being the first: of each token those of the lowest headers, at most
/// [`SHARERS_MAX`].
///
/// # Errors
/// [`StoreError`].
pub fn sharers(
    connection: &mut ReadConnection<'_>,
    tokens: &BTreeSet<SharedToken>,
) -> Result<BTreeMap<SharedToken, Vec<ActivityRef>>, StoreError> {
    let sql = format!(
        "SELECT epoch, token, kind, issuance, idx FROM (SELECT s.epoch, s.token, s.kind, r.issuance, r.run, s.idx,
            ROW_NUMBER() OVER (PARTITION BY s.token, s.kind ORDER BY r.run, s.idx) AS place
            FROM token_share s JOIN screening_run r ON r.attempt = s.attempt WHERE s.epoch = ? AND {}) AS shares
        WHERE place <= ? ORDER BY token, kind, run, idx",
        one_of_bytes(connection, "s.token")
    );
    let mut out: BTreeMap<SharedToken, Vec<ActivityRef>> = BTreeMap::new();
    for (epoch, wanted) in by_epoch(tokens) {
        let statement = Statement::new(sql.clone())
            .bind(i32::from(epoch))
            .bind(many_bytes(connection, wanted))
            .bind(SHARERS_MAX);
        for row in connection.load::<SharerRow>(statement)? {
            let token = shared_token(row.epoch, &row.token, row.kind)?;
            if tokens.contains(&token) {
                out.entry(token).or_default().push(activity(&row.issuance, row.idx)?);
            }
        }
    }
    Ok(out)
}

/// Where the serials of these activities lie, as far as they were issued with their issuances.
///
/// # Errors
/// [`StoreError`].
pub fn positions(
    connection: &mut ReadConnection<'_>,
    activities: &BTreeSet<ActivityRef>,
) -> Result<BTreeMap<ActivityRef, Position>, StoreError> {
    let mut out = BTreeMap::new();
    let mut page: Option<(MessageId, PageRow)> = None;
    for activity in activities {
        let index = i64::from(activity.index);
        let first = index - index % PAGE_ACTIVITIES;
        if !page
            .as_ref()
            .is_some_and(|(of, page)| *of == activity.issuance && page.first_index == first)
        {
            let of_page = Statement::new(PAGE_OF).bind(id_bytes(activity.issuance)).bind(first);
            page = connection.load(of_page)?.pop().map(|row| (activity.issuance, row));
        }
        if let Some((_, page)) = &page
            && let Some(found) = position(page, index)?
        {
            out.insert(activity.clone(), found);
        }
    }
    Ok(out)
}

/// Every contested activity of these issuances.
///
/// # Errors
/// [`StoreError`].
pub fn contested_of(
    connection: &mut ReadConnection<'_>,
    issuances: &BTreeSet<MessageId>,
) -> Result<BTreeMap<ActivityRef, Contested>, StoreError> {
    let sql = one_of_bytes(connection, "issuance");
    let wanted = many_bytes(connection, issuances.iter().map(|id| id_bytes(*id)).collect());
    let found: Vec<ContestedRow> = rows(connection, &sql, vec![wanted])?;
    found
        .iter()
        .map(|row| {
            let one = contested(row)?;
            Ok((one.activity.clone(), one))
        })
        .collect()
}

/// By activity, those that were found to be other acts, and the tokens that each shares with it.
pub type DistinctFrom = BTreeMap<ActivityRef, Vec<(ActivityRef, Vec<SharedToken>)>>;

/// What was found to be another act than activities of these issuances, and the tokens that it shares with them.
///
/// # Errors
/// [`StoreError`].
pub fn distinct_from(
    connection: &mut ReadConnection<'_>,
    issuances: &BTreeSet<MessageId>,
) -> Result<DistinctFrom, StoreError> {
    let sql = format!("{} AND outcome = ?", one_of_bytes(connection, "earlier_issuance"));
    let wanted = many_bytes(connection, issuances.iter().map(|id| id_bytes(*id)).collect());
    let binds = vec![wanted, ConflictOutcome::Distinct.code().into()];
    let found: Vec<ConflictRow> = rows(connection, &sql, binds)?;
    let numbers = members(connection)?;
    let mut out = DistinctFrom::new();
    for row in &found {
        let one = conflict(row, &numbers)?;
        let others = out.entry(one.earlier.activity).or_default();
        others.push((one.later.activity, one.content.tokens));
    }
    Ok(out)
}

/// The activities of an issuance that were held back, ascending, after a position.
///
/// # Errors
/// [`StoreError`].
pub fn held(
    connection: &mut ReadConnection<'_>,
    issuance: &Issuance,
    series: &SeriesRef,
    after: i64,
    most: usize,
) -> Result<Vec<HeldView>, StoreError> {
    let condition = "issuance = ? AND idx > ? ORDER BY idx LIMIT ?";
    let binds = vec![id_bytes(issuance.id).into(), after.into(), limit(most)];
    let found: Vec<ContestedRow> = rows(connection, condition, binds)?;
    found
        .iter()
        .map(|row| {
            let one = contested(row)?;
            Ok(HeldView {
                index: one.activity.index,
                quantity_g: one.quantity,
                state: one.state,
                block: one.range.map(|range| BlockRef {
                    series: series.clone(),
                    range,
                }),
            })
        })
        .collect()
}

/// Which conflicts.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only those of this member.
    pub member: Option<NodeId>,
    /// Only those that wait.
    pub open: bool,
}

/// Conflicts, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn conflicts(
    connection: &mut ReadConnection<'_>,
    wanted: &Wanted,
    window: Window,
) -> Result<Vec<ConflictView>, StoreError> {
    let mut condition = "id > ?".to_owned();
    let mut binds: Vec<Bind<'_>> = vec![window.after()];
    if let Some(member) = &wanted.member {
        let _ = write!(condition, " AND (earlier_no = {MEMBER_NO} OR later_no = {MEMBER_NO})");
        binds.extend([id_of(member), id_of(member)]);
    }
    if wanted.open {
        condition.push_str(" AND state < 10");
    }
    condition.push_str(" ORDER BY id LIMIT ?");
    binds.push(limit(window.limit));
    let found: Vec<ConflictRow> = rows(connection, &condition, binds)?;
    found.iter().map(|row| view(connection, row, false)).collect()
}

/// One conflict, with what was said.
///
/// # Errors
/// [`StoreError`].
pub fn conflict_of(connection: &mut ReadConnection<'_>, id: MessageId) -> Result<Option<ConflictView>, StoreError> {
    let found: Option<ConflictRow> = super::row(connection, "id = ?", vec![id_bytes(id).into()])?;
    found.map(|row| view(connection, &row, true)).transpose()
}

fn view(
    connection: &mut ReadConnection<'_>,
    row: &ConflictRow,
    with_evidence: bool,
) -> Result<ConflictView, StoreError> {
    let numbers = members(connection)?;
    let one = conflict(row, &numbers)?;
    let mut evidence = Vec::new();
    if with_evidence {
        let binds = vec![id_bytes(one.id).into()];
        let said: Vec<StatementRow> = rows(connection, "conflict = ? ORDER BY log_index", binds)?;
        for row in said {
            evidence.push(Said {
                member: numbers.members.name(row.member_no)?.clone(),
                at: Timestamp::from_micros(row.said_at),
                statement: row.statement,
                concede: row.concede,
                log_index: row.log_index,
            });
        }
    }
    Ok(ConflictView {
        conflict: one.id,
        state: one.state,
        kinds: one.content.kinds(),
        earlier: one.earlier,
        later: one.later,
        quantity_g: one.content.quantity_g,
        rule: one.content.rule,
        deadline: one.deadline,
        outcome: one.outcome,
        reason: one.content.reason,
        resolved_at: one.resolved_at,
        evidence,
        log_index: one.log_index,
    })
}

/// Debts, of one member or of all; those that are covered only where asked for.
///
/// # Errors
/// [`StoreError`].
pub fn debts(
    connection: &mut ReadConnection<'_>,
    member: Option<&NodeId>,
    covered: bool,
) -> Result<Vec<DebtView>, StoreError> {
    let mut condition = if covered {
        "quantity_g > 0"
    } else {
        "covered_g < quantity_g"
    }
    .to_owned();
    let mut binds = Vec::new();
    if let Some(member) = member {
        let _ = write!(condition, " AND member_no = {MEMBER_NO}");
        binds.push(id_of(member));
    }
    condition.push_str(" ORDER BY id");
    let found: Vec<DebtRow> = rows(connection, &condition, binds)?;
    let numbers = members(connection)?;
    found
        .iter()
        .map(|row| {
            let one = debt(row, &numbers)?;
            Ok(DebtView {
                debt: one.id,
                member: one.member,
                quantity_g: one.quantity,
                covered_g: one.covered,
                log_index: one.log_index,
            })
        })
        .collect()
}
