//! Health and metrics.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use serde::Serialize;
use tanqiao_certs::CrlState;
use tanqiao_protocol::view::MemberKind;

use super::answer::{Answer, Refused, json, with_status};
use super::hub::Hub;
use crate::store::read::statistics;

/// What is checked, and what was found.
#[derive(Debug, Serialize)]
struct Health {
    status: &'static str,
    checks: BTreeMap<&'static str, Finding>,
}

#[derive(Debug, Serialize)]
struct Finding {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    days_left: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    says: Option<String>,
}

impl Finding {
    fn of(ok: bool, says: Option<String>) -> Self {
        Self {
            ok,
            days_left: None,
            says,
        }
    }

    fn days(days: Option<i64>) -> Self {
        Self {
            ok: days.is_some_and(|days| days >= 0),
            days_left: days,
            says: None,
        }
    }
}

/// `GET /health/live`: the process answers.
pub async fn live() -> Answer {
    json(&serde_json::json!({ "status": "live" }))
}

/// `GET /health/ready`: it can do its work.
pub async fn ready(hub: Data<Hub>) -> Answer {
    let database = hub.read(statistics::head).await;
    let read_only = hub.sequencer.read_only();
    let certificate = certificate_days(&hub);
    let crl = crl_days(&hub);
    let replicated = hub.read(crate::store::read::replication::standbys_missing).await;
    let checks = BTreeMap::from([
        ("database", Finding::of(database.is_ok(), None)),
        ("sequencer", Finding::of(read_only.is_none(), read_only)),
        ("certificate", Finding::days(certificate)),
        // A list past its date is still enforced: an alarm, and no reason to stop (certs, tls).
        (
            "crl",
            Finding {
                ok: true,
                ..Finding::days(crl)
            },
        ),
        // An alarm: everything but issuances goes on.
        ("screening", Finding::of(true, hub.screening.borrow().clone())),
        (
            "replication",
            Finding::of(hub.settings.single_server || matches!(replicated, Ok(false)), None),
        ),
    ]);
    let ok = checks.values().all(|finding| finding.ok);
    let status = if ok {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    Ok(with_status(
        status,
        &Health {
            status: if ok { "ready" } else { "not-ready" },
            checks,
        },
    ))
}

fn certificate_days(hub: &Hub) -> Option<i64> {
    hub.tls
        .state()
        .certificate()
        .map(|facts| facts.days_left(chrono::Utc::now()))
}

fn crl_days(hub: &Hub) -> Option<i64> {
    let now = chrono::Utc::now();
    match hub.tls.state().crl_state(now) {
        CrlState::Absent => None,
        CrlState::Current { next_update } => Some(tanqiao_certs::days_left(next_update, now)),
        CrlState::Expired { since } => Some(tanqiao_certs::days_left(since, now)),
    }
}

/// `GET /metrics`
pub async fn metrics(hub: Data<Hub>) -> Answer {
    hub.metrics.sequenced(hub.sequencer.counters());
    for (what, days) in [("certificate", certificate_days(&hub)), ("crl", crl_days(&hub))] {
        if let Some(days) = days {
            hub.metrics.days_left(what, days);
        }
    }
    let (governance, heads) = (hub.sequencer.governance(), hub.heads.known());
    for kind in [MemberKind::Region, MemberKind::Enterprise] {
        let cursors = hub.metrics.cursors();
        let of_kind = cursors
            .iter()
            .filter(|(member, _)| governance.members.get(*member).is_some_and(|found| found.kind == kind));
        let lag = of_kind
            .map(|(member, cursor)| heads.get(member).copied().unwrap_or(0).saturating_sub(*cursor))
            .max();
        hub.metrics.lag(kind.word(), lag.unwrap_or(0).max(0));
    }
    let text = hub.metrics.render().map_err(|error| Refused::fault(&error))?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(text))
}
