//! The same two phases written by hand: one SQL transaction each, no network, no TLS, no signatures. The statements are
//! those of `tests/bench/phase.sql`, which `pgbench` can run as well.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;

use super::BenchError;
use crate::store::connection::StoreConnection;
use crate::store::database::{Database, WriteConnection};
use crate::store::statement::Statement;

/// Blocks of the baseline.
const BLOCKS: i64 = 200_000;

const SCHEMA: &str = "
    DROP TABLE IF EXISTS bench_block; DROP TABLE IF EXISTS bench_transfer; DROP TABLE IF EXISTS bench_target; DROP TABLE IF EXISTS bench_log;
    CREATE TABLE bench_block (id BIGINT PRIMARY KEY, region SMALLINT NOT NULL, owner BIGINT NOT NULL, qty BIGINT NOT NULL, state SMALLINT NOT NULL, seq BIGINT NOT NULL);
    CREATE TABLE bench_transfer (id {bytes} PRIMARY KEY, src BIGINT NOT NULL, dst SMALLINT NOT NULL, qty BIGINT NOT NULL);
    CREATE TABLE bench_target (id {bytes} PRIMARY KEY, transfer {bytes} NOT NULL, region SMALLINT NOT NULL, owner BIGINT NOT NULL, qty BIGINT NOT NULL);
    CREATE TABLE bench_log (seq {serial} PRIMARY KEY, transfer {bytes} NOT NULL, kind SMALLINT NOT NULL, body {bytes} NOT NULL);
";

/// Makes the tables of the baseline in the bench's own database.
///
/// # Errors
/// The store's.
pub fn prepare(database: &Database) -> Result<(), BenchError> {
    let (bytes, serial) = if database.is_postgres() {
        ("BYTEA", "BIGSERIAL")
    } else {
        ("BLOB", "INTEGER")
    };
    let schema = SCHEMA.replace("{bytes}", bytes).replace("{serial}", serial);
    let fill = if database.is_postgres() {
        format!(
            "INSERT INTO bench_block SELECT g, g % 20, g % 1000, 1000000000, 0, 0 FROM generate_series(1, {BLOCKS}) g; ANALYZE bench_block;"
        )
    } else {
        format!(
            "WITH RECURSIVE n(g) AS (SELECT 1 UNION ALL SELECT g + 1 FROM n WHERE g < {BLOCKS}) INSERT INTO bench_block SELECT g, g % 20, g % 1000, 1000000000, 0, 0 FROM n;"
        )
    };
    let done = match database.writer()? {
        WriteConnection::Sqlite(mut c) => c.batch_execute(&schema).and_then(|()| c.batch_execute(&fill)),
        WriteConnection::Postgres(mut c) => c.batch_execute(&schema).and_then(|()| c.batch_execute(&fill)),
    };
    done.map_err(|error| BenchError::Store(error.into()))
}

/// Transactions a second with `clients` connections, each one transaction after the other. A transfer is two of them.
///
/// # Errors
/// The store's.
pub fn run(database: &Database, clients: usize, time: Duration) -> Result<u64, BenchError> {
    let done = AtomicU64::new(0);
    let started = Instant::now();
    let until = started + time;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..clients)
            .map(|_| {
                let done = &done;
                scope.spawn(move || match database.writer()? {
                    WriteConnection::Sqlite(mut c) => work(&mut *c, until, done),
                    WriteConnection::Postgres(mut c) => work(&mut *c, until, done),
                })
            })
            .collect();
        workers.into_iter().try_for_each(|w| {
            w.join()
                .map_err(|_| BenchError::Place("a client of the baseline ended early".to_owned()))?
        })
    })?;
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    Ok(done.into_inner() * 1_000 / elapsed_ms)
}

fn work<C: StoreConnection>(connection: &mut C, until: Instant, done: &AtomicU64) -> Result<(), BenchError> {
    let log_body = vec![0xab_u8; 200];
    let locking = if C::POSTGRES { " FOR UPDATE" } else { "" };
    let select = format!("SELECT qty AS total FROM bench_block WHERE id = ?{locking}");
    while Instant::now() < until {
        let block = i64::from(rand::random::<u32>()) % BLOCKS + 1;
        let (transfer, target): ([u8; 16], [u8; 16]) = (rand::random(), rand::random());
        let outcome = connection.write::<_, diesel::result::Error>(|c| {
            c.select::<QuantityRow>(Statement::new(select.as_str()).bind(block))?;
            c.run(Statement::new("UPDATE bench_block SET qty = qty - 1, seq = seq + 1 WHERE id = ?").bind(block))?;
            c.run(
                Statement::new("INSERT INTO bench_transfer (id, src, dst, qty) VALUES (?, ?, 3, 1)")
                    .bind(transfer.as_slice())
                    .bind(block),
            )?;
            c.run(
                Statement::new("INSERT INTO bench_target (id, transfer, region, owner, qty) VALUES (?, ?, 3, 7, 1)")
                    .bind(target.as_slice())
                    .bind(transfer.as_slice()),
            )?;
            c.run(
                Statement::new("INSERT INTO bench_log (transfer, kind, body) VALUES (?, 1, ?)")
                    .bind(transfer.as_slice())
                    .bind(log_body.as_slice()),
            )
        });
        outcome.map_err(|error| BenchError::Store(error.into()))?;
        done.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

crate::store::row::row!(QuantityRow in "bench_block", key "total", { total: diesel::sql_types::BigInt => i64 });
