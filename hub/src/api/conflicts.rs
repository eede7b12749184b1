//! Conflicts and debts of the caller, and what was held back of its issuances. What is another's is not found.

use actix_web::web::{Data, Path, Query};
use serde::Deserialize;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::serial::SeriesRef;

use super::admission::Caller;
use super::answer::{Answer, Refused, json};
use super::dealings::Listed;
use super::hub::Hub;
use super::page::{cut, limit, whole};
use crate::store::read::conflicts::{self, Wanted};
use crate::store::read::dealings;

/// `GET /v1/conflicts`
pub async fn conflicts(hub: Data<Hub>, caller: Caller, listed: Query<Listed>) -> Answer {
    let (most, window) = listed.window()?;
    let wanted = Wanted {
        member: Some(caller.member),
        open: listed.open(),
    };
    let found = hub.read(move |c| conflicts::conflicts(c, &wanted, window)).await?;
    json(&cut(found, most, |view| view.conflict.to_string()))
}

/// `GET /v1/conflicts/{id}`
pub async fn conflict(hub: Data<Hub>, caller: Caller, id: Path<MessageId>) -> Answer {
    let found = hub.read(move |c| conflicts::conflict_of(c, *id)).await?;
    let found = found.filter(|one| one.earlier.member == caller.member || one.later.member == caller.member);
    json(&found.ok_or_else(Refused::not_found)?)
}

/// `GET /v1/debts`
pub async fn debts(hub: Data<Hub>, caller: Caller) -> Answer {
    let found = hub
        .read(move |c| conflicts::debts(c, Some(&caller.member), true))
        .await?;
    json(&whole(found))
}

/// Which part of what was held back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    after: Option<u32>,
    limit: Option<usize>,
}

/// `GET /v1/issuances/{id}/held`
pub async fn held(hub: Data<Hub>, caller: Caller, id: Path<MessageId>, asked: Query<Held>) -> Answer {
    let most = limit(asked.limit)?;
    let found = hub.read(move |c| dealings::issuance(c, *id)).await?;
    let found = found
        .filter(|issuance| issuance.issuer == caller.member)
        .ok_or_else(Refused::not_found)?;
    let header = &found.content;
    let series = SeriesRef::new(
        found.issuer.clone(),
        header.region_of_act,
        header.methodology.clone(),
        header.vintage,
    );
    let series = series.map_err(|error| Refused::fault(&error))?;
    let after = asked.after.map_or(-1, i64::from);
    let held = hub
        .read(move |c| conflicts::held(c, &found, &series, after, most + 1))
        .await?;
    json(&cut(held, most, |view| view.index.to_string()))
}
