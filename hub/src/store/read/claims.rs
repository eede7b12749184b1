//! Who claims what: claims by claimant, event, region and year, their sums, and what looks like a claim made twice.
//!
//! Everything goes by the indexes of `claim` (migration `0006_claims`), which has a row for each obligation that is met.

use diesel::sql_types::{BigInt, Binary, Integer, Nullable, SmallInt, Text};
use tanqiao_protocol::event::ClaimantKind;
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::{ClaimFlag, ClaimFlagKind, ClaimSum, ClaimsQuery};

use super::dealings::Window;
use super::{MEMBER_NO, id_of, limit, many_bytes, members, one_of_bytes, row, rows};
use crate::ledger::objects::{Permission, Retirement};
use crate::store::convert::{self, content, grams, id_bytes, message_id};
use crate::store::convert_claims;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::rows::{PermissionRow, RetirementRow};
use crate::store::statement::{Bind, Statement};

/// The most flags of a kind in one report; where there are as many, there may be more.
pub const FLAGS_MAX: usize = 1_000;

/// Which rows of `claim`, as SQL and its binds.
#[derive(Debug, Clone)]
struct Condition {
    sql: String,
    binds: Vec<Bind<'static>>,
}

/// What was asked: the claims of one member where it asks for itself.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Which claims.
    pub query: ClaimsQuery,
    /// Only those of this member's retirements.
    pub member: Option<NodeId>,
}

impl Asked {
    fn condition(&self) -> Condition {
        let mut parts = vec!["1 = 1".to_owned()];
        let mut binds: Vec<Bind<'static>> = Vec::new();
        let mut add = |sql: &str, values: Vec<Bind<'static>>| {
            parts.push(sql.to_owned());
            binds.extend(values);
        };
        if let Some(member) = &self.member {
            add(
                &format!("c.member_no = {MEMBER_NO}"),
                vec![member.as_str().to_owned().into()],
            );
        }
        if let Some(claimant) = &self.query.claimant {
            add("c.claimant = ?", vec![claimant.clone().into()]);
        }
        if let Some(event) = &self.query.event {
            add(
                "c.claimant = ? AND c.claimant_kind = ?",
                vec![event.to_string().into(), ClaimantKind::Event.code().into()],
            );
        }
        if let Some(region) = self.query.region {
            let (first, last) = within(region);
            add("c.place >= ? AND c.place <= ?", vec![first.into(), last.into()]);
        }
        if let Some(year) = self.query.year {
            add("c.year = ?", vec![i32::from(year).into()]);
        }
        Condition {
            sql: parts.join(" AND "),
            binds,
        }
    }
}

/// The first and last code of a region and all that lies inside it.
pub(super) fn within(region: RegionCode) -> (String, String) {
    let text = region.as_str();
    if !region.is_chinese_division() {
        return (text.to_owned(), text.to_owned());
    }
    let significant = text.trim_end_matches("00");
    (text.to_owned(), format!("{significant:9<6}"))
}

impl Condition {
    fn statement(&self, sql: String) -> Statement<'static> {
        self.binds.iter().cloned().fold(Statement::new(sql), Statement::bind)
    }
}

/// The retirements whose claim or linked obligation fits, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn claims(
    connection: &mut ReadConnection<'_>,
    asked: &Asked,
    window: Window,
) -> Result<Vec<Retirement>, StoreError> {
    let Condition { sql, mut binds } = asked.condition();
    binds.push(window.after.map(id_bytes).unwrap_or_default().into());
    binds.push(limit(window.limit));
    let sql = format!("id IN (SELECT c.retirement FROM claim c WHERE {sql}) AND id > ? ORDER BY id LIMIT ?");
    let found: Vec<RetirementRow> = rows(connection, &sql, binds)?;
    let numbers = members(connection)?;
    found.iter().map(|row| convert::retirement(row, &numbers)).collect()
}

#[derive(diesel::QueryableByName)]
struct SumRow {
    #[diesel(sql_type = Integer)]
    year: i32,
    #[diesel(sql_type = SmallInt)]
    purpose: i16,
    #[diesel(sql_type = SmallInt)]
    part: i16,
    #[diesel(sql_type = BigInt)]
    n: i64,
    #[diesel(sql_type = BigInt)]
    total: i64,
}

/// Σ by year and use of the claims that fit.
///
/// # Errors
/// [`StoreError`].
pub fn sums(connection: &mut ReadConnection<'_>, asked: &Asked) -> Result<Vec<ClaimSum>, StoreError> {
    let condition = asked.condition();
    let sql = format!(
        "SELECT c.year AS year, c.purpose AS purpose, c.part AS part, COUNT(*) AS n, CAST(SUM(c.quantity_g) AS BIGINT) AS total
         FROM claim c WHERE {} GROUP BY c.year, c.purpose, c.part ORDER BY c.year, c.purpose, c.part",
        condition.sql
    );
    let found: Vec<SumRow> = connection.load(condition.statement(sql))?;
    found
        .into_iter()
        .map(|row| {
            Ok(ClaimSum {
                year: year(row.year)?,
                r#use: purpose(row.purpose)?,
                linked: row.part == convert_claims::LINKED,
                claims: count(row.n)?,
                quantity_g: grams(row.total)?,
            })
        })
        .collect()
}

