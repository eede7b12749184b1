//! Pledges: collateral, and the pledgee's word on it.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::id::{Name, NodeId};
use tanqiao_protocol::message::PledgeDecision;
use tanqiao_protocol::time::Timestamp;

use super::answer::Answered;
use super::auth::{Caller, Trade};
use super::command::{Command, Given, Subject};
use super::extract::Json;
use crate::service::{Node, PledgeRequest};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PledgeTerms {
    pledgee: NodeId,
    reference: Name,
    term: Timestamp,
}

/// Gives blocks as collateral.
pub(super) async fn pledge_create(
    _: Caller<Trade>,
    node: web::Data<Node>,
    command: Command<Given<PledgeTerms>>,
) -> Answered {
    let (account, what, terms) = command.order.selected()?;
    let order = PledgeRequest {
        by: command.by,
        account,
        what,
        pledgee: terms.pledgee,
        reference: terms.reference,
        term: terms.term,
    };
    let id = node.pledge(order).await?;
    command.answer.opened(&node, id, "pledges").await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Consent {
    decision: PledgeDecision,
}

/// This member's signed word on a pledge to it, to be handed to the debtor. Nothing is sent.
pub(super) async fn pledge_consent(
    _: Caller<Trade>,
    node: web::Data<Node>,
    Subject(pledge): Subject,
    body: Json<Consent>,
) -> Answered {
    let envelope = node.pledge_consent(pledge, body.0.decision)?;
    Ok(HttpResponse::Created().json(envelope))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Release {
    consent: Envelope,
}

/// Asks for collateral back, with the pledgee's signed consent.
pub(super) async fn pledge_release(
    _: Caller<Trade>,
    node: web::Data<Node>,
    Subject(pledge): Subject,
    command: Command<Release>,
) -> Answered {
    let id = node.pledge_release(command.by, pledge, command.order.consent).await?;
    command.answer.done(&node, id).await
}

/// Nothing but what every command has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Foreclosure {}

/// Asks that the collateral of a pledge to this member be taken; two officers of the hub decide.
pub(super) async fn pledge_foreclose(
    _: Caller<Trade>,
    node: web::Data<Node>,
    Subject(pledge): Subject,
    command: Command<Foreclosure>,
) -> Answered {
    let Foreclosure {} = command.order;
    let id = node.pledge_foreclose(command.by, pledge).await?;
    command.answer.done(&node, id).await
}
