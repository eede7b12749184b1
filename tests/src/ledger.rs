//! The hub's database: opened beside the running hub, for looking only.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel::{Connection as _, PgConnection, RunQueryDsl as _};
use tanqiao_hub::ledger::audit;
use tanqiao_hub::store::audit as rows;
use tanqiao_hub::store::database::{Database, ReadConnection, StoreError};
use tanqiao_hub::store::read::statistics::{self, Statistics};
use tanqiao_hub::store::statement::Statement;
use tanqiao_protocol::feed::FeedEntry;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::lattice::SetDigest;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// A database of its own at the server that `TANQIAO_TEST_POSTGRES` names.
    Postgres,
}

/// A server for PostgreSQL databases of tests; in CI there must be one.
#[must_use]
pub fn postgres() -> Option<String> {
    let server = std::env::var("TANQIAO_TEST_POSTGRES").ok();
    let required = server.is_none() && std::env::var("CI").is_ok();
    assert!(
        !required,
        "in CI every story is told on PostgreSQL too: set TANQIAO_TEST_POSTGRES"
    );
    server
}

/// A PostgreSQL database of one story, dropped at its end.
#[derive(Debug)]
pub struct OwnDatabase {
    server: String,
    name: String,
    /// How to reach it.
    pub url: String,
}

impl OwnDatabase {
    /// Creates an empty one.
    #[must_use]
    pub fn create() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let server = postgres().unwrap();
        let name = format!(
            "tanqiao_story_{}_{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let base = server.rsplit_once('/').map_or(server.as_str(), |(base, _)| base);
        let own = Self {
            url: format!("{base}/{name}"),
            server: server.clone(),
            name,
        };
        own.tell(&[format!("CREATE DATABASE {}", own.name)]);
        own
    }

    fn tell(&self, statements: &[String]) {
        tanqiao_protocol::signing::start_library().unwrap();
        let mut admin = PgConnection::establish(&self.server).unwrap();
        for statement in statements {
            diesel::sql_query(statement).execute(&mut admin).unwrap();
        }
    }

    /// Makes the database `to` what `from` is; nobody stays connected to either.
    fn copy(&self, from: &str, to: &str) {
        self.tell(&[
            format!("DROP DATABASE IF EXISTS {to} WITH (FORCE)"),
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{from}'"),
            format!("CREATE DATABASE {to} TEMPLATE {from}"),
        ]);
    }

    fn backup(&self) -> String {
        format!("{}_backup", self.name)
    }
}

impl Drop for OwnDatabase {
    fn drop(&mut self) {
        if let Ok(mut admin) = PgConnection::establish(&self.server) {
            for name in [self.name.clone(), self.backup()] {
                // What cannot be dropped is left behind for whoever stops the server.
                let _ = diesel::sql_query(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).execute(&mut admin);
            }
        }
    }
}

/// How far the hub's feed for a member goes, and what the member should hold after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedHead {
    /// The last entry.
    pub seq: i64,
    /// The fingerprint of all its blocks.
    pub digest: String,
}

impl FeedHead {
    fn new(seq: i64, blocks: &SetDigest) -> Self {
        Self {
            seq,
            digest: Sha256(blocks.fingerprint()).to_string(),
        }
    }
}

/// Size and chain of the log: equal if nothing was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogHead {
    /// Number of leaves.
    pub size: i64,
    /// Chain over all of them.
    pub chain: Vec<u8>,
}

/// The hub's database.
#[derive(Debug)]
pub struct Ledger {
    /// How to reach it.
    pub url: String,
    at: At,
}

#[derive(Debug)]
enum At {
    Sqlite(PathBuf),
    Postgres(OwnDatabase),
}

impl Ledger {
    /// A new one; of SQLite in this file.
    #[must_use]
    pub fn new(kind: Kind, file: PathBuf) -> Self {
        match kind {
            Kind::Sqlite => Self {
                url: format!("sqlite:{}", file.display()),
                at: At::Sqlite(file),
            },
            Kind::Postgres => {
                let own = OwnDatabase::create();
                Self {
                    url: own.url.clone(),
                    at: At::Postgres(own),
                }
            }
        }
    }

