//! Files that are written whole or not at all: a temporary file in the same directory, fsync, rename, fsync of the
//! directory. A crash leaves the old content or the new, never a part.

use std::{
    collections::BTreeSet,
    fs::{File, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

/// Mode of files that everybody may read: certificates, CRLs.
const MODE_PUBLIC: u32 = 0o644;
/// Mode of secret files: private keys, codes.
const MODE_SECRET: u32 = 0o600;
/// Files that are brought to disk at a time: a file system commits them together.
const SYNCED_TOGETHER: usize = 8;

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

/// Writes or replaces many files that everybody may read. Each is written whole or not at all, and all of them are on disk afterwards;
/// that takes a few waits for the disk instead of two for each file.
///
/// # Errors
/// [`FileError`]; some of them may have their new content then.
pub fn write_public_all<C: AsRef<[u8]> + Sync>(files: &[(PathBuf, C)]) -> Result<(), FileError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| FileError::new("write", &path, source)
    };
    for files in files.chunks(SYNCED_TOGETHER) {
        let written = std::thread::scope(|scope| {
            let write = |(path, content): &(PathBuf, C)| written(path, content.as_ref(), MODE_PUBLIC);
            let threads: Vec<_> = files.iter().map(|file| scope.spawn(move || write(file))).collect();
            let ended = threads.into_iter().map(|thread| match thread.join() {
                Ok(written) => written,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            ended.collect::<Vec<_>>()
        });
        for (written, (path, _)) in written.into_iter().zip(files) {
            let file = written.map_err(failed(path))?;
            file.persist(path).map_err(|error| failed(path)(error.error))?;
        }
    }
    let directories: BTreeSet<&Path> = files.iter().map(|(path, _)| directory_of(path)).collect();
    for directory in directories {
        sync_directory(directory).map_err(failed(directory))?;
    }
    Ok(())
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
        sync_directory(directory_of(to))
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

fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// The content on disk, beside the place where it belongs.
fn written(path: &Path, content: &[u8], mode: u32) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new()
        .prefix(".new-")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(directory_of(path))?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn write(path: &Path, content: &[u8], mode: u32, replace: bool) -> Result<(), FileError> {
    let attempt = || -> io::Result<()> {
        let file = written(path, content, mode)?;
        if replace {
            file.persist(path)?
        } else {
            file.persist_noclobber(path)?
        };
        sync_directory(directory_of(path))
    };
    attempt().map_err(|e| FileError::new("write", path, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_files_are_written_and_replaced_and_nothing_else_is_left() {
        let place = tempfile::tempdir().unwrap();
        let other = place.path().join("other");
        std::fs::create_dir(&other).unwrap();
        let path =
            |number: usize| if number.is_multiple_of(2) { place.path() } else { &other }.join(number.to_string());
        for round in ["first", "second"] {
            let files: Vec<_> = (0..20)
                .map(|number| (path(number), format!("{round} {number}")))
                .collect();
            write_public_all(&files).unwrap();
            for (path, content) in &files {
                assert_eq!(std::fs::read_to_string(path).unwrap(), *content);
                assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, MODE_PUBLIC);
            }
        }
        assert_eq!(std::fs::read_dir(&other).unwrap().count(), 10);
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 11);
        let files = [(path(0), "kept"), (place.path().join("missing/file"), "lost")];
        let error = write_public_all(&files).unwrap_err().to_string();
        assert!(error.contains("missing/file"), "{error}");
    }
}
