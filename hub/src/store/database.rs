//! The database: opening, migrating, reading, and connections for the sequencer.

use std::sync::Arc;

use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel::{PgConnection, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::{Readable, StoreConnection, open_postgres, open_sqlite, prepare_postgres, prepare_sqlite};
use super::statement::Statement;

const SQLITE: EmbeddedMigrations = embed_migrations!("../migrations/hub/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../migrations/hub/postgres");

/// Connections that read at once: SQLite, PostgreSQL.
const READERS_MAX: (u32, u32) = (4, 8);
/// Readers are opened when somebody reads, never ahead of it: a command that ends while a thread of its pool connects would
/// leave that thread in a library that is being taken down.
const READERS_IDLE_MIN: u32 = 0;

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL names no database that the hub knows.
    #[error("`{0}` is no database: use sqlite:PATH or postgres://USER@HOST:PORT/NAME")]
    Url(String),
    /// No connection.
    #[error("the database cannot be reached: {0}")]
    Connection(#[from] diesel::ConnectionError),
    /// No connection from the pool.
    #[error("the database cannot be reached: {0}")]
    Pool(#[from] diesel::r2d2::PoolError),
    /// A statement failed.
    #[error("the database refused: {0}")]
    Query(#[from] diesel::result::Error),
    /// Migrations failed, or the schema is newer than this program.
    #[error("the schema cannot be brought up to date: {0}")]
    Migration(String),
    /// Something in the store is not what this program writes.
    #[error("the store holds something that this program does not understand: {0}")]
    Content(String),
}

/// The hub's database. Cheap to clone.
#[derive(Clone)]
pub struct Database(Arc<Kind>);

enum Kind {
    Sqlite {
        path: String,
        pool: Pool<ConnectionManager<SqliteConnection>>,
    },
    Postgres {
        url: String,
        pool: Pool<ConnectionManager<PgConnection>>,
    },
}

impl std::fmt::Debug for Database {
    /// The kind only: a URL may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_postgres() {
            "Database(PostgreSQL)"
        } else {
            "Database(SQLite)"
        })
    }
}

/// A connection for reading.
pub enum ReadConnection<'a> {
    /// SQLite.
    Sqlite(&'a mut SqliteConnection),
    /// PostgreSQL.
    Postgres(&'a mut PgConnection),
}

impl std::fmt::Debug for ReadConnection<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_postgres() {
            "ReadConnection(PostgreSQL)"
        } else {
            "ReadConnection(SQLite)"
        })
    }
}

impl ReadConnection<'_> {
    /// The rows of a query.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub fn load<R: Readable>(&mut self, statement: Statement<'_>) -> Result<Vec<R>, StoreError> {
        Ok(match self {
            Self::Sqlite(c) => c.select(statement)?,
            Self::Postgres(c) => c.select(statement)?,
        })
    }

    /// Runs a statement that is not the ledger's (enrolment); the number of rows that it changed.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub fn execute(&mut self, statement: Statement<'_>) -> Result<usize, StoreError> {
        Ok(match self {
            Self::Sqlite(c) => c.run(statement)?,
            Self::Postgres(c) => c.run(statement)?,
        })
    }

    /// True for PostgreSQL.
    #[must_use]
    pub const fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

/// A connection for the sequencer.
pub enum WriteConnection {
    /// SQLite.
    Sqlite(Box<SqliteConnection>),
    /// PostgreSQL.
    Postgres(Box<PgConnection>),
}

impl std::fmt::Debug for WriteConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WriteConnection")
    }
}

/// What `migrate` did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationReport {
    /// Migrations that were applied now.
    pub applied: Vec<String>,
}

#[derive(Debug)]
struct Prepare;

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for Prepare {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        prepare_sqlite(connection).map_err(diesel::r2d2::Error::QueryError)
    }
}

impl CustomizeConnection<PgConnection, diesel::r2d2::Error> for Prepare {
    fn on_acquire(&self, connection: &mut PgConnection) -> Result<(), diesel::r2d2::Error> {
        prepare_postgres(connection).map_err(diesel::r2d2::Error::QueryError)
    }
}

