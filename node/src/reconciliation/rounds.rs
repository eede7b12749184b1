//! Asking the hub, with every byte counted.

use serde::de::DeserializeOwned;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::message::{Content, StaffDecision};
use tanqiao_protocol::reconciliation::{Round, Symbol, symbols_from_bytes};

use crate::error::NodeError;
use crate::exchange::{ExchangeError, HubError};
use crate::service::Node;

/// One reconciliation's questions.
#[derive(Debug)]
pub(super) struct Asking<'a> {
    node: &'a Node,
    id: MessageId,
    staff: Option<StaffDecision>,
    begun: bool,
    bytes: u64,
}

/// The hub's answer is not what it should be.
pub(super) fn unreadable(what: &str) -> NodeError {
    HubError::Unreadable(what.to_owned()).into()
}

impl<'a> Asking<'a> {
    pub(super) const fn new(node: &'a Node, id: MessageId, staff: Option<StaffDecision>) -> Self {
        Self {
            node,
            id,
            staff,
            begun: false,
            bytes: 0,
        }
    }

    /// Bytes of all bodies, both ways.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Sends a signed message; the first has the reconciliation's id.
    pub(super) async fn say<C: Content, T: DeserializeOwned>(
        &mut self,
        path: &str,
        content: &C,
    ) -> Result<T, NodeError> {
        let id = if self.begun { self.node.new_id() } else { self.id };
        self.begun = true;
        let signer = self.node.signer();
        let payload = signer.payload(id, self.node.now(), self.staff.clone(), content)?;
        let envelope = signer.sign(C::ACTION, &payload)?;
        let body = serde_json::to_vec(&envelope).map_err(ExchangeError::from)?;
        let answer = self.ask(path, body).await?;
        serde_json::from_slice(&answer).map_err(|error| unreadable(&error.to_string()))
    }

    /// The symbols from a place on.
    pub(super) async fn symbols(&mut self, from: u32) -> Result<Vec<Symbol>, NodeError> {
        let answer = self.ask_round(&Round::SymbolsFrom(from)).await?;
        symbols_from_bytes(&answer).ok_or_else(|| unreadable("the symbols"))
    }

    /// Any other round.
    pub(super) async fn round<T: DeserializeOwned>(&mut self, round: &Round) -> Result<T, NodeError> {
        let answer = self.ask_round(round).await?;
        serde_json::from_slice(&answer).map_err(|error| unreadable(&error.to_string()))
    }

    async fn ask_round(&mut self, round: &Round) -> Result<Vec<u8>, NodeError> {
        let body = serde_json::to_vec(round).map_err(ExchangeError::from)?;
        let path = format!("/v1/reconciliations/{}/rounds", self.id);
        self.ask(&path, body).await
    }

    async fn ask(&mut self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, NodeError> {
        let sent = body.len();
        let answer = self.node.hub().post_bytes(path, body).await?;
        let bytes = u64::try_from(sent.saturating_add(answer.len())).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(bytes);
        Ok(answer)
    }
}
