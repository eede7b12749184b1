//! The tables of the store of tokens in PostgreSQL, and the runs that the ledger has named on both databases.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{BufWriter, Write};

use diesel::connection::SimpleConnection;
use diesel::pg::CopyFormat;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, SmallInt};
use diesel::{ExecuteCopyFromDsl as _, PgConnection, QueryResult, QueryableByName, RunQueryDsl as _};

use super::connection::StoreConnection;
use super::database::{Database, StoreError, WriteConnection};
use super::rows::AttemptRow;
use super::statement::Statement;

/// One lock for the store of each schema; the number is arbitrary.
const LOCK: &str = "SELECT pg_try_advisory_lock(1414417489, hashtext(current_schema()::text)) AS it";
/// Collisions that are fetched at once.
const FETCH: &str = "FETCH 10000 FROM screening_collision";
/// `COPY … (FORMAT binary)`: signature, no flags, no extension.
const COPY_HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const COPY_END: [u8; 2] = (-1i16).to_be_bytes();
const COPY_BUFFER_BYTES: usize = 128 * 1024;

diesel::table! {
    screening_staging (token) {
        token -> diesel::pg::sql_types::Uuid,
        owner -> Integer,
    }
}

#[derive(QueryableByName)]
struct Truth {
    #[diesel(sql_type = Bool)]
    it: bool,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    it: i64,
}

#[derive(QueryableByName)]
struct RunRow {
    #[diesel(sql_type = Integer)]
    run: i32,
}

/// A run whose tokens are stored.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub struct LoadRow {
    /// Its number.
    #[diesel(sql_type = Integer)]
    pub run: i32,
    /// True once its commit was seen.
    #[diesel(sql_type = Bool)]
    pub confirmed: bool,
}

/// An epoch.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub struct EpochRow {
    /// Months since 2000-01.
    #[diesel(sql_type = SmallInt)]
    pub epoch: i16,
    /// Tokens of it.
    #[diesel(sql_type = BigInt)]
    pub tokens: i64,
    /// True in the archive.
    #[diesel(sql_type = Bool)]
    pub retired: bool,
    /// Bytes of its table with indexes.
    #[diesel(sql_type = BigInt)]
    pub bytes: i64,
}

/// A staged token that another activity had first.
#[derive(Debug, Clone, QueryableByName)]
pub struct CollisionRow {
    /// The token.
    #[diesel(sql_type = Binary)]
    pub token: Vec<u8>,
    /// Whose it is: position and kind.
    #[diesel(sql_type = Integer)]
    pub owner: i32,
    /// The run that had it first.
    #[diesel(sql_type = Integer)]
    pub run: i32,
    /// The activity that had it first: position and kind.
    #[diesel(sql_type = Integer)]
    pub first: i32,
}

fn table(epoch: i16) -> String {
    format!("screening_token_{epoch}")
}

/// Locks a run and its attempt in the transaction that names them; false if they are not stored any more, and must not be named. With SQLite the
/// one process that screens is the one that names.
///
/// # Errors
/// Diesel's.
pub fn hold_run<C: StoreConnection>(connection: &mut C, run: u32, attempt: &[u8]) -> QueryResult<bool> {
    if !C::POSTGRES {
        return Ok(true);
    }
    let held = Statement::new("SELECT run FROM screening_load WHERE run = ? FOR UPDATE");
    let held = held.bind(i32::try_from(run).unwrap_or(i32::MAX));
    let attempted = Statement::new("SELECT attempt FROM screening_attempt WHERE attempt = ? FOR UPDATE").bind(attempt);
    Ok(!connection.select::<RunName>(held)?.is_empty() && !connection.select::<AttemptRow>(attempted)?.is_empty())
}

crate::store::row::row!(RunName in "screening_run", key "run", { run: Integer => i32 });

/// The runs that the ledger has named.
///
/// # Errors
/// [`StoreError`].
pub fn named_runs(database: &Database) -> Result<BTreeSet<u32>, StoreError> {
    let rows: Vec<RunName> = database.read(|c| c.load(Statement::new("SELECT run FROM screening_run")))?;
    Ok(rows.iter().filter_map(|row| u32::try_from(row.run).ok()).collect())
}

/// A connection that has the store for as long as it lives; `None` if another has it.
///
/// # Errors
/// [`StoreError`].
pub fn take(database: &Database) -> Result<Option<Box<PgConnection>>, StoreError> {
    let WriteConnection::Postgres(mut connection) = database.writer()? else {
        return Err(StoreError::Content(
            "the tables of the store of tokens are in PostgreSQL only".to_owned(),
        ));
    };
    let taken = diesel::sql_query(LOCK).load::<Truth>(&mut *connection)?;
    Ok(taken.iter().any(|row| row.it).then_some(connection))
}

