//! Renewing the own certificate: a new key and a request, and then both files in the place of the old.
//!
//! The new pair is complete beside the old before anything is replaced (`….next`), and it is checked as a listener would
//! check it. A crash between the two renames leaves the new key with the old certificate: [`complete`] ends that exchange,
//! so it is called before the files are read.

use std::path::{Path, PathBuf};

use crate::{
    Time,
    certificate::{self, CertificateFacts},
    durable::{self, FileError},
    enrolment::{KeyAlgorithm, KeyError, TlsKey},
    tls::{IdentityFiles, TlsError, read_pair},
};

/// Why a certificate was not renewed. The old pair stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum RenewalError {
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The new key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// What came is no certificate for the new key, or is not valid now.
    #[error("the new certificate cannot be used: {0}")]
    Pair(#[from] TlsError),
    /// The old certificate cannot be read.
    #[error("{} holds no certificate: enrol again", .0.display())]
    Old(PathBuf),
    /// What came is for somebody else, or ends sooner than the old one.
    #[error("the new certificate is refused ({0}): the old one stays; ask the hub's officers")]
    NotTheSame(&'static str),
}

/// A renewal that has begun: the new key is on disk beside the old one.
#[derive(Debug)]
pub struct Renewal {
    files: IdentityFiles,
    key: TlsKey,
    old: CertificateFacts,
}

/// The pair that takes the place of `files`.
fn next(files: &IdentityFiles) -> IdentityFiles {
    let beside = |path: &Path| {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".next");
        path.with_file_name(name)
    };
    IdentityFiles {
        certificate: beside(&files.certificate),
        key: beside(&files.key),
    }
}

/// What the certificate of `files` says of itself.
///
/// # Errors
/// [`RenewalError::File`], [`RenewalError::Old`].
pub fn facts(files: &IdentityFiles) -> Result<CertificateFacts, RenewalError> {
    let old = || RenewalError::Old(files.certificate.clone());
    let all = CertificateFacts::from_pem(&durable::read(&files.certificate)?).map_err(|_| old())?;
    all.into_iter().next().ok_or_else(old)
}

/// Ends an exchange of files that was cut off after its first half. True if there was one.
///
/// # Errors
/// [`RenewalError::File`].
pub fn complete(files: &IdentityFiles) -> Result<bool, RenewalError> {
    let next = next(files);
    if next.key.exists() || !next.certificate.exists() {
        return Ok(false);
    }
    match durable::rename(&next.certificate, &files.certificate) {
        Ok(()) => Ok(true),
        // Another process of this member's has done it.
        Err(_) if !next.certificate.exists() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

impl Renewal {
    /// Begins if the certificate is due at `now`: two thirds of its validity have passed. A key that an attempt before this
    /// one has made is used again.
    ///
    /// # Errors
    /// [`RenewalError`].
    pub fn begin_if_due(files: &IdentityFiles, now: Time) -> Result<Option<Self>, RenewalError> {
        complete(files)?;
        let old = facts(files)?;
        if !certificate::renewal_due(&old, now) {
            return Ok(None);
        }
        let path = next(files).key;
        let key = if path.exists() {
            TlsKey::load(&path)?
        } else {
            let key = TlsKey::generate(KeyAlgorithm::default())?;
            key.save_new(&path)?;
            key
        };
        let files = files.clone();
        Ok(Some(Self { files, key, old }))
    }

    /// The signing request for the new key, PEM. `name` is for people to read.
    ///
    /// # Errors
    /// [`RenewalError::Key`].
    pub fn request_pem(&self, name: &str) -> Result<String, RenewalError> {
        Ok(self.key.request_pem(name)?)
    }

    /// Puts the new key and `chain_pem`, the certificate that came for it, in the place of the old.
    ///
    /// # Errors
    /// [`RenewalError`]: what came is refused, and the old pair stays.
    pub fn finish(self, chain_pem: &str, now: Time) -> Result<CertificateFacts, RenewalError> {
        let next = next(&self.files);
        durable::write_public(&next.certificate, chain_pem.as_bytes())?;
        let new = read_pair(&next, now)
            .map_err(RenewalError::from)
            .and_then(|new| self.check(new));
        let new = match new {
            Ok(new) => new,
            Err(error) => {
                durable::remove(&next.certificate)?;
                return Err(error);
            }
        };
        durable::rename(&next.key, &self.files.key)?;
        durable::rename(&next.certificate, &self.files.certificate)?;
        Ok(new)
    }

    fn check(&self, new: CertificateFacts) -> Result<CertificateFacts, RenewalError> {
        if new.spiffe_id != self.old.spiffe_id {
            return Err(RenewalError::NotTheSame("it is for another identity"));
        }
        if new.not_after <= self.old.not_after {
            return Err(RenewalError::NotTheSame("it ends no later than the old one"));
        }
        Ok(new)
    }
}

/// Says once when a certificate has come below each of [`EXPIRY_ALARM_DAYS`](certificate::EXPIRY_ALARM_DAYS).
#[derive(Debug, Default)]
pub struct ExpiryAlarm(Option<i64>);

impl ExpiryAlarm {
    /// The alarm that a certificate which ends at `not_after` raises at `now`, in days; `None` if it raises none or it was said
    /// already.
    pub fn raised(&mut self, not_after: Time, now: Time) -> Option<i64> {
        let alarm = certificate::expiry_alarm(not_after, now);
        let before = std::mem::replace(&mut self.0, alarm);
        alarm.filter(|alarm| before.is_none_or(|before| *alarm < before))
    }
}
