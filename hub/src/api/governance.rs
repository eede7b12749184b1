//! What everybody in the federation may know: members, methodologies, mappings, and what recognition would do.

use std::collections::BTreeMap;

use actix_web::web::{Data, Path, Query};
use serde::Deserialize;
use tanqiao_mappings::recognition::{Crossing, GivenLot, Reason, Refusal, quote_for_quantity, quote_to_deliver};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::{Lot, Quote};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::serial::SeriesRef;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::Uses;
use tanqiao_protocol::view::{
    KeyView, MappingStatus, MappingView, MemberView, MethodologyView, Page, RecognitionQuery,
};

use super::answer::{Answer, Refused, json};
use super::hub::Hub;
use super::page::{cut, limit};
use crate::ledger::objects::{Governance, Published};
use crate::store::read::events;

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

/// `GET /v1/methodologies/{id}/{version}`; the version is `1` or `v1`.
pub async fn methodology_version(hub: Data<Hub>, path: Path<(String, String)>) -> Answer {
    let (id, version) = path.into_inner();
    let version = version
        .strip_prefix('v')
        .unwrap_or(&version)
        .parse()
        .map_err(|_| Refused::not_found())?;
    let reference = MethodologyRef::new(&id, version).map_err(|_| Refused::not_found())?;
    json(&methodology_view(
        hub.sequencer
            .governance()
            .methodologies
            .get(&reference)
            .ok_or_else(Refused::not_found)?,
    ))
}

/// Which mappings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mappings {
    origin: Option<MethodologyRef>,
    to: Option<RegionCode>,
    status: Option<MappingStatus>,
    after: Option<MappingRef>,
    limit: Option<usize>,
}

/// `GET /v1/mappings`
pub async fn mappings(hub: Data<Hub>, asked: Query<Mappings>) -> Answer {
    let governance = hub.sequencer.governance();
    let most = limit(asked.limit)?;
    let year = hub.now().china_year();
    let given = hub
        .read(move |connection| events::given_under_mappings(connection, year))
        .await?;
    let found = governance.mapping_versions.iter().filter(|(reference, version)| {
        asked.after.as_ref().is_none_or(|after| *reference > after)
            && asked
                .origin
                .as_ref()
                .is_none_or(|origin| version.record.origin == *origin)
            && asked.to.is_none_or(|to| version.record.to == to)
            && asked.status.is_none_or(|status| version.status == status)
    });
    let views = found.take(most + 1).map(|(reference, version)| MappingView {
        status: version.status,
        given_g: given.get(reference).copied().unwrap_or_default(),
        record: version.record.clone(),
    });
    let page: Page<MappingView> = cut(views.collect(), most, |view| view.record.mapping.to_string());
    json(&page)
}

/// `GET /v1/recognition`
pub async fn recognition(hub: Data<Hub>, asked: Query<RecognitionQuery>) -> Answer {
    let asked = asked.into_inner();
    let governance = hub.sequencer.governance();
    let quote = match (asked.quantity_g, asked.deliver_g) {
        (Some(quantity), None) => quote(&governance, &asked, hub.now(), |set, sample, crossing| {
            quote_for_quantity(set, sample, quantity, crossing)
        }),
        (None, Some(deliver)) => quote(&governance, &asked, hub.now(), |set, sample, crossing| {
            quote_to_deliver(set, sample, deliver, crossing)
        }),
        _ => {
            return Err(Refused::parameter(
                "quantity_g",
                "Ask with either `quantity_g` or `deliver_g`.",
            ));
        }
    };
    json(&quote?)
}

/// A quote for grams like these, before serials are chosen.
fn quote(
    governance: &Governance,
    asked: &RecognitionQuery,
    at: Timestamp,
    compute: impl Fn(&tanqiao_mappings::recognition::MappingSet, &GivenLot, &Crossing) -> Result<Quote, Refusal>,
) -> Result<Quote, Refused> {
    let sample = sample(governance, asked)?;
    let crossing = Crossing {
        to: asked.to,
        r#use: asked.r#use,
        at,
    };
    compute(&governance.mappings, &sample, &crossing).map_err(|refusal| refused(&refusal).into())
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
    let region_of_act = published.content.region;
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
                .ok_or_else(|| Problem::of(CheckCode::R01).path("mapping").found(mapping))?,
        ),
    };
    let lot = Lot {
        blocks: Vec::new(),
        series,
        mapping: asked.mapping.clone(),
        paid: asked.paid.unwrap_or(Factor::ONE),
        buffered: record.is_some(),
        uses: record.map_or(published.content.uses, |version| version.record.uses),
    };
    Ok(GivenLot {
        lot,
        home,
        home_uses: published.content.uses,
        held_in: record.map(|version| version.record.to),
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
