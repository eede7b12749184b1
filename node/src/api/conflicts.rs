//! Conflicts about activities: seen, and spoken about.

use actix_web::web;
use serde::Deserialize;
use tanqiao_protocol::conflict::ConflictState;
use tanqiao_protocol::id::MessageId;

use super::answer::{Answered, items, ok};
use super::auth::{Caller, Read, Trade};
use super::command::{Command, Subject};
use super::extract::{Query, page};
use crate::service::Node;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConflictsQuery {
    state: Option<ConflictState>,
    before: Option<MessageId>,
    #[serde(default = "page")]
    limit: u32,
}

/// Conflicts, newest first; of one state where one is given.
pub(super) async fn conflicts_list(_: Caller<Read>, node: web::Data<Node>, query: Query<ConflictsQuery>) -> Answered {
    let ConflictsQuery { state, before, limit } = query.0;
    items(&node.conflicts(state, before, limit).await?)
}

/// One conflict.
pub(super) async fn conflict_view(_: Caller<Read>, node: web::Data<Node>, Subject(id): Subject) -> Answered {
    ok(&node.conflict(id).await?)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Statement {
    statement: String,
    #[serde(default)]
    concede: bool,
}

/// Says something about a conflict, or gives the activity up.
pub(super) async fn conflict_evidence(
    _: Caller<Trade>,
    node: web::Data<Node>,
    Subject(conflict): Subject,
    command: Command<Statement>,
) -> Answered {
    let Statement { statement, concede } = command.order;
    let id = node.conflict_evidence(command.by, conflict, concede, statement).await?;
    command.answer.done(&node, id).await
}
