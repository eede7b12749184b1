//! What the node deals in: lists and single ones, alike for every kind.

use actix_web::web;
use serde::Deserialize;
use tanqiao_protocol::id::MessageId;

use super::answer::{Answered, items, ok};
use super::auth::{Caller, Read};
use super::command::Subject;
use super::extract::{NewestFirst, Query, page};
use crate::error::NodeError;
use crate::service::{Direction, Kind, Node};

/// A kind of dealing as a type, so that one handler serves every kind.
pub(super) trait Dealt: 'static {
    const KIND: Kind;
}

macro_rules! dealt {
    ($($name:ident),+) => { $(
        #[derive(Debug)]
        pub(super) struct $name;
        impl Dealt for $name { const KIND: Kind = Kind::$name; }
    )+ };
}
dealt!(Issuance, Transfer, Donation, Retirement, Cancellation, Pledge);

/// Dealings of a kind, newest first.
pub(super) async fn list<K: Dealt>(_: Caller<Read>, node: web::Data<Node>, query: Query<NewestFirst>) -> Answered {
    let NewestFirst { before, limit } = query.0;
    items(&node.dealings(K::KIND, None, before, limit).await?)
}

/// One dealing of a kind: one of another kind is none.
pub(super) async fn view<K: Dealt>(_: Caller<Read>, node: web::Data<Node>, subject: Subject) -> Answered {
    let Subject(id) = subject;
    let dealing = node.dealing(id).await?;
    if dealing.kind == K::KIND {
        ok(&dealing)
    } else {
        Err(NodeError::not_found(K::KIND.word(), id).into())
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TransfersQuery {
    direction: Option<Direction>,
    before: Option<MessageId>,
    #[serde(default = "page")]
    limit: u32,
}

/// Transfers, newest first; of one direction where one is given.
pub(super) async fn transfers(_: Caller<Read>, node: web::Data<Node>, query: Query<TransfersQuery>) -> Answered {
    let TransfersQuery {
        direction,
        before,
        limit,
    } = query.0;
    items(&node.dealings(Kind::Transfer, direction, before, limit).await?)
}
