//! `GET /v1/credits`: who has what, recognised where at which factor.

use actix_web::web::{Data, Query};
use serde::Deserialize;
use tanqiao_mappings::recognition::Crossing;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::{CreditView, Page};

use super::answer::{Answer, Refused, json};
use super::governance::quote_for;
use super::hub::Hub;
use super::page::limit;
use crate::ledger::objects::{Governance, Listing};
use crate::store::read::credits;

/// Listings that are looked at together.
const STEP: usize = 500;

/// Which credits.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credits {
    member: Option<NodeId>,
    region: Option<RegionCode>,
    activity: Option<String>,
    r#use: Option<Use>,
    vintage: Option<u16>,
    /// Where they would be used: with `use`, each is shown with what recognition would do.
    to: Option<RegionCode>,
    after: Option<String>,
    limit: Option<usize>,
}

/// `GET /v1/credits`
pub async fn list(hub: Data<Hub>, asked: Query<Credits>) -> Answer {
    let most = limit(asked.limit)?;
    let governance = hub.sequencer.governance();
    let now = hub.now();
    let mut after = asked.after.as_deref().map(place).transpose()?;
    let mut items: Vec<CreditView> = Vec::new();
    let mut more = true;
    while more && items.len() <= most {
        let from = after.clone();
        let found = hub
            .read(move |c| credits::list(c, from.as_ref().map(|(member, name)| (member, name.as_str())), STEP))
            .await?;
        more = found.len() == STEP;
        after = found
            .last()
            .map(|listing| (listing.member.clone(), listing.content.listing.to_string()));
        items.extend(
            found
                .into_iter()
                .filter_map(|listing| view(&governance, &asked, listing, now)),
        );
    }
    let over = items.len() > most;
    items.truncate(most);
    let next = items
        .last()
        .filter(|_| over)
        .map(|item| format!("{}/{}", item.member, item.listing.listing));
    json(&Page { items, next })
}

/// A place in the list: `member/listing`.
fn place(text: &str) -> Result<(NodeId, String), Refused> {
    let wrong = || Refused::parameter("after", "`after` is the `next` of the page before.");
    let (member, name) = text.split_once('/').ok_or_else(wrong)?;
    Ok((member.parse().map_err(|_| wrong())?, name.to_owned()))
}

fn view(governance: &Governance, asked: &Credits, listing: Listing, now: Timestamp) -> Option<CreditView> {
    let content = listing.content;
    let series = &content.series;
    let published = governance.methodologies.get(series.methodology())?;
    let wanted = asked.member.as_ref().is_none_or(|member| listing.member == *member)
        && asked
            .region
            .is_none_or(|region| region.contains(&series.region_of_act()))
        && asked
            .activity
            .as_ref()
            .is_none_or(|activity| published.content.activity.as_str() == activity)
        && asked.r#use.is_none_or(|one| content.uses.contains(one))
        && asked.vintage.is_none_or(|vintage| series.vintage() == vintage);
    if !wanted {
        return None;
    }
    let recognised = match (asked.to, asked.r#use) {
        (Some(to), Some(r#use)) => quote_for(governance, series, content.quantity_g, &Crossing { to, r#use, at: now }),
        _ => None,
    };
    Some(CreditView {
        member: listing.member,
        activity: published.content.activity.clone(),
        listing: content,
        recognised,
    })
}
