//! Accounts of the node: holders and pools by pseudonym, the house, suspense.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::{BlockRef, SeriesRef};
use tanqiao_protocol::time::Timestamp;

use super::answer::{Answered, ApiError, items, ok};
use super::auth::{Admin, Caller, Import, Read, Trade};
use super::command::What;
use super::extract::{Json, Query, message_id, page, part};
use crate::ledger::{AccountId, AccountKind, JournalKind};
use crate::service::Node;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountsQuery {
    after: Option<AccountId>,
    #[serde(default = "page")]
    limit: u32,
}

/// Accounts by id, with what they hold.
pub(super) async fn accounts_list(_: Caller<Read>, node: web::Data<Node>, query: Query<AccountsQuery>) -> Answered {
    items(
        &node
            .accounts()
            .list(query.0.after, query.0.limit.clamp(1, 1_000))
            .await?,
    )
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAccount {
    account: AccountId,
    #[serde(default = "holder")]
    kind: AccountKind,
}

const fn holder() -> AccountKind {
    AccountKind::Holder
}

/// Opens an account. The same again does nothing.
pub(super) async fn account_create(_: Caller<Import>, node: web::Data<Node>, body: Json<NewAccount>) -> Answered {
    let NewAccount { account, kind } = body.0;
    node.accounts().create(account.clone(), kind).await?;
    Ok(HttpResponse::Created().json(node.accounts().get(account).await?))
}

/// One account and what it holds.
pub(super) async fn account_view(_: Caller<Read>, node: web::Data<Node>, request: HttpRequest) -> Answered {
    ok(&node.accounts().get(part(&request, "account")?).await?)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JournalQuery {
    before: Option<Timestamp>,
    #[serde(default = "page")]
    limit: u32,
}

#[derive(Debug, Serialize)]
struct JournalLine {
    entry: String,
    at: Timestamp,
    kind: JournalKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    block: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Every arrival, departure and move of an account's serials, newest first.
pub(super) async fn account_journal(
    _: Caller<Read>,
    node: web::Data<Node>,
    request: HttpRequest,
    query: Query<JournalQuery>,
) -> Answered {
    let rows = node
        .journal(part(&request, "account")?, query.0.before, query.0.limit)
        .await?;
    let lines = rows.into_iter().map(|row| {
        Ok(JournalLine {
            at: Timestamp::from_micros(row.at),
            kind: JournalKind::from_code(row.kind).map_err(crate::NodeError::from)?,
            block: format!("{}/{}-{}", row.series, row.first, row.last),
            entry: row.entry,
            from: row.from_account,
            to: row.to_account,
            subject: row.subject,
            reason: row.reason,
        })
    });
    items(&lines.collect::<Result<Vec<_>, ApiError>>()?)
}

#[derive(Debug, Serialize)]
struct Moved {
    id: MessageId,
    items: Vec<BlockRef>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Move {
    id: Option<MessageId>,
    to: AccountId,
    quantity_g: Option<Grams>,
    series: Option<SeriesRef>,
    blocks: Option<Vec<BlockRef>>,
}

/// Moves free grams to another account of this node; the hub is not told.
pub(super) async fn account_move(
    _: Caller<Trade>,
    node: web::Data<Node>,
    request: HttpRequest,
    body: Json<Move>,
) -> Answered {
    let Move {
        id,
        to,
        quantity_g,
        series,
        blocks,
    } = body.0;
    let id = message_id(&request, id)?.unwrap_or_else(|| node.new_id());
    let what = What {
        quantity_g,
        series,
        blocks,
    }
    .selection()?;
    let moved = node
        .accounts()
        .move_grams(id, part(&request, "account")?, to, what)
        .await?;
    Ok(HttpResponse::Created().json(Moved { id, items: moved }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Attribution {
    id: Option<MessageId>,
    reason: String,
    quantity_g: Option<Grams>,
    series: Option<SeriesRef>,
    blocks: Option<Vec<BlockRef>>,
}

/// Gives serials of `suspense` to the account that they belong to.
pub(super) async fn account_attribute(
    _: Caller<Admin>,
    node: web::Data<Node>,
    request: HttpRequest,
    body: Json<Attribution>,
) -> Answered {
    let Attribution {
        id,
        reason,
        quantity_g,
        series,
        blocks,
    } = body.0;
    let id = message_id(&request, id)?.unwrap_or_else(|| node.new_id());
    let what = What {
        quantity_g,
        series,
        blocks,
    }
    .selection()?;
    let to = part(&request, "account")?;
    let items = node.accounts().attribute(id, to, what, reason).await?;
    Ok(HttpResponse::Created().json(Moved { id, items }))
}
