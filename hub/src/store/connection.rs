//! Connections, the same for both databases.

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager as _};
use diesel::pg::Pg;
use diesel::result::QueryResult;
use diesel::sqlite::Sqlite;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection};

use super::row::WriteRows;
use super::statement::{Bind, Statement};

/// A row that both databases can give.
pub trait Readable: QueryableByName<Pg> + QueryableByName<Sqlite> + 'static {}
impl<T: QueryableByName<Pg> + QueryableByName<Sqlite> + 'static> Readable for T {}

/// What the store asks of a connection.
pub trait StoreConnection: WriteRows {
    /// True for PostgreSQL.
    const POSTGRES: bool;

    /// The rows of a query.
    ///
    /// # Errors
    /// Diesel's.
    fn select<R: Readable>(&mut self, statement: Statement<'_>) -> QueryResult<Vec<R>>;

    /// Runs a statement; the number of rows that it changed.
    ///
    /// # Errors
    /// Diesel's.
    fn run(&mut self, statement: Statement<'_>) -> QueryResult<usize>;

    /// Runs `work` in one transaction that writes; inside another, as a part of it that can be undone alone. SQLite takes the
    /// write lock at once.
    ///
    /// # Errors
    /// Those of `work`, after rolling back; diesel's.
    fn write<T, E: From<diesel::result::Error>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E>;

    /// The condition that `column` is one of many; takes one bind of [`many_i64`], [`many_texts`] or, with `bytes`,
    /// [`many_bytes`].
    fn is_one_of(column: &str, bytes: bool) -> String {
        match (Self::POSTGRES, bytes) {
            (true, _) => format!("{column} = ANY(?)"),
            (false, false) => format!("{column} IN (SELECT value FROM json_each(?))"),
            (false, true) => format!("{column} IN (SELECT unhex(value) FROM json_each(?))"),
        }
    }

    /// The bind of many integers.
    fn many_i64(values: Vec<i64>) -> Bind<'static> {
        if Self::POSTGRES {
            Bind::I64s(values)
        } else {
            Bind::Text(json(&values).into())
        }
    }

    /// The bind of many texts.
    fn many_texts(values: Vec<String>) -> Bind<'static> {
        if Self::POSTGRES {
            Bind::Texts(values)
        } else {
            Bind::Text(json(&values).into())
        }
    }

    /// The bind of many byte strings.
    fn many_bytes(values: Vec<Vec<u8>>) -> Bind<'static> {
        if Self::POSTGRES {
            Bind::Byteses(values)
        } else {
            Bind::Text(json(&values.iter().map(hex::encode).collect::<Vec<_>>()).into())
        }
    }
}

fn json<T: serde::Serialize>(values: &[T]) -> String {
    // Integers and plain texts cannot fail to serialise; an empty list matches nothing.
    serde_json::to_string(values).unwrap_or_else(|_| "[]".to_owned())
}

impl StoreConnection for PgConnection {
    const POSTGRES: bool = true;

    fn select<R: Readable>(&mut self, statement: Statement<'_>) -> QueryResult<Vec<R>> {
        statement.load(self)
    }

    fn run(&mut self, statement: Statement<'_>) -> QueryResult<usize> {
        statement.execute(self)
    }

    fn write<T, E: From<diesel::result::Error>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        if is_inside(self)? {
            return self.transaction(work);
        }
        self.build_transaction().read_committed().read_write().run(work)
    }
}

/// Whose turn it is to write. SQLite lets one transaction write and has the others try again now and then: beside a sequencer that
/// begins the next batch as soon as one has ended, whoever else writes would find it busy for seconds. In the order of asking, it
/// waits for one batch. Several databases of one process take turns too, which only tests have.
static WRITERS: parking_lot::FairMutex<()> = parking_lot::FairMutex::new(());

impl StoreConnection for SqliteConnection {
    const POSTGRES: bool = false;

    fn select<R: Readable>(&mut self, statement: Statement<'_>) -> QueryResult<Vec<R>> {
        statement.load(self)
    }

    fn run(&mut self, statement: Statement<'_>) -> QueryResult<usize> {
        statement.execute(self)
    }

    fn write<T, E: From<diesel::result::Error>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        if is_inside(self)? {
            return self.transaction(work);
        }
        let turn = WRITERS.lock();
        let done = self.immediate_transaction(work);
        drop(turn);
        done
    }
}

fn is_inside<C: Connection<TransactionManager = AnsiTransactionManager>>(connection: &mut C) -> QueryResult<bool> {
    let status = AnsiTransactionManager::transaction_manager_status_mut(connection);
    Ok(status.transaction_depth()?.is_some())
}

/// Settings of a fresh SQLite connection: readers do not wait for the writer, a commit is on disk before it is answered.
pub(super) fn prepare_sqlite(connection: &mut SqliteConnection) -> QueryResult<()> {
    connection.batch_execute(
        "PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 32768;",
    )
}

/// Opens one connection for writing.
pub(super) fn open_sqlite(path: &str) -> diesel::ConnectionResult<SqliteConnection> {
    let mut connection = SqliteConnection::establish(path)?;
    prepare_sqlite(&mut connection).map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// Settings of a fresh PostgreSQL connection.
pub(super) fn prepare_postgres(connection: &mut PgConnection) -> QueryResult<()> {
    connection.batch_execute("SET client_min_messages = warning; SET synchronous_commit = on; SET jit = off; SET plan_cache_mode = force_generic_plan;")
}

/// Opens one connection for writing.
pub(super) fn open_postgres(url: &str) -> diesel::ConnectionResult<PgConnection> {
    let mut connection = PgConnection::establish(url)?;
    prepare_postgres(&mut connection).map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}
