//! Tokens under a key of the hub's own: for members whose tokens are made in devices that each member has (`hmac-sm3`). Whoever has such a
//! device and a copy of the store could otherwise look activities up in it; with this key missing they cannot.

use std::collections::BTreeSet;
use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tanqiao_certs::durable;
use tanqiao_protocol::fingerprint::{Epoch, HmacSm3Key, LocalFunction, StreamRecord, Token, TokenEntry};

use super::{Collisions, Fingerprint, Fingerprints, Reconciled, Screened, ScreeningError, StoreStats, TokenStore};

const KEY_BYTES: usize = 32;
const TOKEN_BYTES: usize = 16;
/// Bits of a mode that let others than the owner in.
const OTHERS: u32 = 0o077;

/// The hub's key: 32 bytes in a file of 64 hexadecimal digits, mode 0600. It never changes: with another key nothing that is
/// stored is found again.
#[derive(Clone)]
pub struct HubKey(HmacSm3Key);

impl fmt::Debug for HubKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HubKey(…)")
    }
}

impl HubKey {
    /// The key of these bytes.
    #[must_use]
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(HmacSm3Key::new(bytes))
    }

    /// Reads the key in a file, which is made with a random one if it is not there.
    ///
    /// # Errors
    /// [`ScreeningError::Key`] if others may read it, or it is no key; [`ScreeningError::Replaced`]; [`ScreeningError::File`].
    pub fn load_or_make(path: &Path) -> Result<Self, ScreeningError> {
        if !path.exists() {
            let mut bytes = [0; KEY_BYTES];
            aws_lc_rs::rand::fill(&mut bytes)
                .map_err(|_| ScreeningError::Stopped("there is no randomness".to_owned()))?;
            match durable::write_secret(path, format!("{}\n", hex::encode(bytes)).as_bytes()) {
                // Another process has made it a moment ago: that one counts.
                Err(error) if error.already_exists() => {}
                written => written?,
            }
        }
        let refuse = |what| ScreeningError::Key {
            path: path.to_owned(),
            what,
        };
        let metadata = std::fs::metadata(path).map_err(ScreeningError::file("read", path))?;
        if metadata.permissions().mode() & OTHERS != 0 {
            return Err(refuse("others may read it: set its mode to 0600"));
        }
        let text = durable::read(path)?;
        let mut bytes = [0; KEY_BYTES];
        hex::decode_to_slice(text.trim_ascii(), &mut bytes)
            .map_err(|_| refuse("it is no key: 64 hexadecimal digits; restore it from its backup"))?;
        Ok(Self::new(bytes))
    }

    /// The first 16 bytes of HMAC-SM3 of a token.
    #[must_use]
    pub fn conceal(&self, token: Token) -> Token {
        let output = self.0.output(&token.0);
        Token(output.first_chunk::<TOKEN_BYTES>().copied().unwrap_or(token.0))
    }

    /// Says which key it is, and nothing else of it.
    #[must_use]
    pub fn mark(&self) -> Vec<u8> {
        self.0.output(b"tanqiao screening key v1").to_vec()
    }

    fn conceal_entry(&self, entry: TokenEntry) -> TokenEntry {
        TokenEntry {
            token: self.conceal(entry.token),
            ..entry
        }
    }

    /// What the member calls a token that was found in this record's concealed form; `None` if the record has none such.
    #[must_use]
    pub fn original(&self, record: &StreamRecord, found: &Fingerprint) -> Option<TokenEntry> {
        let mut entries = record.tokens.iter().copied();
        entries.find(|entry| self.conceal_entry(*entry) == found.entry)
    }
}

/// A store that keeps tokens concealed. Collisions name them as they are stored; [`HubKey::original`] says what the member calls them.
#[derive(Debug)]
pub struct Concealed<'a> {
    store: &'a mut dyn TokenStore,
    key: &'a HubKey,
}

impl<'a> Concealed<'a> {
    /// Conceals what goes into `store`.
    pub const fn new(store: &'a mut dyn TokenStore, key: &'a HubKey) -> Self {
        Self { store, key }
    }
}

impl TokenStore for Concealed<'_> {
    fn screen(
        &mut self,
        run: u32,
        fingerprints: &mut Fingerprints<'_>,
        collisions: &mut Collisions<'_>,
    ) -> Result<Screened, ScreeningError> {
        let key = self.key;
        let mut concealed = fingerprints.map(|found| {
            let Fingerprint { position, entry } = found?;
            let entry = key.conceal_entry(entry);
            Ok(Fingerprint { position, entry })
        });
        self.store.screen(run, &mut concealed, collisions)
    }

    fn reconcile(&mut self, named: &BTreeSet<u32>) -> Result<Reconciled, ScreeningError> {
        self.store.reconcile(named)
    }

    fn rewind(&mut self, named: &BTreeSet<u32>) -> Result<Reconciled, ScreeningError> {
        self.store.rewind(named)
    }

    fn discard(&mut self, run: u32) -> Result<(), ScreeningError> {
        self.store.discard(run)
    }

    fn confirm(&mut self, run: u32) -> Result<(), ScreeningError> {
        self.store.confirm(run)
    }

    fn retire(&mut self, epoch: Epoch) -> Result<(), ScreeningError> {
        self.store.retire(epoch)
    }

    fn restore(&mut self, epoch: Epoch) -> Result<(), ScreeningError> {
        self.store.restore(epoch)
    }

    fn verify(&mut self) -> Result<(), ScreeningError> {
        self.store.verify()
    }

    fn stats(&mut self) -> Result<StoreStats, ScreeningError> {
        self.store.stats()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_its_owner_may_read_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tokens.key");
        let token = Token([7; 16]);
        let first = HubKey::load_or_make(&path).unwrap().conceal(token);
        assert_eq!(HubKey::load_or_make(&path).unwrap().conceal(token), first);
        assert_ne!(first, token);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(HubKey::load_or_make(&path).unwrap_err().to_string().contains("0600"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&path, "short").unwrap();
        assert!(matches!(HubKey::load_or_make(&path), Err(ScreeningError::Key { .. })));
        assert_eq!(format!("{:?}", HubKey::new([1; 32])), "HubKey(…)");
    }

    #[test]
    fn a_concealed_token_is_the_hmac_sm3_that_openssl_computes() {
        // printf '\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7' | openssl dgst -sm3 -mac HMAC -macopt hexkey:0101…01 (32 bytes)
        let concealed = HubKey::new([1; 32]).conceal(Token([7; 16]));
        assert_eq!(concealed.to_string(), "f119c268bb33bd92c4e5da0d764e8966");
    }
}
