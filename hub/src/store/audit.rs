//! What an audit reads: whole tables, a page at a time, all from one view of the database.

use std::collections::BTreeMap;

use diesel::sql_types::{BigInt, Integer, Text};
use diesel::{Connection, PgConnection, SqliteConnection};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::mapping::MappingState;
use tanqiao_protocol::methodology::MappingRef;

use super::connection::{Readable, StoreConnection};
use super::convert::{content, id_bytes, parse};
use super::database::{ReadConnection, StoreError};
use super::numbers::Numbers;
use super::row::Row;
use super::rows::{
    AssetConflictRow, AssetIssuanceRow, AssetRevisionRow, AssetRow, BlockRow, CapRow, ChallengeRow, ClaimRow,
    ConflictRow, ContestedRow, DebtRow, DonationRow, EventRow, ExplanationRow, FeedHeadRow, FeedRow, HeadRow,
    IssuanceRow, LeafRow, MappingRow, PageRow, PermissionRow, PledgeRow, PositionRow, ReconciliationRow, RetirementRow,
    SchemeEntryRow, ScreeningRunRow, SeriesRow, TokenOwnerRow, TransferRow,
};
use super::statement::{Bind, Statement};
use crate::ledger::objects::MappingVersion;

/// Leaves and feed entries fetched at once: each may have 64 KiB and more.
const BYTES_PAGE: i64 = 100;
/// Rows of other tables fetched at once.
const ROWS_PAGE: i64 = 2_000;

