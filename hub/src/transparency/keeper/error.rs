//! Why the log is not published any further.

use std::io;

use tanqiao_protocol::id::TextError;
use tanqiao_protocol::log::note::NoteError;
use tanqiao_protocol::log::policy::PolicyFault;
use tanqiao_protocol::log::tile::{EntryTooLong, ReadError, Tile};

use crate::store::database::StoreError;
use crate::transparency::files::WriteError;
use crate::transparency::log_key::LogKeyError;
use crate::transparency::mark::MarkError;

/// Why the log is not published any further.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file that is written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A file that is read.
    #[error("{tile} cannot be read: {source}")]
    Read {
        /// Which.
        tile: Tile,
        /// Why.
        source: io::Error,
    },
    /// What was written is not what is there.
    #[error("{0} is not what was written: remove the log's directory, and it is made again from the ledger")]
    Damaged(Tile),
    /// The tiles do not make up a tree.
    #[error("the log's tiles: {0}")]
    Tiles(String),
    /// A leaf that no bundle can hold.
    #[error(transparent)]
    Leaf(#[from] EntryTooLong),
    /// The ledger does not continue what was signed.
    #[error(
        "the ledger of {size} leaves does not continue the log of {signed} leaves that was signed: nothing is signed any more. Stop the hub, and compare the database with its backups"
    )]
    Forked {
        /// How many leaves there are.
        size: u64,
        /// How many were signed.
        signed: u64,
    },
    /// The log's name.
    #[error(transparent)]
    Origin(#[from] TextError),
    /// The note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A key.
    #[error(transparent)]
    Key(#[from] LogKeyError),
    /// The head that was signed last.
    #[error(transparent)]
    Mark(#[from] MarkError),
    /// The policy.
    #[error("the policy of the log: {0}")]
    Policy(#[from] PolicyFault),
}

impl From<ReadError<Self>> for KeeperError {
    fn from(error: ReadError<Self>) -> Self {
        match error {
            ReadError::Read(error) => error,
            other => Self::Tiles(other.to_string()),
        }
    }
}
