//! Transfers and donations, and what all commands on blocks have in common.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use tanqiao_protocol::id::{MessageId, Name, NodeId, Sha256};
use tanqiao_protocol::message::{Price, StaffDecision};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::{BlockRef, SeriesRef};
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::Use;

use super::accounts::What;
use super::answer::{Answered, ApiError, decided, items, ok};
use super::auth::{Caller, Read, Trade};
use super::extract::{Json, NewestFirst, Query, Waiting, message_id, page, part};
use crate::error::NodeError;
use crate::ledger::AccountId;
use crate::service::{Dealing, Direction, DonationRequest, Kind, Node, Staffed, TransferRequest};

/// Declares a body: what every command has, and its own members. Unknown members are refused.
macro_rules! body {
    ($name:ident { $($(#[$meta:meta])* $member:ident: $type:ty),* $(,)? }) => {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            id: Option<MessageId>,
            staff: Option<StaffDecision>,
            $($(#[$meta])* $member: $type,)*
        }

        impl $name {
            fn by(&self, request: &HttpRequest) -> Result<Staffed, ApiError> {
                Ok(Staffed { id: message_id(request, self.id)?, staff: self.staff.clone() })
            }
        }
    };
}
pub(super) use body;

pub(super) async fn of_kind(node: &Node, id: MessageId, kind: Kind) -> Result<Dealing, ApiError> {
    let dealing = node.dealing(id).await?;
    if dealing.kind == kind {
        Ok(dealing)
    } else {
        Err(NodeError::not_found(kind.word(), id).into())
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TransfersQuery {
    direction: Option<Direction>,
    before: Option<MessageId>,
    #[serde(default = "page")]
    limit: u32,
}

/// Transfers, newest first; of one direction where one is given.
#[utoipa::path(get, path = "/api/v1/transfers", tag = "transfers", security(("token" = ["read"])),
    params(("direction" = Option<String>, Query, description = "`in` or `out`"), ("before" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, description = "`items`: id, direction, account, partner, state, decision, quantity_g, delivered_g and more")))]
pub(super) async fn transfers_list(_: Caller<Read>, node: web::Data<Node>, query: Query<TransfersQuery>) -> Answered {
    let TransfersQuery {
        direction,
        before,
        limit,
    } = query.0;
    items(&node.dealings(Kind::Transfer, direction, before, limit).await?)
}

body!(NewTransfer {
    account: AccountId,
    quantity_g: Option<Grams>,
    series: Option<SeriesRef>,
    blocks: Option<Vec<BlockRef>>,
    target: NodeId,
    r#use: Use,
    quote: Option<Sha256>,
    valid_until: Option<Timestamp>,
    price: Option<Price>,
});

/// Offers blocks to another member.
#[utoipa::path(post, path = "/api/v1/transfers", tag = "transfers", security(("token" = ["trade"])),
    params(("Idempotency-Key" = Option<String>, Header), ("wait_s" = Option<u32>, Query, description = "Wait for the hub, 60 s at most")),
    request_body(content = serde_json::Value, description = "quantity_g (with series if only one is meant) or blocks; optional: \
        id, quote, valid_until, price, staff",
        example = json!({"account": "pool-2025", "quantity_g": 1_000_000, "target": "harbin", "use": "event-neutrality"})),
    responses((status = 202, description = "In the outbox"), (status = 201, description = "Decided by the hub"),
        (status = 409, description = "Refused by the hub, or `id-reused`"), (status = 422, description = "Refused by the node")))]
pub(super) async fn transfer_create(
    _: Caller<Trade>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
    body: Json<NewTransfer>,
) -> Answered {
    let by = body.0.by(&request)?;
    let NewTransfer {
        account,
        quantity_g,
        series,
        blocks,
        target,
        r#use,
        quote,
        valid_until,
        price,
        ..
    } = body.0;
    let what = What {
        quantity_g,
        series,
        blocks,
    }
    .selection()?;
    let order = TransferRequest {
        by,
        account,
        what,
        target,
        r#use,
        quote,
        valid_until,
        price,
    };
    let id = node.transfer_out(order).await?;
    decided(&node, id, waiting.0.seconds(), Some(format!("/api/v1/transfers/{id}"))).await
}

/// One transfer.
#[utoipa::path(get, path = "/api/v1/transfers/{id}", tag = "transfers", security(("token" = ["read"])), params(("id" = String, Path)),
    responses((status = 200, description = "The transfer"), (status = 404, description = "There is none")))]
pub(super) async fn transfer_view(_: Caller<Read>, node: web::Data<Node>, request: HttpRequest) -> Answered {
    ok(&of_kind(&node, part(&request, "id")?, Kind::Transfer).await?)
}

body!(Acceptance { account: Option<AccountId> });

/// Accepts an offer; the source's signature and the terms are verified first.
#[utoipa::path(post, path = "/api/v1/transfers/{id}/acceptance", tag = "transfers", security(("token" = ["trade"])),
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("wait_s" = Option<u32>, Query)),
    request_body(content = serde_json::Value, description = "account: to be credited; the configured one when absent", example = json!({"account": "house"})),
    responses((status = 202, description = "In the outbox"), (status = 201, description = "Committed"), (status = 404, description = "No such offer")))]
