//! Whether the node lives and is ready, its metrics, and the description of its API.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use prometheus::{Encoder as _, IntGauge, Opts, Registry, TextEncoder};
use serde::Serialize;
use tanqiao_protocol::problem::ApiProblem;
use tanqiao_protocol::time::SECOND_US;

use super::answer::{Answered, ApiError};
use crate::reconciliation::agreed_at;
use crate::service::{FeedState, Node, Status};

/// Behind by more than so many feed entries, the node is not ready.
const FEED_LAG_MAX: i64 = 10_000;

/// The process answers.
pub(super) async fn live() -> Answered {
    #[derive(Serialize)]
    struct Live {
        live: bool,
    }
    Ok(HttpResponse::Ok().json(Live { live: true }))
}

#[derive(Debug, Serialize)]
struct Ready {
    ready: bool,
    database: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    feed: Option<FeedState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    feed_lag: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_stopped: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_alarms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_days_left: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_alarm: Option<i64>,
}

/// The database answers, the feed is followed and not far behind, nothing is wrong with the log, and the certificate is valid.
pub(super) async fn ready(node: web::Data<Node>) -> Answered {
    let (days, alarm) = certificate(&node).unzip();
    let alarm = alarm.flatten();
    let body = match node.status().await {
        Ok(status) => Ready {
            ready: is_ready(&status) && days.is_none_or(|days| days >= 0),
            database: true,
            feed: Some(status.feed),
            feed_lag: Some(status.feed_lag),
            log_stopped: status.log.as_ref().map(|log| log.stopped),
            log_alarms: status.log.as_ref().map(|log| log.alarms),
            certificate_days_left: days,
            certificate_alarm: alarm,
        },
        Err(error) => {
            tracing::warn!(error = %error, "not ready");
            Ready {
                ready: false,
                database: false,
                feed: None,
                feed_lag: None,
                log_stopped: None,
                log_alarms: None,
                certificate_days_left: days,
                certificate_alarm: alarm,
            }
        }
    };
    let code = if body.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    Ok(HttpResponse::build(code).json(body))
}

fn is_ready(status: &Status) -> bool {
    let trusted = status.log.as_ref().is_none_or(|log| !log.stopped && log.alarms == 0);
    status.feed == FeedState::Following && status.feed_lag <= FEED_LAG_MAX && trusted
}

/// The days that this member's certificate has left, and the alarm at 30, 14, 7 and 1 of them.
fn certificate(node: &Node) -> Option<(i64, Option<i64>)> {
    let pem = std::fs::read(&node.config().tls.certificate).ok()?;
    let facts = tanqiao_certs::CertificateFacts::from_pem(&pem).ok()?;
    let (facts, now) = (
        facts.first()?,
        chrono::DateTime::from_timestamp_micros(node.now().micros())?,
    );
    Some((facts.days_left(now), facts.expiry_alarm(now)))
}

/// Gauges for Prometheus.
pub(super) async fn metrics(node: web::Data<Node>) -> Answered {
    let status = node.status().await?;
    let days = certificate(&node).map(|(days, _)| days);
    let agreed_at = agreed_at(&node).await?.map_or(0, |at| at.micros() / SECOND_US);
    let text = encoded(&status, days, agreed_at).map_err(|error| {
        tracing::error!(error = %error, "metrics cannot be encoded");
        ApiError::api(ApiProblem::Internal, "Metrics cannot be encoded.")
    })?;
    Ok(HttpResponse::Ok()
        .content_type(TextEncoder::new().format_type())
        .body(text))
}

fn encoded(status: &Status, certificate_days: Option<i64>, agreed_at: i64) -> Result<Vec<u8>, prometheus::Error> {
    let registry = Registry::new();
    let following = i64::from(status.feed == FeedState::Following);
    for (name, help, value) in [
        ("tanqiao_node_feed_following", "1 while the feed is followed", following),
        ("tanqiao_node_feed_seq", "Last feed entry applied", status.feed_seq),
        ("tanqiao_node_feed_lag", "Feed entries not applied yet", status.feed_lag),
        (
            "tanqiao_node_log_index",
            "Leaf of the last feed entry applied",
            status.log_index,
        ),
        (
            "tanqiao_node_outbox_waiting",
            "Messages that wait to be sent or answered",
            status.outbox_waiting,
        ),
        (
            "tanqiao_node_offers_waiting",
            "Offers that wait for a person",
            status.offers_waiting,
        ),
        (
            "tanqiao_node_conflicts_open",
            "Conflicts about activities that are not decided",
            status.conflicts_open,
        ),
        (
            "tanqiao_node_token_streams",
            "Token streams that are made, sent or kept; a hundred at most",
            i64::try_from(status.token_streams.len()).unwrap_or(i64::MAX),
        ),
        (
            "tanqiao_node_reconciled_timestamp_seconds",
            "When a full reconciliation last agreed, in seconds since 1970; 0 for never",
            agreed_at,
        ),
        (
            "tanqiao_node_suspense_grams",
            "Grams that cannot be attributed",
            status.suspense_g.get(),
        ),
    ]
    .into_iter()
    .chain(log_gauges(status))
    {
        let gauge = IntGauge::with_opts(Opts::new(name, help))?;
        gauge.set(value);
        registry.register(Box::new(gauge))?;
    }
    if let Some(days) = certificate_days {
        let help = "Days left of this member's certificate";
        let gauge = IntGauge::with_opts(Opts::new("tanqiao_node_certificate_days", help))?;
        gauge.set(days);
        registry.register(Box::new(gauge))?;
    }
    let mut text = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut text)?;
    Ok(text)
}

/// What the witness knows: name, help, value.
fn log_gauges(status: &Status) -> [(&'static str, &'static str, i64); 5] {
    let log = status.log.as_ref();
    [
        (
            "tanqiao_node_log_stopped",
            "1 while the node has stopped because the log has shown two histories",
            log.map_or(0, |log| i64::from(log.stopped)),
        ),
        (
            "tanqiao_node_log_alarms",
            "Contradictions of the log that nobody has ended; a hundred at most",
            log.map_or(0, |log| log.alarms),
        ),
        (
            "tanqiao_node_log_cosigned",
            "Leaves under the head that was verified and cosigned last",
            log.map_or(0, |log| log.size),
        ),
        (
            "tanqiao_node_log_witnessed",
            "Leaves under the largest verified head with its quorum of witnesses",
            log.map_or(0, |log| log.witnessed),
        ),
        (
            "tanqiao_node_log_compared",
            "Leaves that were compared with the feed",
            log.map_or(0, |log| log.checked),
        ),
    ]
}

/// This description.
pub(super) async fn description() -> Answered {
    Ok(HttpResponse::Ok().json(super::openapi::document()))
}
