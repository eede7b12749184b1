//! What the node holds and how it is.

use actix_web::{HttpRequest, web};
use serde::{Deserialize, Serialize};
use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::time::Timestamp;

use super::answer::{Answered, ApiError, items, ok};
use super::auth::{Caller, Read};
use super::extract::{Query, Waiting, page, part};
use crate::error::NodeError;
use crate::reconciliation::{Kept, agreed_at, list};
use crate::service::{FeedState, Node};

/// What the node holds by series and state, as its feed says, with the feed entry and log index up to which this is so.
pub(super) async fn holdings_view(_: Caller<Read>, node: web::Data<Node>) -> Answered {
    ok(&node.holdings().await?)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BlocksQuery {
    state: Option<BlockState>,
    after: Option<BlockRef>,
    #[serde(default = "page")]
    limit: u32,
}

/// Blocks of the node's book, by series and serial.
pub(super) async fn blocks_list(_: Caller<Read>, node: web::Data<Node>, query: Query<BlocksQuery>) -> Answered {
    let BlocksQuery { state, after, limit } = query.0;
    items(&node.blocks(state, after, limit).await?)
}

/// How the node is: feed, outbox, offers, suspense.
pub(super) async fn status_view(_: Caller<Read>, node: web::Data<Node>) -> Answered {
    ok(&node.status_with_mappings().await?)
}

#[derive(Debug, Serialize)]
struct Reconciliation {
    feed: FeedState,
    feed_seq: i64,
    feed_chain: Sha256,
    log_index: i64,
    digest: Sha256,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<String>,
    contradictions: Vec<Finding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agreed_at: Option<Timestamp>,
    reconciliations: Vec<Kept>,
}

/// How many of the last full reconciliations are shown.
const KEPT_SHOWN: u32 = 20;

#[derive(Debug, Serialize)]
struct Finding {
    id: String,
    at: Timestamp,
    feed_seq: i64,
    state: FeedState,
    expected: String,
    found: String,
}

/// Whether the node and the hub agree: the digest of what the node holds at its last feed entry, and every contradiction
/// that was found.
pub(super) async fn reconciliations_view(_: Caller<Read>, node: web::Data<Node>) -> Answered {
    ok(&reconciliation(&node).await?)
}

pub(crate) async fn reconciliation(node: &Node) -> Result<impl Serialize, NodeError> {
    let status = node.status().await?;
    let contradictions = node.contradictions().await?.into_iter().map(|row| {
        Ok(Finding {
            id: row.id,
            at: Timestamp::from_micros(row.at),
            feed_seq: row.seq,
            state: FeedState::from_code(row.state)?,
            expected: row.expected,
            found: row.found,
        })
    });
    Ok(Reconciliation {
        feed: status.feed,
        feed_seq: status.feed_seq,
        feed_chain: status.feed_chain,
        log_index: status.log_index,
        digest: status.digest,
        expected: status.expected,
        found: status.found,
        contradictions: contradictions.collect::<Result<_, NodeError>>()?,
        agreed_at: agreed_at(node).await?,
        reconciliations: list(node, None, KEPT_SHOWN).await?,
    })
}

/// How far a message to the hub is; with `wait_s`, waits for the hub's decision and for the feed to bring its effect.
pub(super) async fn message_view(
    _: Caller<Read>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
) -> Answered {
    let patience = std::time::Duration::from_secs(u64::from(waiting.0.seconds()));
    let answer = node
        .wait_for(part(&request, "id")?, patience)
        .await
        .map_err(ApiError::from)?;
    ok(&answer)
}
