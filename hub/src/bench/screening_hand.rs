//! The same screening in SQL by hand: COPY into a staging table, then a sorted INSERT … ON CONFLICT DO NOTHING, one transaction. The
//! statements are those of `tests/bench/screening.sql`. It says how many tokens were known, not which, nor whose they were.

use std::io::{BufWriter, Write};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::pg::CopyFormat;
use diesel::{Connection as _, ExecuteCopyFromDsl as _, PgConnection, RunQueryDsl as _};

use super::BenchError;
use super::screening_ground::Batch;
use crate::store::database::{Database, StoreError, WriteConnection};

diesel::table! {
    bench_staging (token) {
        token -> diesel::pg::sql_types::Uuid,
        run -> Integer,
        owner -> Integer,
    }
}

/// The stored tokens in a table of the same columns.
const PREPARE: &str = "
    CREATE TABLE bench_token (token UUID NOT NULL PRIMARY KEY, run INTEGER NOT NULL, owner INTEGER NOT NULL);
    INSERT INTO bench_token SELECT token, run, owner FROM screening_token_316;
    VACUUM ANALYZE bench_token; VACUUM ANALYZE screening_token_316; CHECKPOINT;
    CREATE TEMP TABLE bench_staging (token UUID NOT NULL, run INTEGER NOT NULL, owner INTEGER NOT NULL) ON COMMIT DELETE ROWS";
const INSERT: &str =
    "INSERT INTO bench_token SELECT token, run, owner FROM bench_staging ORDER BY token ON CONFLICT DO NOTHING";

/// Why a copy by hand failed.
#[derive(Debug, thiserror::Error)]
enum CopyError {
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
    #[error(transparent)]
    Write(#[from] std::io::Error),
}

fn fault(error: impl std::fmt::Display) -> BenchError {
    BenchError::Place(error.to_string())
}

/// A connection with the table by hand.
pub struct ByHand(Box<PgConnection>);

impl std::fmt::Debug for ByHand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ByHand")
    }
}

impl ByHand {
    /// Copies what the store has.
    pub fn prepare(database: &Database) -> Result<Self, BenchError> {
        let WriteConnection::Postgres(mut connection) = database.writer()? else {
            return Err(fault("by hand is for PostgreSQL"));
        };
        for statement in PREPARE.split(';') {
            connection.batch_execute(statement).map_err(StoreError::Query)?;
        }
        Ok(Self(connection))
    }

    /// Screens a batch; how long it took.
    pub fn screen(&mut self, batch: &Batch, run: u32) -> Result<Duration, BenchError> {
        let began = Instant::now();
        let inserted = self.0.transaction::<_, CopyError, _>(|c| {
            diesel::copy_from(bench_staging::table)
                .from_raw_data(bench_staging::table, |out: &mut dyn Write| copy(batch, run, out))
                .with_format(CopyFormat::Binary)
                .execute(c)?;
            Ok(diesel::sql_query(INSERT).execute(c)?)
        });
        let inserted = inserted.map_err(fault)? as u64;
        let time = began.elapsed();
        if inserted + batch.known == batch.tokens().len() as u64 {
            Ok(time)
        } else {
            Err(fault(format!("by hand, {inserted} tokens were new")))
        }
    }
}

fn copy(batch: &Batch, run: u32, out: &mut dyn Write) -> Result<(), CopyError> {
    let mut out = BufWriter::with_capacity(128 * 1024, out);
    out.write_all(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0")?;
    for (position, token) in (0u32..).zip(batch.tokens()) {
        out.write_all(&[0, 3, 0, 0, 0, 16])?;
        out.write_all(&token.to_be_bytes())?;
        for number in [run, position << 2] {
            out.write_all(&[0, 0, 0, 4])?;
            out.write_all(&number.to_be_bytes())?;
        }
    }
    out.write_all(&(-1i16).to_be_bytes())?;
    Ok(out.flush()?)
}
