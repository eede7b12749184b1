//! What the hub's ledger says, read beside the running hub: heads of feeds, digests, the audit.

use std::collections::BTreeMap;

use tanqiao_hub::ledger::audit::{self, Report};
use tanqiao_hub::ledger::objects::Issuance;
use tanqiao_hub::store::audit as store;
use tanqiao_hub::store::database::{Database, StoreError};
use tanqiao_hub::store::read::dealings;
use tanqiao_hub::store::read::statistics::{self, Statistics};
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::lattice::SetDigest;

use crate::failure::{Doing as _, Outcome};

/// How far the hub's feed for a member goes, and the digest of what the member should hold after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedHead {
    /// The last entry.
    pub seq: i64,
    /// The digest.
    pub digest: Sha256,
}

/// The head of a feed that has no entry yet.
impl Default for FeedHead {
    fn default() -> Self {
        Self {
            seq: 0,
            digest: Sha256(SetDigest::new().fingerprint()),
        }
    }
}

/// An issuance as the hub has it.
///
/// # Errors
/// The store's.
pub async fn issuance(database: &Database, id: MessageId) -> Outcome<Option<Issuance>> {
    reading(database, move |database| {
        database.read(|connection| dealings::issuance(connection, id))
    })
    .await
}

/// The heads of all feeds by member; a feed without an entry has none.
///
/// # Errors
/// The store's.
pub async fn feed_heads(database: &Database) -> Outcome<BTreeMap<String, FeedHead>> {
    reading(database, |database| {
        database.read(|connection| {
            store::snapshot(connection, |connection| {
                let members = store::names(connection)?.members;
                let mut heads = BTreeMap::new();
                for (number, row) in store::feed_heads(connection)? {
                    let lattice =
                        SetDigest::from_bytes(&row.lattice).map_err(|error| StoreError::Content(error.to_string()))?;
                    if let Some(member) = members.get(&number) {
                        heads.insert(
                            member.to_string(),
                            FeedHead {
                                seq: row.seq,
                                digest: Sha256(lattice.fingerprint()),
                            },
                        );
                    }
                }
                Ok(heads)
            })
        })
    })
    .await
}

/// Totals.
///
/// # Errors
/// The store's.
pub async fn totals(database: &Database) -> Outcome<Statistics> {
    reading(database, |database| database.read(statistics::all)).await
}

/// Every invariant of the domain, over the whole ledger.
///
/// # Errors
/// The store's.
pub async fn audited(database: &Database) -> Outcome<Report> {
    reading(database, audit::audit).await
}

async fn reading<T: Send + 'static>(
    database: &Database,
    read: impl FnOnce(&Database) -> Result<T, StoreError> + Send + 'static,
) -> Outcome<T> {
    let database = database.clone();
    let work = tokio::task::spawn_blocking(move || read(&database));
    work.await
        .doing("reading the hub's ledger")?
        .doing("reading the hub's ledger")
}
