//! Screening: which fingerprint tokens have been seen before, and in which activity.
//!
//! The store is a map from (epoch, token) to its first owner, and nothing else: no decision of the ledger is made here. It has two
//! engines behind one trait, [`TokenStore`]: files beside an SQLite database, tables in a PostgreSQL database. The spool
//! keeps what members upload until it is screened.
//!
//! A *run* is what one issuance loads. It is stored durably by [`TokenStore::screen`] and is **unnamed** until the sequencer's
//! short commit names it by a row in `screening_run`. Whoever opens the store first says which runs are named
//! ([`TokenStore::reconcile`]); what the others left behind is deleted. So a crash at any point leaves a run whole or not at all.

mod concealed;
mod embedded;
mod error;
mod judge;
mod opening;
pub mod pages;
mod postgres;
mod records;
pub mod screener;
mod sorting;
mod spool_files;
mod spool_rows;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use serde::Serialize;
use tanqiao_protocol::fingerprint::{Epoch, TokenEntry, TokenKind};
use tanqiao_protocol::id::MessageId;

pub use concealed::{Concealed, HubKey};
pub use embedded::EmbeddedStore;
pub use error::ScreeningError;
pub use opening::{open_spool, open_store};
pub use postgres::PostgresStore;
pub use records::{Records, SpooledRecord, fingerprints, records};
pub use spool_files::SpoolFiles;
pub use spool_rows::SpoolRows;

/// The highest position of an activity that the store can say: 2^30 − 1.
pub const POSITION_MAX: u32 = (1 << 30) - 1;
/// The highest number of a run; the lowest is 1.
pub const RUN_MAX: u32 = (1 << 31) - 1;

/// How much memory the store may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreOptions {
    /// Bytes in which a batch is sorted; what does not fit is sorted on disk.
    pub sort_bytes: usize,
    /// Bytes of indexes that stay in memory (about 1.5 a token); what does not fit is read when it is needed.
    pub index_bytes: u64,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            sort_bytes: 128 << 20,
            index_bytes: 256 << 20,
        }
    }
}

/// A token that is to be screened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint {
    /// The activity's index in its issuance, at most [`POSITION_MAX`].
    pub position: u32,
    /// Kind, epoch and token.
    pub entry: TokenEntry,
}

/// The first activity that had a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// The run that loaded it.
    pub run: u32,
    /// The activity's index in the issuance of that run.
    pub position: u32,
    /// As which kind of token.
    pub kind: TokenKind,
}

/// A token that another activity had first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Collision {
    /// Whose token it is, and which.
    pub found: Fingerprint,
    /// Who had it first: an activity of an earlier run, or one of the same run at a lower position.
    pub owner: Owner,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Screened {
    /// Tokens that nobody had: now owned by this run.
    pub stored: u64,
    /// Collisions that were handed over.
    pub collided: u64,
}

/// What the store and the ledger did not agree on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Reconciled {
    /// Runs that no commit had named: deleted.
    pub discarded: Vec<u32>,
    /// Named runs of which the store knows nothing. It must not be screened against until they are loaded again, in order:
    /// the store was restored from an older copy than the ledger, or is another store.
    pub missing: Vec<u32>,
}

/// Size of one epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct EpochStats {
    /// Tokens.
    pub tokens: u64,
    /// Bytes that they take on disk, with indexes.
    pub bytes: u64,
    /// Files or tables that a look-up may have to touch.
    pub parts: u64,
}

/// Size of the store.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct StoreStats {
    /// Of each epoch that is not retired.
    pub epochs: BTreeMap<Epoch, EpochStats>,
    /// Epochs in the archive.
    pub retired: BTreeSet<Epoch>,
}

impl StoreStats {
    /// All tokens.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.epochs.values().map(|epoch| epoch.tokens).sum()
    }

    /// All bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.epochs.values().map(|epoch| epoch.bytes).sum()
    }
}

/// The tokens of one issuance, in any order.
pub type Fingerprints<'a> = dyn Iterator<Item = Result<Fingerprint, ScreeningError>> + 'a;
/// Where collisions go, one by one, in the order of epoch and token.
pub type Collisions<'a> = dyn FnMut(Collision) -> Result<(), ScreeningError> + 'a;

