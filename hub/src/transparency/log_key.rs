//! The keys of the transparency log: each a file of its own, made once.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tanqiao_certs::durable;
use tanqiao_protocol::log::note::{NoteError, SignatureLine};
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
    /// A key that governance names.
    #[error("the log is signed by {0} as well, and neither log.key nor log.next_key is its private key: put it there")]
    Missing(String),
    /// A checkpoint could not be signed.
    #[error(transparent)]
    Sign(#[from] NoteError),
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
    Ok(verifier_key(config, &config.log.key)?.to_string())
}

/// The private keys of the log that this process has.
#[derive(Debug)]
pub struct Signers {
    /// The log's name.
    origin: String,
    /// Where to look again for a key that is not here.
    files: Vec<PathBuf>,
    /// Never empty; the configured one first.
    first: (NoteKey, SigningKey),
    next: Option<(NoteKey, SigningKey)>,
}

impl Signers {
    /// One key.
    #[must_use]
    pub fn of(key: NoteKey, secret: SigningKey) -> Self {
        Self {
            origin: key.name().to_owned(),
            files: Vec::new(),
            first: (key, secret),
            next: None,
        }
    }

    /// The keys of a configuration: `log.key`, and `log.next_key` where there is one.
    ///
    /// # Errors
    /// [`LogKeyError`].
    pub fn load(config: &Config) -> Result<Self, LogKeyError> {
        let origin = config.log_origin();
        let mut signers = Self {
            first: pair(&origin, &config.log.key)?,
            next: None,
            files: vec![config.log.key.clone()],
            origin,
        };
        if let Some(next) = &config.log.next_key {
            signers.files.push(next.clone());
            if next.exists() {
                signers.next = Some(pair(&signers.origin, next)?);
            }
        }
        Ok(signers)
    }

    /// The verifier key of the configured key.
    #[must_use]
    pub const fn configured(&self) -> &NoteKey {
        &self.first.0
    }

    /// Signs a checkpoint with every one of these keys. A key that came since is read from its file.
    ///
    /// # Errors
    /// [`LogKeyError::Missing`], [`LogKeyError::Sign`]; those of the files.
    pub fn sign(&mut self, text: &str, keys: &[NoteKey]) -> Result<Vec<SignatureLine>, LogKeyError> {
        let mut lines = Vec::with_capacity(keys.len());
        for key in keys {
            if self.find(key).is_none() {
                self.look_again()?;
            }
            let found = self.find(key);
            let (key, secret) = found.ok_or_else(|| LogKeyError::Missing(key.to_string()))?;
            lines.push(SignatureLine::sign(text, key, secret)?);
        }
        Ok(lines)
    }

    fn find(&self, wanted: &NoteKey) -> Option<&(NoteKey, SigningKey)> {
        [Some(&self.first), self.next.as_ref()]
            .into_iter()
            .flatten()
            .find(|(key, _)| key == wanted)
    }

    fn look_again(&mut self) -> Result<(), LogKeyError> {
        let mut files = self.files.iter();
        if let Some(first) = files.next() {
            self.first = pair(&self.origin, first)?;
        }
        if let Some(next) = files.next().filter(|path| path.exists()) {
            self.next = Some(pair(&self.origin, next)?);
        }
        Ok(())
    }
}

fn pair(origin: &str, path: &Path) -> Result<(NoteKey, SigningKey), LogKeyError> {
    let secret = load(path)?;
    Ok((NoteKey::new(origin, secret.verifying_key().clone())?, secret))
}

/// The verifier key in a file, under the log's name.
///
/// # Errors
/// [`LogKeyError`].
pub fn verifier_key(config: &Config, path: &Path) -> Result<NoteKey, LogKeyError> {
    Ok(pair(&config.log_origin(), path)?.0)
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
