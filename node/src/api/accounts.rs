//! Accounts of the node: holders and pools by pseudonym, the house, suspense.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::{BlockRef, SeriesRef};
use tanqiao_protocol::time::Timestamp;

use super::answer::{Answered, ApiError, items, ok};
use super::auth::{Caller, Import, Read, Trade};
use super::extract::{Json, Query, message_id, page, part};
use crate::ledger::{AccountId, AccountKind, JournalKind};
use crate::service::{Node, Selection};

/// Which serials: so many grams (of one series, where one is named), or exactly these blocks.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct What {
    pub(super) quantity_g: Option<Grams>,
    pub(super) series: Option<SeriesRef>,
    pub(super) blocks: Option<Vec<BlockRef>>,
}

impl What {
    pub(super) fn selection(self) -> Result<Selection, ApiError> {
        match (self.quantity_g, self.series, self.blocks) {
            (Some(quantity_g), series, None) if !quantity_g.is_zero() => Ok(Selection::Quantity { quantity_g, series }),
            (None, None, Some(blocks)) if !blocks.is_empty() => Ok(Selection::Blocks(blocks)),
            _ => Err(ApiError::parameter(
                "quantity_g",
                "give either `quantity_g` above 0, with a `series` if only one is meant, or `blocks`",
            )),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountsQuery {
    after: Option<AccountId>,
    #[serde(default = "page")]
    limit: u32,
}

/// Accounts by id, with what they hold.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts", security(("token" = ["read"])),
    params(("after" = Option<String>, Query, description = "The last account of the page before"), ("limit" = Option<u32>, Query)),
    responses((status = 200, description = "`items`: account, kind, total_g, free_g, reserved_g, frozen_g, created_at")))]
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
#[utoipa::path(post, path = "/api/v1/accounts", tag = "accounts", security(("token" = ["import"])),
    request_body(content = serde_json::Value, description = "kind: holder (the default) or pool",
        example = json!({"account": "holder-000001", "kind": "holder"})),
    responses((status = 201, description = "The account"), (status = 422, description = "It exists with another kind")))]
pub(super) async fn account_create(_: Caller<Import>, node: web::Data<Node>, body: Json<NewAccount>) -> Answered {
    let NewAccount { account, kind } = body.0;
    node.accounts().create(account.clone(), kind).await?;
    Ok(HttpResponse::Created().json(node.accounts().get(account).await?))
}

/// One account and what it holds.
#[utoipa::path(get, path = "/api/v1/accounts/{account}", tag = "accounts", security(("token" = ["read"])),
    params(("account" = String, Path)),
    responses((status = 200, description = "The account"), (status = 404, description = "There is none")))]
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
}

/// Every arrival, departure and move of an account's serials, newest first.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/journal", tag = "accounts", security(("token" = ["read"])),
    params(("account" = String, Path), ("before" = Option<String>, Query, description = "A time"), ("limit" = Option<u32>, Query)),
    responses((status = 200, description = "`items`: entry, at, kind, from, to, block, subject")))]
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
        })
    });
    items(&lines.collect::<Result<Vec<_>, ApiError>>()?)
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
#[utoipa::path(post, path = "/api/v1/accounts/{account}/moves", tag = "accounts", security(("token" = ["trade"])),
    params(("account" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body(content = serde_json::Value, description = "either quantity_g, with series if only one is meant, or blocks",
        example = json!({"to": "pool-2025", "quantity_g": 50_000})),
    responses((status = 201, description = "`items`: the blocks that moved"), (status = 422, description = "Not enough free grams")))]
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
    #[derive(Serialize)]
    struct Moved {
        id: MessageId,
        items: Vec<BlockRef>,
    }
    Ok(HttpResponse::Created().json(Moved { id, items: moved }))
}
