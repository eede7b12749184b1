//! Mappings and sheets: what this member proposes, endorses, refuses, stops and comments, as the hub knows it.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use tanqiao_mappings::sheet::Sheet;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::mapping::{MappingProposal, RejectionGround};
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};

use super::answer::{Answered, ApiError, decided, ok};
use super::auth::{Admin, Caller, Read};
use super::command::Command;
use super::extract::{Json, Query, Waiting, message_id, part};
use crate::service::{Node, Staffed};

/// The attribute sheet of a methodology version.
pub(super) async fn sheet_view(_: Caller<Read>, node: web::Data<Node>, request: HttpRequest) -> Answered {
    let methodology: MethodologyRef = part(&request, "methodology")?;
    ok(&node.hub().sheet(&methodology).await?)
}

/// Publishes the attribute sheet of one of this member's methodology versions.
pub(super) async fn sheet_publish(
    _: Caller<Admin>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
    body: Json<Sheet>,
) -> Answered {
    let id = node.publish_sheet(unstaffed(&request)?, body.0).await?;
    decided(&node, id, waiting.0.seconds(), None).await
}

/// One mapping version with its explanation and comments.
pub(super) async fn mapping_view(_: Caller<Read>, node: web::Data<Node>, request: HttpRequest) -> Answered {
    let mapping: MappingRef = part(&request, "mapping")?;
    ok(&node.hub().mapping(&mapping).await?)
}

/// Proposes a mapping version; the hub computes its factor.
pub(super) async fn mapping_propose(
    _: Caller<Admin>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
    body: Json<MappingProposal>,
) -> Answered {
    let id = node.propose_mapping(unstaffed(&request)?, body.0).await?;
    decided(&node, id, waiting.0.seconds(), None).await
}

/// Of a command whose body is the content itself: its id is in `Idempotency-Key`.
fn unstaffed(request: &HttpRequest) -> Result<Staffed, ApiError> {
    let id = message_id(request, None)?;
    Ok(Staffed { id, staff: None })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Endorsed {
    record_sha256: Sha256,
}

/// Endorses the record of a mapping version that was read.
pub(super) async fn mapping_endorse(
    _: Caller<Admin>,
    node: web::Data<Node>,
    request: HttpRequest,
    command: Command<Endorsed>,
) -> Answered {
    let mapping: MappingRef = part(&request, "mapping")?;
    let record = command.order.record_sha256;
    let id = node.endorse_mapping(command.by, &mapping, record).await?;
    command.answer.done(&node, id).await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Objected {
    ground: RejectionGround,
    reason: String,
}

/// Refuses a mapping version on a ground of the closed list.
pub(super) async fn mapping_object(
    _: Caller<Admin>,
    node: web::Data<Node>,
    request: HttpRequest,
    command: Command<Objected>,
) -> Answered {
    let Objected { ground, reason } = command.order;
    let mapping = part(&request, "mapping")?;
    let id = node.object_to_mapping(command.by, mapping, ground, reason).await?;
    command.answer.done(&node, id).await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stopped {
    reason: String,
}

/// Stops a mapping version at once.
pub(super) async fn mapping_suspend(
    _: Caller<Admin>,
    node: web::Data<Node>,
    request: HttpRequest,
    command: Command<Stopped>,
) -> Answered {
    let mapping = part(&request, "mapping")?;
    let id = node.suspend_mapping(command.by, mapping, command.order.reason).await?;
    command.answer.done(&node, id).await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lifted {}

/// Agrees that a suspended mapping version recognises again.
pub(super) async fn mapping_lift(
    _: Caller<Admin>,
    node: web::Data<Node>,
    request: HttpRequest,
    command: Command<Lifted>,
) -> Answered {
    let Lifted {} = command.order;
    let id = node.lift_mapping(command.by, part(&request, "mapping")?).await?;
    command.answer.done(&node, id).await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Commented {
    text: String,
}

/// Comments on a proposed mapping version.
pub(super) async fn mapping_comment(
    _: Caller<Admin>,
    node: web::Data<Node>,
    request: HttpRequest,
    command: Command<Commented>,
) -> Answered {
    let mapping = part(&request, "mapping")?;
    let id = node.comment_on_mapping(command.by, mapping, command.order.text).await?;
    command.answer.done(&node, id).await
}
