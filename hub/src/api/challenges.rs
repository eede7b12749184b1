//! Challenges to the caller: which records it has to show, until when, and how it ended.

use actix_web::web::{Data, Path, Query};
use serde::Deserialize;
use tanqiao_protocol::id::MessageId;

use super::admission::Caller;
use super::answer::{Answer, Refused, json};
use super::hub::Hub;
use super::page::{cut, limit};
use super::views;
use crate::store::read::challenges;
use crate::store::read::dealings::Window;

/// Which part of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    after: Option<MessageId>,
    limit: Option<usize>,
    #[serde(default)]
    open: bool,
}

/// `GET /v1/challenges`
pub async fn list(hub: Data<Hub>, caller: Caller, listed: Query<Listed>) -> Answer {
    let most = limit(listed.limit)?;
    let window = Window {
        after: listed.after,
        limit: most + 1,
    };
    let found = hub
        .read(move |c| challenges::challenges(c, Some(&caller.member), listed.open, window))
        .await?;
    json(&cut(found.into_iter().map(views::challenge).collect(), most, |view| {
        view.challenge.to_string()
    }))
}

/// `GET /v1/challenges/{id}`
pub async fn one(hub: Data<Hub>, caller: Caller, id: Path<MessageId>) -> Answer {
    let found = hub.read(move |c| challenges::challenge(c, *id)).await?;
    let found = found.filter(|challenge| challenge.member == caller.member);
    json(&views::challenge(found.ok_or_else(Refused::not_found)?))
}
