//! Files that are written whole or not at all: a temporary file in the same directory, fsync, rename, fsync of the
//! directory. A crash leaves the old content or the new, never a part.

use std::{
    fs::{File, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// Mode of files that everybody may read: certificates, CRLs.
const MODE_PUBLIC: u32 = 0o644;
/// Mode of secret files: private keys, codes.
const MODE_SECRET: u32 = 0o600;

/// A file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: check that it exists and that this user may do so", path.display())]
pub struct FileError {
    action: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl FileError {
    pub(crate) fn new(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self {
            action,
            path: path.to_owned(),
            source,
        }
    }

    /// Whether the file exists already although it must not.
    #[must_use]
    pub fn already_exists(&self) -> bool {
        self.source.kind() == io::ErrorKind::AlreadyExists
    }
}

/// Writes or replaces a file that everybody may read (mode 0644).
///
/// # Errors
/// [`FileError`]; the old content then stays.
pub fn write_public(path: &Path, content: &[u8]) -> Result<(), FileError> {
    write(path, content, MODE_PUBLIC, true)
}

/// Writes a secret file (mode 0600) that **must not exist yet**: a private key is never overwritten.
///
/// # Errors
/// [`FileError`], with [`FileError::already_exists`] when the path is taken.
pub fn write_secret(path: &Path, content: &[u8]) -> Result<(), FileError> {
    write(path, content, MODE_SECRET, false)
}

/// Writes or replaces a secret file (mode 0600): the last step of a key's renewal.
///
/// # Errors
/// [`FileError`]; the old content then stays.
pub fn replace_secret(path: &Path, content: &[u8]) -> Result<(), FileError> {
    write(path, content, MODE_SECRET, true)
}

/// Reads a whole file.
///
/// # Errors
/// [`FileError`].
pub fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    std::fs::read(path).map_err(|e| FileError::new("read", path, e))
}

/// Puts a file in the place of another of the same directory, durably.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    let attempt = || -> io::Result<()> {
        std::fs::rename(from, to)?;
        File::open(directory_of(to))?.sync_all()
    };
    attempt().map_err(|e| FileError::new("replace", to, e))
}

/// Removes a file.
pub(crate) fn remove(path: &Path) -> Result<(), FileError> {
    std::fs::remove_file(path).map_err(|e| FileError::new("remove", path, e))
}

fn directory_of(path: &Path) -> &Path {
    path.parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."))
}

fn write(path: &Path, content: &[u8], mode: u32, replace: bool) -> Result<(), FileError> {
    let attempt = || -> io::Result<()> {
        let directory = directory_of(path);
        let mut file = tempfile::Builder::new()
            .prefix(".new-")
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(directory)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        if replace {
            file.persist(path)?
        } else {
            file.persist_noclobber(path)?
        };
        File::open(directory)?.sync_all()
    };
    attempt().map_err(|e| FileError::new("write", path, e))
}