/// Runs whose tokens are stored.
///
/// # Errors
/// Diesel's.
pub fn loads(c: &mut PgConnection) -> QueryResult<Vec<LoadRow>> {
    diesel::sql_query("SELECT run, confirmed FROM screening_load ORDER BY run").load(c)
}

/// One of them, locked until the transaction ends.
///
/// # Errors
/// Diesel's.
pub fn load_locked(c: &mut PgConnection, run: i32) -> QueryResult<Option<LoadRow>> {
    let rows = diesel::sql_query("SELECT run, confirmed FROM screening_load WHERE run = $1 FOR UPDATE");
    Ok(rows.bind::<Integer, _>(run).load(c)?.pop())
}

/// True if the ledger has named this run by now.
///
/// # Errors
/// Diesel's.
pub fn is_named(c: &mut PgConnection, run: i32) -> QueryResult<bool> {
    let rows = diesel::sql_query("SELECT EXISTS (SELECT 1 FROM screening_run WHERE run = $1) AS it")
        .bind::<Integer, _>(run)
        .load::<Truth>(c)?;
    Ok(rows.iter().any(|row| row.it))
}

/// Marks a run as confirmed.
///
/// # Errors
/// Diesel's.
pub fn confirm(c: &mut PgConnection, run: i32) -> QueryResult<usize> {
    diesel::sql_query("UPDATE screening_load SET confirmed = TRUE WHERE run = $1 AND NOT confirmed")
        .bind::<Integer, _>(run)
        .execute(c)
}

/// Marks all runs as confirmed.
///
/// # Errors
/// Diesel's.
pub fn confirm_all(c: &mut PgConnection) -> QueryResult<usize> {
    diesel::sql_query("UPDATE screening_load SET confirmed = TRUE WHERE NOT confirmed").execute(c)
}

/// Notes that a run is stored.
///
/// # Errors
/// Diesel's.
pub fn add_load(c: &mut PgConnection, run: i32, stored: i64) -> QueryResult<()> {
    diesel::sql_query(
        "INSERT INTO screening_load (run, stored, confirmed) VALUES ($1, $2, FALSE) \
         ON CONFLICT (run) DO UPDATE SET stored = screening_load.stored + excluded.stored",
    )
    .bind::<Integer, _>(run)
    .bind::<BigInt, _>(stored)
    .execute(c)
    .map(drop)
}

/// Deletes the tokens of a run. A BRIN index finds them: the tokens of a run are written in a row.
///
/// # Errors
/// Diesel's.
pub fn delete_run(c: &mut PgConnection, run: i32) -> QueryResult<()> {
    for epoch in epochs(c)?.iter().filter(|epoch| !epoch.retired) {
        let deleted = diesel::sql_query(format!("DELETE FROM {} WHERE run = $1", table(epoch.epoch)))
            .bind::<Integer, _>(run)
            .execute(c)?;
        add_tokens(c, epoch.epoch, -i64::try_from(deleted).unwrap_or(i64::MAX))?;
    }
    diesel::sql_query("DELETE FROM screening_load WHERE run = $1")
        .bind::<Integer, _>(run)
        .execute(c)
        .map(drop)
}

/// Every epoch.
///
/// # Errors
/// Diesel's.
pub fn epochs(c: &mut PgConnection) -> QueryResult<Vec<EpochRow>> {
    diesel::sql_query(
        "SELECT epoch, tokens, retired, coalesce(pg_total_relation_size(to_regclass( \
            CASE WHEN retired THEN 'archive_' ELSE '' END || 'screening_token_' || epoch)), 0) AS bytes \
         FROM screening_epoch ORDER BY epoch",
    )
    .load(c)
}

/// Makes the table of an epoch, where there is none.
///
/// # Errors
/// Diesel's.
pub fn make_epoch(c: &mut PgConnection, epoch: i16) -> QueryResult<()> {
    let table = table(epoch);
    c.batch_execute(&format!(
        "CREATE TABLE IF NOT EXISTS {table} (token UUID NOT NULL PRIMARY KEY, run INTEGER NOT NULL, owner INTEGER NOT NULL); \
         CREATE INDEX IF NOT EXISTS {table}_run ON {table} USING brin (run) WITH (pages_per_range = 32); \
         INSERT INTO screening_epoch (epoch, tokens, retired) VALUES ({epoch}, 0, FALSE) ON CONFLICT DO NOTHING;"
    ))
}

fn add_tokens(c: &mut PgConnection, epoch: i16, tokens: i64) -> QueryResult<()> {
    diesel::sql_query("UPDATE screening_epoch SET tokens = tokens + $2 WHERE epoch = $1")
        .bind::<SmallInt, _>(epoch)
        .bind::<BigInt, _>(tokens)
        .execute(c)
        .map(drop)
}

