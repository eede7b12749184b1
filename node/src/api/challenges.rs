//! Challenges of the regulator, and answering one.

use actix_web::web;
use serde::Deserialize;

use super::answer::{Answered, items};
use super::auth::{Admin, Caller, Read};
use super::command::{Command, Subject};
use crate::challenge::{answer_one, list};
use crate::service::Node;

/// Challenges to this member, oldest first.
pub(super) async fn challenges_list(_: Caller<Read>, node: web::Data<Node>) -> Answered {
    items(&list(&node).await?)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Shows the records that a challenge asks for, sealed to the mailbox of the configuration.
pub(super) async fn challenge_answer(
    _: Caller<Admin>,
    node: web::Data<Node>,
    Subject(challenge): Subject,
    command: Command<Nothing>,
) -> Answered {
    let id = answer_one(&node, command.by, challenge, None).await?;
    command.answer.done(&node, id).await
}
