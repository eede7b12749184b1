//! A member's own transfers, donations, pledges, issuances and retirements, and the events that all may give to. What is
//! another's is not found.

use actix_web::web::{Data, Path, Query};
use serde::Deserialize;
use tanqiao_protocol::id::MessageId;

use super::admission::Caller;
use super::answer::{Answer, Refused, json};
use super::hub::Hub;
use super::page::{cut, limit};
use super::views;
use crate::store::read::dealings::{self, Window};
use crate::store::read::events;

/// Which part of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    after: Option<MessageId>,
    limit: Option<usize>,
    /// Only what has not ended.
    #[serde(default)]
    open: bool,
}

impl Listed {
    pub(super) const fn open(&self) -> bool {
        self.open
    }

    /// One more than asked for, to know whether there is more.
    pub(super) fn window(&self) -> Result<(usize, Window), Refused> {
        let most = limit(self.limit)?;
        Ok((
            most,
            Window {
                after: self.after,
                limit: most + 1,
            },
        ))
    }
}

/// `GET /v1/transfers/{id}`
pub async fn transfer(hub: Data<Hub>, caller: Caller, id: Path<MessageId>) -> Answer {
    let found = hub.read(move |c| dealings::transfer(c, *id)).await?;
    let found = found.filter(|transfer| transfer.source == caller.member || transfer.target == caller.member);
    json(&views::transfer(found.ok_or_else(Refused::not_found)?))
}

/// `GET /v1/transfers`
pub async fn transfers(hub: Data<Hub>, caller: Caller, listed: Query<Listed>) -> Answer {
    let (most, window) = listed.window()?;
    let found = hub
        .read(move |c| dealings::transfers(c, &caller.member, listed.open, window))
        .await?;
    json(&cut(found.into_iter().map(views::transfer).collect(), most, |view| {
        view.transfer.to_string()
    }))
}

/// `GET /v1/donations/{id}`
pub async fn donation(hub: Data<Hub>, caller: Caller, id: Path<MessageId>) -> Answer {
    let found = hub.read(move |c| dealings::donation(c, *id)).await?;
    let found = found.filter(|donation| donation.donor == caller.member);
    json(&views::donation(found.ok_or_else(Refused::not_found)?))
}

/// `GET /v1/donations`
pub async fn donations(hub: Data<Hub>, caller: Caller, listed: Query<Listed>) -> Answer {
    let (most, window) = listed.window()?;
    let found = hub
        .read(move |c| dealings::donations(c, &caller.member, window))
        .await?;
    json(&cut(found.into_iter().map(views::donation).collect(), most, |view| {
        view.donation.to_string()
    }))
}

/// `GET /v1/pledges/{id}`
pub async fn pledge(hub: Data<Hub>, caller: Caller, id: Path<MessageId>) -> Answer {
    let found = hub.read(move |c| dealings::pledge(c, *id)).await?;
    let found = found.filter(|pledge| pledge.debtor == caller.member || pledge.pledgee == caller.member);
    json(&views::pledge(found.ok_or_else(Refused::not_found)?))
}

/// `GET /v1/pledges`
pub async fn pledges(hub: Data<Hub>, caller: Caller, listed: Query<Listed>) -> Answer {
    let (most, window) = listed.window()?;
    let found = hub.read(move |c| dealings::pledges(c, &caller.member, window)).await?;
    json(&cut(found.into_iter().map(views::pledge).collect(), most, |view| {
        view.pledge.to_string()
    }))
}

/// `GET /v1/issuances/{id}`
pub async fn issuance(hub: Data<Hub>, caller: Caller, id: Path<MessageId>) -> Answer {
    let found = hub.read(move |c| dealings::issuance(c, *id)).await?;
    let found = found.filter(|issuance| issuance.issuer == caller.member);
    json(&views::issuance(found.ok_or_else(Refused::not_found)?))
}

/// `GET /v1/issuances`
pub async fn issuances(hub: Data<Hub>, caller: Caller, listed: Query<Listed>) -> Answer {
    let (most, window) = listed.window()?;
    let found = hub
        .read(move |c| dealings::issuances(c, &caller.member, window))
        .await?;
    json(&cut(found.into_iter().map(views::issuance).collect(), most, |view| {
        view.issuance.to_string()
    }))
}

/// `GET /v1/retirements/{id}`
pub async fn retirement(hub: Data<Hub>, caller: Caller, id: Path<MessageId>) -> Answer {
    let found = hub.read(move |c| dealings::retirement(c, *id)).await?;
    let found = found.filter(|retirement| retirement.member == caller.member);
    json(&views::retirement(found.ok_or_else(Refused::not_found)?))
}

/// `GET /v1/retirements`
pub async fn retirements(hub: Data<Hub>, caller: Caller, listed: Query<Listed>) -> Answer {
    let (most, window) = listed.window()?;
    let found = hub
        .read(move |c| dealings::retirements(c, &caller.member, window))
        .await?;
    json(&cut(found.into_iter().map(views::retirement).collect(), most, |view| {
        view.retirement.to_string()
    }))
}

/// Which events.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    #[serde(default)]
    after: String,
    limit: Option<usize>,
}

/// `GET /v1/events` and `GET /v1/public/events`
pub async fn events(hub: Data<Hub>, asked: Query<Events>) -> Answer {
    let most = limit(asked.limit)?;
    let found = hub.read(move |c| events::list(c, &asked.after, most + 1)).await?;
    json(&cut(found.into_iter().map(views::event).collect(), most, |view| {
        view.plan.event.to_string()
    }))
}

/// `GET /v1/events/{id}` and `GET /v1/public/events/{id}`
pub async fn event(hub: Data<Hub>, id: Path<String>) -> Answer {
    let found = hub.read(move |c| events::find(c, &id)).await?;
    json(&views::event(found.ok_or_else(Refused::not_found)?))
}
