//! Retirements and cancellations.

use actix_web::web;
use serde::Deserialize;
use tanqiao_protocol::event::Claim;

use super::answer::Answered;
use super::auth::{Caller, Trade};
use super::command::{Command, Given};
use crate::service::{CancelRequest, Node, RetireRequest};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RetirementTerms {
    claim: Claim,
}

/// Uses blocks for one claim, for good.
pub(super) async fn retirement_create(
    _: Caller<Trade>,
    node: web::Data<Node>,
    command: Command<Given<RetirementTerms>>,
) -> Answered {
    let (account, what, RetirementTerms { claim }) = command.order.selected()?;
    let order = RetireRequest {
        by: command.by,
        account,
        what,
        claim,
    };
    let id = node.retire(order).await?;
    command.answer.opened(&node, id, "retirements").await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CancellationTerms {
    reason: String,
}

/// Takes blocks out for good with no claim.
pub(super) async fn cancellation_create(
    _: Caller<Trade>,
    node: web::Data<Node>,
    command: Command<Given<CancellationTerms>>,
) -> Answered {
    let (account, what, CancellationTerms { reason }) = command.order.selected()?;
    let order = CancelRequest {
        by: command.by,
        account,
        what,
        reason,
    };
    let id = node.cancel(order).await?;
    command.answer.opened(&node, id, "cancellations").await
}
