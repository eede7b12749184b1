//! The key of the transparency log: a file of its own, made once.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tanqiao_certs::durable;
use tanqiao_protocol::signing::{Algorithm, KeyError, NoteKey, NoteKeyError, SigningKey};

use crate::config::Config;

/// Why the log's key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LogKeyError {
    /// The file.
    #[error(transparent)]
    File(#[from] durable::FileError),
    /// Others may read it.
    #[error("{} can be read by others: `chmod 600` it", .0.display())]
    Mode(PathBuf),
    /// It is no key.
    #[error("{}: {source}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: KeyError,
    },
    /// The log's name, or a key that is not Ed25519.
    #[error("log.origin and log.key: {0}")]
    Note(#[from] NoteKeyError),
}

/// Makes the log's key where there is none; true if it made one.
///
/// # Errors
/// [`LogKeyError`].
pub fn ensure_log_key(path: &Path) -> Result<bool, LogKeyError> {
    if path.exists() {
        return load(path).map(|_| false);
    }
    let wrong = |source| LogKeyError::Key {
        path: path.to_owned(),
        source,
    };
    let key = SigningKey::generate(Algorithm::Ed25519).map_err(wrong)?;
    let pem = key.to_pem().map_err(wrong)?;
    match durable::write_secret(path, pem.as_bytes()) {
        Ok(()) => Ok(true),
        // Another process was first: its key is the log's.
        Err(error) if error.already_exists() => load(path).map(|_| false),
        Err(error) => Err(error.into()),
    }
}

/// The verifier key under the log's name.
///
/// # Errors
/// [`LogKeyError`].
pub fn log_public_key(config: &Config) -> Result<String, LogKeyError> {
    let key = load(&config.log.key)?;
    Ok(NoteKey::new(&config.log_origin(), key.verifying_key().clone())?.to_string())
}

fn load(path: &Path) -> Result<SigningKey, LogKeyError> {
    let bytes = durable::read(path)?;
    let open = std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0);
    if open {
        return Err(LogKeyError::Mode(path.to_owned()));
    }
    SigningKey::from_pem(&String::from_utf8_lossy(&bytes)).map_err(|source| LogKeyError::Key {
        path: path.to_owned(),
        source,
    })
}
