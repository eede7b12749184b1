//! Reconciliations with the hub: what was found, and the repair of the node's own book.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use tanqiao_protocol::id::Name;
use tanqiao_protocol::reconciliation::{ReconciliationReason, ReportFormat};

use super::answer::{Answered, ok};
use super::auth::{Admin, Caller, Read};
use super::challenges::Nothing;
use super::extract::{Json, Query, part};
use crate::reconciliation;
use crate::service::Node;

/// Compares the whole book with the hub's now.
pub(super) async fn reconciliation_begin(_: Caller<Admin>, node: web::Data<Node>, _: Json<Nothing>) -> Answered {
    let report = reconciliation::reconcile_and_keep(&node, ReconciliationReason::Asked, None).await?;
    let kept = reconciliation::one(&node, report.reconciliation).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(kept))
}

/// One reconciliation, without its findings.
pub(super) async fn reconciliation_view(_: Caller<Read>, node: web::Data<Node>, request: HttpRequest) -> Answered {
    ok(&reconciliation::one(&node, part(&request, "id")?).await?)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportQuery {
    #[serde(default)]
    format: ReportFormat,
}

/// The report of one reconciliation.
pub(super) async fn reconciliation_report(
    _: Caller<Read>,
    node: web::Data<Node>,
    request: HttpRequest,
    query: Query<ReportQuery>,
) -> Answered {
    let report = reconciliation::report(&node, part(&request, "id")?).await?;
    let ReportQuery { format } = query.0;
    Ok(HttpResponse::Ok()
        .content_type(format.media_type())
        .body(format.write(&report)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RepairOrder {
    by: Name,
    approved_by: Name,
}

/// Builds the node's book anew from its feed, as two roles decide, and reconciles again.
pub(super) async fn reconciliation_repair(
    _: Caller<Admin>,
    node: web::Data<Node>,
    request: HttpRequest,
    order: Json<RepairOrder>,
) -> Answered {
    let RepairOrder { by, approved_by } = order.0;
    let repaired = reconciliation::repair(&node, part(&request, "id")?, by, approved_by).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(repaired))
}
