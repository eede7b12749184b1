//! What can go wrong with tokens.

use std::path::{Path, PathBuf};

use tanqiao_protocol::fingerprint::{Epoch, StreamError};

use crate::store::database::StoreError;

/// Why the store of tokens, or the spool, did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ScreeningError {
    /// Another process has the store.
    #[error(
        "another hub process has the store of tokens ({0}): one may use it at a time. Stop the other, or use PostgreSQL for several"
    )]
    Locked(String),
    /// A file could not be read or written.
    #[error("cannot {action} {}: check the disk, and that this user may do so", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A file could not be replaced.
    #[error(transparent)]
    Replaced(#[from] tanqiao_certs::durable::FileError),
    /// A file is not what was written.
    #[error("{} is damaged: {what}. Restore the store of tokens from its backup; nothing is screened until then", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The hub's key for tokens cannot be used.
    #[error("{}: {what}", path.display())]
    Key {
        /// Its file.
        path: PathBuf,
        /// Why not, and what to do.
        what: &'static str,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The spool does not continue there.
    #[error("the stream continues at byte {right}, not at {given}: send from there")]
    Offset {
        /// Where the bytes were said to begin.
        given: u64,
        /// Where the next must begin.
        right: u64,
    },
    /// More bytes than the header of the issuance says.
    #[error("the header says {stream_bytes} bytes of tokens, and these would make it {would_be}")]
    TooLong {
        /// What the header says.
        stream_bytes: u64,
        /// What it would be with these.
        would_be: u64,
    },
    /// Too many bytes at once.
    #[error("{0} bytes at once; 16 MiB at most: send them in pieces")]
    Piece(usize),
    /// The stream has bytes that are no record.
    #[error("record {record}, at byte {offset} of the token stream: {reason}")]
    Record {
        /// Its number, from 0.
        record: u64,
        /// Where it begins.
        offset: u64,
        /// What is wrong with it.
        #[source]
        reason: StreamError,
    },
    /// The stream ends inside a record.
    #[error("the token stream ends at byte {end}, inside record {record}, which begins at byte {offset}")]
    Torn {
        /// Its number, from 0.
        record: u64,
        /// Where it begins.
        offset: u64,
        /// Where the stream ends.
        end: u64,
    },
    /// An activity's position is above [`super::POSITION_MAX`].
    #[error("an activity's position {0} is above 2^30 − 1")]
    Position(u32),
    /// A run's number is 0 or above [`super::RUN_MAX`].
    #[error("run {0}: runs are numbered from 1 to 2^31 − 1")]
    Run(u32),
    /// The epoch is in the archive.
    #[error("the tokens of {0} are in the archive: nothing can be compared with them until they are restored")]
    Retired(Epoch),
    /// There is no such epoch to retire or to restore.
    #[error("there is nothing of {0} to {1}")]
    Unknown(Epoch, &'static str),
    /// An unnamed run has tokens in this epoch.
    #[error("run {run} has tokens in {epoch} and is not named yet: try again when it is")]
    Unsettled {
        /// The run.
        run: u32,
        /// The epoch.
        epoch: Epoch,
    },
    /// The ledger has forgotten runs that it had named.
    #[error(
        "the store of tokens ({place}) has {runs} runs that the ledger had named and does not know now: the ledger was restored from an older copy, or this is another hub's store. Recover the ledger, or restore both from the same time; if the log began anew without them, delete them: `tanqiao-hub admin tokens rewind`"
    )]
    Ahead {
        /// Which store.
        place: String,
        /// How many.
        runs: usize,
    },
    /// A run that the ledger has named was to be deleted.
    #[error("run {0} is named by the ledger and stays")]
    Named(u32),
    /// Whoever gave the fingerprints, or took the collisions, stopped.
    #[error("{0}")]
    Stopped(String),
}

impl ScreeningError {
    /// For [`Result::map_err`]: `action` failed on `path`.
    pub fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { action, path, source }
    }

    /// `path` is not what was written.
    #[must_use]
    pub fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            what: what.into(),
        }
    }
}

impl From<diesel::result::Error> for ScreeningError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}