#[derive(diesel::QueryableByName)]
struct ClaimantRow {
    #[diesel(sql_type = Text)]
    claimant: String,
    #[diesel(sql_type = SmallInt)]
    claimant_kind: i16,
    #[diesel(sql_type = SmallInt)]
    purpose: i16,
    #[diesel(sql_type = Integer)]
    year: i32,
    #[diesel(sql_type = BigInt)]
    n: i64,
    #[diesel(sql_type = BigInt)]
    total: i64,
}

#[derive(diesel::QueryableByName)]
struct LimitRow {
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Binary>)]
    id: Option<Vec<u8>>,
    #[diesel(sql_type = BigInt)]
    n: i64,
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    most: Option<i64>,
}

/// What looks like a claim made twice among the claims that fit, [`FLAGS_MAX`] of each kind at most.
///
/// # Errors
/// [`StoreError`].
pub fn flags(connection: &mut ReadConnection<'_>, asked: &Asked) -> Result<Vec<ClaimFlag>, StoreError> {
    let condition = asked.condition();
    let mut flags = Vec::new();
    // An event is given to by many members: that is no sign of anything.
    let several = "c.claimant_kind <> 4";
    let by_claimant = [
        (
            ClaimFlagKind::SeveralMembers,
            "COUNT(DISTINCT c.member_no)",
            "COUNT(DISTINCT c.member_no) > 1",
        ),
        (
            ClaimFlagKind::MetTwice,
            "COUNT(*)",
            "SUM(CASE WHEN c.part = 1 THEN 1 ELSE 0 END) > 0 AND SUM(CASE WHEN c.part = 0 THEN 1 ELSE 0 END) > 0",
        ),
    ];
    for (kind, counted, having) in by_claimant {
        let sql = format!(
            "SELECT c.claimant AS claimant, c.claimant_kind AS claimant_kind, c.purpose AS purpose, c.year AS year, {counted} AS n,
             CAST(SUM(c.quantity_g) AS BIGINT) AS total FROM claim c WHERE {} AND {several}
             GROUP BY c.claimant, c.claimant_kind, c.purpose, c.year HAVING {having}
             ORDER BY c.year, c.claimant, c.purpose, c.claimant_kind LIMIT {FLAGS_MAX}",
            condition.sql
        );
        for row in connection.load::<ClaimantRow>(condition.statement(sql))? {
            flags.push(claimant_flag(kind, row)?);
        }
    }
    let by_limit = [
        (ClaimFlagKind::BeyondPermission, beyond_permission(&condition.sql)),
        (ClaimFlagKind::BeyondTarget, beyond_target(&condition.sql)),
        (ClaimFlagKind::UnlikeDonation, unlike_donation(&condition.sql)),
    ];
    for (kind, sql) in by_limit {
        for row in connection.load::<LimitRow>(condition.statement(sql))? {
            flags.push(limit_flag(kind, row)?);
        }
    }
    if asked.member.is_none() && asked.query == ClaimsQuery::default() {
        let sql = format!(
            "SELECT NULL AS name, d.id AS id, CAST(0 AS BIGINT) AS n, CAST(0 AS BIGINT) AS total, NULL AS most FROM donation d
             WHERE d.state = 10 AND NOT EXISTS (SELECT 1 FROM claim c WHERE c.retirement = d.id) ORDER BY d.id LIMIT {FLAGS_MAX}"
        );
        for row in connection.load::<LimitRow>(Statement::new(sql))? {
            flags.push(limit_flag(ClaimFlagKind::UnlikeDonation, row)?);
        }
    }
    Ok(flags)
}

/// Permissions under which more was claimed than they permit. All claims under them count, not only those that fit.
fn beyond_permission(condition: &str) -> String {
    format!(
        "SELECT NULL AS name, p.id AS id, COUNT(*) AS n, CAST(SUM(a.quantity_g) AS BIGINT) AS total, p.quantity_g AS most
         FROM linked_permission p JOIN claim a ON a.permission = p.id
         WHERE p.id IN (SELECT c.permission FROM claim c WHERE {condition} AND c.permission IS NOT NULL)
         GROUP BY p.id, p.quantity_g HAVING SUM(a.quantity_g) > p.quantity_g ORDER BY p.id LIMIT {FLAGS_MAX}"
    )
}

/// Events for which more is claimed than their present target.
fn beyond_target(condition: &str) -> String {
    format!(
        "SELECT e.name AS name, NULL AS id, COUNT(*) AS n, CAST(SUM(a.quantity_g) AS BIGINT) AS total, e.target_g AS most
         FROM event e JOIN claim a ON a.claimant = e.name AND a.claimant_kind = 4
         WHERE e.name IN (SELECT c.claimant FROM claim c WHERE {condition} AND c.claimant_kind = 4)
         GROUP BY e.name, e.target_g HAVING SUM(a.quantity_g) > e.target_g ORDER BY e.name LIMIT {FLAGS_MAX}"
    )
}

