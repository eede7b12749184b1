//! A month's key from its making to its destruction.

use futures_util::future::{join, join_all, try_join_all};
use tanqiao_protocol::fingerprint::{Epoch, EpochKeys};
use tanqiao_protocol::time::Timestamp;

use super::Party;
use crate::ceremony::{CeremonyError, Generation, SessionId, Standing};
use crate::crash;
use crate::store::{EpochKeyState, EpochRow};

/// How often a key is asked for before giving up.
const ATTEMPTS: u32 = 3;

impl Party {
    /// The keys of a month that is in use here, made where they are missing.
    ///
    /// # Errors
    /// [`CeremonyError`].
    pub async fn ensure(&self, epoch: Epoch, now: Timestamp) -> Result<EpochKeys, CeremonyError> {
        let mut last = CeremonyError::Waiting(epoch);
        for _ in 0..ATTEMPTS {
            if let Some(keys) = self.in_use(epoch, now).await? {
                return Ok(keys);
            }
            self.permitted(epoch, now)?;
            let made = match self.others.get(&1) {
                None => self.make(epoch, now).await.map(drop),
                Some(first) => {
                    let path = format!("/v1/epochs/{epoch}/keys");
                    let asked = first.post::<EpochKeys>(&path, &serde_json::json!({})).await;
                    asked.map(drop).map_err(CeremonyError::from)
                }
            };
            if let Err(error) = made {
                tracing::warn!(%epoch, %error, "no key was made");
                let waiting = matches!(error, CeremonyError::Remote(_) | CeremonyError::Waiting(_));
                last = error;
                if waiting {
                    break;
                }
            }
        }
        self.in_use(epoch, now).await?.ok_or(last)
    }

    /// The committed keys of a month, after bringing a prepared generation to its end.
    async fn in_use(&self, epoch: Epoch, now: Timestamp) -> Result<Option<EpochKeys>, CeremonyError> {
        let Some(row) = self.store.epoch(epoch)? else {
            return Ok(None);
        };
        if row.state == EpochKeyState::Prepared {
            let generation = Generation {
                session: row.session,
                epoch,
            };
            self.settle(generation, now).await?;
        }
        match self.store.epoch(epoch)? {
            Some(row) if row.state == EpochKeyState::Committed => Ok(row.keys),
            Some(row) if row.state == EpochKeyState::Prepared => Err(CeremonyError::Waiting(epoch)),
            Some(_) => Err(CeremonyError::Destroyed(epoch)),
            None => Ok(None),
        }
    }

    /// Starts a key generation: evaluator 1 only, one at a time.
    ///
    /// # Errors
    /// [`CeremonyError`].
    pub async fn make(&self, epoch: Epoch, now: Timestamp) -> Result<EpochKeys, CeremonyError> {
        if self.number != 1 {
            return Err(CeremonyError::Number(1));
        }
        let _one_at_a_time = self.making.lock().await;
        if let Some(keys) = self.in_use(epoch, now).await? {
            return Ok(keys);
        }
        self.permitted(epoch, now)?;
        let session = SessionId::new();
        let generation = Generation { session, epoch };
        tracing::info!(%epoch, %session, "a key generation begins");
        let others = try_join_all(self.others.values().map(|remote| async move {
            remote
                .post::<Standing>("/v1/dkg/prepare", &generation)
                .await
                .map_err(CeremonyError::from)
        }));
        let (own, others) = join(self.prepare(generation, now), others).await;
        let failed = own.err().or(others.err());
        // Each asks the other two itself: nobody has to believe the one that started it.
        let settled = self
            .others
            .values()
            .map(|remote| async move { remote.post::<Standing>("/v1/dkg/settle", &generation).await });
        let (own, _) = join(self.settle(generation, now), join_all(settled)).await;
        own?;
        match (self.in_use(epoch, now).await?, failed) {
            (Some(keys), _) => Ok(keys),
            (None, Some(error)) => Err(error),
            (None, None) => Err(CeremonyError::Aborted(epoch)),
        }
    }

    /// Tries to end every generation that a crash or an absent evaluator left prepared.
    ///
    /// # Errors
    /// [`CeremonyError`].
    pub async fn settle_all(&self, now: Timestamp) -> Result<(), CeremonyError> {
        let prepared = self
            .store
            .epochs()?
            .into_iter()
            .filter(|row| row.state == EpochKeyState::Prepared);
        for row in prepared {
            let generation = Generation {
                session: row.session,
                epoch: row.epoch,
            };
            self.settle(generation, now).await?;
        }
        Ok(())
    }

    /// Destroys the share of a month for ever. True if there was one.
    ///
    /// # Errors
    /// [`CeremonyError`]; it can be tried again.
    pub fn destroy(&self, row: &EpochRow, now: Timestamp) -> Result<bool, CeremonyError> {
        if !matches!(row.state, EpochKeyState::Committed | EpochKeyState::Destroying) {
            return Ok(false);
        }
        self.store.destroying(row.session, now)?;
        crash::point("destroy.after-mark");
        self.shares.destroy(row.epoch, row.session)?;
        crash::point("destroy.after-file");
        self.store.destroyed(self.me()?, row.session, now)?;
        tracing::info!(epoch = %row.epoch, "the share of a month is destroyed");
        Ok(true)
    }
}
