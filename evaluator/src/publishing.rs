//! Stating the keys of a month to the hub: signed once, sent until the hub has it. The hub logs keys when all three
//! evaluators have stated the same.

use rand_core::RngCore as _;
use tanqiao_protocol::PROTOCOL_VERSION;
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::fingerprint::{EpochKeys, TokenEpoch};
use tanqiao_protocol::id::{MessageId, NodeId, TrustDomain};
use tanqiao_protocol::message::{Content as _, Message};
use tanqiao_protocol::signing::SigningKey;
use tanqiao_protocol::time::{DAY_US, Timestamp};

use crate::remote::{Remote, RemoteError};
use crate::store::{EpochKeyState, Store, StoreError};

/// How long a statement is valid, the longest that the hub takes.
const VALID_US: i64 = 30 * DAY_US;

/// Why keys were not stated.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signing key.
    #[error("the statement cannot be signed: {0}")]
    Sign(#[from] tanqiao_protocol::signing::KeyError),
    /// The message cannot be written as JSON.
    #[error("the statement cannot be written: {0}")]
    Json(#[from] serde_json::Error),
}

/// What states keys to the hub.
#[derive(Debug)]
pub struct Publisher {
    /// The federation.
    pub trust_domain: TrustDomain,
    /// Who states.
    pub member: NodeId,
    /// Signs.
    pub signing_key: SigningKey,
    /// Where to.
    pub hub: Remote,
    /// What has been stated.
    pub store: Store,
}

impl Publisher {
    /// States the keys of every month that the hub does not have from this evaluator yet. Says how many it took.
    ///
    /// # Errors
    /// [`PublishError`] of this evaluator; a hub that cannot be reached or refuses is logged, and asked again the next time.
    pub async fn publish_all(&self, now: Timestamp) -> Result<usize, PublishError> {
        let rows = self.store.epochs()?;
        let in_use = rows.into_iter().filter(|row| row.state == EpochKeyState::Committed);
        let mut taken = 0;
        for keys in in_use.filter_map(|row| row.keys) {
            taken += usize::from(self.publish(&keys, now).await?);
        }
        Ok(taken)
    }

    async fn publish(&self, keys: &EpochKeys, now: Timestamp) -> Result<bool, PublishError> {
        let known = self.store.statement(keys.epoch)?;
        if known.as_ref().is_some_and(|one| one.answered) {
            return Ok(false);
        }
        let envelope = if let Some(one) = known.filter(|one| now < one.not_after) {
            one.envelope
        } else {
            let (envelope, not_after) = self.sign(keys, now)?;
            self.store.put_statement(keys.epoch, &envelope, not_after)?;
            envelope
        };
        let sent: Result<serde_json::Value, RemoteError> =
            self.hub.post_bytes("/v1/token-epochs", envelope.into_bytes()).await;
        let (answer, answered) = match &sent {
            Ok(outcome) => (outcome.to_string(), true),
            Err(error) => (error.to_string(), false),
        };
        self.store.answer_statement(keys.epoch, &answer, answered)?;
        match sent {
            Ok(_) => tracing::info!(epoch = %keys.epoch, "the hub has the keys of a month"),
            Err(error) => tracing::warn!(epoch = %keys.epoch, %error, "the hub does not have the keys of a month"),
        }
        Ok(answered)
    }

    fn sign(&self, keys: &EpochKeys, now: Timestamp) -> Result<(String, Timestamp), PublishError> {
        let mut random = [0; 10];
        rand_core::OsRng.fill_bytes(&mut random);
        let not_after = now.plus_micros(VALID_US);
        let message = Message {
            trust_domain: self.trust_domain.clone(),
            member: self.member.clone(),
            protocol: PROTOCOL_VERSION,
            id: MessageId::from_parts(now, &random),
            issued_at: now,
            not_after,
            staff: None,
            content: TokenEpoch { keys: keys.clone() },
        };
        let payload = serde_json::to_vec(&message)?;
        let envelope = Envelope::sign(&TokenEpoch::ACTION.payload_type(), payload, &self.signing_key)?;
        Ok((String::from_utf8_lossy(&envelope.to_json()?).into_owned(), not_after))
    }
}
