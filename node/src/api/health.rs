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
    certificate_days_left: Option<i64>,
}

/// The database answers, the feed is followed and not far behind, and the certificate is valid.
pub(super) async fn ready(node: web::Data<Node>) -> Answered {
    let days = certificate_days_left(&node);
    let body = match node.status().await {
        Ok(status) => Ready {
            ready: is_ready(&status) && days.is_none_or(|days| days >= 0),
            database: true,
            feed: Some(status.feed),
            feed_lag: Some(status.feed_lag),
            certificate_days_left: days,
        },
        Err(error) => {
            tracing::warn!(error = %error, "not ready");
            Ready {
                ready: false,
                database: false,
                feed: None,
                feed_lag: None,
                certificate_days_left: days,
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
    status.feed == FeedState::Following && status.feed_lag <= FEED_LAG_MAX
}

fn certificate_days_left(node: &Node) -> Option<i64> {
    let pem = std::fs::read(&node.config().tls.certificate).ok()?;
    let facts = tanqiao_certs::CertificateFacts::from_pem(&pem).ok()?;
    Some(
        facts
            .first()?
            .days_left(chrono::DateTime::from_timestamp_micros(node.now().micros())?),
    )
}

/// Gauges for Prometheus.
pub(super) async fn metrics(node: web::Data<Node>) -> Answered {
    let status = node.status().await?;
    let agreed_at = agreed_at(&node).await?.map_or(0, |at| at.micros() / SECOND_US);
    let text = encoded(&status, agreed_at).map_err(|error| {
        tracing::error!(error = %error, "metrics cannot be encoded");
        ApiError::api(ApiProblem::Internal, "Metrics cannot be encoded.")
    })?;
    Ok(HttpResponse::Ok()
        .content_type(TextEncoder::new().format_type())
        .body(text))
}

fn encoded(status: &Status, agreed_at: i64) -> Result<Vec<u8>, prometheus::Error> {
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
    ] {
        let gauge = IntGauge::with_opts(Opts::new(name, help))?;
        gauge.set(value);
        registry.register(Box::new(gauge))?;
    }
    let mut text = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut text)?;
    Ok(text)
}

/// This description.
pub(super) async fn description() -> Answered {
    Ok(HttpResponse::Ok().json(super::openapi::document()))
}
