//! Health and metrics, for the operator of this evaluator.

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{self, Data, ServiceConfig};
use prometheus::{Encoder as _, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};
use serde_json::json;

use super::Evaluator;
use super::answer::{Answer, Refused, json as answer};
use crate::evaluation::EvaluationError;

/// What is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    inputs: IntCounter,
    batches: IntCounterVec,
    certificate_days: IntGauge,
    months: IntGauge,
}

impl Metrics {
    /// All at zero.
    ///
    /// # Errors
    /// If a metric cannot be registered.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let metrics = Self {
            inputs: IntCounter::new("tanqiao_evaluator_inputs_total", "Blinded inputs evaluated")?,
            batches: IntCounterVec::new(
                Opts::new("tanqiao_evaluator_batches_total", "Batches by what became of them"),
                &["outcome"],
            )?,
            certificate_days: IntGauge::new(
                "tanqiao_evaluator_certificate_days",
                "Days left of this evaluator's certificate",
            )?,
            months: IntGauge::new("tanqiao_evaluator_months", "Months whose share is in use here")?,
            registry,
        };
        metrics.registry.register(Box::new(metrics.inputs.clone()))?;
        metrics.registry.register(Box::new(metrics.batches.clone()))?;
        metrics.registry.register(Box::new(metrics.certificate_days.clone()))?;
        metrics.registry.register(Box::new(metrics.months.clone()))?;
        Ok(metrics)
    }

    /// Counts a batch.
    pub(super) fn evaluated(&self, outcome: Result<usize, &EvaluationError>) {
        let word = match outcome {
            Ok(items) => {
                self.inputs.inc_by(u64::try_from(items).unwrap_or(0));
                "evaluated"
            }
            Err(EvaluationError::OverQuota { .. }) => "over-quota",
            Err(_) => "refused",
        };
        self.batches.with_label_values(&[word]).inc();
    }
}

/// The routes of the loopback listener.
pub fn mount(routes: &mut ServiceConfig) {
    routes
        .route("/health/live", web::get().to(live))
        .route("/health/ready", web::get().to(ready))
        .route("/metrics", web::get().to(metrics))
        .default_service(web::to(super::answer::nothing_here));
}

async fn live() -> Answer {
    answer(&json!({ "status": "live" }))
}

fn certificate_days(evaluator: &Evaluator) -> i64 {
    let certificate = evaluator.tls.state().certificate();
    certificate.map_or(0, |facts| facts.days_left(chrono::Utc::now()))
}

/// Ready: the store answers, every share in use can be read, and the certificate is valid.
async fn ready(evaluator: Data<Evaluator>) -> Answer {
    let keyring = evaluator.keyring.clone();
    let held = web::block(move || keyring.read_all())
        .await
        .map_err(|error| Refused::fault(&error))?;
    let days = certificate_days(&evaluator);
    let certificate = evaluator.tls.state().certificate();
    let ok = held.is_ok() && days > 0;
    let body = json!({
        "status": if ok { "ready" } else { "not-ready" },
        "months": held.as_ref().ok(),
        "problem": held.as_ref().err().map(ToString::to_string),
        "certificate_days": days,
        "certificate_alarm": certificate.and_then(|facts| facts.expiry_alarm(chrono::Utc::now())),
    });
    let mut response = if ok {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    Ok(response
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(body.to_string()))
}

async fn metrics(evaluator: Data<Evaluator>) -> Answer {
    let metrics = &evaluator.metrics;
    metrics.certificate_days.set(certificate_days(&evaluator));
    let months = evaluator.keyring.read_all().map_err(|error| Refused::fault(&error))?;
    metrics.months.set(i64::try_from(months).unwrap_or(i64::MAX));
    let mut text = Vec::new();
    let encoder = TextEncoder::new();
    encoder
        .encode(&metrics.registry.gather(), &mut text)
        .map_err(|error| Refused::fault(&error))?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, encoder.format_type()))
        .body(text))
}
