//! Transfers and donations: offering blocks, answering an offer, taking one back.

use actix_web::web;
use serde::Deserialize;
use tanqiao_protocol::event::LinkedObligation;
use tanqiao_protocol::id::{Name, NodeId, Sha256};
use tanqiao_protocol::message::Price;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::Use;

use super::answer::Answered;
use super::auth::{Caller, Trade};
use super::command::{Command, Given, Subject};
use crate::ledger::AccountId;
use crate::service::{DonationRequest, Node, TransferRequest};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TransferTerms {
    target: NodeId,
    r#use: Use,
    quote: Option<Sha256>,
    valid_until: Option<Timestamp>,
    price: Option<Price>,
}

/// Offers blocks to another member.
pub(super) async fn transfer_create(
    _: Caller<Trade>,
    node: web::Data<Node>,
    command: Command<Given<TransferTerms>>,
) -> Answered {
    let (account, what, terms) = command.order.selected()?;
    let order = TransferRequest {
        by: command.by,
        account,
        what,
        target: terms.target,
        r#use: terms.r#use,
        quote: terms.quote,
        valid_until: terms.valid_until,
        price: terms.price,
    };
    let id = node.transfer_out(order).await?;
    command.answer.opened(&node, id, "transfers").await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Acceptance {
    account: Option<AccountId>,
}

/// Accepts an offer; the source's signature and the terms are verified first.
pub(super) async fn transfer_accept(
    _: Caller<Trade>,
    node: web::Data<Node>,
    Subject(offer): Subject,
    command: Command<Acceptance>,
) -> Answered {
    let id = node.accept(command.by, offer, command.order.account).await?;
    command.answer.done(&node, id).await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    reason: String,
}

/// Declines an offer.
pub(super) async fn transfer_decline(
    _: Caller<Trade>,
    node: web::Data<Node>,
    Subject(offer): Subject,
    command: Command<Reason>,
) -> Answered {
    let id = node.decline(command.by, offer, command.order.reason).await?;
    command.answer.done(&node, id).await
}

/// Takes an undecided transfer back.
pub(super) async fn transfer_withdraw(
    _: Caller<Trade>,
    node: web::Data<Node>,
    Subject(transfer): Subject,
    command: Command<Reason>,
) -> Answered {
    let id = node
        .withdraw_transfer(command.by, transfer, command.order.reason)
        .await?;
    command.answer.done(&node, id).await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DonationTerms {
    event: Name,
    quote: Option<Sha256>,
    valid_until: Option<Timestamp>,
    donor: Option<String>,
    linked: Option<LinkedObligation>,
}

/// Gives blocks to an event.
pub(super) async fn donation_create(
    _: Caller<Trade>,
    node: web::Data<Node>,
    command: Command<Given<DonationTerms>>,
) -> Answered {
    let (account, what, terms) = command.order.selected()?;
    let order = DonationRequest {
        by: command.by,
        account,
        what,
        event: terms.event,
        quote: terms.quote,
        valid_until: terms.valid_until,
        donor: terms.donor,
        linked: terms.linked,
    };
    let id = node.donate(order).await?;
    command.answer.opened(&node, id, "donations").await
}

/// Takes an undecided donation back.
pub(super) async fn donation_withdraw(
    _: Caller<Trade>,
    node: web::Data<Node>,
    Subject(donation): Subject,
    command: Command<Reason>,
) -> Answered {
    let id = node
        .withdraw_donation(command.by, donation, command.order.reason)
        .await?;
    command.answer.done(&node, id).await
}
