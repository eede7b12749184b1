//! The directory of the store: who has it, where its files are, and which of them nobody refers to.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use tanqiao_protocol::fingerprint::Epoch;

use super::super::ScreeningError;
use super::manifest::{FileEntry, MANIFEST, Manifest};

const LOCK: &str = "lock";
const ARCHIVE: &str = "archive";
/// Only the hub's user may look: tokens are de-identified personal information.
const MODE: u32 = 0o700;

/// A directory that this process has.
#[derive(Debug)]
pub(in super::super) struct Directory {
    root: PathBuf,
    /// Locked until it is closed.
    _lock: File,
}

/// Makes a directory that may be there already, durably.
pub(in super::super) fn make(path: &Path) -> Result<(), ScreeningError> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.mode(MODE).recursive(true);
    builder.create(path).map_err(ScreeningError::file("make", path))?;
    path.parent().map_or(Ok(()), sync)
}

/// Makes the names in a directory durable.
pub(in super::super) fn sync(path: &Path) -> Result<(), ScreeningError> {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(ScreeningError::file("sync", path))
}

/// Deletes a file that nothing refers to.
pub(in super::super) fn delete(path: &Path) -> Result<(), ScreeningError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(ScreeningError::file("delete", path)(error)),
        _ => Ok(()),
    }
}

/// Names in a directory; none if it is not there.
pub(in super::super) fn names(path: &Path) -> Result<Vec<String>, ScreeningError> {
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(ScreeningError::file("list", path))?,
    };
    entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_, _>>()
        .map_err(ScreeningError::file("list", path))
}

/// Files that are given up unless they are kept: of a screening or merge that did not come to its end.
#[derive(Debug, Default)]
pub(super) struct Draft(Vec<PathBuf>);

impl Draft {
    pub(super) fn add(&mut self, path: &Path) {
        self.0.push(path.to_owned());
    }

    pub(super) fn keep(&mut self) {
        self.0.clear();
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        for path in &self.0 {
            // What cannot be deleted now is deleted when the store is opened again.
            let _ = fs::remove_file(path);
        }
    }
}

impl Directory {
    /// Takes a directory, which is made if it is not there.
    pub(in super::super) fn take(root: &Path) -> Result<Self, ScreeningError> {
        make(root)?;
        let path = root.join(LOCK);
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(ScreeningError::file("open", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(ScreeningError::Locked(root.display().to_string())),
            Err(TryLockError::Error(error)) => return Err(ScreeningError::file("lock", &path)(error)),
        }
        Ok(Self {
            root: root.to_owned(),
            _lock: lock,
        })
    }

    pub(in super::super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn epoch(&self, epoch: Epoch) -> PathBuf {
        self.root.join(epoch.to_string())
    }

    pub(super) fn archive(&self) -> PathBuf {
        self.root.join(ARCHIVE)
    }

    pub(super) fn archived(&self, epoch: Epoch) -> PathBuf {
        self.archive().join(epoch.to_string())
    }

    pub(super) fn file(&self, epoch: Epoch, file: &FileEntry) -> PathBuf {
        self.epoch(epoch).join(file.name())
    }

    /// Reads the manifest; writes the first one into a new directory.
    pub(super) fn manifest(&self) -> Result<Manifest, ScreeningError> {
        if self.root.join(MANIFEST).exists() {
            return Manifest::read(&self.root);
        }
        for name in self.epochs()? {
            if let Some(file) = names(&self.root.join(&name))?.first() {
                let path = self.root.join(MANIFEST);
                return Err(ScreeningError::damaged(
                    &path,
                    format!("it is missing, and {name}/{file} is there"),
                ));
            }
        }
        let manifest = Manifest::default();
        manifest.write(&self.root)?;
        Ok(manifest)
    }

    /// Names of directories of epochs.
    fn epochs(&self) -> Result<Vec<String>, ScreeningError> {
        let mut all = names(&self.root)?;
        all.retain(|name| name.parse::<Epoch>().is_ok());
        Ok(all)
    }

    /// Ends what a crash has interrupted: moves epochs to where the manifest says they are, and deletes files that are not in it.
    pub(super) fn settle(&self, manifest: &Manifest) -> Result<(), ScreeningError> {
        for epoch in manifest.retired.keys() {
            if self.epoch(*epoch).exists() && !self.archived(*epoch).exists() {
                self.move_epoch(&self.epoch(*epoch), &self.archived(*epoch))?;
            }
        }
        for epoch in manifest.epochs.keys() {
            if self.archived(*epoch).exists() && !self.epoch(*epoch).exists() {
                self.move_epoch(&self.archived(*epoch), &self.epoch(*epoch))?;
            }
        }
        for name in self.epochs()? {
            let files = name.parse().ok().and_then(|epoch: Epoch| manifest.epochs.get(&epoch));
            let known: BTreeSet<String> = files.into_iter().flatten().map(FileEntry::name).collect();
            let path = self.root.join(&name);
            for file in names(&path)?.iter().filter(|file| !known.contains(*file)) {
                delete(&path.join(file))?;
            }
        }
        for name in names(&self.root)?.iter().filter(|name| name.starts_with(".new-")) {
            delete(&self.root.join(name))?;
        }
        Ok(())
    }

    /// Moves the directory of an epoch, durably.
    pub(super) fn move_epoch(&self, from: &Path, to: &Path) -> Result<(), ScreeningError> {
        make(&self.archive())?;
        fs::rename(from, to).map_err(ScreeningError::file("move", from))?;
        sync(&self.archive())?;
        sync(&self.root)
    }
}
