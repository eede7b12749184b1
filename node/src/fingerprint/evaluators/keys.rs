//! The keys of a month, as the hub's log has them and as this node accepts them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tanqiao_protocol::fingerprint::{CheckedKeys, Epoch, EpochKeys};
use tanqiao_protocol::id::NodeId;

use crate::exchange::{HubClient, HubError};
use crate::fingerprint::TokenError;
use crate::service::Clock;

/// Keys that were asked for, each once: the log has one leaf for a month.
pub(super) struct KnownKeys {
    hub: HubClient,
    clock: Clock,
    /// The evaluators of this node's configuration.
    parties: Vec<NodeId>,
    known: Mutex<BTreeMap<Epoch, Arc<CheckedKeys>>>,
}

impl KnownKeys {
    pub(super) fn new(hub: HubClient, clock: Clock, parties: Vec<NodeId>) -> Self {
        Self {
            hub,
            clock,
            parties,
            known: Mutex::default(),
        }
    }

    /// The keys of a month whose evaluators evaluate now; `None` if the log has none yet.
    pub(super) async fn of(&self, epoch: Epoch) -> Result<Option<Arc<CheckedKeys>>, TokenError> {
        let known = self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&epoch)
            .cloned();
        let keys = if let Some(keys) = known {
            keys
        } else {
            let Some(fetched) = self.fetched(epoch).await? else {
                return Ok(None);
            };
            let keys = Arc::new(self.checked(epoch, fetched)?);
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(epoch, Arc::clone(&keys));
            keys
        };
        if keys.is_open((self.clock)()) {
            Ok(Some(keys))
        } else {
            Err(TokenError::Refused(format!(
                "the key of {epoch} is used from {} until {}: activities of that month cannot be issued now",
                keys.opens_at, keys.closes_at
            )))
        }
    }

    async fn fetched(&self, epoch: Epoch) -> Result<Option<EpochKeys>, TokenError> {
        match self.hub.token_epoch(epoch).await {
            Ok(keys) => Ok(Some(keys)),
            Err(HubError::Problem(problem)) if problem.status == 404 => Ok(None),
            Err(error) => Err(TokenError::Unavailable(error.to_string())),
        }
    }

    /// Refuses keys with which the hub, one evaluator alone, or parties that this node was not told of could make tokens.
    fn checked(&self, epoch: Epoch, keys: EpochKeys) -> Result<CheckedKeys, TokenError> {
        let refuse =
            |why: String| TokenError::Refused(format!("the keys of {epoch} that the hub has are not accepted: {why}"));
        if keys.epoch != epoch {
            return Err(refuse(format!("they are those of {}", keys.epoch)));
        }
        let keys = keys.checked().map_err(|e| refuse(e.to_string()))?;
        match keys.evaluators.iter().find(|key| !self.parties.contains(&key.id)) {
            Some(stranger) => Err(refuse(format!(
                "`{}` is not among the evaluators of this node's configuration ({})",
                stranger.id,
                self.parties.iter().map(NodeId::as_str).collect::<Vec<_>>().join(", ")
            ))),
            None => Ok(keys),
        }
    }
}
