//! The asset register, the conflicts about it, and which schemes exclude each other. Every member may see all of it: a conflict must be
//! checked by both sides, and the log says the same to everybody.

use actix_web::web::{Data, Path, Query};
use serde::Deserialize;
use tanqiao_protocol::asset::{AssetState, Exclusivity, Scheme};
use tanqiao_protocol::id::{Name, NodeId};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::view::{
    AssetConflictView, AssetContender, AssetDetail, AssetRevision, AssetSide, AssetView, ExclusivityView, Page,
};

use super::answer::{Answer, Refused, json};
use super::hub::Hub;
use super::page::{cut, limit};
use crate::ledger::objects::{AssetConflict, AssetKey, Contender, RegisteredAsset};
use crate::store::database::{ReadConnection, StoreError};
use crate::store::read::assets::{self as store, AssetsAsked, ConflictsAsked};

/// Which assets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assets {
    region: Option<RegionCode>,
    activity: Option<Name>,
    member: Option<NodeId>,
    state: Option<AssetState>,
    id: Option<Name>,
    after: Option<String>,
    limit: Option<usize>,
}

/// A registration as everybody may see it.
#[must_use]
pub fn view(asset: RegisteredAsset) -> AssetView {
    AssetView {
        content: (*asset.content).clone(),
        member: asset.key.member,
        state: asset.state,
        revision: asset.revision,
        revised_at: asset.revised_at,
        log_index: asset.log_index,
    }
}

/// A conflict as everybody may see it.
#[must_use]
pub fn conflict_view(conflict: AssetConflict) -> AssetConflictView {
    let nothing = AssetContender {
        asset: None,
        member: None,
        scheme: None,
        reference: None,
    };
    let second = match conflict.second {
        Contender::Asset(key) => AssetContender {
            asset: Some(key.asset),
            member: Some(key.member),
            ..nothing
        },
        Contender::Entry(key) => AssetContender {
            scheme: Some(key.scheme),
            reference: Some(key.reference),
            ..nothing
        },
    };
    let AssetKey { asset, member } = conflict.first;
    AssetConflictView {
        conflict: conflict.id,
        kind: conflict.kind,
        state: conflict.state,
        first: AssetSide { asset, member },
        second,
        from: conflict.content.from,
        until: conflict.content.until,
        frozen: conflict.content.frozen,
        opened_at: conflict.content.opened_at,
        ended_at: conflict.content.ended_at,
        reason: conflict.content.reason,
        log_index: conflict.log_index,
    }
}

/// `member/asset`, as a page names the last of its items.
fn place(after: &str) -> Result<(Name, NodeId), Refused> {
    let parsed = after
        .split_once('/')
        .and_then(|(member, asset)| Some((asset.parse().ok()?, member.parse().ok()?)));
    parsed.ok_or_else(|| Refused::parameter("after", "`after` is the `next` of the page before."))
}

/// `GET /v1/assets`
pub async fn assets(hub: Data<Hub>, asked: Query<Assets>) -> Answer {
    let asked = asked.into_inner();
    let most = limit(asked.limit)?;
    let wanted = AssetsAsked {
        region: asked.region,
        activity: asked.activity,
        member: asked.member,
        state: asked.state,
        id: asked.id,
        after: asked.after.as_deref().map(place).transpose()?,
    };
    let found = hub.read(move |c| store::assets(c, &wanted, most + 1)).await?;
    let views: Vec<AssetView> = found.into_iter().map(view).collect();
    json(&cut(views, most, |one| format!("{}/{}", one.member, one.content.asset)))
}

/// `GET /v1/assets/{id}`
pub async fn asset(hub: Data<Hub>, id: Path<Name>) -> Answer {
    let found = hub.read(move |c| detail(c, id.into_inner())).await?;
    json(&found.ok_or_else(Refused::not_found)?)
}

fn detail(connection: &mut ReadConnection<'_>, id: Name) -> Result<Option<AssetDetail>, StoreError> {
    let registrations = store::registrations(connection, &id)?;
    if registrations.is_empty() {
        return Ok(None);
    }
    let asked = ConflictsAsked {
        asset: Some(id.clone()),
        ..ConflictsAsked::default()
    };
    let conflicts = store::conflicts(connection, &asked, usize::MAX)?;
    let revisions = store::revisions(connection, &id)?;
    Ok(Some(AssetDetail {
        asset: id,
        registrations: registrations.into_iter().map(view).collect(),
        revisions: revisions
            .into_iter()
            .map(|(member, revision, log_index)| AssetRevision {
                member,
                revision,
                log_index,
            })
            .collect(),
        conflicts: conflicts.into_iter().map(conflict_view).collect(),
    }))
}

/// Which conflicts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conflicts {
    asset: Option<Name>,
    member: Option<NodeId>,
    open: Option<bool>,
    after: Option<i64>,
    limit: Option<usize>,
}

/// `GET /v1/asset-conflicts`
pub async fn conflicts(hub: Data<Hub>, asked: Query<Conflicts>) -> Answer {
    let asked = asked.into_inner();
    let most = limit(asked.limit)?;
    let wanted = ConflictsAsked {
        asset: asked.asset,
        member: asked.member,
        open: asked.open,
        after: asked.after,
    };
    let found = hub.read(move |c| store::conflicts(c, &wanted, most + 1)).await?;
    let views: Vec<AssetConflictView> = found.into_iter().map(conflict_view).collect();
    json(&cut(views, most, |one| one.conflict.to_string()))
}

/// `GET /v1/exclusivity`: the matrix, each two schemes once.
pub async fn exclusivity() -> Answer {
    let pairs = Scheme::ALL
        .iter()
        .flat_map(|one| Scheme::ALL.iter().map(move |other| (*one, *other)));
    let matrix = Exclusivity::shipped();
    let items = pairs.filter(|(one, other)| one < other).filter_map(|(one, other)| {
        let rule = matrix.between(one, other)?;
        Some(ExclusivityView {
            one,
            other,
            coexist: rule.coexist,
            condition: rule.condition.clone(),
            source: rule.source.clone(),
        })
    });
    json(&Page {
        items: items.collect(),
        next: None,
    })
}
