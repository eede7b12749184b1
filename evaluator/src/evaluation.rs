//! Evaluating: what a member may have, the count, and the work itself.

use std::sync::Arc;

use rand_core::OsRng;
use tanqiao_protocol::fingerprint::{Evaluation, EvaluationCounter, EvaluationRequest, VoprfError};
use tanqiao_protocol::id::{NodeId, Sha256};
use tanqiao_protocol::time::Timestamp;
use tokio::sync::Semaphore;

use crate::config::QuotaConfig;
use crate::keyring::{Keyring, KeyringError, Ready};
use crate::store::{Counted, Store, StoreError};

/// Why a batch is not evaluated.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    /// The key of the month is not in use here.
    #[error("the key of {0} is not in use")]
    NoKey(tanqiao_protocol::fingerprint::Epoch),
    /// Too early or too late.
    #[error("the key of {epoch} evaluates from {opens_at} to {closes_at} only")]
    Closed {
        /// The month.
        epoch: tanqiao_protocol::fingerprint::Epoch,
        /// From.
        opens_at: Timestamp,
        /// To.
        closes_at: Timestamp,
    },
    /// More than the member may have.
    #[error(
        "the quota of this month leaves {left} inputs, and the batch has {asked}: ask the evaluator for a larger one"
    )]
    OverQuota {
        /// What is left.
        left: u64,
        /// What was asked.
        asked: usize,
    },
    /// The elements.
    #[error(transparent)]
    Elements(#[from] VoprfError),
    /// The share.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A task died.
    #[error("the work was broken off: {0}")]
    Broken(#[from] tokio::task::JoinError),
}

/// What evaluates for members. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Desk {
    number: u8,
    store: Store,
    keyring: Arc<Keyring>,
    quota: Arc<QuotaConfig>,
    /// As many batches at once as there are processors: more would only make each slower.
    workers: Arc<Semaphore>,
}

impl Desk {
    /// Of evaluator `number`.
    #[must_use]
    pub fn new(number: u8, store: Store, keyring: Arc<Keyring>, quota: QuotaConfig) -> Self {
        let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            number,
            store,
            keyring,
            quota: Arc::new(quota),
            workers: Arc::new(Semaphore::new(workers)),
        }
    }

    /// Evaluates a batch for a member. It is counted durably before it is answered; the same batch counts once.
    ///
    /// # Errors
    /// [`EvaluationError`]; a batch that is refused is not counted.
    pub async fn evaluate(
        &self,
        member: NodeId,
        request: EvaluationRequest,
        now: Timestamp,
    ) -> Result<Evaluation, EvaluationError> {
        // Never closed: the permit is always given.
        let _permit = Arc::clone(&self.workers).acquire_owned().await.ok();
        let desk = self.clone();
        tokio::task::spawn_blocking(move || desk.work(&member, request, now)).await?
    }

    fn ready(&self, request: &EvaluationRequest, now: Timestamp) -> Result<Arc<Ready>, EvaluationError> {
        let epoch = request.epoch;
        let ready = self.keyring.find(epoch)?.ok_or(EvaluationError::NoKey(epoch))?;
        if ready.keys.is_open(now) {
            return Ok(ready);
        }
        Err(EvaluationError::Closed {
            epoch,
            opens_at: ready.keys.opens_at,
            closes_at: ready.keys.closes_at,
        })
    }

    fn work(&self, member: &NodeId, request: EvaluationRequest, now: Timestamp) -> Result<Evaluation, EvaluationError> {
        let ready = self.ready(&request, now)?;
        let (epoch, asked) = (request.epoch, request.blinded.count());
        let quota = self.quota.of(member);
        let batch = Sha256::of(request.blinded.as_bytes());
        let items = i64::try_from(asked).unwrap_or(i64::MAX);
        let judge = |counted| match counted {
            Counted::OverQuota { left } => Err(EvaluationError::OverQuota { left, asked }),
            Counted::New | Counted::Before => Ok(()),
        };
        // Asked first, so that whoever has used up its quota costs no work but the entry in the log.
        if let Counted::OverQuota { .. } = self.store.would_count(member, epoch, batch, items, quota)? {
            judge(self.store.count(member, epoch, batch, items, quota, now)?)?;
        }
        let (evaluated, proof) = ready.share.evaluate(&request.blinded, &mut OsRng)?;
        judge(self.store.count(member, epoch, batch, items, quota, now)?)?;
        Ok(Evaluation {
            epoch,
            number: self.number,
            evaluated,
            proof,
        })
    }

    /// The counters of one member, or of all.
    ///
    /// # Errors
    /// [`EvaluationError`].
    pub fn counters(&self, of: Option<&NodeId>) -> Result<Vec<EvaluationCounter>, EvaluationError> {
        let rows = self.store.counters(of)?;
        let counter = |row: crate::store::CounterRow| EvaluationCounter {
            quota: self.quota.of(&row.member),
            member: row.member,
            epoch: row.epoch,
            evaluated: row.evaluated,
            last_at: row.last_at,
        };
        Ok(rows.into_iter().map(counter).collect())
    }
}