/// Claims for an event that no committed donation to it made, and donations with another claim.
fn unlike_donation(condition: &str) -> String {
    format!(
        "SELECT NULL AS name, c.retirement AS id, CAST(1 AS BIGINT) AS n, c.quantity_g AS total, NULL AS most
         FROM claim c LEFT JOIN donation d ON d.id = c.retirement
         WHERE {condition} AND c.part = 0 AND ((c.claimant_kind = 4 AND (d.id IS NULL OR d.event <> c.claimant OR d.state <> 10))
             OR (c.claimant_kind <> 4 AND d.id IS NOT NULL))
         ORDER BY c.retirement LIMIT {FLAGS_MAX}"
    )
}

fn claimant_flag(kind: ClaimFlagKind, row: ClaimantRow) -> Result<ClaimFlag, StoreError> {
    let claimant_kind = ClaimantKind::from_code(row.claimant_kind)
        .ok_or_else(|| content(format!("unknown kind {} of a claimant", row.claimant_kind)))?;
    Ok(ClaimFlag {
        kind,
        subject: row.claimant,
        claimant_kind: Some(claimant_kind),
        r#use: Some(purpose(row.purpose)?),
        year: Some(year(row.year)?),
        claimed_g: grams(row.total)?,
        limit_g: None,
        count: count(row.n)?,
    })
}

fn limit_flag(kind: ClaimFlagKind, row: LimitRow) -> Result<ClaimFlag, StoreError> {
    let subject = match (row.name, row.id) {
        (Some(name), _) => name,
        (None, Some(id)) => message_id(&id)?.to_string(),
        (None, None) => String::new(),
    };
    Ok(ClaimFlag {
        kind,
        subject,
        claimant_kind: None,
        r#use: None,
        year: None,
        claimed_g: grams(row.total)?,
        limit_g: row.most.map(grams).transpose()?,
        count: count(row.n)?,
    })
}

fn year(year: i32) -> Result<u16, StoreError> {
    u16::try_from(year).map_err(content)
}

fn purpose(code: i16) -> Result<Use, StoreError> {
    Use::from_code(code).ok_or_else(|| content(format!("unknown use {code}")))
}

fn count(n: i64) -> Result<u64, StoreError> {
    u64::try_from(n).map_err(content)
}

/// One permission.
///
/// # Errors
/// [`StoreError`].
pub fn permission(connection: &mut ReadConnection<'_>, id: MessageId) -> Result<Option<Permission>, StoreError> {
    let found: Option<PermissionRow> = row(connection, "id = ?", vec![id_bytes(id).into()])?;
    found.as_ref().map(convert_claims::permission).transpose()
}

/// Permissions, oldest first: of one member, or all.
///
/// # Errors
/// [`StoreError`].
pub fn permissions(
    connection: &mut ReadConnection<'_>,
    member: Option<&NodeId>,
    window: Window,
) -> Result<Vec<Permission>, StoreError> {
    let after: Bind<'_> = window.after.map(id_bytes).unwrap_or_default().into();
    let found: Vec<PermissionRow> = match member {
        Some(member) => rows(
            connection,
            &format!("member_no = {MEMBER_NO} AND id > ? ORDER BY id LIMIT ?"),
            vec![id_of(member), after, limit(window.limit)],
        )?,
        None => rows(
            connection,
            "id > ? ORDER BY id LIMIT ?",
            vec![after, limit(window.limit)],
        )?,
    };
    found.iter().map(convert_claims::permission).collect()
}

/// The permissions that these retirements name.
///
/// # Errors
/// [`StoreError`].
pub fn permissions_of(
    connection: &mut ReadConnection<'_>,
    retirements: &[Retirement],
) -> Result<Vec<Permission>, StoreError> {
    let mut ids: Vec<Vec<u8>> = retirements
        .iter()
        .filter_map(|one| one.claim.linked.as_ref())
        .map(|linked| id_bytes(linked.permission))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let condition = format!("{} ORDER BY id", one_of_bytes(connection, "id"));
    let ids = many_bytes(connection, ids);
    let found: Vec<PermissionRow> = rows(connection, &condition, vec![ids])?;
    found.iter().map(convert_claims::permission).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_contains_its_own_code_and_those_inside_it() {
        let codes = |text: &str| within(text.parse().unwrap());
        assert_eq!(codes("420000"), ("420000".to_owned(), "429999".to_owned()));
        assert_eq!(codes("420100"), ("420100".to_owned(), "420199".to_owned()));
        assert_eq!(codes("420106"), ("420106".to_owned(), "420106".to_owned()));
        assert_eq!(codes("GH"), ("GH".to_owned(), "GH".to_owned()));
    }
}
