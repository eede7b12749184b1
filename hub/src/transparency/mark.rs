//! The head that this hub has signed last, in a file beside the log's key: a database that was restored from before it is not signed, or
//! the log would have two histories.

use std::path::PathBuf;

use tanqiao_certs::durable::{self, FileError};
use tanqiao_protocol::id::TextError;
use tanqiao_protocol::log::checkpoint::{Checkpoint, Head};

/// The file, and what it says.
#[derive(Debug)]
pub struct SignedMark {
    path: PathBuf,
    last: Option<Checkpoint>,
}

/// The mark cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MarkError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is no checkpoint.
    #[error("{}: {_1}", .0.display())]
    Content(PathBuf, #[source] TextError),
}

impl SignedMark {
    /// The mark in a file; a hub that has none yet begins one.
    ///
    /// # Errors
    /// [`MarkError`].
    pub fn open(path: PathBuf) -> Result<Self, MarkError> {
        if !path.exists() {
            return Ok(Self { path, last: None });
        }
        let bytes = durable::read(&path)?;
        let last = String::from_utf8_lossy(&bytes).parse();
        let last = last.map_err(|source| MarkError::Content(path.clone(), source))?;
        Ok(Self { path, last: Some(last) })
    }

    /// The head that was signed last for the log of this name. Another name is another log.
    pub(super) fn last(&self, origin: &str) -> Option<Head> {
        let last = self.last.as_ref().filter(|last| last.origin() == origin);
        last.map(Checkpoint::head)
    }

    /// Notes a head, before it is signed.
    pub(super) fn note(&mut self, checkpoint: &Checkpoint) -> Result<(), MarkError> {
        durable::write_public(&self.path, checkpoint.to_string().as_bytes())?;
        self.last = Some(checkpoint.clone());
        Ok(())
    }
}
