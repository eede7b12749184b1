//! Answers: JSON, or a problem document (RFC 9457).

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{LOCATION, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde::Serialize;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::problem::{ApiProblem, MEDIA_TYPE, Problem, TYPE_BASE};
use tanqiao_protocol::strict::StrictError;

use crate::error::NodeError;
use crate::exchange::HubError;
use crate::service::Node;

/// What a handler returns.
pub(super) type Answered = Result<HttpResponse, ApiError>;

/// A request that is answered with a problem document.
#[derive(Debug)]
pub(super) struct ApiError(Box<Problem>);

impl ApiError {
    pub(super) fn api(kind: ApiProblem, detail: impl fmt::Display) -> Self {
        Self(Box::new(Problem::api(kind).detail(detail)))
    }

    /// A parameter of the address, the query or a header.
    pub(super) fn parameter(name: &str, detail: impl fmt::Display) -> Self {
        let problem = Problem::api(ApiProblem::InvalidParameter).detail(format!("`{name}`: {detail}"));
        Self(Box::new(problem.path(name)))
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl From<&StrictError> for ApiError {
    fn from(error: &StrictError) -> Self {
        Problem::from(error).into()
    }
}

impl From<NodeError> for ApiError {
    fn from(error: NodeError) -> Self {
        Self(Box::new(problem_of(error)))
    }
}

impl From<HubError> for ApiError {
    fn from(error: HubError) -> Self {
        NodeError::Hub(error).into()
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(seconds) = self.0.retry_after_s {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        if self.0.status == 401 {
            response.insert_header(("WWW-Authenticate", "Bearer"));
        }
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        response.content_type(MEDIA_TYPE).body(body)
    }
}

/// The problem document of an error of the node. What the database or the disk said stays in the log.
pub(crate) fn problem_of(error: NodeError) -> Problem {
    match error {
        NodeError::Hub(HubError::Problem(problem)) | NodeError::Answered { problem, .. } => *problem,
        error if error.status() == 500 => {
            tracing::error!(error = %error, "a request failed");
            Problem::api(ApiProblem::Internal)
        }
        error => {
            let status = error.status();
            let mut problem = match CheckCode::by_name(error.code()) {
                Some(check) => Problem::of(check),
                None => Problem::api(if status == 404 {
                    ApiProblem::NotFound
                } else {
                    ApiProblem::InvalidParameter
                }),
            };
            if problem.check.is_none() && status != 404 {
                error.code().clone_into(&mut problem.code);
                problem.type_uri = format!("{TYPE_BASE}{}", problem.code);
                "The node refuses this".clone_into(&mut problem.title);
            }
            problem.status = status;
            problem.detail = error.to_string();
            if status == 503 { problem.retry_after(5) } else { problem }
        }
    }
}

/// 200 with a value.
#[expect(clippy::unnecessary_wraps, reason = "every handler ends with an answer or a refusal")]
pub(super) fn ok(value: &impl Serialize) -> Answered {
    Ok(HttpResponse::Ok().json(value))
}

/// 200 with a list: `{"items": […]}`.
pub(super) fn items<T: Serialize>(items: &[T]) -> Answered {
    #[derive(Serialize)]
    struct Items<'a, T> {
        items: &'a [T],
    }
    ok(&Items { items })
}

/// What became of a command that is in the outbox: 202 while the hub has not decided, 201 once it has; a refusal is the
/// hub's own problem.
pub(super) async fn decided(node: &Node, id: MessageId, wait_s: u32, location: Option<String>) -> Answered {
    let answer = node.wait_for(id, Duration::from_secs(u64::from(wait_s))).await?;
    if let Some(problem) = answer.problem.as_ref().filter(|_| answer.state.is_final()) {
        return Err(problem.clone().into());
    }
    let status = if answer.outcome.is_some() {
        StatusCode::CREATED
    } else {
        StatusCode::ACCEPTED
    };
    let mut response = HttpResponse::build(status);
    if let Some(location) = location {
        response.insert_header((LOCATION, location));
    }
    Ok(response.json(answer))
}

pub(super) async fn not_found(request: HttpRequest) -> Answered {
    Err(ApiError::api(
        ApiProblem::NotFound,
        format!(
            "There is nothing at {}. The description is at /api/v1/openapi.json.",
            request.path()
        ),
    ))
}

pub(super) async fn method_not_allowed(request: HttpRequest) -> Answered {
    Err(ApiError::api(
        ApiProblem::MethodNotAllowed,
        format!("{} is not a method of {}.", request.method(), request.path()),
    ))
}