pub(super) async fn transfer_accept(
    _: Caller<Trade>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
    body: Json<Acceptance>,
) -> Answered {
    let by = body.0.by(&request)?;
    let id = node.accept(by, part(&request, "id")?, body.0.account).await?;
    decided(&node, id, waiting.0.seconds(), None).await
}

body!(Reason { reason: String });

/// Declines an offer.
#[utoipa::path(post, path = "/api/v1/transfers/{id}/decline", tag = "transfers", security(("token" = ["trade"])),
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("wait_s" = Option<u32>, Query)),
    request_body(content = serde_json::Value, example = json!({"reason": "not needed this quarter"})),
    responses((status = 202, description = "In the outbox"), (status = 201, description = "Declined"), (status = 404, description = "No such offer")))]
pub(super) async fn transfer_decline(
    _: Caller<Trade>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
    body: Json<Reason>,
) -> Answered {
    let by = body.0.by(&request)?;
    let id = node.decline(by, part(&request, "id")?, body.0.reason).await?;
    decided(&node, id, waiting.0.seconds(), None).await
}

/// Takes an undecided transfer back.
#[utoipa::path(post, path = "/api/v1/transfers/{id}/withdrawal", tag = "transfers", security(("token" = ["trade"])),
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("wait_s" = Option<u32>, Query)),
    request_body(content = serde_json::Value, example = json!({"reason": "offered by mistake"})),
    responses((status = 202, description = "In the outbox"), (status = 201, description = "Withdrawn"), (status = 404, description = "No such transfer")))]
pub(super) async fn transfer_withdraw(
    _: Caller<Trade>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
    body: Json<Reason>,
) -> Answered {
    let by = body.0.by(&request)?;
    let id = node.withdraw_transfer(by, part(&request, "id")?, body.0.reason).await?;
    decided(&node, id, waiting.0.seconds(), None).await
}

/// Donations, newest first.
#[utoipa::path(get, path = "/api/v1/donations", tag = "donations", security(("token" = ["read"])),
    params(("before" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, description = "`items`: donations")))]
pub(super) async fn donations_list(_: Caller<Read>, node: web::Data<Node>, query: Query<NewestFirst>) -> Answered {
    items(&node.donations(query.0.before, query.0.limit).await?)
}

body!(NewDonation {
    account: AccountId,
    quantity_g: Option<Grams>,
    series: Option<SeriesRef>,
    blocks: Option<Vec<BlockRef>>,
    event: Name,
    quote: Option<Sha256>,
    valid_until: Option<Timestamp>,
    donor: Option<String>,
});

/// Gives blocks to an event.
#[utoipa::path(post, path = "/api/v1/donations", tag = "donations", security(("token" = ["trade"])),
    params(("Idempotency-Key" = Option<String>, Header), ("wait_s" = Option<u32>, Query)),
    request_body(content = serde_json::Value, description = "quantity_g (with series if only one is meant) or blocks; optional: \
        id, quote, valid_until, donor (never a person's name), staff",
        example = json!({"account": "pool-2025", "quantity_g": 1_000_000, "event": "spring-marathon-2026"})),
    responses((status = 202, description = "In the outbox"), (status = 201, description = "Decided by the hub"),
        (status = 409, description = "Refused by the hub, or `id-reused`"), (status = 422, description = "Refused by the node")))]
pub(super) async fn donation_create(
    _: Caller<Trade>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
    body: Json<NewDonation>,
) -> Answered {
    let by = body.0.by(&request)?;
    let NewDonation {
        account,
        quantity_g,
        series,
        blocks,
        event,
        quote,
        valid_until,
        donor,
        ..
    } = body.0;
    let what = What {
        quantity_g,
        series,
        blocks,
    }
    .selection()?;
    let id = node
        .donate(DonationRequest {
            by,
            account,
            what,
            event,
            quote,
            valid_until,
            donor,
        })
        .await?;
    decided(&node, id, waiting.0.seconds(), Some(format!("/api/v1/donations/{id}"))).await
}

/// One donation.
#[utoipa::path(get, path = "/api/v1/donations/{id}", tag = "donations", security(("token" = ["read"])), params(("id" = String, Path)),
    responses((status = 200, description = "The donation"), (status = 404, description = "There is none")))]
pub(super) async fn donation_view(_: Caller<Read>, node: web::Data<Node>, request: HttpRequest) -> Answered {
    ok(&of_kind(&node, part(&request, "id")?, Kind::Donation).await?)
}

/// Takes an undecided donation back.
#[utoipa::path(post, path = "/api/v1/donations/{id}/withdrawal", tag = "donations", security(("token" = ["trade"])),
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("wait_s" = Option<u32>, Query)),
    request_body(content = serde_json::Value, example = json!({"reason": "given by mistake"})),
    responses((status = 202, description = "In the outbox"), (status = 201, description = "Withdrawn"), (status = 404, description = "No such donation")))]
pub(super) async fn donation_withdraw(
    _: Caller<Trade>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
    body: Json<Reason>,
) -> Answered {
    let by = body.0.by(&request)?;
    let id = node.withdraw_donation(by, part(&request, "id")?, body.0.reason).await?;
    decided(&node, id, waiting.0.seconds(), None).await
}
