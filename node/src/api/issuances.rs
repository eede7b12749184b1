//! Issuances: pending activities become serials at the hub.

use actix_web::{HttpRequest, HttpResponse, web};

use super::answer::{Answered, items};
use super::auth::{Caller, Read, Trade};
use super::extract::{Json, Query, Waiting, message_id};
use crate::issuing::{self, IssuingRequest};
use crate::service::Node;

/// What could be issued now: activities of each series that no issuance has yet.
pub(super) async fn issuances_pending(_: Caller<Read>, node: web::Data<Node>) -> Answered {
    items(&node.read(issuing::pending).await?)
}

/// Issues everything of one methodology, region of the act and vintage that is not issued yet. The holders' accounts are
/// opened where there are none.
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
