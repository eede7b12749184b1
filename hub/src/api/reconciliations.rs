//! Reconciliations of the caller: beginning one, its rounds, its result.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use serde::Deserialize;
use tanqiao_protocol::canonical;
use tanqiao_protocol::id::{MessageId, NodeId, Sha256};
use tanqiao_protocol::message::Action;
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tanqiao_protocol::reconciliation::{
    FindingCounts, ITEMS_PER_ROUND_MAX, REPORT_BYTES_MAX, ReconciliationReport, ReconciliationResult,
    ReconciliationState, ReconciliationView, ReportFormat, Round, Whereabouts, records_from_text, symbols_to_bytes,
};
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::strict;

use super::admission::Caller;
use super::answer::{Answer, Refused, json};
use super::body::{PlainBody, ReportBody, SignedBody};
use super::hub::Hub;
use super::page::{cut, limit};
use super::writes::submit;
use crate::intake::{Named, Place};
use crate::ledger::objects::Reconciled;
use crate::reconciliation::TakenCut;
use crate::store::findings::{self, REPORTS_PER_DAY_MAX};
use crate::store::read::dealings::Window;
use crate::store::read::reconciliations;

/// Which part of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    after: Option<MessageId>,
    limit: Option<usize>,
}

/// `POST /v1/reconciliations`: the same message again gets a cut again, as long as it has no result.
pub async fn start(hub: Data<Hub>, caller: Caller, body: SignedBody) -> Answer {
    let member = caller.member.clone();
    let answer = submit(&hub, caller, Place::of(Action::Reconciliation), body).await?;
    if !answer.status().is_success() {
        return Ok(answer);
    }
    let body = actix_web::body::to_bytes(answer.into_body())
        .await
        .map_err(|_| Problem::api(ApiProblem::Internal))?;
    let outcome: Begun = serde_json::from_slice(&body).map_err(|error| Refused::fault(&error))?;
    let id = outcome
        .subject
        .strip_prefix("reconciliation/")
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| Problem::api(ApiProblem::Internal))?;
    let taken = match hub.cuts.find(&member, id) {
        Some(taken) => taken,
        None => take(&hub, &member, id).await?,
    };
    json(&taken.opened())
}

#[derive(Deserialize)]
struct Begun {
    subject: String,
}

async fn take(hub: &Hub, member: &NodeId, id: MessageId) -> Result<Arc<TakenCut>, Refused> {
    if own(hub, member, id).await?.state != ReconciliationState::Started {
        return Err(expired());
    }
    let (domain, of) = (hub.settings.trust_domain.clone(), member.clone());
    let taken = hub.read(move |c| TakenCut::take(c, &domain, &of, id)).await?;
    let taken = Arc::new(taken);
    if hub.cuts.keep(member, Arc::clone(&taken)) {
        Ok(taken)
    } else {
        Err(Problem::api(ApiProblem::Busy).retry_after(60).into())
    }
}

fn expired() -> Refused {
    Problem::api(ApiProblem::ReconciliationExpired).into()
}

async fn own(hub: &Hub, member: &NodeId, id: MessageId) -> Result<Reconciled, Refused> {
    let found = hub.read(move |c| reconciliations::reconciliation(c, id)).await?;
    found.filter(|one| one.member == *member).ok_or_else(Refused::not_found)
}

/// `POST /v1/reconciliations/{id}/rounds`
pub async fn round(hub: Data<Hub>, caller: Caller, id: Path<MessageId>, round: PlainBody<Round>) -> Answer {
    let id = id.into_inner();
    let Some(taken) = hub.cuts.find(&caller.member, id) else {
        own(&hub, &caller.member, id).await?;
        return Err(expired());
    };
    match round.0 {
        Round::SymbolsFrom(from) => {
            let symbols = actix_web::web::block(move || symbols_to_bytes(&taken.next(from)))
                .await
                .map_err(|error| Refused::fault(&error))?;
            Ok(HttpResponse::Ok()
                .content_type("application/octet-stream")
                .body(symbols))
        }
        Round::Records(text) => {
            let records = records_from_text(&text).ok_or_else(|| {
                Refused::parameter(
                    "records",
                    format!("`records` is the base64 of 1 to {ITEMS_PER_ROUND_MAX} records of 48 bytes."),
                )
            })?;
            json(&hub.read(move |c| taken.blocks(c, &records)).await?)
        }
        Round::Serials(blocks) => {
            if blocks.len() > ITEMS_PER_ROUND_MAX {
                return Err(Refused::parameter(
                    "serials",
                    format!("`serials` names at most {ITEMS_PER_ROUND_MAX} blocks."),
                ));
            }
            let member = caller.member;
            let found: Vec<Whereabouts> = hub
                .read(move |c| {
                    let find = |block: BlockRef| {
                        let place = reconciliations::place(c, &member, &block)?;
                        Ok(Whereabouts { block, place })
                    };
                    blocks.into_iter().map(find).collect()
                })
                .await?;
            json(&found)
        }
    }
}

