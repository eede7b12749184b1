//! The evaluator's own store: one SQLite file, one connection.
//!
//! Every write is one transaction, durable before it is answered (WAL, `synchronous = FULL`).

mod audit;
mod count;
mod epochs;
mod statements;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

pub use audit::{AuditAction, AuditEntry};
pub use count::{Counted, CounterRow};
pub use epochs::{EpochKeyState, EpochRow};
pub use statements::StatementRow;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations/evaluator/sqlite");

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No connection.
    #[error("{path}: the store cannot be opened: {source}")]
    Open {
        /// Which file.
        path: String,
        /// Why.
        #[source]
        source: diesel::ConnectionError,
    },
    /// A statement failed.
    #[error("the store refused: {0}")]
    Query(#[from] diesel::result::Error),
    /// Migrations failed, or the schema is newer than this program.
    #[error("the schema cannot be brought up to date: {0}")]
    Migration(String),
    /// The schema has to be brought up to date first.
    #[error("the schema is older than this program: run `tanqiao-evaluator migrate`")]
    Old,
    /// Something in the store is not what this program writes.
    #[error("the store holds something that this program does not understand: {0}")]
    Content(String),
}

/// The store. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Mutex<SqliteConnection>>);

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

fn connect(path: &Path) -> Result<SqliteConnection, StoreError> {
    let name = path.display().to_string();
    let mut connection =
        SqliteConnection::establish(&name).map_err(|source| StoreError::Open { path: name, source })?;
    connection.batch_execute(
        "PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;",
    )?;
    Ok(connection)
}

impl Store {
    /// Opens a store whose schema is up to date.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut connection = connect(path)?;
        let failed = |e: Box<dyn std::error::Error + Send + Sync>| StoreError::Migration(e.to_string());
        if connection.has_pending_migration(MIGRATIONS).map_err(failed)? {
            return Err(StoreError::Old);
        }
        refuse_newer(&mut connection)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Brings the schema up to date; says how many steps that took. Safe to run twice.
    ///
    /// # Errors
    /// [`StoreError`]; a schema newer than this program is refused.
    pub fn migrate(path: &Path) -> Result<usize, StoreError> {
        let mut connection = connect(path)?;
        refuse_newer(&mut connection)?;
        let done = connection.run_pending_migrations(MIGRATIONS);
        Ok(done.map_err(|e| StoreError::Migration(e.to_string()))?.len())
    }

    fn with<T>(&self, work: impl FnOnce(&mut SqliteConnection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut connection)
    }

    /// In one transaction that takes the write lock at its start.
    fn write<T>(&self, work: impl FnOnce(&mut SqliteConnection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.with(|connection| connection.immediate_transaction(work))
    }
}

fn refuse_newer(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let failed = |e: Box<dyn std::error::Error + Send + Sync>| StoreError::Migration(e.to_string());
    let known =
        diesel_migrations::MigrationHarness::<diesel::sqlite::Sqlite>::pending_migrations(connection, MIGRATIONS)
            .map_err(failed)?
            .len();
    let applied = connection.applied_migrations().map_err(failed)?.len();
    let ours = diesel::migration::MigrationSource::<diesel::sqlite::Sqlite>::migrations(&MIGRATIONS)
        .map_err(failed)?
        .len();
    if applied + known > ours {
        return Err(StoreError::Migration(
            "it was made by a newer version of this program: use that version".to_owned(),
        ));
    }
    Ok(())
}

#[cfg(test)]
pub(crate) fn fresh() -> (tempfile::TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("evaluator.db");
    assert_eq!(Store::migrate(&path).unwrap(), 1);
    assert_eq!(Store::migrate(&path).unwrap(), 0, "safe to run twice");
    let store = Store::open(&path).unwrap();
    (directory, store)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_of_another_version_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("evaluator.db");
        assert!(matches!(Store::open(&path), Err(StoreError::Old)));
        Store::migrate(&path).unwrap();
        let mut connection = connect(&path).unwrap();
        connection
            .batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')")
            .unwrap();
        assert!(matches!(Store::open(&path), Err(StoreError::Migration(_))));
        assert!(matches!(Store::migrate(&path), Err(StoreError::Migration(_))));
    }

    #[test]
    fn the_schema_goes_down_and_up_again() {
        let directory = tempfile::tempdir().unwrap();
        let mut connection = connect(&directory.path().join("evaluator.db")).unwrap();
        connection.run_pending_migrations(MIGRATIONS).unwrap();
        connection.revert_all_migrations(MIGRATIONS).unwrap();
        assert_eq!(connection.run_pending_migrations(MIGRATIONS).unwrap().len(), 1);
    }
}
