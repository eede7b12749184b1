//! The log as files (C2SP `tlog-tiles`): `checkpoint`, `tile/…` and `tile/entries/…` below one directory.

use std::io;
use std::path::PathBuf;

use tanqiao_certs::durable::{self, FileError};
use tanqiao_protocol::log::tile::Tile;

const CHECKPOINT: &str = "checkpoint";

/// The directory of a log.
#[derive(Debug, Clone)]
pub struct LogFiles {
    directory: PathBuf,
}

impl LogFiles {
    /// The log in this directory, which is made when the first tile is written.
    #[must_use]
    pub const fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    fn path(&self, tile: Tile) -> PathBuf {
        self.directory.join(tile.to_string())
    }

    /// A tile; `None` if it is not there.
    ///
    /// # Errors
    /// [`io::Error`].
    pub fn tile(&self, tile: Tile) -> io::Result<Option<Vec<u8>>> {
        match std::fs::read(self.path(tile)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a tile, whole and durably.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn write(&self, tile: Tile, bytes: &[u8]) -> Result<(), WriteError> {
        let path = self.path(tile);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|source| WriteError::Directory(parent.to_owned(), source))?;
        }
        Ok(durable::write_public(&path, bytes)?)
    }

    /// Publishes a checkpoint.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn publish(&self, note: &str) -> Result<(), WriteError> {
        Ok(durable::write_public(
            &self.directory.join(CHECKPOINT),
            note.as_bytes(),
        )?)
    }
}

/// A file of the log could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A directory.
    #[error("cannot make {}: {_1}", .0.display())]
    Directory(PathBuf, #[source] io::Error),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
}
