//! `GET /v1/blocks`: a member's own blocks, and the life of a serial.

use actix_web::web::{Data, Query};
use serde::{Deserialize, Serialize};
use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::leaf::Leaf;
use tanqiao_protocol::serial::{BlockRef, SeriesRef};
use tanqiao_protocol::view::{BlockView, Page};

use super::admission::Caller;
use super::answer::{Answer, Refused, json};
use super::hub::Hub;
use super::page::limit;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::read::{blocks, dealings, life};

/// Which blocks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    holder: Option<NodeId>,
    series: Option<SeriesRef>,
    state: Option<BlockState>,
    /// A number with `series`, or by itself a block such as `wuhan/420100/CN-4201-metro.v1/2025/17-17`.
    serial: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

/// A serial: the block that it is in now, and everything that ever happened to it.
#[derive(Debug, Serialize)]
struct Found {
    items: Vec<BlockView>,
    life: Vec<Leaf>,
}

/// `GET /v1/blocks`
pub async fn list(hub: Data<Hub>, caller: Caller, asked: Query<Asked>) -> Answer {
    let asked = asked.into_inner();
    if let Some(serial) = &asked.serial {
        let (series, serial) = serial_of(serial, asked.series.as_ref())?;
        return serial_found(&hub, caller.member, series, serial).await;
    }
    if asked.holder.as_ref().is_some_and(|holder| *holder != caller.member) {
        return Err(Refused::not_found());
    }
    let most = limit(asked.limit)?;
    let after = asked.after.as_deref().map(str::parse).transpose();
    let after = after.map_err(|_| Refused::parameter("after", "`after` is the `next` of the page before."))?;
    let wanted = blocks::Blocks {
        holder: caller.member,
        series: asked.series,
        state: asked.state,
        after,
        limit: most + 1,
    };
    let mut found = hub.read(move |c| blocks::list(c, &wanted)).await?;
    let more = found.len() > most;
    found.truncate(most);
    let next = found.last().filter(|_| more).map(|(place, _)| place.to_string());
    json(&Page {
        items: found.into_iter().map(|(_, view)| view).collect(),
        next,
    })
}

/// `17` with a series, `<series>/17` or `<series>/17-17`.
fn serial_of(text: &str, series: Option<&SeriesRef>) -> Result<(SeriesRef, i64), Refused> {
    let wrong = || {
        Refused::parameter(
            "serial",
            "`serial` is a number beside `series`, or a block such as wuhan/420100/CN-4201-metro.v1/2025/17-17.",
        )
    };
    let number = |text: &str| text.parse::<i64>().ok().filter(|serial| *serial >= 1);
    if let Some(series) = series {
        return Ok((series.clone(), number(text).ok_or_else(wrong)?));
    }
    if let Ok(block) = text.parse::<BlockRef>() {
        return Ok((block.series, block.range.first()));
    }
    let (series, serial) = text.rsplit_once('/').ok_or_else(wrong)?;
    Ok((series.parse().map_err(|_| wrong())?, number(serial).ok_or_else(wrong)?))
}

async fn serial_found(hub: &Hub, caller: NodeId, series: SeriesRef, serial: i64) -> Answer {
    let issuer = series.issuer().clone();
    let found = hub
        .read(move |c| life_of(c, &series, serial))
        .await?
        .ok_or_else(Refused::not_found)?;
    let concerns = |leaf: &Leaf| {
        leaf.changes
            .iter()
            .any(|change| change.to.holder == caller || change.from.as_ref().is_some_and(|from| from.holder == caller))
    };
    let may_see =
        issuer == caller || found.items.iter().any(|block| block.holder == caller) || found.life.iter().any(concerns);
    if may_see {
        json(&found)
    } else {
        Err(Refused::not_found())
    }
}

fn life_of(connection: &mut ReadConnection<'_>, series: &SeriesRef, serial: i64) -> Result<Option<Found>, StoreError> {
    let Some(block) = blocks::holding(connection, series, serial)? else {
        return Ok(None);
    };
    let issued = dealings::issuance(connection, block.terms.issuance)?.map_or(0, |issuance| issuance.log_index);
    let life = life::leaves(connection, series, serial, issued, block.log_index)?;
    Ok(Some(Found {
        items: vec![block],
        life,
    }))
}