/// Copies tokens of one epoch, in the order in which `next` gives them, into an empty staging table; how many.
///
/// # Errors
/// Those of `next`; diesel's.
pub fn stage<E: From<diesel::result::Error> + From<StoreError> + std::error::Error>(
    c: &mut PgConnection,
    next: impl FnMut() -> Result<Option<([u8; 16], i32)>, E>,
) -> Result<usize, E> {
    c.batch_execute(
        "CREATE TEMP TABLE IF NOT EXISTS screening_staging (token UUID NOT NULL, owner INTEGER NOT NULL) \
         ON COMMIT DELETE ROWS; \
         CREATE TEMP TABLE IF NOT EXISTS screening_late (token UUID NOT NULL, owner INTEGER NOT NULL) \
         ON COMMIT DELETE ROWS; TRUNCATE screening_staging, screening_late; SET LOCAL work_mem = '64MB'",
    )?;
    let next = RefCell::new(next);
    let write = |out: &mut dyn Write| -> Result<(), E> {
        let fault =
            |error: std::io::Error| E::from(StoreError::Content(format!("tokens could not be copied: {error}")));
        let mut out = BufWriter::with_capacity(COPY_BUFFER_BYTES, out);
        out.write_all(COPY_HEAD).map_err(fault)?;
        let mut next = next.borrow_mut();
        while let Some((token, owner)) = next()? {
            // Two fields: 16 bytes, 4 bytes.
            let mut row = [
                0, 2, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0,
            ];
            if let Some(field) = row.get_mut(6..22) {
                field.copy_from_slice(&token);
            }
            if let Some(field) = row.get_mut(26..) {
                field.copy_from_slice(&owner.to_be_bytes());
            }
            out.write_all(&row).map_err(fault)?;
        }
        out.write_all(&COPY_END).and_then(|()| out.flush()).map_err(fault)
    };
    diesel::copy_from(screening_staging::table)
        .from_raw_data(screening_staging::table, write)
        .with_format(CopyFormat::Binary)
        .execute(c)
}

/// Stores the staged tokens that nobody has, and keeps the others aside; how many of the `staged` were stored. The staging table is
/// read in the order in which it was written, so that of equal tokens the first is stored. No row may be staged twice: two that agree
/// in token and owner would both count as stored.
///
/// # Errors
/// Diesel's.
pub fn insert_staged(c: &mut PgConnection, epoch: i16, run: i32, staged: usize) -> QueryResult<usize> {
    let table = table(epoch);
    let insert = format!(
        "WITH stored AS (INSERT INTO {table} (token, run, owner) SELECT token, $1, owner FROM screening_staging \
         ON CONFLICT DO NOTHING RETURNING token, owner) \
         INSERT INTO screening_late (token, owner) SELECT s.token, s.owner FROM screening_staging s \
         WHERE NOT EXISTS (SELECT 1 FROM stored i WHERE i.token = s.token AND i.owner = s.owner)"
    );
    let late = diesel::sql_query(insert).bind::<Integer, _>(run).execute(c)?;
    let stored = staged.saturating_sub(late);
    add_tokens(c, epoch, i64::try_from(stored).unwrap_or(i64::MAX))?;
    Ok(stored)
}

/// Hands over the staged tokens that another activity had first, by token.
///
/// # Errors
/// Those of `then`; diesel's.
pub fn each_collision<E: From<diesel::result::Error>>(
    c: &mut PgConnection,
    epoch: i16,
    run: i32,
    then: &mut dyn FnMut(CollisionRow) -> Result<(), E>,
) -> Result<(), E> {
    let table = table(epoch);
    c.batch_execute(&format!(
        "ANALYZE screening_late; DECLARE screening_collision NO SCROLL CURSOR FOR \
         SELECT uuid_send(s.token) AS token, s.owner AS owner, t.run AS run, t.owner AS first \
         FROM screening_late s JOIN {table} t ON t.token = s.token \
         WHERE t.run <> {run} OR t.owner >> 2 <> s.owner >> 2 ORDER BY s.token, s.owner"
    ))?;
    loop {
        let rows = diesel::sql_query(FETCH).load::<CollisionRow>(c)?;
        if rows.is_empty() {
            break;
        }
        rows.into_iter().try_for_each(&mut *then)?;
    }
    c.batch_execute("CLOSE screening_collision")?;
    Ok(())
}

