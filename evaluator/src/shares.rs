//! The files of shares: one a key generation, mode 0600, written whole or not at all, and overwritten before they are
//! deleted.
//!
//! A file is written before the store knows of it, and deleted after the store has said so; what a crash leaves in between
//! is told apart by the store alone ([`ShareFiles::sweep`]).

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tanqiao_certs::durable::{self, FileError};
use tanqiao_protocol::fingerprint::{Epoch, KeyShare};
use zeroize::Zeroizing;

use crate::ceremony::SessionId;
use crate::config::{ConfigError, read_private};
use crate::secret::SecretText;

const EXTENSION: &str = "share";

/// Why a share cannot be kept, read or destroyed.
#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    /// The directory.
    #[error("{}: the directory of shares cannot be used: {source}", path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The directory is open to others.
    #[error("{} can be entered by others: set its mode to 0700", .0.display())]
    Open(PathBuf),
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] FileError),
    /// The file cannot be read, or others may read it.
    #[error(transparent)]
    Read(#[from] ConfigError),
    /// The file holds something else.
    #[error("{} is not the share that the store names: put the right file back from the backup of this evaluator", .0.display())]
    Content(PathBuf),
    /// The file could not be destroyed.
    #[error("{} cannot be destroyed: {source}", path.display())]
    Destroy {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShareFile {
    session: SessionId,
    epoch: Epoch,
    number: u8,
    /// 32 bytes little-endian, hexadecimal.
    share: SecretText,
}

/// The directory of shares.
#[derive(Debug, Clone)]
pub struct ShareFiles(PathBuf);

impl ShareFiles {
    /// Opens the directory, made with mode 0700 where it is missing.
    ///
    /// # Errors
    /// [`ShareError::Directory`], [`ShareError::Open`].
    pub fn open(directory: &Path) -> Result<Self, ShareError> {
        let refuse = |source| ShareError::Directory {
            path: directory.to_owned(),
            source,
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(refuse)?;
        if std::fs::metadata(directory).map_err(refuse)?.permissions().mode() & 0o077 != 0 {
            return Err(ShareError::Open(directory.to_owned()));
        }
        Ok(Self(directory.to_owned()))
    }

    fn path(&self, epoch: Epoch, session: SessionId) -> PathBuf {
        self.0.join(format!("{epoch}-{session}.{EXTENSION}"))
    }

    /// Writes a share durably. One that exists is never overwritten.
    ///
    /// # Errors
    /// [`ShareError::Write`].
    pub fn keep(&self, epoch: Epoch, session: SessionId, number: u8, share: &[u8; 32]) -> Result<(), ShareError> {
        let path = self.path(epoch, session);
        let content = ShareFile {
            session,
            epoch,
            number,
            share: SecretText::hex(share),
        };
        let text = serde_json::to_string(&content).map_err(|_| ShareError::Content(path.clone()))?;
        let text = Zeroizing::new(text + "\n");
        Ok(durable::write_secret(&path, text.as_bytes())?)
    }

    /// Reads a share.
    ///
    /// # Errors
    /// [`ShareError::Read`], [`ShareError::Content`].
    pub fn read(&self, epoch: Epoch, session: SessionId, number: u8) -> Result<KeyShare, ShareError> {
        let path = self.path(epoch, session);
        let text = read_private(&path)?;
        let refuse = || ShareError::Content(path.clone());
        let file: ShareFile = serde_json::from_str(&text).map_err(|_| refuse())?;
        if (file.session, file.epoch, file.number) != (session, epoch, number) {
            return Err(refuse());
        }
        let bytes = file.share.bytes().ok_or_else(refuse)?;
        KeyShare::from_bytes(&bytes).map_err(|_| refuse())
    }

    /// Overwrites a share's file and deletes it. One that is not there is destroyed already.
    ///
    /// # Errors
    /// [`ShareError::Destroy`]; it can be tried again.
    pub fn destroy(&self, epoch: Epoch, session: SessionId) -> Result<(), ShareError> {
        destroy(&self.path(epoch, session), &self.0)
    }

    /// Destroys every share that `wanted` does not name: what a crash left behind.
    ///
    /// # Errors
    /// [`ShareError`].
    pub fn sweep(&self, wanted: &[(Epoch, SessionId)]) -> Result<usize, ShareError> {
        let refuse = |source| ShareError::Directory {
            path: self.0.clone(),
            source,
        };
        let wanted: Vec<PathBuf> = wanted
            .iter()
            .map(|(epoch, session)| self.path(*epoch, *session))
            .collect();
        let mut count = 0;
        for entry in std::fs::read_dir(&self.0).map_err(refuse)? {
            let path = entry.map_err(refuse)?.path();
            // A share that was being written has no name of its own yet.
            let unnamed = path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(".new-"));
            let share = path.extension().is_some_and(|extension| extension == EXTENSION);
            if (share || unnamed) && !wanted.contains(&path) {
                destroy(&path, &self.0)?;
                count += 1;
            }
        }
        Ok(count)
    }
}

fn destroy(path: &Path, directory: &Path) -> Result<(), ShareError> {
    let attempt = || -> io::Result<()> {
        let mut file = match OpenOptions::new().write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let length = usize::try_from(file.metadata()?.len()).unwrap_or(0);
        file.write_all(&vec![0; length])?;
        file.sync_all()?;
        std::fs::remove_file(path)?;
        File::open(directory)?.sync_all()
    };
    attempt().map_err(|source| ShareError::Destroy {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_kept_secretly_read_back_and_destroyed() {
        let directory = tempfile::tempdir().unwrap();
        let files = ShareFiles::open(&directory.path().join("shares")).unwrap();
        let (epoch, session) = ("2026-05".parse().unwrap(), SessionId::new());
        let mut share = [0; 32];
        share[0] = 7;
        files.keep(epoch, session, 2, &share).unwrap();
        let path = files.path(epoch, session);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(
            files.read(epoch, session, 2).unwrap().public_key(),
            KeyShare::from_bytes(&share).unwrap().public_key()
        );
        assert!(files.keep(epoch, session, 2, &share).is_err(), "never overwritten");
        assert!(matches!(files.read(epoch, session, 3), Err(ShareError::Content(_))));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(files.read(epoch, session, 2), Err(ShareError::Read(_))));
        files.destroy(epoch, session).unwrap();
        files.destroy(epoch, session).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn what_a_crash_left_is_destroyed_and_what_the_store_names_stays() {
        let directory = tempfile::tempdir().unwrap();
        let files = ShareFiles::open(&directory.path().join("shares")).unwrap();
        let epoch = "2026-05".parse().unwrap();
        let (wanted, orphan) = (SessionId::new(), SessionId::new());
        for session in [wanted, orphan] {
            files.keep(epoch, session, 1, &[5; 32].map(|b: u8| b & 1)).unwrap();
        }
        std::fs::write(files.0.join(".new-half"), "{").unwrap();
        std::fs::write(files.0.join("README"), "not a share").unwrap();
        assert_eq!(files.sweep(&[(epoch, wanted)]).unwrap(), 2);
        assert!(files.path(epoch, wanted).exists() && files.0.join("README").exists());
    }

    #[test]
    fn a_directory_that_others_can_enter_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(ShareFiles::open(directory.path()), Err(ShareError::Open(_))));
    }
}
