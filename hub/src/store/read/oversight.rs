//! What the regulator looks at beside transfers: conflicts by the time that is left, reconciliations by day, donations and certificates
//! with the newest first. Each list is read by key, and by the indexes of migration `0017_console_lists`.

use diesel::sql_types::{BigInt, Text};
use tanqiao_protocol::id::{MessageId, Name, NodeId};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::reconciliation::ReconciliationState;
use tanqiao_protocol::time::{DAY_US, Timestamp};

use super::{MEMBER_NO, limit, members, rows};
use crate::ledger::objects::{Conflict, Donation, Reconciled, Retirement};
use crate::store::conflicts::conflict;
use crate::store::convert::{self, grams, id_bytes};
use crate::store::database::{ReadConnection, StoreError};
use crate::store::reconciliations::reconciliation;
use crate::store::rows::{ConflictRow, DonationRow, ReconciliationRow, RetirementRow};
use crate::store::statement::{Bind, Statement};

/// The most reconciliations of a picture of days.
const PICTURED_MAX: usize = 20_000;

/// A condition with its binds.
#[derive(Debug, Default)]
struct Condition {
    parts: Vec<String>,
    binds: Vec<Bind<'static>>,
}

impl Condition {
    fn and(&mut self, sql: impl Into<String>, binds: impl IntoIterator<Item = Bind<'static>>) {
        self.parts.push(sql.into());
        self.binds.extend(binds);
    }

    /// As SQL with this order, and the binds with this limit.
    fn ordered(mut self, order: &str, most: usize) -> (String, Vec<Bind<'static>>) {
        if self.parts.is_empty() {
            self.parts.push("1 = 1".to_owned());
        }
        self.binds.push(limit(most));
        (
            format!("{} ORDER BY {order} LIMIT ?", self.parts.join(" AND ")),
            self.binds,
        )
    }
}

fn id(member: &NodeId) -> Bind<'static> {
    Bind::from(member.to_string())
}

/// Open conflicts, those that the rule decides first at the beginning; of one member where it is named. `after` is the deadline and id of
/// the last one before.
///
/// # Errors
/// [`StoreError`].
pub fn open_conflicts(
    connection: &mut ReadConnection<'_>,
    member: Option<&NodeId>,
    after: Option<(Timestamp, MessageId)>,
    most: usize,
) -> Result<Vec<Conflict>, StoreError> {
    let mut wanted = Condition::default();
    wanted.and("state < 10", []);
    if let Some((deadline, last)) = after {
        let binds = [deadline.micros().into(), id_bytes(last).into()];
        wanted.and("(deadline, id) > (?, ?)", binds);
    }
    if let Some(member) = member {
        let either = format!("(earlier_no = {MEMBER_NO} OR later_no = {MEMBER_NO})");
        wanted.and(either, [id(member), id(member)]);
    }
    conflicts(connection, wanted.ordered("deadline, id", most))
}

/// Conflicts that were decided, the newest first; of one member where it is named.
///
/// # Errors
/// [`StoreError`].
pub fn decided_conflicts(
    connection: &mut ReadConnection<'_>,
    member: Option<&NodeId>,
    before: Option<MessageId>,
    most: usize,
) -> Result<Vec<Conflict>, StoreError> {
    let mut wanted = Condition::default();
    let earlier_than = before.map(id_bytes);
    if let Some(member) = member {
        // The newest of either side by that side's index: a member with few conflicts must not read everybody's.
        let older = if before.is_some() { " AND id < ?" } else { "" };
        let side = |column: &str| {
            format!(
                "SELECT id FROM (SELECT id FROM conflict WHERE {column} = {MEMBER_NO} AND state >= 10{older} ORDER BY id DESC LIMIT ?) AS {column}s"
            )
        };
        let binds = || {
            let mut binds = vec![id(member)];
            binds.extend(earlier_than.clone().map(Bind::from));
            binds.push(limit(most));
            binds
        };
        let sides = format!("id IN ({} UNION {})", side("earlier_no"), side("later_no"));
        wanted.and(sides, binds().into_iter().chain(binds()));
    } else {
        wanted.and("state >= 10", []);
        if let Some(before) = earlier_than {
            wanted.and("id < ?", [before.into()]);
        }
    }
    conflicts(connection, wanted.ordered("id DESC", most))
}