/// Moves the table of an epoch into the archive, or back.
///
/// # Errors
/// Diesel's.
pub fn move_epoch(c: &mut PgConnection, epoch: i16, retired: bool) -> QueryResult<()> {
    let table = table(epoch);
    let (from, to) = if retired {
        (table.clone(), format!("archive_{table}"))
    } else {
        (format!("archive_{table}"), table)
    };
    c.batch_execute(&format!(
        "ALTER TABLE {from} RENAME TO {to}; UPDATE screening_epoch SET retired = {retired} WHERE epoch = {epoch}"
    ))
}

/// Tokens in the table of an epoch, counted.
///
/// # Errors
/// Diesel's.
pub fn count_tokens(c: &mut PgConnection, epoch: &EpochRow) -> QueryResult<i64> {
    let archive = if epoch.retired { "archive_" } else { "" };
    let count = format!("SELECT count(*) AS it FROM {archive}{}", table(epoch.epoch));
    let rows = diesel::sql_query(count).load::<Count>(c)?;
    Ok(rows.first().map_or(0, |row| row.it))
}

/// An unconfirmed run that has tokens in an epoch.
///
/// # Errors
/// Diesel's.
pub fn unconfirmed_in(c: &mut PgConnection, epoch: i16) -> QueryResult<Option<i32>> {
    let table = table(epoch);
    let rows = diesel::sql_query(format!(
        "SELECT run FROM screening_load l WHERE NOT confirmed AND EXISTS (SELECT 1 FROM {table} t WHERE t.run = l.run) LIMIT 1"
    ))
    .load::<RunRow>(c)?;
    Ok(rows.first().map(|row| row.run))
}

crate::store::row::row!(Piece in "screening_spool", key "issuance, start_byte", { bytes: Binary => Vec<u8> });
crate::store::row::row!(StreamEnd in "screening_spool", key "issuance", { end_byte: BigInt => i64 });
crate::store::row::row!(StreamName in "screening_spool", key "issuance", { issuance: Binary => Vec<u8> });

/// Where a stream in the spool ends.
///
/// # Errors
/// [`StoreError`].
pub fn spool_end(database: &Database, issuance: &[u8; 16]) -> Result<i64, StoreError> {
    let end = "SELECT start_byte + length(bytes) AS end_byte FROM screening_spool WHERE issuance = ? ORDER BY start_byte DESC LIMIT 1";
    let rows: Vec<StreamEnd> = database.read(|c| c.load(Statement::new(end).bind(issuance.as_slice())))?;
    Ok(rows.first().map_or(0, |row| row.end_byte))
}

/// Appends a piece to a stream that ends at `start`; false if it does not end there.
///
/// # Errors
/// [`StoreError`].
pub fn spool_append(database: &Database, issuance: &[u8; 16], start: i64, bytes: &[u8]) -> Result<bool, StoreError> {
    use diesel::result::{DatabaseErrorKind, Error};
    let append = "INSERT INTO screening_spool (issuance, start_byte, bytes) SELECT ?, ?, ? WHERE ? = coalesce( \
        (SELECT start_byte + length(bytes) FROM screening_spool WHERE issuance = ? ORDER BY start_byte DESC LIMIT 1), 0)";
    let append = Statement::new(append)
        .bind(issuance.as_slice())
        .bind(start)
        .bind(bytes)
        .bind(start)
        .bind(issuance.as_slice());
    match database.read(|c| c.execute(append)) {
        Ok(rows) => Ok(rows == 1),
        // Another process has appended the same piece a moment ago.
        Err(StoreError::Query(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _))) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The piece of a stream that begins at `start`; none at its end.
///
/// # Errors
/// [`StoreError`].
pub fn spool_piece(database: &Database, issuance: &[u8; 16], start: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let piece = Statement::new("SELECT bytes FROM screening_spool WHERE issuance = ? AND start_byte = ?");
    let piece = piece.bind(issuance.as_slice()).bind(start);
    let mut rows: Vec<Piece> = database.read(|c| c.load(piece))?;
    Ok(rows.pop().map(|row| row.bytes))
}

/// Deletes a stream.
///
/// # Errors
/// [`StoreError`].
pub fn spool_remove(database: &Database, issuance: &[u8; 16]) -> Result<(), StoreError> {
    let delete = Statement::new("DELETE FROM screening_spool WHERE issuance = ?").bind(issuance.as_slice());
    database.read(|c| c.execute(delete)).map(drop)
}

/// Issuances that have a stream: the 16 bytes of their ids.
///
/// # Errors
/// [`StoreError`].
pub fn spool_list(database: &Database) -> Result<Vec<Vec<u8>>, StoreError> {
    let list = Statement::new("SELECT issuance FROM screening_spool WHERE start_byte = 0");
    let rows: Vec<StreamName> = database.read(|c| c.load(list))?;
    Ok(rows.into_iter().map(|row| row.issuance).collect())
}
