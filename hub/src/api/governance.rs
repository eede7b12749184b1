//! What everybody in the federation may know: members, methodologies, mappings, and what recognition would do.

use std::collections::BTreeMap;

use actix_web::web::{Data, Path, Query};
use serde::Deserialize;
use tanqiao_mappings::recognition::{Batch, Crossing, GivenLot, Reason, Refusal, quote_for_quantity, quote_to_deliver};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::{Lot, Quote};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::serial::SeriesRef;
use tanqiao_protocol::r#use::Uses;
use tanqiao_protocol::view::{KeyView, MemberView, MethodologyView, RecognitionQuery};

use super::answer::{Answer, Refused, json};
use super::hub::Hub;
use super::page::{cut, limit};
use crate::ledger::objects::{Governance, Published};
use crate::store::read::dealings;

/// Which members.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Members {
    after: Option<NodeId>,
    limit: Option<usize>,
}

/// `GET /v1/members`
pub async fn members(hub: Data<Hub>, asked: Query<Members>) -> Answer {
    let governance = hub.sequencer.governance();
    let most = limit(asked.limit)?;
    let mut keys: BTreeMap<&NodeId, Vec<KeyView>> = BTreeMap::new();
    for (id, key) in &governance.keys {
        let view = KeyView {
            key_id: *id,
            key: key.key.clone(),
            status: key.status,
            first_index: key.first_index,
            last_index: key.last_index,
            distrusted_from: key.distrusted_from,
        };
        keys.entry(&key.member).or_default().push(view);
    }
    let after = |id: &NodeId| asked.after.as_ref().is_none_or(|after| id > after);
    let found = governance
        .members
        .iter()
        .filter(|(id, _)| after(id))
        .take(most + 1)
        .map(|(id, member)| MemberView {
            member: id.clone(),
            region: member.region,
            kind: member.kind,
            status: member.status,
            name_zh: member.name_zh.clone(),
            name_en: member.name_en.clone(),
            keys: keys.get(id).cloned().unwrap_or_default(),
        });
    json(&cut(found.collect(), most, |view| view.member.to_string()))
}

/// Which methodologies.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Methodologies {
    region: Option<RegionCode>,
    activity: Option<String>,
    publisher: Option<NodeId>,
    r#use: Option<tanqiao_protocol::r#use::Use>,
    after: Option<MethodologyRef>,
    limit: Option<usize>,
}

/// `GET /v1/methodologies`
pub async fn methodologies(hub: Data<Hub>, asked: Query<Methodologies>) -> Answer {
    let governance = hub.sequencer.governance();
    let most = limit(asked.limit)?;
    let wanted = |reference: &MethodologyRef, published: &Published| {
        asked.after.as_ref().is_none_or(|after| reference > after)
            && asked
                .region
                .is_none_or(|region| region.contains(&published.content.region))
            && asked
                .activity
                .as_ref()
                .is_none_or(|activity| published.content.activity.as_str() == activity)
            && asked
                .publisher
                .as_ref()
                .is_none_or(|publisher| published.publisher == *publisher)
            && asked.r#use.is_none_or(|one| published.content.uses.contains(one))
    };
    let found = governance
        .methodologies
        .iter()
        .filter(|(reference, published)| wanted(reference, published))
        .take(most + 1);
    json(&cut(
        found.map(|(_, published)| methodology_view(published)).collect(),
        most,
        |view| view.content.methodology.to_string(),
    ))
}

fn methodology_view(published: &Published) -> MethodologyView {
    MethodologyView {
        publisher: published.publisher.clone(),
        content: published.content.clone(),
    }
}

/// `GET /v1/methodologies/{id}`: a version such as `CN-4201-metro.v1`, or the latest of an id.
pub async fn methodology(hub: Data<Hub>, id: Path<String>) -> Answer {
    let governance = hub.sequencer.governance();
    let published = match id.parse::<MethodologyRef>() {
        Ok(reference) => governance.methodologies.get(&reference),
        Err(_) => latest(&governance, &id),
    };
    json(&methodology_view(published.ok_or_else(Refused::not_found)?))
}

fn latest<'a>(governance: &'a Governance, id: &str) -> Option<&'a Published> {
    let versions = governance
        .methodologies
        .iter()
        .filter(|(reference, _)| reference.id() == id);
    versions
        .max_by_key(|(reference, _)| reference.version())
        .map(|(_, published)| published)
}

/// A methodology version in a path; the version is `1` or `v1`.
pub(super) fn reference(id: &str, version: &str) -> Result<MethodologyRef, Refused> {
    let version = version.strip_prefix('v').unwrap_or(version);
    let version = version.parse().map_err(|_| Refused::not_found())?;
    MethodologyRef::new(id, version).map_err(|_| Refused::not_found())
}

