//! A member's own claims and what officers permitted it; the regulator sees everybody's by the same report.

use actix_web::web::{Data, Path, Query};
use serde::Deserialize;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::view::{ClaimReport, ClaimsQuery};

use super::admission::Caller;
use super::answer::{Answer, Refused, json};
use super::hub::Hub;
use super::page::{cut, limit};
use super::views;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::read::claims::{self, Asked};
use crate::store::read::dealings::Window;

/// The most claims that a report lists.
pub const CLAIMS_MAX: usize = 1_000;

/// The report over the claims that fit, of `most` claims at most.
///
/// # Errors
/// [`StoreError`].
pub fn report(connection: &mut ReadConnection<'_>, asked: &Asked, most: usize) -> Result<ClaimReport, StoreError> {
    let window = Window {
        after: None,
        limit: most + 1,
    };
    let mut found = claims::claims(connection, asked, window)?;
    let more = found.len() > most;
    found.truncate(most);
    let permissions = claims::permissions_of(connection, &found)?;
    Ok(ClaimReport {
        query: asked.query.clone(),
        more,
        permissions: permissions.into_iter().map(views::permission).collect(),
        sums: claims::sums(connection, asked)?,
        flags: claims::flags(connection, asked)?,
        claims: found.into_iter().map(views::retirement).collect(),
    })
}

/// `GET /v1/claims`: by claimant, event, region and year. A member sees its own retirements and donations.
pub async fn claims(hub: Data<Hub>, caller: Caller, query: Query<ClaimsQuery>) -> Answer {
    let asked = Asked {
        query: query.into_inner(),
        member: Some(caller.member.clone()),
    };
    json(
        &hub.read(move |connection| report(connection, &asked, CLAIMS_MAX))
            .await?,
    )
}

/// Which permissions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permissions {
    after: Option<MessageId>,
    limit: Option<usize>,
}

/// `GET /v1/permissions`
pub async fn permissions(hub: Data<Hub>, caller: Caller, asked: Query<Permissions>) -> Answer {
    let most = limit(asked.limit)?;
    let window = Window {
        after: asked.after,
        limit: most + 1,
    };
    let found = hub
        .read(move |c| claims::permissions(c, Some(&caller.member), window))
        .await?;
    json(&cut(found.into_iter().map(views::permission).collect(), most, |view| {
        view.permission.to_string()
    }))
}

/// `GET /v1/permissions/{id}`
pub async fn permission(hub: Data<Hub>, caller: Caller, id: Path<MessageId>) -> Answer {
    let found = hub.read(move |c| claims::permission(c, *id)).await?;
    let found = found.filter(|permission| permission.content.member == caller.member);
    json(&views::permission(found.ok_or_else(Refused::not_found)?))
}
