//! Issuances: pending activities become serials at the hub.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use tanqiao_protocol::id::MessageId;

use super::answer::{Answered, items, ok};
use super::auth::{Caller, Read, Trade};
use super::command::Subject;
use super::extract::{Json, Query, Waiting, message_id};
use crate::error::NodeError;
use crate::issuing::{self, IssuingRequest, TokenProgress};
use crate::service::{Dealing, Kind, Node};

/// What could be issued now: activities of each series that no issuance has yet.
pub(super) async fn issuances_pending(_: Caller<Read>, node: web::Data<Node>) -> Answered {
    items(&node.read(issuing::pending).await?)
}

/// One issuance, and how far its token stream is.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    dealing: Dealing,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<TokenProgress>,
}

/// One issuance: one of another kind is none.
pub(super) async fn issuance_view(_: Caller<Read>, node: web::Data<Node>, Subject(id): Subject) -> Answered {
    let dealing = node.dealing(id).await?;
    if dealing.kind != Kind::Issuance {
        return Err(NodeError::not_found(Kind::Issuance.word(), id).into());
    }
    let tokens = node.read(move |tx| issuing::progress(tx, id)).await?;
    ok(&Shown { dealing, tokens })
}

/// A body that says nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Gives up an issuance whose tokens are still being made.
pub(super) async fn issuance_give_up(
    _: Caller<Trade>,
    node: web::Data<Node>,
    Subject(id): Subject,
    _: Json<Nothing>,
) -> Answered {
    #[derive(Serialize)]
    struct GivenUp {
        given_up: MessageId,
    }
    issuing::give_up(&node, id).await?;
    ok(&GivenUp { given_up: id })
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
