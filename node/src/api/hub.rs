//! What the hub knows, read through, and what is published there.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use tanqiao_protocol::id::{MessageId, Name, NodeId};
use tanqiao_protocol::message::{Listing, Methodology};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::serial::SeriesRef;
use tanqiao_protocol::r#use::{Use, Uses};
use tanqiao_protocol::view::RecognitionQuery;

use super::answer::{Answered, ApiError, decided, items, ok};
use super::auth::{Admin, Caller, Read, Trade};
use super::command::Given;
use super::extract::{Json, Query, Waiting, message_id, part};
use crate::catalogue;
use crate::service::{Destination, Node, Staffed};

/// Query parameters that the hub understands; they are passed on as they are.
type Passed = BTreeMap<String, String>;

fn passed(query: Query<Passed>) -> Vec<(String, String)> {
    query.0.into_iter().collect()
}

/// The certificate of a donation or retirement.
pub(super) async fn certificate_view(_: Caller<Read>, node: web::Data<Node>, request: HttpRequest) -> Answered {
    ok(&node.certificate(part(&request, "id")?).await?)
}

/// Methodology versions that members have published; parameters as the hub's `GET /v1/methodologies`.
pub(super) async fn catalogue_list(_: Caller<Read>, node: web::Data<Node>, query: Query<Passed>) -> Answered {
    items(&node.hub().methodologies(&passed(query)).await?)
}

/// Publishes a methodology version of this member's region, and keeps it for imports.
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
pub(super) async fn mappings_list(_: Caller<Read>, node: web::Data<Node>, query: Query<Passed>) -> Answered {
    items(&node.hub().mappings(&passed(query)).await?)
}

/// What would arrive elsewhere: a quote of the hub.
pub(super) async fn recognition_quote(
    _: Caller<Read>,
    node: web::Data<Node>,
    query: Query<RecognitionQuery>,
) -> Answered {
    ok(&node.hub().quote(&query.0).await?)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QuoteTerms {
    target: Option<NodeId>,
    event: Option<Name>,
    to: Option<RegionCode>,
    r#use: Use,
}

/// What would arrive elsewhere of what an account would give.
pub(super) async fn quote_make(_: Caller<Read>, node: web::Data<Node>, body: Json<Given<QuoteTerms>>) -> Answered {
    let (account, what, terms) = body.0.selected()?;
    let destination = match (terms.target, terms.event, terms.to) {
        (Some(member), None, None) => Destination::Member(member),
        (None, Some(event), None) => Destination::Event(event),
        (None, None, Some(region)) => Destination::Region(region),
        _ => return Err(ApiError::parameter("target", "give one of `target`, `event` and `to`")),
    };
    ok(&node.quote(account, what, &destination, terms.r#use).await?)
}

/// Events that take donations, and those that did.
pub(super) async fn events_list(_: Caller<Read>, node: web::Data<Node>) -> Answered {
    items(&node.hub().events().await?)
}

/// Who exposes credits; parameters as the hub's `GET /v1/credits`.
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
