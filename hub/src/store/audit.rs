//! What an audit reads: whole tables, a page at a time, all from one view of the database.

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

mod activities;
mod book;
mod log;

use std::collections::BTreeMap;

use diesel::sql_types::{Integer, Text};
use diesel::{Connection, PgConnection, SqliteConnection};
use tanqiao_protocol::mapping::MappingState;
use tanqiao_protocol::methodology::MappingRef;

pub use activities::{
    asset_conflicts, asset_issuances, asset_revisions, assets, conflicts, contested, debts, issuance_pages, issuances,
    owners_without_share, positions, scheme_entries, screening_runs,
};
pub use book::{
    blocks, blocks_of, caps, challenges, claimed, donations, events, explanations, permissions, pledges,
    reconciliations, retirements, some_donations, some_issuances, some_transfers, transfers,
};
pub use log::{entries_without_head, envelopes, feed, feed_heads, leaves, messages};

use super::connection::{Readable, StoreConnection};
use super::convert::{content, parse};
use super::database::{ReadConnection, StoreError};
use super::numbers::Numbers;
use super::row::Row;
use super::rows::{HeadRow, MappingRow, SeriesRow};
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
