//! Assets: registered by this member, and what the hub knows of all.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, web};
use tanqiao_protocol::id::Name;

use super::answer::{Answered, decided, items, ok};
use super::auth::{Caller, Read, Trade};
use super::extract::{Json, Query, Waiting, message_id, part};
use crate::service::{NewAsset, Node, Staffed};

/// Query parameters that the hub understands; they are passed on as they are.
type Passed = BTreeMap<String, String>;

/// Registers an asset, or its next revision.
pub(super) async fn asset_put(
    _: Caller<Trade>,
    node: web::Data<Node>,
    request: HttpRequest,
    waiting: Query<Waiting>,
    body: Json<NewAsset>,
) -> Answered {
    let by = Staffed {
        id: message_id(&request, None)?,
        staff: None,
    };
    let id = node.register_asset(by, body.0.asset()?).await?;
    decided(&node, id, waiting.0.seconds(), None).await
}

/// Registered assets; parameters as the hub's `GET /v1/assets`.
pub(super) async fn assets_list(_: Caller<Read>, node: web::Data<Node>, query: Query<Passed>) -> Answered {
    items(&node.hub().assets(&query.0.into_iter().collect::<Vec<_>>()).await?)
}

/// An asset with its revisions and conflicts.
pub(super) async fn asset_view(_: Caller<Read>, node: web::Data<Node>, request: HttpRequest) -> Answered {
    let id: Name = part(&request, "asset")?;
    ok(&node.hub().asset(&id).await?)
}

/// Conflicts about assets; parameters as the hub's `GET /v1/asset-conflicts`.
pub(super) async fn asset_conflicts_list(_: Caller<Read>, node: web::Data<Node>, query: Query<Passed>) -> Answered {
    items(
        &node
            .hub()
            .asset_conflicts(&query.0.into_iter().collect::<Vec<_>>())
            .await?,
    )
}
