//! The node's database: SQLite beside the program, or PostgreSQL. The only module with SQL.
//!
//! Queries live in `store/queries/` and are compiled once for each database; callers see [`Tx`]. One connection writes,
//! behind a lock; reads have a pool of their own. A transaction of PostgreSQL is serialisable and repeated on conflict, so
//! that a command line beside a serving node is safe.

pub mod activities;
pub mod desk;
mod migrate;
mod postgres;
pub mod reconciliations;
pub mod recovery;
pub mod rows;
pub mod schema;
pub mod screening;
mod sqlite;
pub mod subjects;
mod tx;
pub mod witness;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::{Connection as _, PgConnection, SqliteConnection};

pub use migrate::migrate;
pub use tx::{AccountTx, After, DealingTx, FeedTx, Tx};

use crate::crash;
use crate::error::NodeError;

/// How many readers of a database work at the same time.
const READERS: u32 = 4;
/// Readers are opened when somebody reads, never ahead of it: a command that ends while a thread of its pool connects would
/// leave that thread in a library that is being taken down.
const READERS_IDLE_MIN: u32 = 0;
/// How often a conflicting transaction is repeated.
const REPEATS: u32 = 20;
/// How long a reader waits for a connection, and a writer for another process's lock.
const PATIENCE: Duration = Duration::from_secs(10);

/// A database that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A statement failed.
    #[error("the database refused: {0}")]
    Query(#[from] DieselError),
    /// It cannot be opened.
    #[error("cannot open the database: {0}")]
    Open(String),
    /// No connection became free.
    #[error("the database has no free connection: {0}")]
    Busy(#[from] diesel::r2d2::PoolError),
    /// Its schema is older than this program.
    #[error("the database has an older schema: run `tanqiao-node migrate` first")]
    Older,
    /// Its schema is newer than this program.
    #[error("the database has schema `{0}`, which this program does not know: use the newer program")]
    Newer(String),
    /// A migration failed.
    #[error("the schema could not be changed: {0}")]
    Migration(String),
    /// A value in it is not what this program writes.
    #[error("the database holds `{0}`, which this program cannot read")]
    Corrupt(String),
}

/// The node's database. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Backend>);

enum Backend {
    Sqlite {
        writer: Mutex<SqliteConnection>,
        readers: Pool<ConnectionManager<SqliteConnection>>,
    },
    Postgres {
        writer: Mutex<Writer>,
        readers: Pool<ConnectionManager<PgConnection>>,
    },
}

struct Writer {
    url: String,
    connection: PgConnection,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &*self.0 {
            Backend::Sqlite { .. } => "Store(SQLite)",
            Backend::Postgres { .. } => "Store(PostgreSQL)",
        })
    }
}

#[derive(Debug)]
struct ReadOnly;

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for ReadOnly {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        connection
            .batch_execute("PRAGMA busy_timeout = 10000; PRAGMA query_only = ON;")
            .map_err(diesel::r2d2::Error::QueryError)
    }
}

