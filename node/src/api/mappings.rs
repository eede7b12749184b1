//! Mappings and sheets: what this member proposes, endorses, refuses, stops and comments, as the hub knows it.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use tanqiao_mappings::sheet::Sheet;
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::mapping::{
    MappingComment, MappingLifting, MappingObjection, MappingProposal, MappingSuspension, RejectionGround,
};
use tanqiao_protocol::message::{Content, StaffDecision};
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};

use super::answer::{Answered, decided, ok};
use super::auth::{Admin, Caller, Read};
use super::extract::{Json, Query, Waiting, message_id, part};
use crate::service::{Node, Staffed};

async fn said<C: Content + Send + Sync + 'static>(
    node: &Node,
    request: &HttpRequest,
    waiting: Query<Waiting>,
    said: (Option<MessageId>, Option<StaffDecision>),
    content: C,
) -> Answered {
    let by = Staffed {
        id: message_id(request, said.0)?,
        staff: said.1,
    };
    let id = node.say(by, content).await?;
    decided(node, id, waiting.0.seconds(), None).await
}

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
    said(&node, &request, waiting, (None, None), body.0).await
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
    said(&node, &request, waiting, (None, None), body.0).await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Endorsed {
    id: Option<MessageId>,
    staff: Option<StaffDecision>,
    record_sha256: Sha256,
}

/// Endorses the record of a mapping version that was read.
pub(super) async fn mapping_endorse(
    _: Caller<Admin>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
    body: Json<Endorsed>,
) -> Answered {
    let by = Staffed {
        id: message_id(&request, body.0.id)?,
        staff: body.0.staff,
    };
    let mapping: MappingRef = part(&request, "mapping")?;
    let id = node.endorse_mapping(by, &mapping, body.0.record_sha256).await?;
    decided(&node, id, waiting.0.seconds(), None).await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Objected {
    id: Option<MessageId>,
    staff: Option<StaffDecision>,
    ground: RejectionGround,
    reason: String,
}

/// Refuses a mapping version on a ground of the closed list.
pub(super) async fn mapping_object(
    _: Caller<Admin>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
    body: Json<Objected>,
) -> Answered {
    let mapping = part(&request, "mapping")?;
    let Objected {
        id,
        staff,
        ground,
        reason,
    } = body.0;
    let content = MappingObjection {
        mapping,
        ground,
        reason,
    };
    said(&node, &request, waiting, (id, staff), content).await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stopped {
    id: Option<MessageId>,
    staff: Option<StaffDecision>,
    reason: String,
}

/// Stops a mapping version at once.
pub(super) async fn mapping_suspend(
    _: Caller<Admin>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
    body: Json<Stopped>,
) -> Answered {
    let mapping = part(&request, "mapping")?;
    let Stopped { id, staff, reason } = body.0;
    said(
        &node,
        &request,
        waiting,
        (id, staff),
        MappingSuspension { mapping, reason },
    )
    .await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lifted {
    id: Option<MessageId>,
    staff: Option<StaffDecision>,
}

/// Agrees that a suspended mapping version recognises again.
pub(super) async fn mapping_lift(
    _: Caller<Admin>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
    body: Json<Lifted>,
) -> Answered {
    let mapping = part(&request, "mapping")?;
    said(
        &node,
        &request,
        waiting,
        (body.0.id, body.0.staff),
        MappingLifting { mapping },
    )
    .await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Commented {
    id: Option<MessageId>,
    staff: Option<StaffDecision>,
    text: String,
}

/// Comments on a proposed mapping version.
pub(super) async fn mapping_comment(
    _: Caller<Admin>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
    body: Json<Commented>,
) -> Answered {
    let mapping = part(&request, "mapping")?;
    let Commented { id, staff, text } = body.0;
    said(&node, &request, waiting, (id, staff), MappingComment { mapping, text }).await
}
