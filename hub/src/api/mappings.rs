//! Mappings from proposal to end, the sheets that they rest on, and what is recognised where.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Data, Path, Query};
use serde::{Deserialize, Serialize};
use tanqiao_mappings::matrix::{HomeMethodology, MatrixCell, matrix, matrix_csv};
use tanqiao_mappings::{difference, sssom};
use tanqiao_protocol::id::Name;
use tanqiao_protocol::mapping::{MappingState, Mode};
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::view::{MappingDetail, MappingView, Page, SheetView};

use super::answer::{Answer, Refused, json};
use super::hub::Hub;
use super::page::{cut, limit};
use crate::ledger::objects::{Candidate, Governance, MappingVersion, SheetVersion};
use crate::store::read::{events, mappings as store};

/// Which mappings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mappings {
    origin: Option<MethodologyRef>,
    to: Option<RegionCode>,
    state: Option<MappingState>,
    after: Option<MappingRef>,
    limit: Option<usize>,
}

fn origin_of(version: &MappingVersion) -> Option<&MethodologyRef> {
    let proposed = version.content.proposal.as_ref().map(|proposal| &proposal.origin);
    proposed.or_else(|| version.record().map(|record| &record.origin))
}

fn region_of(version: &MappingVersion) -> Option<RegionCode> {
    let proposed = version.content.proposal.as_ref().map(|proposal| proposal.to);
    proposed.or_else(|| version.record().map(|record| record.to))
}

/// A mapping version as everybody may see it.
#[must_use]
pub fn view(mapping: &MappingRef, version: &MappingVersion, given_g: Grams) -> MappingView {
    let content = &version.content;
    MappingView {
        mapping: mapping.clone(),
        state: version.state,
        proposed_by: content.proposed_by.clone(),
        proposal: content.proposal.clone(),
        record: version.record().map(|record| (**record).clone()),
        record_sha256: version.record().map(|record| record.sha256()),
        given_g,
        comment_until: content.comment_until,
        endorsements: content.endorsements.clone(),
        approvals: content.approvals.clone(),
        suspension: content.suspension.clone(),
        ground: content.ground,
        reason: content.reason.clone(),
        ended_at: content.ended_at,
        log_index: version.log_index,
    }
}

/// `GET /v1/mappings`
pub async fn mappings(hub: Data<Hub>, asked: Query<Mappings>) -> Answer {
    let governance = hub.sequencer.governance();
    let most = limit(asked.limit)?;
    let given = given(&hub).await?;
    let found = governance.mapping_versions.iter().filter(|(reference, version)| {
        asked.after.as_ref().is_none_or(|after| *reference > after)
            && asked
                .origin
                .as_ref()
                .is_none_or(|origin| origin_of(version) == Some(origin))
            && asked.to.is_none_or(|to| region_of(version) == Some(to))
            && asked.state.is_none_or(|state| version.state == state)
    });
    let views = found
        .take(most + 1)
        .map(|(mapping, version)| view(mapping, version, given.get(mapping).copied().unwrap_or_default()));
    let page: Page<MappingView> = cut(views.collect(), most, |view| view.mapping.to_string());
    json(&page)
}

/// Grams given under each mapping version this year.
async fn given(hub: &Data<Hub>) -> Result<BTreeMap<MappingRef, Grams>, Refused> {
    let year = hub.now().china_year();
    hub.read(move |connection| events::given_under_mappings(connection, year))
        .await
}

/// `GET /v1/mappings/{mapping}`: with its explanation and the comments on it.
pub async fn mapping(hub: Data<Hub>, mapping: Path<MappingRef>) -> Answer {
    let governance = hub.sequencer.governance();
    let version = governance
        .mapping_versions
        .get(&mapping)
        .ok_or_else(Refused::not_found)?;
    let given = given(&hub).await?;
    let name = mapping.clone();
    let (explanation, comments) = hub
        .read(move |connection| {
            Ok((
                store::explanation(connection, &name)?,
                store::comments(connection, &name)?,
            ))
        })
        .await?;
    json(&MappingDetail {
        view: view(&mapping, version, given.get(&*mapping).copied().unwrap_or_default()),
        explanation,
        comments,
    })
}

