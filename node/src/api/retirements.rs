//! Retirements and cancellations.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use tanqiao_protocol::event::Claim;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::message::StaffDecision;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::{BlockRef, SeriesRef};

use super::accounts::What;
use super::answer::{Answered, ApiError, decided, items, ok};
use super::auth::{Caller, Read, Trade};
use super::dealings::{body, of_kind};
use super::extract::{Json, NewestFirst, Query, Waiting, message_id, part};
use crate::ledger::AccountId;
use crate::service::{CancelRequest, Kind, Node, RetireRequest, Staffed};

/// Retirements, newest first.
#[utoipa::path(get, path = "/api/v1/retirements", tag = "retirements", security(("token" = ["read"])),
    params(("before" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, description = "`items`: retirements")))]
pub(super) async fn retirements_list(_: Caller<Read>, node: web::Data<Node>, query: Query<NewestFirst>) -> Answered {
    items(
        &node
            .dealings(Kind::Retirement, None, query.0.before, query.0.limit)
            .await?,
    )
}

body!(NewRetirement {
    account: AccountId,
    quantity_g: Option<Grams>,
    series: Option<SeriesRef>,
    blocks: Option<Vec<BlockRef>>,
    claim: Claim,
});

/// Uses blocks for one claim, for good.
#[utoipa::path(post, path = "/api/v1/retirements", tag = "retirements", security(("token" = ["trade"])),
    params(("Idempotency-Key" = Option<String>, Header), ("wait_s" = Option<u32>, Query)),
    request_body(content = serde_json::Value, description = "quantity_g (with series if only one is meant) or blocks; the claim \
        names an organisation, a member or a commitment, never a person",
        example = json!({"account": "pool-2025", "quantity_g": 1_000_000, "claim": {"claimant": "Example Company",
            "claimant_kind": "organisation", "use": "corporate-neutrality", "year": 2026, "place": "420000"}})),
    responses((status = 202, description = "In the outbox"), (status = 201, description = "Retired"),
        (status = 409, description = "Refused by the hub, or `id-reused`"), (status = 422, description = "Refused by the node")))]
pub(super) async fn retirement_create(
    _: Caller<Trade>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
    body: Json<NewRetirement>,
) -> Answered {
    let by = body.0.by(&request)?;
    let NewRetirement {
        account,
        quantity_g,
        series,
        blocks,
        claim,
        ..
    } = body.0;
    let what = What {
        quantity_g,
        series,
        blocks,
    }
    .selection()?;
    let id = node
        .retire(RetireRequest {
            by,
            account,
            what,
            claim,
        })
        .await?;
    decided(
        &node,
        id,
        waiting.0.seconds(),
        Some(format!("/api/v1/retirements/{id}")),
    )
    .await
}

/// One retirement.
#[utoipa::path(get, path = "/api/v1/retirements/{id}", tag = "retirements", security(("token" = ["read"])), params(("id" = String, Path)),
    responses((status = 200, description = "The retirement"), (status = 404, description = "There is none")))]
pub(super) async fn retirement_view(_: Caller<Read>, node: web::Data<Node>, request: HttpRequest) -> Answered {
    ok(&of_kind(&node, part(&request, "id")?, Kind::Retirement).await?)
}

/// Cancellations, newest first.
#[utoipa::path(get, path = "/api/v1/cancellations", tag = "retirements", security(("token" = ["read"])),
    params(("before" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, description = "`items`: cancellations")))]
pub(super) async fn cancellations_list(_: Caller<Read>, node: web::Data<Node>, query: Query<NewestFirst>) -> Answered {
    items(
        &node
            .dealings(Kind::Cancellation, None, query.0.before, query.0.limit)
            .await?,
    )
}

body!(NewCancellation {
    account: AccountId,
    quantity_g: Option<Grams>,
    series: Option<SeriesRef>,
    blocks: Option<Vec<BlockRef>>,
    reason: String,
});

/// Takes blocks out for good with no claim.
#[utoipa::path(post, path = "/api/v1/cancellations", tag = "retirements", security(("token" = ["trade"])),
    params(("Idempotency-Key" = Option<String>, Header), ("wait_s" = Option<u32>, Query)),
    request_body(content = serde_json::Value, example = json!({"account": "house", "quantity_g": 1_000, "reason": "correction of 2025"})),
    responses((status = 202, description = "In the outbox"), (status = 201, description = "Cancelled"), (status = 422, description = "Refused by the node")))]
pub(super) async fn cancellation_create(
    _: Caller<Trade>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
    body: Json<NewCancellation>,
) -> Answered {
    let by = body.0.by(&request)?;
    let NewCancellation {
        account,
        quantity_g,
        series,
        blocks,
        reason,
        ..
    } = body.0;
    let what = What {
        quantity_g,
        series,
        blocks,
    }
    .selection()?;
    let id = node
        .cancel(CancelRequest {
            by,
            account,
            what,
            reason,
        })
        .await?;
    decided(&node, id, waiting.0.seconds(), None).await
}
