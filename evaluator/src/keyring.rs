//! The shares in use, read from their files once and held in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tanqiao_protocol::fingerprint::{CheckedKeys, Epoch, EpochKeysError, KeyShare};

use crate::ceremony::SessionId;
use crate::shares::{ShareError, ShareFiles};
use crate::store::{EpochKeyState, Store, StoreError};

/// Why a share cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The keys let somebody make tokens alone, or do not belong together.
    #[error("the keys of {0} in the store are refused: {1}")]
    Keys(Epoch, EpochKeysError),
    /// The share is not the one that the keys name.
    #[error("the share of {0} on disk is not the one that the keys of the month name: put the right file back")]
    OtherShare(Epoch),
    /// The file.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One month's key in use here.
#[derive(Debug)]
pub struct Ready {
    /// The key generation that made it.
    pub session: SessionId,
    /// The public keys.
    pub keys: CheckedKeys,
    /// This evaluator's share.
    pub share: KeyShare,
}

/// The shares in use.
#[derive(Debug)]
pub struct Keyring {
    number: u8,
    store: Store,
    shares: ShareFiles,
    held: Mutex<BTreeMap<Epoch, Arc<Ready>>>,
}

impl Keyring {
    /// Of evaluator `number`.
    #[must_use]
    pub fn new(number: u8, store: Store, shares: ShareFiles) -> Self {
        Self {
            number,
            store,
            shares,
            held: Mutex::default(),
        }
    }

    /// The key of a month, if it is in use. The store is asked each time: it may be destroyed from the command line.
    ///
    /// # Errors
    /// [`KeyringError`].
    pub fn find(&self, epoch: Epoch) -> Result<Option<Arc<Ready>>, KeyringError> {
        let row = self
            .store
            .epoch(epoch)?
            .filter(|row| row.state == EpochKeyState::Committed);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(row) = row else {
            held.remove(&epoch);
            return Ok(None);
        };
        if let Some(ready) = held.get(&epoch).filter(|ready| ready.session == row.session) {
            return Ok(Some(Arc::clone(ready)));
        }
        let Some(keys) = row.keys else {
            return Ok(None);
        };
        let keys = keys.checked().map_err(|error| KeyringError::Keys(epoch, error))?;
        let share = self.shares.read(epoch, row.session, self.number)?;
        if keys.evaluator(self.number).map(|one| one.public_key) != Some(share.public_key()) {
            return Err(KeyringError::OtherShare(epoch));
        }
        let ready = Arc::new(Ready {
            session: row.session,
            keys,
            share,
        });
        held.insert(epoch, Arc::clone(&ready));
        Ok(Some(ready))
    }

    /// Forgets a month's share, which is to be destroyed.
    pub fn forget(&self, epoch: Epoch) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&epoch);
    }

    /// Reads every share that is in use: what is wrong with one is said at the start and not at the first question.
    ///
    /// # Errors
    /// [`KeyringError`].
    pub fn read_all(&self) -> Result<usize, KeyringError> {
        let mut count = 0;
        for row in self.store.epochs()? {
            count += usize::from(self.find(row.epoch)?.is_some());
        }
        Ok(count)
    }
}
