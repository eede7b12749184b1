//! A store of tokens of a test's own, on each engine.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tanqiao_hub::config::ScreeningConfig;
use tanqiao_hub::screening::{
    Collision, Fingerprint, Owner, Screened, ScreeningError, Spool, TokenStore, open_spool, open_store,
};
use tanqiao_hub::store::database::Database;
use tanqiao_protocol::fingerprint::{Epoch, Token, TokenEntry, TokenKind};
use tempfile::TempDir;

use crate::support::OwnDatabase;

/// Where a store is.
pub struct Ground {
    pub url: String,
    directory: TempDir,
    _own: Option<OwnDatabase>,
}

/// Runs `test` on the embedded engine, and on PostgreSQL where `TANQIAO_TEST_POSTGRES` names one (in CI it must).
pub fn on_each_engine(test: impl Fn(&Ground)) {
    with_each_engine(|new| test(&new()));
}

/// As [`on_each_engine`], for a test that needs a new store again and again.
pub fn with_each_engine(test: impl Fn(&dyn Fn() -> Ground)) {
    test(&Ground::embedded);
    match std::env::var("TANQIAO_TEST_POSTGRES") {
        Ok(server) => test(&|| Ground::postgres(&server)),
        Err(_) => assert!(
            std::env::var("CI").is_err(),
            "in CI every test runs on PostgreSQL too: set TANQIAO_TEST_POSTGRES"
        ),
    }
}

pub fn config() -> ScreeningConfig {
    ScreeningConfig {
        sort_memory_mib: 1,
        ..ScreeningConfig::default()
    }
}

impl Ground {
    pub fn embedded() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", directory.path().join("hub.db").display());
        Self::make(url, directory, None)
    }

    fn postgres(server: &str) -> Self {
        let own = OwnDatabase::create(server);
        Self::make(own.url.clone(), tempfile::tempdir().unwrap(), Some(own))
    }

    fn make(url: String, directory: TempDir, own: Option<OwnDatabase>) -> Self {
        Database::open(&url).unwrap().migrate().unwrap();
        Self {
            url,
            directory,
            _own: own,
        }
    }

    pub fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres")
    }

    /// The embedded store's directory.
    pub fn files(&self) -> PathBuf {
        self.directory.path().join("hub.screening")
    }

    pub fn database(&self) -> Database {
        Database::open(&self.url).unwrap()
    }

    pub fn try_open(&self) -> Result<Box<dyn TokenStore>, ScreeningError> {
        open_store(&self.database(), &config())
    }

    /// Opens the store. A PostgreSQL server takes a moment to see that the last connection is gone.
    pub fn open(&self) -> Box<dyn TokenStore> {
        for _ in 0..500 {
            match self.try_open() {
                Err(ScreeningError::Locked(_)) if self.is_postgres() => {
                    std::thread::sleep(std::time::Duration::from_millis(10));
                }
                opened => return opened.unwrap(),
            }
        }
        panic!("the store stays locked");
    }

    pub fn spool(&self) -> Box<dyn Spool> {
        open_spool(&self.database(), &config()).unwrap()
    }
}

pub fn epoch(text: &str) -> Epoch {
    text.parse().unwrap()
}

/// Position, kind, epoch, token: `at(3, TokenKind::Record, "2026-05", 77)`.
pub fn at(position: u32, kind: TokenKind, month: &str, token: u128) -> Fingerprint {
    Fingerprint {
        position,
        entry: TokenEntry {
            kind,
            epoch: epoch(month),
            token: Token(spread(token).to_be_bytes()),
        },
    }
}

/// A number that looks random, another for each.
pub fn spread(token: u128) -> u128 {
    token.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
}

/// Screens, and gives what collided.
pub fn screen(
    store: &mut dyn TokenStore,
    run: u32,
    fingerprints: &[Fingerprint],
) -> Result<(Screened, Vec<Collision>), ScreeningError> {
    let mut found = Vec::new();
    let mut given = fingerprints.iter().copied().map(Ok);
    let screened = store.screen(run, &mut given, &mut |collision| {
        found.push(collision);
        Ok(())
    })?;
    assert_eq!(screened.collided, found.len() as u64);
    Ok((screened, found))
}

/// What the store must be like: a map.
#[derive(Debug, Clone, Default)]
pub struct Model(BTreeMap<(Epoch, Token), Owner>);

impl Model {
    /// As [`TokenStore::screen`] of a run that is not stored yet.
    pub fn screen(&mut self, run: u32, fingerprints: &[Fingerprint]) -> (Screened, Vec<Collision>) {
        let mut sorted = fingerprints.to_vec();
        sorted.sort_by_key(|f| (f.entry.epoch, f.entry.token, f.position, f.entry.kind));
        let (mut screened, mut collisions) = (Screened::default(), Vec::new());
        for found in sorted {
            let own = Owner {
                run,
                position: found.position,
                kind: found.entry.kind,
            };
            let key = (found.entry.epoch, found.entry.token);
            match self.0.get(&key) {
                None => {
                    self.0.insert(key, own);
                    screened.stored += 1;
                }
                Some(owner) if (owner.run, owner.position) == (run, found.position) => {}
                Some(owner) => {
                    collisions.push(Collision { found, owner: *owner });
                    screened.collided += 1;
                }
            }
        }
        (screened, collisions)
    }

    pub fn discard(&mut self, run: u32) {
        self.0.retain(|_, owner| owner.run != run);
    }

    pub fn tokens(&self) -> u64 {
        self.0.len() as u64
    }
}
