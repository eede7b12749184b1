//! Everything that is asked and nothing that is decided: the queries behind the API. All but `enrolment` only read.

pub mod acts;
pub mod assets;
pub mod blocks;
pub mod certificates;
pub mod challenges;
pub mod claims;
pub mod conflicts;
pub mod credits;
pub mod dealings;
pub mod enrolment;
pub mod envelopes;
pub mod events;
pub mod feed;
pub mod life;
pub mod mappings;
pub mod oversight;
pub mod receipts;
pub mod reconciliations;
pub mod replication;
pub mod statistics;
pub mod totals;
pub mod traffic;

use diesel::sql_types::{BigInt, Integer, Text};
use diesel::{PgConnection, SqliteConnection};
use tanqiao_protocol::id::NodeId;

use super::connection::{Readable, StoreConnection};
use super::convert;
use super::database::{ReadConnection, StoreError};
use super::numbers::Numbers;
use super::row::Row;
use super::statement::{Bind, Statement};

/// The rows of one table under a condition, which may end in `ORDER BY` and `LIMIT`.
fn rows<R: Row + Readable>(
    connection: &mut ReadConnection<'_>,
    condition: &str,
    binds: Vec<Bind<'_>>,
) -> Result<Vec<R>, StoreError> {
    let sql = format!("SELECT {} FROM {} WHERE {condition}", R::COLUMNS.join(", "), R::TABLE);
    connection.load(binds.into_iter().fold(Statement::new(sql), Statement::bind))
}

/// The first row of one table under a condition.
fn row<R: Row + Readable>(
    connection: &mut ReadConnection<'_>,
    condition: &str,
    binds: Vec<Bind<'_>>,
) -> Result<Option<R>, StoreError> {
    Ok(rows(connection, condition, binds)?.into_iter().next())
}

/// The condition that a column of integers is one of many.
fn one_of_i64(connection: &ReadConnection<'_>, column: &str) -> String {
    if connection.is_postgres() {
        PgConnection::is_one_of(column, false)
    } else {
        SqliteConnection::is_one_of(column, false)
    }
}

/// The condition that a column of bytes is one of many.
fn one_of_bytes(connection: &ReadConnection<'_>, column: &str) -> String {
    if connection.is_postgres() {
        PgConnection::is_one_of(column, true)
    } else {
        SqliteConnection::is_one_of(column, true)
    }
}

/// The condition that a column of texts is one of many.
fn one_of_texts(connection: &ReadConnection<'_>, column: &str) -> String {
    one_of_i64(connection, column)
}

fn many_texts(connection: &ReadConnection<'_>, values: Vec<String>) -> Bind<'static> {
    if connection.is_postgres() {
        PgConnection::many_texts(values)
    } else {
        SqliteConnection::many_texts(values)
    }
}

fn many_i64(connection: &ReadConnection<'_>, values: Vec<i64>) -> Bind<'static> {
    if connection.is_postgres() {
        PgConnection::many_i64(values)
    } else {
        SqliteConnection::many_i64(values)
    }
}

fn many_bytes(connection: &ReadConnection<'_>, values: Vec<Vec<u8>>) -> Bind<'static> {
    if connection.is_postgres() {
        PgConnection::many_bytes(values)
    } else {
        SqliteConnection::many_bytes(values)
    }
}

#[derive(diesel::QueryableByName)]
struct NumberedName {
    #[diesel(sql_type = Integer)]
    no: i32,
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(diesel::QueryableByName)]
struct NumberedSeries {
    #[diesel(sql_type = BigInt)]
    no: i64,
    #[diesel(sql_type = Text)]
    name: String,
}

/// One number, called `n`.
#[derive(diesel::QueryableByName)]
pub(in crate::store) struct Number {
    #[diesel(sql_type = BigInt)]
    pub(in crate::store) n: i64,
}

/// The numbers of all members.
fn members(connection: &mut ReadConnection<'_>) -> Result<Numbers, StoreError> {
    let mut numbers = Numbers::default();
    for row in connection.load::<NumberedName>(Statement::new("SELECT no, id AS name FROM member"))? {
        numbers
            .members
            .learn(row.name.parse().map_err(convert::content)?, row.no);
    }
    Ok(numbers)
}

/// Adds the numbers of all mapping versions.
fn learn_mappings(connection: &mut ReadConnection<'_>, numbers: &mut Numbers) -> Result<(), StoreError> {
    for row in connection.load::<NumberedName>(Statement::new("SELECT no, reference AS name FROM mapping"))? {
        numbers
            .mappings
            .learn(row.name.parse().map_err(convert::content)?, row.no);
    }
    Ok(())
}

/// Adds the numbers of some series.
fn learn_series(
    connection: &mut ReadConnection<'_>,
    numbers: &mut Numbers,
    mut series: Vec<i64>,
) -> Result<(), StoreError> {
    series.sort_unstable();
    series.dedup();
    let sql = format!(
        "SELECT no, reference AS name FROM series WHERE {}",
        one_of_i64(connection, "no")
    );
    let statement = Statement::new(sql).bind(many_i64(connection, series));
    for row in connection.load::<NumberedSeries>(statement)? {
        numbers
            .series
            .learn(row.name.parse().map_err(convert::content)?, row.no);
    }
    Ok(())
}

/// The number of a series, if anything was issued in it.
fn series_number(connection: &mut ReadConnection<'_>, series: &str) -> Result<Option<i64>, StoreError> {
    let found: Vec<Number> =
        connection.load(Statement::new("SELECT no AS n FROM series WHERE reference = ?").bind(series))?;
    Ok(found.first().map(|row| row.n))
}

/// The member's number, as a subquery with one bind: its id.
const MEMBER_NO: &str = "(SELECT no FROM member WHERE id = ?)";

fn id_of(member: &NodeId) -> Bind<'_> {
    Bind::from(member.as_str())
}

fn limit(limit: usize) -> Bind<'static> {
    Bind::from(i64::try_from(limit).unwrap_or(i64::MAX))
}
