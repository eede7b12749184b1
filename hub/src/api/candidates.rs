//! Before anything is proposed: pairs that could be mapped, ranked, and what the hub would compute for one.

use std::sync::Arc;

use actix_web::web::{Data, Query, block};
use serde::Deserialize;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::Name;
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::view::Page;

use super::answer::{Answer, Refused, json};
use super::hub::Hub;
use super::page::limit;
use crate::recognition::assessment::{AssessmentQuery, assess};
use crate::recognition::ranked::{RankedPair, Ranking};
use crate::store::database::StoreError;
use crate::store::read::mappings as store;

/// Which pairs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pairs {
    activity: Option<Name>,
    methodology: Option<String>,
    limit: Option<usize>,
}

/// `GET /v1/candidates/ranked`: pairs of published methodologies that could be mapped. The ranking is made anew when governance changes.
pub async fn ranked(hub: Data<Hub>, asked: Query<Pairs>) -> Answer {
    let asked = asked.into_inner();
    let most = limit(asked.limit)?;
    let (governance, at) = (hub.sequencer.governance(), hub.now());
    let (cache, database) = (Arc::clone(&hub.ranking), hub.database.clone());
    let items: Vec<RankedPair> = block(move || {
        let ranking = cache.get(governance.version, at, || {
            let candidates = database.read(store::all_candidates)?;
            Ok::<_, StoreError>(Ranking::of_ledger(&governance, &candidates, at))
        })?;
        Ok::<_, StoreError>(ranking.best(asked.activity.as_ref(), asked.methodology.as_deref(), most))
    })
    .await
    .map_err(|error| Refused::fault(&error))?
    .map_err(|error| Refused::fault(&error))?;
    json(&Page { items, next: None })
}

/// `GET /v1/assessment`: what the hub would compute for a proposal.
pub async fn assessment(hub: Data<Hub>, asked: Query<AssessmentQuery>) -> Answer {
    let asked = asked.into_inner();
    let (governance, at) = (hub.sequencer.governance(), hub.now());
    let named = [
        ("origin", Some(&asked.origin)),
        ("target", Some(&asked.target)),
        ("reference", asked.reference.as_ref()),
        ("through", asked.through.as_ref()),
    ];
    for (parameter, methodology) in named {
        let Some(methodology) = methodology else { continue };
        if !governance.methodologies.contains_key(methodology) && !governance.sheets.contains_key(methodology) {
            return Err(Problem::of(CheckCode::S01).path(parameter).found(methodology).into());
        }
    }
    if asked.vintage.is_some_and(|year| !(1990..=2200).contains(&year)) {
        return Err(Refused::parameter(
            "vintage",
            "`vintage` must be a year from 1990 to 2200.",
        ));
    }
    let assessed = block(move || assess(&governance, &asked, at).map_err(|rejection| format!("{rejection:?}")))
        .await
        .map_err(|error| Refused::fault(&error))?
        .map_err(|what| Refused::fault(&std::io::Error::other(what)))?;
    json(&assessed)
}
