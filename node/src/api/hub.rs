//! What the hub knows, read through, and what is published there.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use tanqiao_protocol::id::{MessageId, Name};
use tanqiao_protocol::message::{Listing, Methodology};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::SeriesRef;
use tanqiao_protocol::r#use::Uses;
use tanqiao_protocol::view::RecognitionQuery;

use super::answer::{Answered, decided, items, ok};
use super::auth::{Admin, Caller, Read, Trade};
use super::extract::{Json, Query, Waiting, message_id, part};
use crate::catalogue;
use crate::service::{Node, Staffed};

/// Query parameters that the hub understands; they are passed on as they are.
type Passed = BTreeMap<String, String>;

fn passed(query: Query<Passed>) -> Vec<(String, String)> {
    query.0.into_iter().collect()
}

/// The certificate of a donation or retirement.
#[utoipa::path(get, path = "/api/v1/certificates/{id}", tag = "certificates", security(("token" = ["read"])), params(("id" = String, Path)),
    responses((status = 200, description = "The certificate"), (status = 404, description = "There is none"), (status = 503, description = "The hub cannot be reached")))]
pub(super) async fn certificate_view(_: Caller<Read>, node: web::Data<Node>, request: HttpRequest) -> Answered {
    ok(&node.certificate(part(&request, "id")?).await?)
}

/// Methodology versions that members have published; parameters as the hub's `GET /v1/methodologies`.
#[utoipa::path(get, path = "/api/v1/catalogue", tag = "catalogue", security(("token" = ["read"])),
    params(("region" = Option<String>, Query), ("activity" = Option<String>, Query)),
    responses((status = 200, description = "`items`: methodology versions with their publisher"), (status = 503, description = "The hub cannot be reached")))]
pub(super) async fn catalogue_list(_: Caller<Read>, node: web::Data<Node>, query: Query<Passed>) -> Answered {
    items(&node.hub().methodologies(&passed(query)).await?)
}

/// Publishes a methodology version of this member's region, and keeps it for imports.
#[utoipa::path(post, path = "/api/v1/catalogue", tag = "catalogue", security(("token" = ["admin"])),
    params(("Idempotency-Key" = Option<String>, Header), ("wait_s" = Option<u32>, Query)),
    request_body(content = serde_json::Value, description = "A methodology version", example = json!({"methodology": "CN-4201-metro.v1",
        "region": "420100", "title_zh": "地铁出行", "title_en": "Metro trips", "activity": "rail-transit", "activity_unit": "km",
        "factor_g_per_unit": "78.4", "record_g_max": 50_000, "uses": ["event-neutrality"], "in_force_from": "2024-01-01T00:00:00Z",
        "vintage_first": 2024, "vintage_last": 2030, "source": "https://example.org/metro"})),
    responses((status = 202, description = "In the outbox"), (status = 201, description = "Published"),
        (status = 422, description = "`methodology-changed`: this version has another content")))]
pub(super) async fn methodology_publish(
    _: Caller<Admin>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
    body: Json<Methodology>,
) -> Answered {
    let by = Staffed {
        id: message_id(&request, None)?,
        staff: None,
    };
    let (methodology, now) = (body.0.clone(), node.now());
    node.write(move |tx| catalogue::keep(tx, &methodology, now)).await?;
    let id = node.publish_methodology(by, body.0).await?;
    decided(&node, id, waiting.0.seconds(), None).await
}

/// Mappings; parameters as the hub's `GET /v1/mappings`.
#[utoipa::path(get, path = "/api/v1/mappings", tag = "catalogue", security(("token" = ["read"])),
    params(("methodology" = Option<String>, Query), ("to" = Option<String>, Query)),
    responses((status = 200, description = "`items`: mapping versions"), (status = 503, description = "The hub cannot be reached")))]
pub(super) async fn mappings_list(_: Caller<Read>, node: web::Data<Node>, query: Query<Passed>) -> Answered {
    items(&node.hub().mappings(&passed(query)).await?)
}

/// What would arrive elsewhere: a quote of the hub.
#[utoipa::path(get, path = "/api/v1/recognition", tag = "catalogue", security(("token" = ["read"])),
    params(("methodology" = String, Query), ("to" = String, Query), ("use" = String, Query), ("vintage" = u16, Query),
        ("quantity_g" = Option<i64>, Query, description = "Grams given, or"), ("deliver_g" = Option<i64>, Query, description = "grams to be delivered"),
        ("paid" = Option<i64>, Query), ("mapping" = Option<String>, Query)),
    responses((status = 200, description = "The quote, also in words"), (status = 503, description = "The hub cannot be reached")))]
pub(super) async fn recognition_quote(
    _: Caller<Read>,
    node: web::Data<Node>,
    query: Query<RecognitionQuery>,
) -> Answered {
    ok(&node.hub().quote(&query.0).await?)
}

/// Events that take donations, and those that did.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", security(("token" = ["read"])),
    responses((status = 200, description = "`items`: events"), (status = 503, description = "The hub cannot be reached")))]
pub(super) async fn events_list(_: Caller<Read>, node: web::Data<Node>) -> Answered {
    items(&node.hub().events().await?)
}

/// Who exposes credits; parameters as the hub's `GET /v1/credits`.
#[utoipa::path(get, path = "/api/v1/credits", tag = "catalogue", security(("token" = ["read"])),
    params(("region" = Option<String>, Query), ("activity" = Option<String>, Query), ("use" = Option<String>, Query), ("vintage" = Option<u16>, Query)),
    responses((status = 200, description = "`items`: listings, with what would arrive"), (status = 503, description = "The hub cannot be reached")))]
pub(super) async fn credits_list(_: Caller<Read>, node: web::Data<Node>, query: Query<Passed>) -> Answered {
    items(&node.hub().credits(&passed(query)).await?)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewListing {
    id: Option<MessageId>,
    series: SeriesRef,
    quantity_g: Grams,
    uses: Uses,
    smallest_lot_g: Grams,
    price_fen_per_t: Option<u32>,
}

/// Exposes credits for cross-region use. A quantity of 0 g takes the listing down.
#[utoipa::path(put, path = "/api/v1/listings/{listing}", tag = "catalogue", security(("token" = ["trade"])),
    params(("listing" = String, Path), ("Idempotency-Key" = Option<String>, Header), ("wait_s" = Option<u32>, Query)),
    request_body(content = serde_json::Value, example = json!({"series": "wuhan/420100/CN-4201-metro.v1/2025", "quantity_g": 1_000_000,
        "uses": ["event-neutrality"], "smallest_lot_g": 1_000})),
    responses((status = 202, description = "In the outbox"), (status = 201, description = "Listed"), (status = 409, description = "Refused by the hub")))]
pub(super) async fn listing_put(
    _: Caller<Trade>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
    body: Json<NewListing>,
) -> Answered {
    let listing: Name = part(&request, "listing")?;
    let by = Staffed {
        id: message_id(&request, body.0.id)?,
        staff: None,
    };
    let NewListing {
        series,
        quantity_g,
        uses,
        smallest_lot_g,
        price_fen_per_t,
        ..
    } = body.0;
    let id = node
        .put_listing(
            by,
            Listing {
                listing,
                series,
                quantity_g,
                uses,
                smallest_lot_g,
                price_fen_per_t,
            },
        )
        .await?;
    decided(&node, id, waiting.0.seconds(), None).await
}