/// `POST /v1/reconciliations/{id}/result`
pub async fn result(hub: Data<Hub>, caller: Caller, id: Path<MessageId>, body: SignedBody) -> Answer {
    let (id, member) = (id.into_inner(), caller.member.clone());
    let place = Place::about(Action::ReconciliationResult, Named::Reconciliation(id));
    let answer = submit(&hub, caller, place, body).await?;
    if answer.status().is_success() {
        hub.cuts.forget(&member, id);
    }
    Ok(answer)
}

/// `POST /v1/reconciliations/{id}/report`: the findings of a result, in full. The same report again changes nothing.
pub async fn put_report(hub: Data<Hub>, caller: Caller, id: Path<MessageId>, body: ReportBody) -> Answer {
    let id = id.into_inner();
    let one = own(&hub, &caller.member, id).await?;
    let Some(result) = &one.content.result else {
        return Err(Refused::parameter(
            "id",
            "This reconciliation has no result yet: state the result first.".to_owned(),
        ));
    };
    let (database, now, member, result) = (hub.database.clone(), hub.now(), one.member.clone(), result.clone());
    // A report may be long: it is read where nobody waits for it.
    let kept = actix_web::web::block(move || {
        check_report(&body.0, &member, &result)?;
        findings::keep(&database, id, &body.0, now).map_err(|error| Refused::fault(&error))
    });
    if !kept.await.map_err(|error| Refused::fault(&error))?? {
        return Err(Problem::api(ApiProblem::UploadQuota)
            .detail(format!(
                "The hub keeps {REPORTS_PER_DAY_MAX} reports of a member in 24 hours."
            ))
            .retry_after(3_600)
            .into());
    }
    hub.reports.notify_one();
    json(&ReconciliationView::from(one))
}

/// Refuses what is not the report of a result.
fn check_report(bytes: &[u8], member: &NodeId, result: &ReconciliationResult) -> Result<(), Refused> {
    let report: ReconciliationReport =
        strict::from_slice_within(bytes, REPORT_BYTES_MAX).map_err(|error| Refused::from(Problem::from(&error)))?;
    let told = canonical::to_vec(&report.findings).map_err(|error| Refused::fault(&error))?;
    let stated = (result.reconciliation, member, result.cut, result.counts);
    let found = (report.reconciliation, &report.member, report.cut, report.counts);
    let fits = stated == found
        && Sha256::of(&told) == result.findings_sha256
        && FindingCounts::of(&report.findings) == result.counts;
    if fits {
        return Ok(());
    }
    Err(Refused::parameter(
        "findings",
        "This is not the report of that result: `findings` must have the SHA-256 that the result states, and the rest must be the \
         result's."
            .to_owned(),
    ))
}

/// `GET /v1/reconciliations/{id}/report`
pub async fn report(hub: Data<Hub>, caller: Caller, id: Path<MessageId>, asked: Query<Written>) -> Answer {
    let id = id.into_inner();
    own(&hub, &caller.member, id).await?;
    let report = hub.read(move |c| findings::report(c, id)).await?;
    let report = report.ok_or_else(Refused::not_found)?;
    let format = asked.format.unwrap_or(ReportFormat::Json);
    let written = actix_web::web::block(move || {
        let report: ReconciliationReport = serde_json::from_slice(&report)?;
        Ok::<_, serde_json::Error>(format.write(&report))
    });
    let written = written.await.map_err(|error| Refused::fault(&error))?;
    let written = written.map_err(|error| Refused::fault(&error))?;
    Ok(HttpResponse::Ok().content_type(format.media_type()).body(written))
}

/// How a report is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    format: Option<ReportFormat>,
}

/// `GET /v1/reconciliations`
pub async fn list(hub: Data<Hub>, caller: Caller, listed: Query<Listed>) -> Answer {
    let most = limit(listed.limit)?;
    let window = Window {
        after: listed.after,
        limit: most + 1,
    };
    let found = hub
        .read(move |c| reconciliations::list(c, Some(&caller.member), window))
        .await?;
    let views = found.into_iter().map(ReconciliationView::from).collect();
    json(&cut(views, most, |view: &ReconciliationView| {
        view.reconciliation.to_string()
    }))
}

/// `GET /v1/reconciliations/{id}`
pub async fn one(hub: Data<Hub>, caller: Caller, id: Path<MessageId>) -> Answer {
    let found = own(&hub, &caller.member, id.into_inner()).await?;
    json(&ReconciliationView::from(found))
}
