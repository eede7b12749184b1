//! A mirrored log: `checkpoint`, `policy`, `tile/…` and `tile/entries/…` below one directory, as the hub serves them.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use tanqiao_protocol::leaf::LEAF_BYTES_MAX;
use tanqiao_protocol::log::note::NOTE_BYTES_MAX;
use tanqiao_protocol::log::policy::POLICY_BYTES_MAX;
use tanqiao_protocol::log::tile::{HASH_BYTES, Kind, TILE_WIDTH, Tile};

/// The largest bundle, in bytes.
const BUNDLE_BYTES_MAX: usize = (LEAF_BYTES_MAX + 2) * TILE_WIDTH as usize;

/// A file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be read: {source}", path.display())]
pub struct FileFault {
    /// Which.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// Reads a file of at most `most` bytes.
///
/// # Errors
/// [`FileFault`]; also for a file that is longer.
pub fn read_file(path: &Path, most: usize) -> Result<Vec<u8>, FileFault> {
    let fault = |source| FileFault {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let file = File::open(path).map_err(fault)?;
    file.take(limit).read_to_end(&mut bytes).map_err(fault)?;
    if bytes.len() > most {
        return Err(fault(io::Error::other(format!("it has more than {most} bytes"))));
    }
    Ok(bytes)
}

/// The directory of a mirrored log.
#[derive(Debug, Clone)]
pub struct Mirror {
    directory: PathBuf,
}

impl Mirror {
    /// The log in this directory.
    #[must_use]
    pub const fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// The bytes of the checkpoint.
    ///
    /// # Errors
    /// [`FileFault`].
    pub fn checkpoint(&self) -> Result<Vec<u8>, FileFault> {
        read_file(&self.directory.join("checkpoint"), NOTE_BYTES_MAX)
    }

    /// The bytes of the policy; `None` if there is none.
    ///
    /// # Errors
    /// [`FileFault`].
    pub fn policy(&self) -> Result<Option<Vec<u8>>, FileFault> {
        optional(read_file(&self.directory.join("policy"), POLICY_BYTES_MAX))
    }

    /// The bytes of a tile or bundle; `None` if it is not there.
    ///
    /// # Errors
    /// [`FileFault`].
    pub fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, FileFault> {
        let most = match tile.kind() {
            Kind::Hashes(_) => usize::from(TILE_WIDTH) * HASH_BYTES,
            Kind::Entries => BUNDLE_BYTES_MAX,
        };
        optional(read_file(&self.directory.join(tile.to_string()), most))
    }

    /// The partial tiles in the place of this one that are still there, narrower than it: a log that grew has left them.
    ///
    /// # Errors
    /// [`FileFault`].
    pub fn left_over(&self, tile: Tile) -> Result<Vec<Tile>, FileFault> {
        let path = self.directory.join(format!("{}.p", tile.full()));
        let fault = |source| FileFault {
            path: path.clone(),
            source,
        };
        let entries = match std::fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(fault(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let name = entry.map_err(fault)?.file_name();
            let width = name.to_str().and_then(|name| name.parse::<u16>().ok());
            let partial = width.and_then(|width| Tile::new(tile.kind(), tile.index(), width));
            found.extend(partial.filter(|partial| partial.width() < tile.width()));
        }
        found.sort_unstable();
        Ok(found)
    }
}

fn optional(read: Result<Vec<u8>, FileFault>) -> Result<Option<Vec<u8>>, FileFault> {
    match read {
        Ok(bytes) => Ok(Some(bytes)),
        Err(fault) if fault.source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}
