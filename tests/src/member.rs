//! A member that speaks to the hub itself, with its own certificate and signing key, over a connection of its own.

use std::sync::Arc;

use reqwest::{Client, Response};
use serde::de::DeserializeOwned;
use tanqiao_hub::serve::new_id;
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::message::{Content, Message};
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::signing::SigningKey;
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::view::{Outcome, TransferView};

use crate::content::{TRUST_DOMAIN, acceptance, issuance, now, proposal};

/// What the hub has decided about one message.
pub type Told = Result<Outcome, Box<Problem>>;

/// A member with a connection of its own.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its id.
    pub id: String,
    /// The hub's federation address, `https://…`.
    pub base: String,
    /// Its connection.
    pub http: Client,
    key: Arc<SigningKey>,
}

impl Member {
    /// A member over this connection.
    #[must_use]
    pub fn over(http: Client, id: &str, base: String, key: Arc<SigningKey>) -> Self {
        Self {
            id: id.to_owned(),
            base,
            http,
            key,
        }
    }

    /// A message of now.
    pub fn message<C: Content>(&self, content: C) -> Message<C> {
        let at = now();
        Message {
            trust_domain: TRUST_DOMAIN.parse().unwrap(),
            member: self.id.parse().unwrap(),
            protocol: tanqiao_protocol::PROTOCOL_VERSION,
            id: new_id(),
            issued_at: at,
            not_after: at.plus_micros(DAY_US),
            staff: None,
            content,
        }
    }

    /// Signs a message.
    pub fn sign<C: Content>(&self, message: &Message<C>) -> Envelope {
        self.sign_bytes(&C::ACTION.payload_type(), serde_json::to_vec(message).unwrap())
    }

    /// Signs any bytes.
    #[must_use]
    pub fn sign_bytes(&self, payload_type: &str, payload: Vec<u8>) -> Envelope {
        Envelope::sign(payload_type, payload, &self.key).unwrap()
    }

    /// A signed message of now, and its id.
    pub fn say<C: Content>(&self, content: C) -> (MessageId, Envelope) {
        let message = self.message(content);
        (message.id, self.sign(&message))
    }

    /// Sends any body; `Err` if no answer came.
    pub async fn send(&self, body: Vec<u8>) -> Result<Response, String> {
        let request = self
            .http
            .post(format!("{}/v1/messages", self.base))
            .header("content-type", "application/json");
        request.body(body).send().await.map_err(|error| format!("{error:?}"))
    }

    /// Sends a message; `Err` if no answer came, so that its outcome is unknown.
    pub async fn try_tell(&self, envelope: &Envelope) -> Result<Told, String> {
        let response = self.send(envelope.to_json().unwrap()).await?;
        told(response).await
    }

    /// Sends a message, which must be answered.
    pub async fn tell(&self, envelope: &Envelope) -> Told {
        self.try_tell(envelope).await.unwrap()
    }

    /// Says something new, which must be done.
    pub async fn done<C: Content>(&self, content: C) -> Outcome {
        let (_, envelope) = self.say(content);
        self.tell(&envelope).await.unwrap()
    }

    /// Asks; `Err` if no answer came.
    pub async fn ask(&self, path: &str) -> Result<Response, String> {
        self.http
            .get(format!("{}{path}", self.base))
            .send()
            .await
            .map_err(|error| format!("{error:?}"))
    }

    /// What an address gives, which must be good.
    pub async fn read<T: DeserializeOwned>(&self, path: &str) -> T {
        let response = self.ask(path).await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
    }

    /// One of its transfers, as the hub shows it.
    pub async fn transfer(&self, id: MessageId) -> TransferView {
        self.read(&format!("/v1/transfers/{id}")).await
    }

    /// Issues so many grams: one block.
    pub async fn issue(&self, quantity_g: i64) -> BlockRef {
        self.done(issuance(quantity_g)).await.blocks.remove(0)
    }

    /// Offers blocks to Harbin.
    pub async fn offer(&self, blocks: &[BlockRef]) -> Offered {
        let (id, envelope) = self.say(proposal(blocks));
        let outcome = self.tell(&envelope).await.unwrap();
        Offered {
            id,
            payload_sha256: envelope.payload_sha256(),
            outcome,
        }
    }

    /// The signed yes to an offer.
    #[must_use]
    pub fn accepting(&self, offered: &Offered) -> Envelope {
        self.say(acceptance(offered.id, offered.payload_sha256, &offered.outcome))
            .1
    }
}

/// An offer that the hub has taken.
#[derive(Debug, Clone)]
pub struct Offered {
    /// The transfer.
    pub id: MessageId,
    /// The hash of what the source has signed.
    pub payload_sha256: Sha256,
    /// What the hub said.
    pub outcome: Outcome,
}

/// What an answer says of one message; `Err` if it broke off.
pub async fn told(response: Response) -> Result<Told, String> {
    let status = response.status();
    let text = response.text().await.map_err(|error| format!("{error:?}"))?;
    if status.is_success() {
        return Ok(Ok(
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
        ));
    }
    let problem: Problem = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{status} {error}: {text}"));
    assert_eq!(problem.status, status.as_u16(), "{text}");
    Ok(Err(Box::new(problem)))
}

/// What a refusal is asked for.
pub trait Refused {
    /// The problem, which must come from this check, `B03`, or have this code, `feed-fork`.
    fn refused_by(self, check: &str) -> Problem;
}

impl Refused for Told {
    #[track_caller]
    fn refused_by(self, check: &str) -> Problem {
        let problem = match self {
            Ok(outcome) => panic!("must be refused by {check}, and was done: {outcome:?}"),
            Err(problem) => *problem,
        };
        assert_eq!(name_of(&problem), check, "{problem:?}");
        assert!(
            !problem.detail.is_empty() && problem.type_uri.ends_with(&problem.code),
            "{problem:?}"
        );
        problem
    }
}

/// What was decided, in one word: `done`, or what refused it.
#[must_use]
pub fn verdict(told: &Told) -> String {
    told.as_ref()
        .map_or_else(|problem| name_of(problem), |_| "done".to_owned())
}

/// True if the outcome is kept with the message's id.
#[must_use]
pub fn is_kept(told: &Told) -> bool {
    told.as_ref().map_or_else(|problem| problem.stored(), |_| true)
}

/// The check that refused, or the code of a problem that no check found.
#[must_use]
pub fn name_of(problem: &Problem) -> String {
    problem
        .check
        .map_or_else(|| problem.code.clone(), |check| check.to_string())
}