impl Database {
    /// Opens `sqlite:PATH` or `postgres://…`. A SQLite file is made if it is not there.
    ///
    /// # Errors
    /// [`StoreError`] if the URL is none of these or the database cannot be reached.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            drop(open_sqlite(path)?);
            let pool = Pool::builder()
                .max_size(READERS_MAX.0)
                .min_idle(Some(READERS_IDLE_MIN))
                .connection_customizer(Box::new(Prepare))
                .build(ConnectionManager::new(path))?;
            return Ok(Self(Arc::new(Kind::Sqlite {
                path: path.to_owned(),
                pool,
            })));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            drop(open_postgres(url)?);
            let pool = Pool::builder()
                .max_size(READERS_MAX.1)
                .min_idle(Some(READERS_IDLE_MIN))
                .test_on_check_out(true)
                .connection_customizer(Box::new(Prepare))
                .build(ConnectionManager::new(url))?;
            return Ok(Self(Arc::new(Kind::Postgres {
                url: url.to_owned(),
                pool,
            })));
        }
        Err(StoreError::Url(
            url.split('@').next_back().unwrap_or_default().to_owned(),
        ))
    }

    /// True for PostgreSQL.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        matches!(*self.0, Kind::Postgres { .. })
    }

    /// The file of an SQLite database.
    #[must_use]
    pub fn file(&self) -> Option<&std::path::Path> {
        match &*self.0 {
            Kind::Sqlite { path, .. } => Some(std::path::Path::new(path)),
            Kind::Postgres { .. } => None,
        }
    }

    /// Brings the schema up to date. Safe to run twice.
    ///
    /// # Errors
    /// [`StoreError::Migration`] also when the schema is newer than this program.
    pub fn migrate(&self) -> Result<MigrationReport, StoreError> {
        match self.writer()? {
            WriteConnection::Sqlite(mut c) => migrate(&mut *c, SQLITE),
            WriteConnection::Postgres(mut c) => migrate(&mut *c, POSTGRES),
        }
    }

    /// Reads with a connection from the pool.
    ///
    /// # Errors
    /// Those of `work`; [`StoreError::Pool`].
    pub fn read<T>(
        &self,
        work: impl FnOnce(&mut ReadConnection<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match &*self.0 {
            Kind::Sqlite { pool, .. } => work(&mut ReadConnection::Sqlite(&mut *pool.get()?)),
            Kind::Postgres { pool, .. } => work(&mut ReadConnection::Postgres(&mut *pool.get()?)),
        }
    }

    /// Whether there is a connection within this time: for what is done again anyway, and must not hold up the end of the process.
    ///
    /// # Errors
    /// [`StoreError::Pool`].
    pub fn reach(&self, within: std::time::Duration) -> Result<(), StoreError> {
        match &*self.0 {
            Kind::Sqlite { pool, .. } => drop(pool.get_timeout(within)?),
            Kind::Postgres { pool, .. } => drop(pool.get_timeout(within)?),
        }
        Ok(())
    }

    /// A connection of its own for the sequencer.
    ///
    /// # Errors
    /// [`StoreError::Connection`].
    pub fn writer(&self) -> Result<WriteConnection, StoreError> {
        Ok(match &*self.0 {
            Kind::Sqlite { path, .. } => WriteConnection::Sqlite(Box::new(open_sqlite(path)?)),
            Kind::Postgres { url, .. } => WriteConnection::Postgres(Box::new(open_postgres(url)?)),
        })
    }
}

fn migrate<DB: diesel::backend::Backend>(
    connection: &mut impl MigrationHarness<DB>,
    source: EmbeddedMigrations,
) -> Result<MigrationReport, StoreError> {
    use diesel::migration::{Migration, MigrationSource};
    let fault = |error: Box<dyn std::error::Error + Send + Sync>| StoreError::Migration(error.to_string());
    let known: Vec<Box<dyn Migration<DB>>> = source.migrations().map_err(fault)?;
    let known: Vec<String> = known.iter().map(|m| m.name().version().to_string()).collect();
    let applied = connection.applied_migrations().map_err(fault)?;
    if let Some(newer) = applied
        .iter()
        .map(ToString::to_string)
        .find(|version| !known.contains(version))
    {
        return Err(StoreError::Migration(format!(
            "its migration {newer} is newer than this program: run the newer program"
        )));
    }
    let done = connection.run_pending_migrations(source).map_err(fault)?;
    Ok(MigrationReport {
        applied: done.iter().map(ToString::to_string).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Connections that the readers have.
    fn readers(database: &Database) -> u32 {
        match &*database.0 {
            Kind::Sqlite { pool, .. } => pool.state().connections,
            Kind::Postgres { pool, .. } => pool.state().connections,
        }
    }

    fn opens_what_is_read_with(url: &str) {
        let database = Database::open(url).unwrap();
        assert_eq!(readers(&database), 0, "nobody has read yet");
        for _ in 0..3 {
            let inside = database.read(|_| Ok(readers(&database))).unwrap();
            assert_eq!(inside, 1, "one reads");
        }
        assert_eq!(readers(&database), 1, "one has read");
    }

    #[test]
    fn no_connection_is_made_that_nobody_waits_for() {
        let directory = tempfile::tempdir().unwrap();
        opens_what_is_read_with(&format!("sqlite:{}", directory.path().join("hub.db").display()));
        match std::env::var("TANQIAO_TEST_POSTGRES") {
            Ok(server) => opens_what_is_read_with(&server),
            Err(_) => assert!(std::env::var("CI").is_err(), "in CI every test runs on PostgreSQL too"),
        }
    }
}
