//! The log as files (C2SP `tlog-tiles`): `checkpoint`, `tile/…` and `tile/entries/…` below one directory.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

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

    /// Where it is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn path(&self, tile: Tile) -> PathBuf {
        self.directory.join(tile.to_string())
    }

    /// A tile; `None` if it is not there.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn tile(&self, tile: Tile) -> std::io::Result<Option<Vec<u8>>> {
        found(std::fs::read(self.path(tile)))
    }

    /// Writes a tile, whole and durably.
    ///
    /// # Errors
    /// [`FileError`]; an [`std::io::Error`] where a directory cannot be made.
    pub fn write(&self, tile: Tile, bytes: &[u8]) -> Result<(), WriteError> {
        let path = self.path(tile);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|source| WriteError::Directory(parent.to_owned(), source))?;
        }
        Ok(durable::write_public(&path, bytes)?)
    }

    /// The published checkpoint; `None` before the first.
    ///
    /// # Errors
    /// [`std::io::Error`].
    pub fn checkpoint(&self) -> std::io::Result<Option<String>> {
        found(std::fs::read_to_string(self.directory.join(CHECKPOINT)))
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
    Directory(PathBuf, #[source] std::io::Error),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
}

fn found<T>(read: std::io::Result<T>) -> std::io::Result<Option<T>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