    /// Does something with the database, off the async threads.
    pub async fn with<T: Send + 'static>(&self, work: impl FnOnce(&Database) -> T + Send + 'static) -> T {
        let url = self.url.clone();
        let done = tokio::task::spawn_blocking(move || work(&Database::open(&url).unwrap()));
        done.await.unwrap()
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut ReadConnection<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.with(|database| database.read(work).unwrap()).await
    }

    /// Changes rows behind the hub that may be running, and says how many.
    pub async fn alter(&self, sql: &str) -> usize {
        let sql = sql.to_owned();
        self.read(move |connection| connection.execute(Statement::new(sql)))
            .await
    }

    /// Totals.
    pub async fn totals(&self) -> Statistics {
        self.read(statistics::all).await
    }

    /// The head of the log.
    pub async fn head(&self) -> LogHead {
        let head = self.read(rows::head).await;
        LogHead {
            size: head.size,
            chain: head.chain,
        }
    }

    /// The head of a member's feed.
    pub async fn feed_head(&self, member: &str) -> FeedHead {
        let member = member.to_owned();
        let look = move |connection: &mut ReadConnection<'_>| {
            rows::snapshot(connection, |connection| {
                let members = rows::names(connection)?.members;
                for (number, row) in rows::feed_heads(connection)? {
                    if members.get(&number).is_some_and(|found| found.as_str() == member) {
                        return Ok(FeedHead::new(row.seq, &SetDigest::from_bytes(&row.lattice).unwrap()));
                    }
                }
                Ok(FeedHead::new(0, &SetDigest::new()))
            })
        };
        self.read(look).await
    }

    /// A member's feed entries, oldest first.
    pub async fn feed(&self, member: &str) -> Vec<FeedEntry> {
        let member = member.parse().unwrap();
        let look = move |connection: &mut ReadConnection<'_>| {
            let number = rows::names(connection)?.numbers.members.number(&member)?;
            let mut entries = Vec::new();
            rows::feed(connection, number, |row| {
                entries.push(serde_json::from_slice(&row.bytes).unwrap());
                Ok(())
            })?;
            Ok(entries)
        };
        self.read(look).await
    }

    /// Audits every invariant over the whole ledger; there must be no finding.
    pub async fn assert_sound(&self) {
        let report = self.with(|database| audit::audit(database).unwrap()).await;
        let findings = report.invariants.iter().flat_map(|invariant| {
            invariant
                .findings
                .iter()
                .map(move |one| format!("{}: {}: {}", invariant.number, one.subject, one.what))
        });
        let findings: Vec<String> = findings.collect();
        assert!(
            report.ok,
            "the ledger does not hold what it must:\n{}",
            findings.join("\n")
        );
    }

    /// Keeps a backup of the database as it is; the hub must not run.
    pub fn back_up(&self) {
        match &self.at {
            At::Sqlite(file) => copy_sqlite(file, &file.with_extension("backup")),
            At::Postgres(own) => own.copy(&own.name, &own.backup()),
        }
    }

    /// Puts the backup in the place of the database; the hub must not run.
    pub fn restore(&self) {
        match &self.at {
            At::Sqlite(file) => copy_sqlite(&file.with_extension("backup"), file),
            At::Postgres(own) => own.copy(&own.backup(), &own.name),
        }
    }
}

/// Copies a SQLite database that nobody has open, with what it has not yet taken in of its write-ahead log.
pub fn copy_sqlite(from: &std::path::Path, to: &std::path::Path) {
    for suffix in ["", "-wal", "-shm"] {
        let with = |path: &std::path::Path| PathBuf::from(format!("{}{suffix}", path.display()));
        let (from, to) = (with(from), with(to));
        if from.exists() {
            std::fs::copy(&from, &to).unwrap();
        } else if to.exists() {
            std::fs::remove_file(&to).unwrap();
        }
    }
}
