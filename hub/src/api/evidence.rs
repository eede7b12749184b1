//! Certificates, and signed bytes as they were received.

use std::collections::BTreeSet;

use actix_web::web::{Data, Path};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use tanqiao_protocol::id::{MessageId, NodeId, Sha256};
use tanqiao_protocol::message::Action;

use super::admission::Caller;
use super::answer::{Answer, Refused, json};
use super::hub::Hub;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::read::certificates::{self, Issuer};
use crate::store::read::envelopes::StoredEnvelope;
use crate::store::read::{dealings, envelopes};

/// `GET /v1/certificates/{id}` and `GET /v1/public/certificates/{id}`
pub async fn certificate(hub: Data<Hub>, id: Path<MessageId>) -> Answer {
    let issuer = Issuer {
        trust_domain: hub.settings.trust_domain.clone(),
        log_origin: hub.settings.log_key.name().to_owned(),
    };
    let found = hub.read(move |c| certificates::find(c, *id, &issuer)).await?;
    json(&found.ok_or_else(Refused::not_found)?)
}

/// `GET /v1/envelopes/{sha256}`: for its sender and for the members that it names.
pub async fn envelope(hub: Data<Hub>, caller: Caller, sha256: Path<Sha256>) -> Answer {
    let found = hub
        .read(move |c| visible(c, &sha256, &caller.member))
        .await?
        .ok_or_else(Refused::not_found)?;
    json(&serde_json::json!({
        "payloadType": found.payload_type,
        "payload": STANDARD.encode(&found.payload),
        "signatures": found.signatures,
    }))
}

fn visible(
    connection: &mut ReadConnection<'_>,
    sha256: &Sha256,
    caller: &NodeId,
) -> Result<Option<StoredEnvelope>, StoreError> {
    let Some(envelope) = envelopes::find(connection, sha256)? else {
        return Ok(None);
    };
    if envelope.sender == *caller {
        return Ok(Some(envelope));
    }
    let named = named_in(&envelope);
    if named.members.contains(caller) {
        return Ok(Some(envelope));
    }
    for id in named.dealings {
        let transfer = dealings::transfer(connection, id)?.is_some_and(|t| t.source == *caller || t.target == *caller);
        if transfer || dealings::pledge(connection, id)?.is_some_and(|p| p.debtor == *caller || p.pledgee == *caller) {
            return Ok(Some(envelope));
        }
    }
    Ok(None)
}

/// Whom and what the messages of an envelope name.
#[derive(Debug, Default)]
struct Named {
    members: BTreeSet<NodeId>,
    dealings: BTreeSet<MessageId>,
}

/// The members of contents that name somebody, whatever the action.
#[derive(Debug, Deserialize)]
struct Message {
    content: Content,
}

#[derive(Debug, Deserialize)]
struct Content {
    target: Option<NodeId>,
    pledgee: Option<NodeId>,
    transfer: Option<MessageId>,
    pledge: Option<MessageId>,
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Item {
    payload: String,
}

fn named_in(envelope: &StoredEnvelope) -> Named {
    let mut named = Named::default();
    let Ok(message) = serde_json::from_slice::<Message>(&envelope.payload) else {
        return named;
    };
    if Action::of_payload_type(&envelope.payload_type) == Some(Action::Batch) {
        for item in &message.content.items {
            if let Ok(message) = serde_json::from_str::<Message>(&item.payload) {
                named.add(message.content);
            }
        }
    } else {
        named.add(message.content);
    }
    named
}

impl Named {
    fn add(&mut self, content: Content) {
        self.members.extend(content.target);
        self.members.extend(content.pledgee);
        self.dealings.extend(content.transfer);
        self.dealings.extend(content.pledge);
    }
}