/// `GET /v1/methodologies/{id}/{version}`; the version is `1` or `v1`.
pub async fn methodology_version(hub: Data<Hub>, path: Path<(String, String)>) -> Answer {
    let (id, version) = path.into_inner();
    let reference = reference(&id, &version)?;
    json(&methodology_view(
        hub.sequencer
            .governance()
            .methodologies
            .get(&reference)
            .ok_or_else(Refused::not_found)?,
    ))
}

/// `GET /v1/recognition`: a quote for grams like these, before serials are chosen.
pub async fn recognition(hub: Data<Hub>, asked: Query<RecognitionQuery>) -> Answer {
    let asked = asked.into_inner();
    let governance = hub.sequencer.governance();
    let mut sample = sample(&governance, &asked)?;
    sample.batch = batch(&hub, &asked).await?;
    let crossing = Crossing {
        to: asked.to,
        r#use: asked.r#use,
        at: hub.now(),
    };
    let set = &governance.mappings;
    let quote = match (asked.quantity_g, asked.deliver_g) {
        (Some(quantity), None) => quote_for_quantity(set, &sample, quantity, &crossing),
        (None, Some(deliver)) => quote_to_deliver(set, &sample, deliver, &crossing),
        _ => {
            return Err(Refused::parameter(
                "quantity_g",
                "Ask with either `quantity_g` or `deliver_g`.",
            ));
        }
    };
    json(&quote.map_err(|refusal| refused(&refusal))?)
}

/// What the issuance that was named sealed of its activity data.
async fn batch(hub: &Data<Hub>, asked: &RecognitionQuery) -> Result<Option<Batch>, Refused> {
    let Some(issuance) = asked.issuance else {
        return Ok(None);
    };
    let found = hub
        .read(move |connection| dealings::issuance(connection, issuance))
        .await?
        .filter(|found| found.content.methodology == asked.methodology)
        .ok_or_else(|| Refused::parameter("issuance", "There is no such issuance by this methodology."))?;
    Ok(Some(Batch {
        issuance,
        activity_total: found.content.activity_total,
        issued: found.content.quantity_g,
    }))
}

/// What recognition would do with a listing's whole quantity; `None` where it is not recognised.
pub(super) fn quote_for(
    governance: &Governance,
    series: &SeriesRef,
    quantity: Grams,
    crossing: &Crossing,
) -> Option<Quote> {
    let published = governance.methodologies.get(series.methodology())?;
    let home = governance.members.get(series.issuer())?.region;
    let lot = Lot {
        blocks: Vec::new(),
        series: series.clone(),
        mapping: None,
        paid: Factor::ONE,
        buffered: false,
        uses: published.content.uses,
    };
    let given = GivenLot {
        lot,
        home,
        home_uses: published.content.uses,
        held_in: None,
        batch: None,
    };
    quote_for_quantity(&governance.mappings, &given, quantity, crossing).ok()
}

fn sample(governance: &Governance, asked: &RecognitionQuery) -> Result<GivenLot, Refused> {
    let published = governance.methodologies.get(&asked.methodology).ok_or_else(|| {
        Problem::of(CheckCode::S01)
            .path("methodology")
            .found(&asked.methodology)
    })?;
    let home = governance
        .members
        .get(&published.publisher)
        .map_or(published.content.region, |member| member.region);
    let region_of_act = asked.region_of_act.unwrap_or(published.content.region);
    let series = SeriesRef::new(
        published.publisher.clone(),
        region_of_act,
        asked.methodology.clone(),
        asked.vintage,
    )
    .map_err(|error| Refused::parameter("vintage", error))?;
    let record = match &asked.mapping {
        None => None,
        Some(mapping) => Some(
            governance
                .mapping_versions
                .get(mapping)
                .and_then(|version| version.record())
                .ok_or_else(|| Problem::of(CheckCode::R01).path("mapping").found(mapping))?,
        ),
    };
    let lot = Lot {
        blocks: Vec::new(),
        series,
        mapping: asked.mapping.clone(),
        paid: asked.paid.unwrap_or(Factor::ONE),
        buffered: record.is_some(),
        uses: record.map_or(published.content.uses, |record| record.uses),
    };
    Ok(GivenLot {
        lot,
        home,
        home_uses: published.content.uses,
        held_in: record.map(|record| record.to),
        batch: None,
    })
}

fn refused(refusal: &Refusal) -> Problem {
    let check = refusal.reason.code().parse().unwrap_or(CheckCode::R01);
    let problem = Problem::of(check).detail(format!("{}.", refusal.reason));
    match &refusal.reason {
        Reason::UseNotPermitted { permitted, .. } => problem.expected(words(*permitted)),
        _ => problem,
    }
}

fn words(uses: Uses) -> String {
    uses.iter()
        .map(tanqiao_protocol::r#use::Use::word)
        .collect::<Vec<_>>()
        .join(", ")
}
