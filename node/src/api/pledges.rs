//! Pledges: collateral, and the pledgee's word on it.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::id::{MessageId, Name, NodeId};
use tanqiao_protocol::message::{PledgeDecision, StaffDecision};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::{BlockRef, SeriesRef};
use tanqiao_protocol::time::Timestamp;

use super::accounts::What;
use super::answer::{Answered, ApiError, decided, items, ok};
use super::auth::{Caller, Read, Trade};
use super::dealings::{body, of_kind};
use super::extract::{Json, NewestFirst, Query, Waiting, message_id, part};
use crate::ledger::AccountId;
use crate::service::{Kind, Node, PledgeRequest, Staffed};

/// Pledges, newest first.
#[utoipa::path(get, path = "/api/v1/pledges", tag = "pledges", security(("token" = ["read"])),
    params(("before" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, description = "`items`: pledges")))]
pub(super) async fn pledges_list(_: Caller<Read>, node: web::Data<Node>, query: Query<NewestFirst>) -> Answered {
    items(&node.dealings(Kind::Pledge, None, query.0.before, query.0.limit).await?)
}

body!(NewPledge {
    account: AccountId,
    quantity_g: Option<Grams>,
    series: Option<SeriesRef>,
    blocks: Option<Vec<BlockRef>>,
    pledgee: NodeId,
    reference: Name,
    term: Timestamp,
});

/// Gives blocks as collateral.
#[utoipa::path(post, path = "/api/v1/pledges", tag = "pledges", security(("token" = ["trade"])),
    params(("Idempotency-Key" = Option<String>, Header), ("wait_s" = Option<u32>, Query)),
    request_body(content = serde_json::Value, example = json!({"account": "house", "quantity_g": 5_000_000, "pledgee": "green-bank",
        "reference": "loan-2026-17", "term": "2027-05-31T00:00:00Z"})),
    responses((status = 202, description = "In the outbox"), (status = 201, description = "Pledged"), (status = 422, description = "Refused by the node")))]
pub(super) async fn pledge_create(
    _: Caller<Trade>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
    body: Json<NewPledge>,
) -> Answered {
    let by = body.0.by(&request)?;
    let NewPledge {
        account,
        quantity_g,
        series,
        blocks,
        pledgee,
        reference,
        term,
        ..
    } = body.0;
    let what = What {
        quantity_g,
        series,
        blocks,
    }
    .selection()?;
    let id = node
        .pledge(PledgeRequest {
            by,
            account,
            what,
            pledgee,
            reference,
            term,
        })
        .await?;
    decided(&node, id, waiting.0.seconds(), Some(format!("/api/v1/pledges/{id}"))).await
}

/// One pledge.
#[utoipa::path(get, path = "/api/v1/pledges/{id}", tag = "pledges", security(("token" = ["read"])), params(("id" = String, Path)),
    responses((status = 200, description = "The pledge"), (status = 404, description = "There is none")))]
pub(super) async fn pledge_view(_: Caller<Read>, node: web::Data<Node>, request: HttpRequest) -> Answered {
    ok(&of_kind(&node, part(&request, "id")?, Kind::Pledge).await?)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Consent {
    decision: PledgeDecision,
}

/// This member's signed word on a pledge to it, to be handed to the debtor. Nothing is sent.
#[utoipa::path(post, path = "/api/v1/pledges/{id}/consent", tag = "pledges", security(("token" = ["trade"])), params(("id" = String, Path)),
    request_body(content = serde_json::Value, description = "release or foreclose", example = json!({"decision": "release"})),
    responses((status = 201, description = "A DSSE envelope")))]
pub(super) async fn pledge_consent(
    _: Caller<Trade>,
    node: web::Data<Node>,
    request: HttpRequest,
    body: Json<Consent>,
) -> Answered {
    let envelope = node.pledge_consent(part(&request, "id")?, body.0.decision)?;
    Ok(HttpResponse::Created().json(envelope))
}

body!(Release { consent: Envelope });

/// Asks for collateral back, with the pledgee's signed consent.
#[utoipa::path(post, path = "/api/v1/pledges/{id}/release", tag = "pledges", security(("token" = ["trade"])),
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("wait_s" = Option<u32>, Query)),
    request_body(content = serde_json::Value, description = "consent: the pledgee's DSSE envelope", example = json!({"consent":
        {"payloadType": "application/vnd.tanqiao.pledge-consent.v1+json", "payload": "…", "signatures": [{"keyid": "…", "sig": "…"}]}})),
    responses((status = 202, description = "In the outbox"), (status = 201, description = "Released")))]
pub(super) async fn pledge_release(
    _: Caller<Trade>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
    body: Json<Release>,
) -> Answered {
    let by = body.0.by(&request)?;
    let id = node.pledge_release(by, part(&request, "id")?, body.0.consent).await?;
    decided(&node, id, waiting.0.seconds(), None).await
}

body!(Foreclosure {});

/// Asks that the collateral of a pledge to this member be taken; two officers of the hub decide.
#[utoipa::path(post, path = "/api/v1/pledges/{id}/foreclosure", tag = "pledges", security(("token" = ["trade"])),
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("wait_s" = Option<u32>, Query)),
    request_body(content = serde_json::Value, example = json!({})),
    responses((status = 202, description = "In the outbox"), (status = 201, description = "Asked for")))]
pub(super) async fn pledge_foreclose(
    _: Caller<Trade>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
    body: Json<Foreclosure>,
) -> Answered {
    let by = body.0.by(&request)?;
    let id = node.pledge_foreclose(by, part(&request, "id")?).await?;
    decided(&node, id, waiting.0.seconds(), None).await
}