/// The store of tokens. Whoever has one is the only one over all hub processes: opening it takes the lock, which ends with this
/// value, or with its process or connection. Calls block: make them from a thread of their own.
pub trait TokenStore: Send + std::fmt::Debug {
    /// Compares every fingerprint with all that was stored before and with those of the same run, and durably stores under
    /// `run` those that nobody has. The lowest position of a run owns what several of its activities have; an activity
    /// does not collide with itself. Memory stays within the configured bound.
    ///
    /// A run that is screened again gives the same collisions and stores nothing twice. Nothing is stored if it fails;
    /// forget the collisions that came before it failed.
    ///
    /// # Errors
    /// Those of `fingerprints` and `collisions`; [`ScreeningError`].
    fn screen(
        &mut self,
        run: u32,
        fingerprints: &mut Fingerprints<'_>,
        collisions: &mut Collisions<'_>,
    ) -> Result<Screened, ScreeningError>;

    /// Deletes what unnamed runs have left behind, and says which named ones are not there. To be called once after opening,
    /// with all rows of `screening_run`, and whenever another process may have screened.
    ///
    /// # Errors
    /// [`ScreeningError::Ahead`] if that would delete a run that was confirmed; [`ScreeningError`].
    fn reconcile(&mut self, named: &BTreeSet<u32>) -> Result<Reconciled, ScreeningError>;

    /// As [`TokenStore::reconcile`], and deletes confirmed runs too: the ledger was restored from an older copy, and what it decides
    /// again is loaded again.
    ///
    /// # Errors
    /// [`ScreeningError`].
    fn rewind(&mut self, named: &BTreeSet<u32>) -> Result<Reconciled, ScreeningError>;

    /// Deletes one unnamed run: its commit was refused.
    ///
    /// # Errors
    /// [`ScreeningError`].
    fn discard(&mut self, run: u32) -> Result<(), ScreeningError>;

    /// The ledger's commit has named this run: it may be merged with others, and is, if that is due. It may take a while. What is not
    /// confirmed is merged after the next [`TokenStore::reconcile`].
    ///
    /// # Errors
    /// [`ScreeningError`]; the run stays as it is.
    fn confirm(&mut self, run: u32) -> Result<(), ScreeningError>;

    /// Moves an epoch into the archive: nothing is compared with it any more, and fingerprints of it are refused. One that is there
    /// already stays.
    ///
    /// # Errors
    /// [`ScreeningError::Unsettled`] while one of its runs is unnamed; [`ScreeningError`].
    fn retire(&mut self, epoch: Epoch) -> Result<(), ScreeningError>;

    /// Brings an epoch back from the archive, after checking that it is what went there. One that is back already stays.
    ///
    /// # Errors
    /// [`ScreeningError`].
    fn restore(&mut self, epoch: Epoch) -> Result<(), ScreeningError>;

    /// Reads everything that is stored, and compares it with its checksums or counts. It takes as long as the disk does.
    ///
    /// # Errors
    /// [`ScreeningError::Damaged`] with the first that is not what was written; [`ScreeningError`].
    fn verify(&mut self) -> Result<(), ScreeningError>;

    /// Its size.
    ///
    /// # Errors
    /// [`ScreeningError`].
    fn stats(&mut self) -> Result<StoreStats, ScreeningError>;
}

/// Token streams on their way in. Any process may continue what another has begun; one append at a time wins.
pub trait Spool: Send + Sync + std::fmt::Debug {
    /// How many bytes of the stream are durably here; 0 if none.
    ///
    /// # Errors
    /// [`ScreeningError`].
    fn offset(&self, issuance: MessageId) -> Result<u64, ScreeningError>;

    /// Appends bytes that begin at `offset` of a stream that has `stream_bytes` in all, and makes them durable; the offset after them.
    ///
    /// # Errors
    /// [`ScreeningError::Offset`] with the right offset; [`ScreeningError::TooLong`]; [`ScreeningError`].
    fn append(&self, issuance: MessageId, offset: u64, bytes: &[u8], stream_bytes: u64) -> Result<u64, ScreeningError>;

    /// Reads what is here, from the beginning.
    ///
    /// # Errors
    /// [`ScreeningError`].
    fn open(&self, issuance: MessageId) -> Result<Box<dyn Read + Send>, ScreeningError>;

    /// Deletes a stream; nothing happens if there is none.
    ///
    /// # Errors
    /// [`ScreeningError`].
    fn remove(&self, issuance: MessageId) -> Result<(), ScreeningError>;

    /// Issuances that have a stream here.
    ///
    /// # Errors
    /// [`ScreeningError`].
    fn list(&self) -> Result<BTreeSet<MessageId>, ScreeningError>;
}
