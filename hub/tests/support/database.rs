//! The databases of tests: a file for each on SQLite, a database for each on PostgreSQL.

use std::sync::atomic::{AtomicU64, Ordering};

use tanqiao_hub::ledger::audit::{Report, audit};
use tanqiao_hub::store::database::Database;

use super::Federation;

/// Runs `test` on SQLite, and on PostgreSQL where `TANQIAO_TEST_POSTGRES` names one (in CI it must). Whatever a test did,
/// the ledger that it leaves is audited.
pub fn on_each_database(test: impl Fn(Federation)) {
    on_sqlite(&test);
    on_postgres(&test);
}

/// As [`on_each_database`], for a test that leaves a ledger that no audit accepts.
pub fn on_each_broken(test: impl Fn(Federation)) {
    sqlite(&test, |_| {});
    postgres(&test, |_| {});
}

/// Runs `test` on SQLite alone.
pub fn on_sqlite(test: impl Fn(Federation)) {
    sqlite(test, |database| drop(assert_sound(database)));
}

/// Runs `test` on PostgreSQL, where there is one.
pub fn on_postgres(test: impl Fn(Federation)) {
    postgres(test, |database| drop(assert_sound(database)));
}

fn sqlite(test: impl Fn(Federation), afterwards: fn(&Database)) {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", directory.path().join("hub.db").display());
    test(Federation::found(&url));
    afterwards(&Database::open(&url).unwrap());
}

fn postgres(test: impl Fn(Federation), afterwards: fn(&Database)) {
    match std::env::var("TANQIAO_TEST_POSTGRES") {
        Ok(server) => {
            let database = OwnDatabase::create(&server);
            test(Federation::found(&database.url));
            afterwards(&Database::open(&database.url).unwrap());
        }
        Err(_) => {
            assert!(
                std::env::var("CI").is_err(),
                "in CI every test runs on PostgreSQL too: set TANQIAO_TEST_POSTGRES"
            );
        }
    }
}

/// Audits a ledger that must be without findings.
pub fn assert_sound(database: &Database) -> Report {
    let report = audit(database).unwrap();
    let findings: Vec<String> = report
        .invariants
        .iter()
        .flat_map(|i| {
            i.findings
                .iter()
                .map(move |f| format!("invariant {}: {}: {}", i.number, f.subject, f.what))
        })
        .chain(
            report
                .messages
                .findings
                .iter()
                .map(|f| format!("{}: {}", f.subject, f.what)),
        )
        .collect();
    assert!(report.ok, "the ledger is not sound:\n{}", findings.join("\n"));
    report
}

/// A PostgreSQL database of one test, dropped at its end.
pub struct OwnDatabase {
    server: String,
    name: String,
    pub url: String,
}

impl OwnDatabase {
    pub fn create(server: &str) -> Self {
        let own = Self::named(server);
        own.tell(&format!("CREATE DATABASE {}", own.name)).unwrap();
        own
    }

    /// Another one with what this one has now. Who is connected to this one connects again.
    pub fn copy(&self) -> Self {
        let copy = Self::named(&self.server);
        let stop = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
            self.name
        );
        let make = format!("CREATE DATABASE {} TEMPLATE {}", copy.name, self.name);
        // Somebody may connect again between the two.
        let made = (0..100).any(|_| self.tell(&stop).and_then(|()| self.tell(&make)).is_ok());
        assert!(made, "{} was never alone", self.name);
        copy
    }

    /// The same of the database of a test that somebody else drops.
    pub fn copy_of(url: &str) -> Self {
        let server = std::env::var("TANQIAO_TEST_POSTGRES").unwrap();
        let name = url.rsplit_once('/').unwrap().1.to_owned();
        let url = url.to_owned();
        std::mem::ManuallyDrop::new(Self { server, name, url }).copy()
    }

    fn tell(&self, statement: &str) -> diesel::QueryResult<()> {
        use diesel::{Connection, RunQueryDsl};
        // Before the driver does: a thread that still connects at the end of the process would crash it.
        tanqiao_protocol::signing::start_library().unwrap();
        let mut admin = diesel::PgConnection::establish(&self.server).unwrap();
        diesel::sql_query(statement).execute(&mut admin).map(drop)
    }

    fn named(server: &str) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "tanqiao_{}_{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let base = server.rsplit_once('/').map_or(server, |(base, _)| base);
        Self {
            server: server.to_owned(),
            url: format!("{base}/{name}"),
            name,
        }
    }
}

impl Drop for OwnDatabase {
    fn drop(&mut self) {
        use diesel::{Connection, RunQueryDsl};
        if let Ok(mut admin) = diesel::PgConnection::establish(&self.server) {
            let _ =
                diesel::sql_query(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)).execute(&mut admin);
        }
    }
}