/// `GET /v1/mapping-sets/governed`: all mapping versions as SSSOM TSV. The factor that counts is the one in the signed record.
pub async fn governed_set(hub: Data<Hub>) -> Answer {
    let governance = hub.sequencer.governance();
    let text = governed_sssom(&governance).map_err(|what| Refused::fault(&std::io::Error::other(what)))?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/tab-separated-values; charset=utf-8"))
        .body(text))
}

/// All mapping versions that have a record, as an SSSOM file.
///
/// # Errors
/// What cannot stand in such a file; no name of the protocol is such.
pub fn governed_sssom(governance: &Governance) -> Result<String, String> {
    let title = |methodology: &MethodologyRef| {
        let published = governance.methodologies.get(methodology);
        let published = published.map(|one| one.content.title_en.clone());
        let sheet = || governance.sheets.get(methodology).map(|one| one.sheet.title.en.clone());
        published.or_else(sheet).unwrap_or_else(|| methodology.to_string())
    };
    let rows: Vec<sssom::GovernedMapping> = governance
        .mapping_versions
        .iter()
        .filter_map(|(mapping, version)| governed(governance, mapping, version, &title))
        .collect();
    let namespace = sssom::Namespace::of(&governance.policy.trust_domain);
    // SSSOM's own word for a set whose licence nobody has stated.
    let license = "https://w3id.org/sssom/license/unspecified";
    let set = sssom::governed_set(&namespace, "governed", license, &rows)?;
    sssom::write(&set).map_err(|fault| fault.to_string())
}

fn governed(
    governance: &Governance,
    mapping: &MappingRef,
    version: &MappingVersion,
    title: &dyn Fn(&MethodologyRef) -> String,
) -> Option<sssom::GovernedMapping> {
    let record = version.record()?;
    let target = record.counterpart.clone().or_else(|| record.reference.clone())?;
    let mut before = governance.mapping_versions.range(..mapping).rev();
    let content = &version.content;
    Some(sssom::GovernedMapping {
        record: (**record).clone(),
        record_sha256: record.sha256(),
        state: version.state,
        titles: (title(&record.origin), title(&target)),
        target,
        mode: content.proposal.as_ref().map_or(Mode::Factor, |proposal| proposal.mode),
        justification: sssom::Justification::MappingReview,
        confidence: None,
        overlap_group: None,
        explanation_sha256: record.explanation_sha256,
        replaces: before
            .next()
            .map(|(one, _)| one.clone())
            .filter(|one| one.id() == mapping.id()),
        endorsements: content
            .endorsements
            .iter()
            .map(|one| (one.party, one.member.clone()))
            .collect(),
        approvals: content.approvals.clone(),
    })
}

/// Which candidates.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidates {
    methodology: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

/// One candidate row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandidateView {
    /// Set and key.
    pub id: String,
    /// The row.
    #[serde(flatten)]
    pub candidate: Candidate,
}

/// `GET /v1/candidates`: rows of imported mapping sets, none of which recognises anything.
pub async fn candidates(hub: Data<Hub>, asked: Query<Candidates>) -> Answer {
    let asked = asked.into_inner();
    let most = limit(asked.limit)?;
    let after = asked.after.unwrap_or_default();
    let found = hub
        .read(move |connection| store::candidates(connection, asked.methodology.as_deref(), &after, most + 1))
        .await?;
    let views = found.into_iter().map(|(id, candidate)| CandidateView { id, candidate });
    json(&cut(views.collect(), most, |view| view.id.clone()))
}

/// Which part of the matrix, and in which form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    activity: Option<Name>,
    format: Option<MatrixFormat>,
}

tanqiao_protocol::words! {
    /// A form of the matrix.
    pub enum MatrixFormat {
        /// JSON.
        Json = 1 "json",
        /// CSV (RFC 4180).
        Csv = 2 "csv",
    }
}