impl Store {
    /// Opens a migrated database: `sqlite:PATH` or `postgres://…`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn open(url: &str) -> Result<Self, StoreError> {
        migrate::check(url)?;
        let backend = if let Some(path) = url.strip_prefix("sqlite:") {
            let readers = Pool::builder()
                .max_size(READERS)
                .min_idle(Some(READERS_IDLE_MIN))
                .connection_timeout(PATIENCE)
                .connection_customizer(Box::new(ReadOnly))
                .build(ConnectionManager::new(path))?;
            Backend::Sqlite {
                writer: Mutex::new(open_sqlite(path)?),
                readers,
            }
        } else {
            let readers = Pool::builder()
                .max_size(READERS)
                .min_idle(Some(READERS_IDLE_MIN))
                .connection_timeout(PATIENCE)
                .build(ConnectionManager::new(url))?;
            let writer = Writer {
                url: url.to_owned(),
                connection: open_postgres(url)?,
            };
            Backend::Postgres {
                writer: Mutex::new(writer),
                readers,
            }
        };
        Ok(Self(Arc::new(backend)))
    }

    /// Runs `work` in one transaction that sees one state of the database and writes nothing.
    ///
    /// # Errors
    /// What `work` returns, or [`StoreError`].
    pub fn read<T>(&self, work: impl Fn(&mut dyn Tx) -> Result<T, NodeError>) -> Result<T, NodeError> {
        match &*self.0 {
            Backend::Sqlite { readers, .. } => {
                let mut connection = readers.get().map_err(StoreError::from)?;
                let connection: &mut SqliteConnection = &mut connection;
                connection
                    .transaction::<_, Stop, _>(|c| Ok(work(c)?))
                    .map_err(Stop::into_error)
            }
            Backend::Postgres { readers, .. } => {
                let mut connection = readers.get().map_err(StoreError::from)?;
                let mut run = connection.build_transaction().read_only().repeatable_read();
                run.run::<_, Stop, _>(|c| Ok(work(c)?)).map_err(Stop::into_error)
            }
        }
    }

    /// Runs `work` in one transaction: all of it is written durably, or nothing. It may run more than once.
    ///
    /// # Errors
    /// What `work` returns, or [`StoreError`].
    pub fn write<T>(&self, work: impl Fn(&mut dyn Tx) -> Result<T, NodeError>) -> Result<T, NodeError> {
        let done = match &*self.0 {
            Backend::Sqlite { writer, .. } => {
                // A panic of an earlier writer left no open transaction: Diesel rolls it back while unwinding.
                let mut connection = writer.lock().unwrap_or_else(PoisonError::into_inner);
                connection
                    .immediate_transaction::<_, Stop, _>(|c| finish(work(c)))
                    .map_err(Stop::into_error)?
            }
            Backend::Postgres { writer, .. } => {
                let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
                writer.repeat(&work)?
            }
        };
        crash::point("store.after-commit");
        Ok(done)
    }
}

fn finish<T>(result: Result<T, NodeError>) -> Result<T, Stop> {
    let done = result?;
    crash::point("store.before-commit");
    Ok(done)
}

impl Writer {
    fn repeat<T>(&mut self, work: impl Fn(&mut dyn Tx) -> Result<T, NodeError>) -> Result<T, NodeError> {
        let mut left = REPEATS;
        loop {
            let mut run = self.connection.build_transaction().serializable();
            match run.run::<_, Stop, _>(|c| finish(work(c))).map_err(Stop::into_error) {
                Err(NodeError::Store(StoreError::Query(DieselError::DatabaseError(
                    DatabaseErrorKind::SerializationFailure,
                    _,
                )))) if left > 0 => left -= 1,
                Err(
                    error @ NodeError::Store(StoreError::Query(DieselError::DatabaseError(
                        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
                        _,
                    ))),
                ) => {
                    // The outcome of this transaction is unknown; the caller resolves it by id. The next one gets a
                    // connection that works.
                    self.connection = open_postgres(&self.url)?;
                    return Err(error);
                }
                other => return other,
            }
        }
    }
}

/// An error inside a transaction: the caller's own, or Diesel's when it begins or commits.
enum Stop {
    Work(NodeError),
    Database(DieselError),
}

impl From<DieselError> for Stop {
    fn from(error: DieselError) -> Self {
        Self::Database(error)
    }
}

impl From<NodeError> for Stop {
    fn from(error: NodeError) -> Self {
        Self::Work(error)
    }
}

impl Stop {
    fn into_error(self) -> NodeError {
        match self {
            Self::Work(error) => error,
            Self::Database(error) => NodeError::Store(StoreError::Query(error)),
        }
    }
}

impl From<DieselError> for NodeError {
    fn from(error: DieselError) -> Self {
        Self::Store(StoreError::Query(error))
    }
}

fn open_sqlite(path: &str) -> Result<SqliteConnection, StoreError> {
    let mut connection = SqliteConnection::establish(path).map_err(|e| StoreError::Open(e.to_string()))?;
    connection.batch_execute(
        "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 8000;",
    )?;
    Ok(connection)
}

fn open_postgres(url: &str) -> Result<PgConnection, StoreError> {
    let mut connection = PgConnection::establish(url).map_err(|e| StoreError::Open(e.to_string()))?;
    connection.batch_execute("SET synchronous_commit = on; SET lock_timeout = '10s';")?;
    Ok(connection)
}

#[cfg(test)]
pub(crate) mod test_databases;
