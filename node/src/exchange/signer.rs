//! The member's signing key, and the messages that it signs.

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tanqiao_protocol::PROTOCOL_VERSION;
use tanqiao_protocol::envelope::{Envelope, MAX_SIGNATURES};
use tanqiao_protocol::id::{MessageId, NodeId, TrustDomain};
use tanqiao_protocol::message::{Action, Content, Message, StaffDecision};
use tanqiao_protocol::signing::{KeyId, SigningKey};
use tanqiao_protocol::time::{DAY_US, Timestamp};

use crate::config::{Config, read_private};
use crate::error::NodeError;
use crate::exchange::ExchangeError;

/// Signs for the member. Cheap to clone; a rotated key is taken by all clones.
#[derive(Clone)]
pub struct Signer {
    key: Arc<ArcSwap<SigningKey>>,
    file: Option<PathBuf>,
    member: NodeId,
    trust_domain: TrustDomain,
    message_days: u32,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer")
            .field("member", &self.member)
            .field("key", &self.key_id())
            .finish_non_exhaustive()
    }
}

impl Signer {
    /// Reads the key of the configuration.
    ///
    /// # Errors
    /// [`NodeError::Config`] for a file that is unreadable, open to others or no key.
    pub fn open(config: &Config) -> Result<Self, NodeError> {
        let text = read_private(&config.signing.key)?;
        let key = SigningKey::from_pem(&text).map_err(ExchangeError::from)?;
        let mut signer = Self::new(key, config);
        signer.file = Some(config.signing.key.clone());
        Ok(signer)
    }

    /// Signs with a given key.
    #[must_use]
    pub fn new(key: SigningKey, config: &Config) -> Self {
        Self {
            key: Arc::new(ArcSwap::from_pointee(key)),
            file: None,
            member: config.member.clone(),
            trust_domain: config.trust_domain.clone(),
            message_days: config.outbox.message_days,
        }
    }

    /// Reads the key's file again, after a rotation.
    ///
    /// # Errors
    /// As [`Signer::open`]; the key in use stays.
    pub fn reload(&self) -> Result<(), NodeError> {
        if let Some(file) = &self.file {
            let key = SigningKey::from_pem(&read_private(file)?).map_err(ExchangeError::from)?;
            self.key.store(Arc::new(key));
        }
        Ok(())
    }

    /// The key in use.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.key.load().id()
    }

    /// The payload of a message: the bytes that are signed.
    ///
    /// # Errors
    /// [`ExchangeError::Json`]
    pub fn payload<C: Content>(
        &self,
        id: MessageId,
        now: Timestamp,
        staff: Option<StaffDecision>,
        content: &C,
    ) -> Result<String, ExchangeError> {
        self.payload_until(id, now, self.not_after(now), staff, content)
    }

    /// As [`Signer::payload`], with a given end.
    ///
    /// # Errors
    /// [`ExchangeError::Json`]
    pub fn payload_until<C: Content>(
        &self,
        id: MessageId,
        now: Timestamp,
        not_after: Timestamp,
        staff: Option<StaffDecision>,
        content: &C,
    ) -> Result<String, ExchangeError> {
        #[derive(serde::Serialize)]
        struct Borrowed<'a, C> {
            trust_domain: &'a TrustDomain,
            member: &'a NodeId,
            protocol: u32,
            id: MessageId,
            issued_at: Timestamp,
            not_after: Timestamp,
            #[serde(skip_serializing_if = "Option::is_none")]
            staff: Option<StaffDecision>,
            content: &'a C,
        }
        Ok(serde_json::to_string(&Borrowed {
            trust_domain: &self.trust_domain,
            member: &self.member,
            protocol: PROTOCOL_VERSION,
            id,
            issued_at: now,
            not_after,
            staff,
            content,
        })?)
    }

    /// When a message written now expires.
    #[must_use]
    pub fn not_after(&self, now: Timestamp) -> Timestamp {
        now.plus_micros(i64::from(self.message_days) * DAY_US)
    }

    /// Signs a payload.
    ///
    /// # Errors
    /// [`ExchangeError::Sign`]
    pub fn sign(&self, action: Action, payload: &str) -> Result<Envelope, ExchangeError> {
        let key = self.key.load();
        Ok(Envelope::sign(
            &action.payload_type(),
            payload.as_bytes().to_vec(),
            &key,
        )?)
    }

    /// Adds the signature of the key in use to a message that an earlier key has signed; to the hub it is the same message. The
    /// earlier signatures stay: a hub that decides a lost message again knows only the keys of its time.
    ///
    /// # Errors
    /// [`ExchangeError::Sign`], [`ExchangeError::Envelope`]
    pub fn sign_again(&self, envelope: &Envelope) -> Result<Envelope, ExchangeError> {
        let earlier = envelope.signatures();
        let oldest = (earlier.len() + 1).saturating_sub(MAX_SIGNATURES);
        let kept = earlier.iter().skip(oldest).cloned().collect();
        let mut again = Envelope::from_parts(envelope.payload_type(), envelope.payload().to_vec(), kept)?;
        again.add_signature(&self.key.load())?;
        Ok(again)
    }

    /// True if `envelope` carries a signature that names the key in use.
    #[must_use]
    pub fn signed(&self, envelope: &Envelope) -> bool {
        let id = self.key_id().to_string();
        envelope.signatures().iter().any(|s| s.key_id == id)
    }

    /// Reads a message that this member wrote.
    ///
    /// # Errors
    /// [`ExchangeError::Json`]
    pub fn read<C: Content>(payload: &str) -> Result<Message<C>, ExchangeError> {
        Ok(serde_json::from_str(payload)?)
    }
}
