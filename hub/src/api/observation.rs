//! What is logged and counted of every request: never its body, never a person.

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tracing::Instrument;

use super::admission::Caller;
use super::answer::{Refused, RefusedBy};
use super::endpoints::Listener;
use super::hub::Hub;
use super::unread::Unread;

/// The header that names a request in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives a request its id, and logs and counts its answer.
///
/// # Errors
/// Those of the inner service.
pub async fn observe(
    listener: Listener,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let began = Instant::now();
    let id = uuid::Uuid::now_v7().simple().to_string();
    let hub = request.app_data::<web::Data<Hub>>().cloned();
    let method = request.method().clone();
    let span = tracing::info_span!("request", id = %id);
    let unread = Unread::of(&mut request);
    let entered = hub.as_ref().map(|hub| hub.enter());
    let mut answered = if matches!(entered, Some(None)) {
        // HTTP/2 connections stay open while the process stops: what comes on them goes to another process, or comes again.
        request.error_response(Refused::from(Problem::api(ApiProblem::Busy).retry_after(1)))
    } else {
        next.call(request).instrument(span.clone()).await?.map_into_boxed_body()
    };
    if !answered.status().is_success() {
        unread.read().await;
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        answered.headers_mut().insert(REQUEST_ID, value);
    }
    let status = answered.status().as_u16();
    let route = answered
        .request()
        .match_pattern()
        .unwrap_or_else(|| "unknown".to_owned());
    let refused = answered
        .response()
        .extensions()
        .get::<RefusedBy>()
        .map(|by| by.0.clone());
    let member = answered
        .request()
        .extensions()
        .get::<Caller>()
        .map(|caller| caller.member.to_string());
    let took = began.elapsed();
    span.in_scope(|| {
        tracing::info!(
            listener = listener.name(),
            method = %method,
            route,
            status,
            member,
            refused,
            took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            "answered"
        );
    });
    if let Some(hub) = hub {
        hub.metrics.answered(listener.name(), &route, status, took);
        if let Some(by) = refused {
            hub.metrics.refused(&by);
        }
    }
    Ok(answered)
}
