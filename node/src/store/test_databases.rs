//! Runs a test on SQLite always, and on PostgreSQL where `TANQIAO_TEST_POSTGRES` is a superuser's URL.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use tempfile::TempDir;

use super::{Store, migrate};

/// An empty, migrated database of one test, removed with it.
pub(crate) struct TestDatabase {
    pub(crate) url: String,
    admin: Option<(String, String)>,
    _folder: Option<TempDir>,
}

impl TestDatabase {
    pub(crate) fn store(&self) -> Store {
        Store::open(&self.url).unwrap()
    }

    /// Another process's database, which this one leaves alone.
    pub(crate) fn existing(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            admin: None,
            _folder: None,
        }
    }

    fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let url = format!("sqlite:{}", folder.path().join("node.db").display());
        Self {
            url,
            admin: None,
            _folder: Some(folder),
        }
    }

    fn postgres(admin: &str) -> Self {
        let name = format!("node_{}", uuid::Uuid::now_v7().simple());
        let (server, options) = admin.split_once('?').map_or((admin, None), |(s, o)| (s, Some(o)));
        // The URL of another database on the same server: scheme, authority and the options stay.
        let base = match server.rsplit_once('/') {
            Some((base, _)) if !base.ends_with('/') => base,
            _ => server,
        };
        let url = format!("{base}/{name}{}", options.map(|o| format!("?{o}")).unwrap_or_default());
        // Before the driver does: a thread that still connects at the end of the process would crash it.
        tanqiao_protocol::signing::start_library().unwrap();
        PgConnection::establish(admin)
            .unwrap()
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .unwrap();
        Self {
            url,
            admin: Some((admin.to_owned(), name)),
            _folder: None,
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some((admin, name)) = &self.admin
            && let Ok(mut connection) = PgConnection::establish(admin)
        {
            let _ = connection.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// The databases that a test has to pass on, empty and not migrated.
pub(crate) fn empty_databases() -> Vec<TestDatabase> {
    let mut databases = vec![TestDatabase::sqlite()];
    match std::env::var("TANQIAO_TEST_POSTGRES") {
        Ok(admin) => databases.push(TestDatabase::postgres(&admin)),
        Err(_) => assert!(
            std::env::var_os("CI").is_none(),
            "TANQIAO_TEST_POSTGRES must be a superuser's URL of a PostgreSQL where CI is set"
        ),
    }
    databases
}

/// The databases that a test has to pass on, migrated.
pub(crate) fn databases() -> Vec<TestDatabase> {
    let databases = empty_databases();
    for database in &databases {
        migrate(&database.url).unwrap();
    }
    databases
}

#[test]
fn migrating_twice_changes_nothing_and_a_newer_schema_is_refused() {
    for database in empty_databases() {
        assert!(
            matches!(Store::open(&database.url), Err(super::StoreError::Older)),
            "{}",
            database.url
        );
        assert!(!migrate(&database.url).unwrap().is_empty());
        assert!(migrate(&database.url).unwrap().is_empty());
        let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')";
        match database.url.strip_prefix("sqlite:") {
            Some(path) => diesel::SqliteConnection::establish(path)
                .unwrap()
                .batch_execute(newer)
                .unwrap(),
            None => PgConnection::establish(&database.url)
                .unwrap()
                .batch_execute(newer)
                .unwrap(),
        }
        assert!(matches!(Store::open(&database.url), Err(super::StoreError::Newer(v)) if v == "9999"));
        assert!(matches!(migrate(&database.url), Err(super::StoreError::Newer(_))));
    }
}

#[test]
fn a_refused_transaction_leaves_nothing_behind() {
    for database in databases() {
        let store = database.store();
        let row = super::rows::AccountRow {
            id: "pool-1".into(),
            kind: 2,
            created_at: 1,
        };
        let result: Result<(), _> = store.write(|tx| {
            tx.insert_account(&row)?;
            Err(crate::NodeError::refused("test", "no"))
        });
        assert!(result.is_err());
        assert_eq!(store.read(|tx| Ok(tx.account("pool-1")?)).unwrap(), None);
        store.write(|tx| Ok(tx.insert_account(&row)?)).unwrap();
        assert_eq!(store.read(|tx| Ok(tx.account("pool-1")?)).unwrap(), Some(row));
    }
}
