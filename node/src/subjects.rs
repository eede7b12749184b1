//! Who the holders are: sealed in the database, under a key that is beside it and not in it.
//!
//! AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits before the text, and the account as associated data, so that
//! no row can be given to another account. The key is a file of mode 0600; without it the rows are of no use to anybody,
//! this node included: it belongs into the backup, apart from the database's.
//!
//! **Architecture invariant:** an identifier is in clear in memory only, while records are imported and while tokens are
//! made; it is in no log, no error, no answer and no other table.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use tanqiao_certs::durable;

use crate::config::read_private;
use crate::error::NodeError;
use crate::store::Store;

/// Bytes of the key.
const KEY_BYTES: usize = 32;
/// What every sealed text is bound to, before its account.
const CONTEXT: &[u8] = b"tanqiao subject v1\0";

/// Seals and opens identifiers. Cheap to clone. The key is read when it is needed first.
#[derive(Clone)]
pub struct Subjects(Arc<Inner>);

struct Inner {
    file: PathBuf,
    key: OnceLock<LessSafeKey>,
}

impl fmt::Debug for Subjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Subjects").field(&self.0.file).finish()
    }
}

impl Subjects {
    /// With the key in this file.
    #[must_use]
    pub fn at(file: &Path) -> Self {
        Self(Arc::new(Inner {
            file: file.to_owned(),
            key: OnceLock::new(),
        }))
    }

    /// Makes the key where there is none, unless the database has identifiers that another key has sealed.
    ///
    /// # Errors
    /// [`NodeError::Refused`] with `subject-key` if it is missing, cannot be written, or others may read it.
    pub fn prepare(&self, store: &Store) -> Result<(), NodeError> {
        if !self.0.file.exists() {
            if store.read(|tx| Ok(tx.has_subjects()?))? {
                return Err(self.refused(
                    "is missing, and the database holds identifiers that it has sealed: restore it from its backup",
                ));
            }
            let mut bytes = [0; KEY_BYTES];
            rand::fill(&mut bytes).map_err(|_| self.refused("cannot be made: the system has no random numbers"))?;
            match durable::write_secret(&self.0.file, format!("{}\n", hex::encode(bytes)).as_bytes()) {
                // Another process of this node was quicker.
                Err(error) if error.already_exists() => {}
                Err(error) => return Err(self.refused(&format!("cannot be made: {error}"))),
                Ok(()) => tracing::info!(
                    file = %self.0.file.display(),
                    "a key for the identifiers of holders was made: keep a backup of it, apart from the database"
                ),
            }
        }
        self.key().map(|_| ())
    }

    /// Seals an identifier for an account.
    ///
    /// # Errors
    /// [`NodeError::Refused`] with `subject-key`.
    pub fn seal(&self, account: &str, subject: &str) -> Result<Vec<u8>, NodeError> {
        let failed = || self.refused("cannot seal: the system has no random numbers");
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(|_| failed())?;
        let mut text = subject.as_bytes().to_vec();
        self.key()?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound_to(account), &mut text)
            .map_err(|_| failed())?;
        let mut sealed = Vec::with_capacity(NONCE_LEN + text.len());
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut text);
        Ok(sealed)
    }

    /// Opens the identifier of an account.
    ///
    /// # Errors
    /// [`NodeError::Refused`] with `subject-key` if another key has sealed it, or it was changed.
    pub fn open(&self, account: &str, sealed: &[u8]) -> Result<String, NodeError> {
        let failed = || {
            self.refused(
                "does not open an identifier of the database: it is not the key that has sealed it, or the row was changed; \
                 restore the key from its backup",
            )
        };
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(failed)?;
        let mut text = text.to_vec();
        let opened = self
            .key()?
            .open_in_place(Nonce::assume_unique_for_key(*nonce), bound_to(account), &mut text)
            .map_err(|_| failed())?;
        String::from_utf8(opened.to_vec()).map_err(|_| failed())
    }

    fn key(&self) -> Result<&LessSafeKey, NodeError> {
        if let Some(key) = self.0.key.get() {
            return Ok(key);
        }
        if !self.0.file.exists() {
            return Err(
                self.refused("is missing: run `tanqiao-node migrate`, which makes it, or restore it from its backup")
            );
        }
        let text = read_private(&self.0.file)?;
        let mut bytes = [0; KEY_BYTES];
        let malformed = || self.refused("is not 64 hexadecimal digits: restore it from its backup");
        hex::decode_to_slice(text.trim(), &mut bytes).map_err(|_| malformed())?;
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| malformed())?;
        Ok(self.0.key.get_or_init(|| LessSafeKey::new(key)))
    }

    fn refused(&self, what: &str) -> NodeError {
        NodeError::refused(
            "subject-key",
            format!("the key of the holders' identifiers, {}, {what}", self.0.file.display()),
        )
    }
}

fn bound_to(account: &str) -> Aad<Vec<u8>> {
    let mut data = CONTEXT.to_vec();
    data.extend_from_slice(account.as_bytes());
    Aad::from(data)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::store::rows::SubjectRow;
    use crate::store::test_databases::databases;

    #[test]
    fn what_is_sealed_opens_for_its_account_alone_and_never_looks_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let subjects = Subjects::at(&folder.path().join("subject.key"));
        let missing = subjects.seal("holder-1", "19900000000").unwrap_err();
        assert!(missing.to_string().contains("tanqiao-node migrate"), "{missing}");
        for database in databases() {
            subjects.prepare(&database.store()).unwrap();
        }
        let mode = std::fs::metadata(&subjects.0.file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let sealed = subjects.seal("holder-1", "19900000000").unwrap();
        assert_ne!(sealed, subjects.seal("holder-1", "19900000000").unwrap());
        assert!(!sealed.windows(11).any(|some| some == b"19900000000"));
        assert_eq!(subjects.open("holder-1", &sealed).unwrap(), "19900000000");
        for (account, sealed) in [
            ("holder-2", &sealed[..]),
            ("holder-1", &sealed[..20]),
            ("holder-1", &[]),
        ] {
            let refused = subjects.open(account, sealed).unwrap_err();
            assert!(!refused.to_string().contains("1990"), "{refused}");
        }
    }

    #[test]
    fn a_lost_key_is_not_replaced_in_silence() {
        for database in databases() {
            let folder = tempfile::tempdir().unwrap();
            let (file, store) = (folder.path().join("subject.key"), database.store());
            let subjects = Subjects::at(&file);
            subjects.prepare(&store).unwrap();
            let row = SubjectRow {
                account: "holder-1".into(),
                sealed: subjects.seal("holder-1", "19900000000").unwrap(),
                learned_at: 1,
            };
            store
                .write(|tx| Ok(tx.insert_subjects(std::slice::from_ref(&row))?))
                .unwrap();
            std::fs::remove_file(&file).unwrap();
            let refused = Subjects::at(&file).prepare(&store).unwrap_err();
            assert_eq!(refused.code(), "subject-key");
            assert!(refused.to_string().contains("restore it from its backup") && !file.exists());
            std::fs::write(&file, "00".repeat(32)).unwrap();
            assert!(Subjects::at(&file).prepare(&store).is_err(), "others may read it");
        }
    }
}
