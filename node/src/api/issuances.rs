//! Issuances: pending activities become serials at the hub.

use actix_web::{HttpRequest, HttpResponse, web};

use super::answer::{Answered, items, ok};
use super::auth::{Caller, Read, Trade};
use super::extract::{Json, NewestFirst, Query, Waiting, message_id, part};
use crate::issuing::{self, IssuingRequest};
use crate::service::{Kind, Node};

/// Issuances, newest first.
#[utoipa::path(get, path = "/api/v1/issuances", tag = "issuances", security(("token" = ["read"])),
    params(("before" = Option<String>, Query, description = "An id"), ("limit" = Option<u32>, Query)),
    responses((status = 200, description = "`items`: id, kind, state, quantity_g, opened_at, content and more")))]
pub(super) async fn issuances_list(_: Caller<Read>, node: web::Data<Node>, query: Query<NewestFirst>) -> Answered {
    items(
        &node
            .dealings(Kind::Issuance, None, query.0.before, query.0.limit)
            .await?,
    )
}

/// What could be issued now: activities of each series that no issuance has yet.
#[utoipa::path(get, path = "/api/v1/issuances/pending", tag = "issuances", security(("token" = ["read"])),
    responses((status = 200, description = "`items`: methodology, region_of_act, vintage, count, quantity_g")))]
pub(super) async fn issuances_pending(_: Caller<Read>, node: web::Data<Node>) -> Answered {
    items(&node.read(issuing::pending).await?)
}

/// Issues everything of one methodology, region of the act and vintage that is not issued yet. The holders' accounts are
/// opened where there are none.
#[utoipa::path(post, path = "/api/v1/issuances", tag = "issuances", security(("token" = ["trade"])),
    params(("Idempotency-Key" = Option<String>, Header), ("wait_s" = Option<u32>, Query, description = "Wait for the hub, 60 s at most")),
    request_body(content = serde_json::Value, description = "rights_basis: transferred-by-holders, transferred-by-project-owner \
        or held-in-trust. verified_g: what the verification covers, where it is more than is issued.",
        example = json!({"methodology": "CN-4201-metro.v1", "region_of_act": "420100", "vintage": 2025,
            "rights_basis": "transferred-by-holders", "local_reference": "wh-2025-0001", "other_schemes": [],
            "verification": {"body": "Example Verification Body", "verified_at": "2026-01-31T00:00:00Z",
                "report_sha256": "0000000000000000000000000000000000000000000000000000000000000000"}})),
    responses((status = 202, description = "issuance, activity_count, activity_total, quantity_g, accounts, records_root"),
        (status = 409, description = "`id-reused`, or `issued-meanwhile`"), (status = 422, description = "`nothing-to-issue` and others")))]
pub(super) async fn issuance_create(
    _: Caller<Trade>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
    body: Json<IssuingRequest>,
) -> Answered {
    let id = message_id(&request, body.0.id)?;
    let issued = issuing::issue(&node, IssuingRequest { id, ..body.0 }).await?;
    let location = format!("/api/v1/issuances/{}", issued.issuance);
    if waiting.0.seconds() > 0 {
        return super::answer::decided(&node, issued.issuance, waiting.0.seconds(), Some(location)).await;
    }
    Ok(HttpResponse::Accepted()
        .insert_header(("Location", location))
        .json(issued))
}

/// One issuance.
#[utoipa::path(get, path = "/api/v1/issuances/{id}", tag = "issuances", security(("token" = ["read"])), params(("id" = String, Path)),
    responses((status = 200, description = "The issuance"), (status = 404, description = "There is none")))]
pub(super) async fn issuance_view(_: Caller<Read>, node: web::Data<Node>, request: HttpRequest) -> Answered {
    let id = part(&request, "id")?;
    ok(&super::dealings::of_kind(&node, id, Kind::Issuance).await?)
}
