//! Answers: JSON, and problem documents for everything that is refused.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde::Serialize;
use tanqiao_protocol::problem::{ApiProblem, MEDIA_TYPE, Problem};

/// What a handler returns.
pub type Answer = Result<HttpResponse, Refused>;

/// A refusal on its way to the client.
#[derive(Debug)]
pub struct Refused(pub Box<Problem>);

/// What was refused, for the metrics and the log: a check's code or a problem's.
#[derive(Debug, Clone)]
pub struct RefusedBy(pub String);

impl Refused {
    /// There is nothing here, or nothing that the caller may see.
    #[must_use]
    pub fn not_found() -> Self {
        Problem::api(ApiProblem::NotFound).into()
    }

    /// A parameter of path or query is wrong.
    #[must_use]
    pub fn parameter(name: &str, detail: impl fmt::Display) -> Self {
        Problem::api(ApiProblem::InvalidParameter)
            .path(name)
            .detail(detail)
            .into()
    }

    /// A fault of the service: logged here, and shown without its reason.
    #[must_use]
    pub fn fault(error: &dyn std::error::Error) -> Self {
        tracing::error!(error = %error, "a request failed");
        Problem::api(ApiProblem::Internal).into()
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        problem(&self.0)
    }
}

/// A problem document.
#[must_use]
pub fn problem(problem: &Problem) -> HttpResponse {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    if let Some(seconds) = problem.retry_after_s {
        response.insert_header((RETRY_AFTER, seconds));
    }
    let mut response = finish(&mut response, MEDIA_TYPE, problem);
    response.extensions_mut().insert(RefusedBy(
        problem
            .check
            .map_or_else(|| problem.code.clone(), |check| check.to_string()),
    ));
    response
}

/// 405, with the methods that there are.
#[must_use]
pub fn method_not_allowed(allow: &str) -> HttpResponse {
    let mut response = problem(&Problem::api(ApiProblem::MethodNotAllowed).expected(allow));
    if let Ok(value) = HeaderValue::from_str(allow) {
        response.headers_mut().insert(ALLOW, value);
    }
    response
}

/// 200 and JSON.
///
/// # Errors
/// A fault, if the value cannot be serialised.
pub fn json<T: Serialize>(value: &T) -> Answer {
    Ok(with_status(StatusCode::OK, value))
}

/// JSON with a status.
#[must_use]
pub fn with_status<T: Serialize>(status: StatusCode, value: &T) -> HttpResponse {
    finish(&mut HttpResponse::build(status), "application/json", value)
}

fn finish<T: Serialize>(response: &mut HttpResponseBuilder, media_type: &'static str, value: &T) -> HttpResponse {
    match serde_json::to_vec(value) {
        Ok(bytes) => response.insert_header((CONTENT_TYPE, media_type)).body(bytes),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be serialised");
            HttpResponse::InternalServerError().finish()
        }
    }
}