fn conflicts(
    connection: &mut ReadConnection<'_>,
    (sql, binds): (String, Vec<Bind<'static>>),
) -> Result<Vec<Conflict>, StoreError> {
    let found: Vec<ConflictRow> = rows(connection, &sql, binds)?;
    let numbers = members(connection)?;
    found.iter().map(|row| conflict(row, &numbers)).collect()
}

/// Reconciliations that began since then, the newest first: [`PICTURED_MAX`] at most. A reconciliation's id is its message's, which is not
/// older than a day when it comes.
///
/// # Errors
/// [`StoreError`].
pub fn reconciliations_since(
    connection: &mut ReadConnection<'_>,
    since: Timestamp,
) -> Result<Vec<Reconciled>, StoreError> {
    let first = MessageId::from_parts(since.plus_micros(-DAY_US), &[0; 10]);
    let mut wanted = Condition::default();
    wanted.and("id >= ?", [id_bytes(first).into()]);
    wanted.and("started_at >= ?", [since.micros().into()]);
    reconciled(connection, wanted.ordered("id DESC", PICTURED_MAX))
}

/// Reconciliations, the newest first; of one member, and in one state, where they are named.
///
/// # Errors
/// [`StoreError`].
pub fn reconciliations(
    connection: &mut ReadConnection<'_>,
    member: Option<&NodeId>,
    state: Option<ReconciliationState>,
    before: Option<MessageId>,
    most: usize,
) -> Result<Vec<Reconciled>, StoreError> {
    let mut wanted = Condition::default();
    if let Some(member) = member {
        wanted.and(format!("member_no = {MEMBER_NO}"), [id(member)]);
    }
    if let Some(state) = state {
        wanted.and("state = ?", [state.code().into()]);
    }
    if let Some(before) = before {
        wanted.and("id < ?", [id_bytes(before).into()]);
    }
    reconciled(connection, wanted.ordered("id DESC", most))
}

fn reconciled(
    connection: &mut ReadConnection<'_>,
    (sql, binds): (String, Vec<Bind<'static>>),
) -> Result<Vec<Reconciled>, StoreError> {
    let found: Vec<ReconciliationRow> = rows(connection, &sql, binds)?;
    let numbers = members(connection)?;
    found.iter().map(|row| reconciliation(row, &numbers)).collect()
}

/// Donations to an event, the newest first; `open` for those that nobody has decided.
///
/// # Errors
/// [`StoreError`].
pub fn donations_to(
    connection: &mut ReadConnection<'_>,
    event: &Name,
    open: bool,
    before: Option<MessageId>,
    most: usize,
) -> Result<Vec<Donation>, StoreError> {
    let mut wanted = Condition::default();
    wanted.and("event = ?", [event.to_string().into()]);
    if open {
        wanted.and("state < 10", []);
    }
    if let Some(before) = before {
        wanted.and("id < ?", [id_bytes(before).into()]);
    }
    let (sql, binds) = wanted.ordered("id DESC", most);
    let found: Vec<DonationRow> = rows(connection, &sql, binds)?;
    let numbers = members(connection)?;
    found.iter().map(|row| convert::donation(row, &numbers)).collect()
}

/// What one region's members have given to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenFrom {
    /// The region.
    pub region: String,
    /// Committed donations.
    pub donations: i64,
    /// What they delivered.
    pub delivered: Grams,
}

#[derive(diesel::QueryableByName)]
struct GivenRow {
    #[diesel(sql_type = Text)]
    region: String,
    #[diesel(sql_type = BigInt)]
    n: i64,
    #[diesel(sql_type = BigInt)]
    total: i64,
}

/// What was given to an event by the donors' regions, the most first: the claims that committed donations made.
///
/// # Errors
/// [`StoreError`].
pub fn given_to(connection: &mut ReadConnection<'_>, event: &Name) -> Result<Vec<GivenFrom>, StoreError> {
    let sql = "SELECT m.region AS region, COUNT(*) AS n, CAST(SUM(c.quantity_g) AS BIGINT) AS total
        FROM claim c JOIN member m ON m.no = c.member_no WHERE c.claimant = ? AND c.claimant_kind = 4 AND c.part = 0
        GROUP BY m.region ORDER BY total DESC, m.region";
    let found: Vec<GivenRow> = connection.load(Statement::new(sql).bind(event.as_str()))?;
    let given = |row: GivenRow| {
        Ok(GivenFrom {
            region: row.region,
            donations: row.n,
            delivered: grams(row.total)?,
        })
    };
    found.into_iter().map(given).collect()
}

/// Which certificates.
#[derive(Debug, Clone, Default)]
pub struct CertificatesAsked {
    /// For this claimant, whose own obligation or a linked one it meets.
    pub claimant: Option<String>,
    /// Retired by this member.
    pub member: Option<NodeId>,
    /// Claimed in this year.
    pub year: Option<u16>,
    /// Before this one.
    pub before: Option<MessageId>,
}

/// Retirements and committed donations, the newest first: each has a certificate.
///
/// # Errors
/// [`StoreError`].
pub fn certificates(
    connection: &mut ReadConnection<'_>,
    asked: &CertificatesAsked,
    most: usize,
) -> Result<Vec<Retirement>, StoreError> {
    let mut wanted = Condition::default();
    if let Some(claimant) = &asked.claimant {
        let (sql, binds) = claimed_by(claimant, asked, most);
        wanted.and(sql, binds);
    } else {
        if let Some(member) = &asked.member {
            wanted.and(format!("member_no = {MEMBER_NO}"), [id(member)]);
        }
        if let Some(before) = asked.before {
            wanted.and("id < ?", [id_bytes(before).into()]);
        }
        if let Some(year) = asked.year {
            let claimed = "EXISTS (SELECT 1 FROM claim c WHERE c.retirement = retirement.id AND c.year = ?)";
            wanted.and(claimed, [i32::from(year).into()]);
        }
    }
    let (sql, binds) = wanted.ordered("id DESC", most);
    let found: Vec<RetirementRow> = rows(connection, &sql, binds)?;
    let numbers = members(connection)?;
    found.iter().map(|row| convert::retirement(row, &numbers)).collect()
}

/// The newest that a claimant has, by the index over claimants.
fn claimed_by(claimant: &str, asked: &CertificatesAsked, most: usize) -> (String, Vec<Bind<'static>>) {
    let mut wanted = Condition::default();
    wanted.and("c.claimant = ?", [claimant.to_owned().into()]);
    if let Some(member) = &asked.member {
        wanted.and(format!("c.member_no = {MEMBER_NO}"), [id(member)]);
    }
    if let Some(year) = asked.year {
        wanted.and("c.year = ?", [i32::from(year).into()]);
    }
    if let Some(before) = asked.before {
        wanted.and("c.retirement < ?", [id_bytes(before).into()]);
    }
    let (sql, binds) = wanted.ordered("c.retirement DESC", most);
    let sql =
        format!("id IN (SELECT retirement FROM (SELECT DISTINCT c.retirement FROM claim c WHERE {sql}) AS named)");
    (sql, binds)
}