/// Runs `work` on one view of the database, whatever is committed meanwhile. Nothing waits for it.
///
/// # Errors
/// Those of `work`; diesel's.
pub fn snapshot<T>(
    connection: &mut ReadConnection<'_>,
    work: impl FnOnce(&mut ReadConnection<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    match connection {
        ReadConnection::Sqlite(c) => c.transaction(|c| work(&mut ReadConnection::Sqlite(c))),
        ReadConnection::Postgres(c) => c
            .build_transaction()
            .repeatable_read()
            .read_only()
            .run(|c| work(&mut ReadConnection::Postgres(c))),
    }
}

fn select<R: Row + Readable>(
    connection: &mut ReadConnection<'_>,
    rest: &str,
    binds: Vec<Bind<'static>>,
) -> Result<Vec<R>, StoreError> {
    let sql = format!("SELECT {} FROM {} {rest}", R::COLUMNS.join(", "), R::TABLE);
    connection.load(binds.into_iter().fold(Statement::new(sql), Statement::bind))
}

/// Visits the rows of a table in the order of `key`, a page at a time. `place` gives the key of a row, `from` the key
/// before the first.
fn pages<R: Row + Readable>(
    connection: &mut ReadConnection<'_>,
    (condition, fixed): (&str, &[Bind<'static>]),
    key: &str,
    page: i64,
    from: Vec<Bind<'static>>,
    place: impl Fn(&R) -> Vec<Bind<'static>>,
    mut visit: impl FnMut(&mut ReadConnection<'_>, Vec<R>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let marks = vec!["?"; from.len()].join(", ");
    let rest = format!("WHERE {condition}({key}) > ({marks}) ORDER BY {key} LIMIT ?");
    let mut after = from;
    loop {
        let binds = fixed.iter().cloned().chain(after).chain([Bind::from(page)]).collect();
        let rows: Vec<R> = select(connection, &rest, binds)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = place(last);
        visit(connection, rows)?;
    }
}

/// The head of the log.
///
/// # Errors
/// [`StoreError`], also if there is none.
pub fn head(connection: &mut ReadConnection<'_>) -> Result<HeadRow, StoreError> {
    let rows: Vec<HeadRow> = select(connection, "WHERE id = 1", Vec::new())?;
    rows.into_iter()
        .next()
        .ok_or_else(|| content("the log has no head: run `tanqiao-hub migrate`"))
}

#[derive(diesel::QueryableByName)]
struct Member {
    #[diesel(sql_type = Integer)]
    no: i32,
    #[diesel(sql_type = Text)]
    id: String,
}

/// Members, mappings and series by number; the counters of the series, and the mapping records.
#[derive(Debug, Default)]
pub struct Names {
    /// All numbers.
    pub numbers: Numbers,
    /// Members by number.
    pub members: BTreeMap<i32, tanqiao_protocol::id::NodeId>,
    /// The last serial of each series, by number.
    pub series: BTreeMap<i64, i64>,
    /// The mapping versions.
    pub mappings: BTreeMap<MappingRef, MappingVersion>,
}

/// Everything that has a number.
///
/// # Errors
/// [`StoreError`].
pub fn names(connection: &mut ReadConnection<'_>) -> Result<Names, StoreError> {
    let mut names = Names::default();
    for row in connection.load::<Member>(Statement::new("SELECT no, id FROM member"))? {
        let id: tanqiao_protocol::id::NodeId = row.id.parse().map_err(content)?;
        names.members.insert(row.no, id.clone());
        names.numbers.members.learn(id, row.no);
    }
    for row in select::<SeriesRow>(connection, "", Vec::new())? {
        names
            .numbers
            .series
            .learn(row.reference.parse().map_err(content)?, row.no);
        names.series.insert(row.no, row.issued);
    }
    for row in select::<MappingRow>(connection, "", Vec::new())? {
        let mapping: MappingRef = row.reference.parse().map_err(content)?;
        names.numbers.mappings.learn(mapping.clone(), row.no);
        let version = MappingVersion {
            state: MappingState::from_code(row.status)
                .ok_or_else(|| content(format!("unknown state {} of {mapping}", row.status)))?,
            content: parse(&row.content)?,
            log_index: row.log_index,
        };
        names.mappings.insert(mapping, version);
    }
    Ok(names)
}

/// Every leaf, in order.
///
/// # Errors
/// [`StoreError`].
pub fn leaves(
    connection: &mut ReadConnection<'_>,
    visit: impl FnMut(&mut ReadConnection<'_>, Vec<LeafRow>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let place = |row: &LeafRow| vec![row.idx.into()];
    pages(
        connection,
        ("", &[]),
        "idx",
        BYTES_PAGE,
        vec![Bind::I64(i64::MIN)],
        place,
        visit,
    )
}

fn block_place(row: &BlockRow) -> Vec<Bind<'static>> {
    vec![row.series_no.into(), row.first.into()]
}

/// Every block, by number of the series and first serial.
///
/// # Errors
/// [`StoreError`].
pub fn blocks(
    connection: &mut ReadConnection<'_>,
    mut visit: impl FnMut(BlockRow) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let from = vec![Bind::I64(i64::MIN), Bind::I64(0)];
    pages(
        connection,
        ("", &[]),
        "series_no, first",
        ROWS_PAGE,
        from,
        block_place,
        |_, rows| rows.into_iter().try_for_each(&mut visit),
    )
}

/// Every block of one holder.
///
/// # Errors
/// [`StoreError`].
pub fn blocks_of(
    connection: &mut ReadConnection<'_>,
    holder: i32,
    mut visit: impl FnMut(BlockRow) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let from = vec![Bind::I64(i64::MIN), Bind::I64(0)];
    let condition = ("holder = ? AND ", &[Bind::from(holder)][..]);
    pages(
        connection,
        condition,
        "series_no, first",
        ROWS_PAGE,
        from,
        block_place,
        |_, rows| rows.into_iter().try_for_each(&mut visit),
    )
}

/// Declares a function that visits every row of a table that is keyed by 16 bytes.
macro_rules! by_id {
    ($(#[$meta:meta])* $name:ident, $row:ty) => {
        $(#[$meta])*
        ///
        /// # Errors
        /// [`StoreError`].
        pub fn $name(
            connection: &mut ReadConnection<'_>,
            mut visit: impl FnMut($row) -> Result<(), StoreError>,
        ) -> Result<(), StoreError> {
            let place = |row: &$row| vec![row.id.clone().into()];
            pages(connection, ("", &[]), "id", ROWS_PAGE, vec![Bind::from(Vec::new())], place, |_, rows| {
                rows.into_iter().try_for_each(&mut visit)
            })
        }
    };
}

by_id!(
    /// Every transfer.
    transfers, TransferRow
);
by_id!(
    /// Every donation.
    donations, DonationRow
);
by_id!(
    /// Every pledge.
    pledges, PledgeRow
);
by_id!(
    /// Every retirement.
    retirements, RetirementRow
);
by_id!(
    /// Every challenge.
    challenges, ChallengeRow
);
by_id!(
    /// Every reconciliation.
    reconciliations, ReconciliationRow
);
by_id!(
    /// Every permission to link two obligations.
    permissions, PermissionRow
);
by_id!(
    /// Every issuance.
    issuances, IssuanceRow
);

by_id!(
    /// Every conflict.
    conflicts, ConflictRow
);
by_id!(
    /// Everything that members owe, or have covered.
    debts, DebtRow
);

/// Every activity that was held back, or lost.
///
/// # Errors
/// [`StoreError`].
pub fn contested(
    connection: &mut ReadConnection<'_>,
    mut visit: impl FnMut(ContestedRow) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    select::<ContestedRow>(connection, "ORDER BY issuance, idx", Vec::new())?
        .into_iter()
        .try_for_each(&mut visit)
}

/// Every run of the screening store that counts.
///
/// # Errors
/// [`StoreError`].
pub fn screening_runs(
    connection: &mut ReadConnection<'_>,
    mut visit: impl FnMut(ScreeningRunRow) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    select::<ScreeningRunRow>(connection, "ORDER BY run", Vec::new())?
        .into_iter()
        .try_for_each(&mut visit)
}

/// Every retirement with the rows by which its claim is found.
///
/// # Errors
/// [`StoreError`].
pub fn claimed(
    connection: &mut ReadConnection<'_>,
    mut visit: impl FnMut(RetirementRow, Vec<ClaimRow>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let place = |row: &RetirementRow| vec![row.id.clone().into()];
    let from = vec![Bind::from(Vec::new())];
    pages(
        connection,
        ("", &[]),
        "id",
        ROWS_PAGE,
        from,
        place,
        |connection, rows: Vec<RetirementRow>| {
            let ids = rows.iter().map(|row| row.id.clone()).collect();
            let mut found: BTreeMap<Vec<u8>, Vec<ClaimRow>> = BTreeMap::new();
            for claim in one_of::<ClaimRow>(connection, "retirement", ids)? {
                found.entry(claim.retirement.clone()).or_default().push(claim);
            }
            rows.into_iter().try_for_each(|row| {
                let claims = found.remove(&row.id).unwrap_or_default();
                visit(row, claims)
            })
        },
    )
}

/// Declares a function that visits every row of a table in the order of its key.
macro_rules! by_key {
    ($(#[$meta:meta])* $name:ident, $row:ty, $from:expr, $place:expr) => {
        $(#[$meta])*
        ///
        /// # Errors
        /// [`StoreError`].
        pub fn $name(
            connection: &mut ReadConnection<'_>,
            mut visit: impl FnMut($row) -> Result<(), StoreError>,
        ) -> Result<(), StoreError> {
            pages(connection, ("", &[]), <$row>::KEY, ROWS_PAGE, $from, $place, |_, rows: Vec<$row>| {
                rows.into_iter().try_for_each(&mut visit)
            })
        }
    };
}

by_key!(
    /// Every registration of an asset.
    assets, AssetRow, vec!["".into(), Bind::I32(i32::MIN)],
    |row: &AssetRow| vec![row.asset.clone().into(), row.member_no.into()]
);
by_key!(
    /// Every revision of an asset.
    asset_revisions, AssetRevisionRow, vec![Bind::I64(i64::MIN)],
    |row: &AssetRevisionRow| vec![row.log_index.into()]
);
by_key!(
    /// Every asset that an issuance names.
    asset_issuances, AssetIssuanceRow, vec!["".into(), Bind::from(Vec::new())],
    |row: &AssetIssuanceRow| vec![row.asset.clone().into(), row.issuance.clone().into()]
);
by_key!(
    /// Every entry of another scheme's list.
    scheme_entries, SchemeEntryRow, vec![Bind::I16(i16::MIN), "".into()],
    |row: &SchemeEntryRow| vec![row.scheme.into(), row.reference.clone().into()]
);
by_key!(
    /// Every conflict about an asset.
    asset_conflicts, AssetConflictRow, vec![Bind::I64(i64::MIN)],
    |row: &AssetConflictRow| vec![row.id.into()]
);

by_key!(
    /// Every page of activities, also of attempts that no run has named.
    issuance_pages, PageRow, vec![Bind::from(Vec::new()), Bind::I64(i64::MIN)],
    |row: &PageRow| vec![row.attempt.clone().into(), row.first_index.into()]
);
/// Where the serials of activities lie with which others collided.
///
/// # Errors
/// [`StoreError`].
pub fn positions(connection: &mut ReadConnection<'_>) -> Result<Vec<PositionRow>, StoreError> {
    select(connection, "ORDER BY issuance, idx", Vec::new())
}

/// Tokens of which the ledger says that an activity has taken them over, and that were not found in it when it was compared.
/// What a recovery took back was compared by a hub that is gone: nothing is known of it.
///
/// # Errors
/// [`StoreError`].
pub fn owners_without_share(connection: &mut ReadConnection<'_>) -> Result<Vec<TokenOwnerRow>, StoreError> {
    let sql = "SELECT o.* FROM token_owner o LEFT JOIN screening_run r ON r.issuance = o.issuance
        WHERE r.attempt IS NULL OR (EXISTS (SELECT 1 FROM issuance_page p WHERE p.attempt = r.attempt AND p.first_index = 0)
            AND NOT EXISTS (SELECT 1 FROM token_share s WHERE s.epoch = o.epoch AND s.token = o.token AND s.kind = o.kind
                AND s.attempt = r.attempt AND s.idx = o.idx))
        ORDER BY o.epoch, o.token, o.kind LIMIT 1000";
    connection.load(Statement::new(sql))
}

fn by_ids<R: Row + Readable>(connection: &mut ReadConnection<'_>, ids: &[MessageId]) -> Result<Vec<R>, StoreError> {
    one_of(connection, "id", ids.iter().copied().map(id_bytes).collect())
}

/// The rows of a table in which a column of bytes is one of these.
fn one_of<R: Row + Readable>(
    connection: &mut ReadConnection<'_>,
    column: &str,
    values: Vec<Vec<u8>>,
) -> Result<Vec<R>, StoreError> {
    let (condition, ids) = if connection.is_postgres() {
        (PgConnection::is_one_of(column, true), PgConnection::many_bytes(values))
    } else {
        (
            SqliteConnection::is_one_of(column, true),
            SqliteConnection::many_bytes(values),
        )
    };
    select(connection, &format!("WHERE {condition}"), vec![ids])
}

/// Some transfers.
///
/// # Errors
/// [`StoreError`].
pub fn some_transfers(connection: &mut ReadConnection<'_>, ids: &[MessageId]) -> Result<Vec<TransferRow>, StoreError> {
    by_ids(connection, ids)
}

/// Some donations.
///
/// # Errors
/// [`StoreError`].
pub fn some_donations(connection: &mut ReadConnection<'_>, ids: &[MessageId]) -> Result<Vec<DonationRow>, StoreError> {
    by_ids(connection, ids)
}

/// Some issuances.
///
/// # Errors
/// [`StoreError`].
pub fn some_issuances(connection: &mut ReadConnection<'_>, ids: &[MessageId]) -> Result<Vec<IssuanceRow>, StoreError> {
    by_ids(connection, ids)
}

/// Every event.
///
/// # Errors
/// [`StoreError`].
pub fn events(connection: &mut ReadConnection<'_>) -> Result<Vec<EventRow>, StoreError> {
    select(connection, "ORDER BY name", Vec::new())
}

/// Every explanation of a mapping, as last examined.
///
/// # Errors
/// [`StoreError`].
pub fn explanations(
    connection: &mut ReadConnection<'_>,
    mut visit: impl FnMut(ExplanationRow) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let place = |row: &ExplanationRow| vec![Bind::from(row.mapping_no)];
    let from = vec![Bind::from(i32::MIN)];
    pages(
        connection,
        ("", &[]),
        "mapping_no",
        BYTES_PAGE,
        from,
        place,
        |_, rows| rows.into_iter().try_for_each(&mut visit),
    )
}

/// Every cap counter.
///
/// # Errors
/// [`StoreError`].
pub fn caps(connection: &mut ReadConnection<'_>) -> Result<Vec<CapRow>, StoreError> {
    select(connection, "ORDER BY mapping_no, year", Vec::new())
}

/// The head of every feed, by number of the member.
///
/// # Errors
/// [`StoreError`].
pub fn feed_heads(connection: &mut ReadConnection<'_>) -> Result<BTreeMap<i32, FeedHeadRow>, StoreError> {
    let rows: Vec<FeedHeadRow> = select(connection, "", Vec::new())?;
    Ok(rows.into_iter().map(|row| (row.member_no, row)).collect())
}

/// Every entry of one feed, in order.
///
/// # Errors
/// [`StoreError`].
pub fn feed(
    connection: &mut ReadConnection<'_>,
    member: i32,
    mut visit: impl FnMut(FeedRow) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let place = |row: &FeedRow| vec![row.seq.into()];
    let condition = ("member_no = ? AND ", &[Bind::from(member)][..]);
    pages(
        connection,
        condition,
        "seq",
        BYTES_PAGE,
        vec![Bind::I64(i64::MIN)],
        place,
        |_, rows| rows.into_iter().try_for_each(&mut visit),
    )
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// How many feed entries belong to no member's feed head: their feed was cut off.
///
/// # Errors
/// [`StoreError`].
pub fn entries_without_head(connection: &mut ReadConnection<'_>) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) AS n FROM feed_entry WHERE member_no NOT IN (SELECT member_no FROM feed_head)";
    let rows: Vec<Count> = connection.load(Statement::new(sql))?;
    Ok(rows.first().map_or(0, |row| row.n))
}