/// The matrix of all published methodologies and the regions of all members now.
#[must_use]
pub fn matrix_of(
    governance: &Governance,
    activity: Option<&Name>,
    at: tanqiao_protocol::time::Timestamp,
) -> Vec<MatrixCell> {
    let methodologies: Vec<HomeMethodology> = governance
        .methodologies
        .values()
        .filter(|published| activity.is_none_or(|wanted| published.content.activity == *wanted))
        .map(|published| HomeMethodology {
            methodology: published.content.methodology.clone(),
            region: published.content.region,
            activity: published.content.activity.clone(),
        })
        .collect();
    let mut to: Vec<RegionCode> = governance
        .members
        .values()
        .filter(|member| member.kind == tanqiao_protocol::view::MemberKind::Region)
        .map(|member| member.region)
        .collect();
    to.sort_unstable();
    to.dedup();
    matrix(&governance.mappings, &methodologies, &to, at)
}

/// `GET /v1/recognition/matrix`: regions by regions, what is recognised where, at which factor, for which use.
pub async fn recognition_matrix(hub: Data<Hub>, asked: Query<Matrix>) -> Answer {
    let governance = hub.sequencer.governance();
    let at = hub.now();
    let activity = asked.activity.clone();
    let cells = actix_web::web::block(move || matrix_of(&governance, activity.as_ref(), at))
        .await
        .map_err(|error| Refused::fault(&error))?;
    match asked.format.unwrap_or(MatrixFormat::Json) {
        MatrixFormat::Json => json(&Page {
            items: cells,
            next: None,
        }),
        MatrixFormat::Csv => {
            let bytes = matrix_csv(&cells).map_err(|error| Refused::fault(&error))?;
            Ok(HttpResponse::Ok()
                .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
                .body(bytes))
        }
    }
}

/// Which publication of a sheet.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revision {
    revision: Option<u32>,
}

/// A sheet as everybody may see it.
///
/// # Errors
/// None: a sheet is JSON.
pub fn sheet_view(version: &SheetVersion) -> Result<SheetView, serde_json::Error> {
    Ok(SheetView {
        publisher: version.publisher.clone(),
        revision: version.revision,
        sha256: version.sha256,
        at: version.at,
        log_index: version.log_index,
        sheet: serde_json::to_value(&*version.sheet)?,
    })
}

async fn find_sheet(
    hub: &Data<Hub>,
    (id, version): (String, String),
    revision: Option<u32>,
) -> Result<SheetVersion, Refused> {
    let methodology = super::governance::reference(&id, &version)?;
    let governance = hub.sequencer.governance();
    let latest = governance.sheets.get(&methodology).ok_or_else(Refused::not_found)?;
    match revision {
        Some(wanted) if wanted != latest.revision => {
            let found = hub
                .read(move |connection| store::sheet(connection, &methodology, wanted))
                .await?;
            found.ok_or_else(Refused::not_found)
        }
        _ => Ok(latest.clone()),
    }
}

/// `GET /v1/methodologies/{id}/{version}/sheet`: the attribute sheet as last published, or an earlier `revision`.
pub async fn sheet(hub: Data<Hub>, path: Path<(String, String)>, asked: Query<Revision>) -> Answer {
    let found = find_sheet(&hub, path.into_inner(), asked.revision).await?;
    json(&sheet_view(&found).map_err(|error| Refused::fault(&error))?)
}

/// Which two publications.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    from: u32,
    to: Option<u32>,
}

/// `GET /v1/methodologies/{id}/{version}/sheet/difference`: what changed between two publications of a sheet.
pub async fn sheet_difference(hub: Data<Hub>, path: Path<(String, String)>, asked: Query<Difference>) -> Answer {
    let path = path.into_inner();
    let before = find_sheet(&hub, path.clone(), Some(asked.from)).await?;
    let after = find_sheet(&hub, path, asked.to).await?;
    let items: Vec<difference::Change> = difference::sheet_changes(&before.sheet, &after.sheet);
    json(&Page { items, next: None })
}
