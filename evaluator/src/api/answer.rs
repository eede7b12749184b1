//! Answers and bodies: JSON, and problem documents for everything that is refused.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::error::PathError;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use actix_web::web::{Bytes, BytesMut, PathConfig};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, ResponseError, web};
use futures_util::StreamExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::problem::{ApiProblem, MEDIA_TYPE, Problem, TYPE_BASE};
use tanqiao_protocol::strict;

use super::BODY_BYTES_MAX;
use crate::ceremony::CeremonyError;
use crate::evaluation::EvaluationError;
use crate::remote::RemoteError;

/// What a handler returns.
pub type Answer = Result<HttpResponse, Refused>;

/// A refusal on its way to the caller.
#[derive(Debug)]
pub struct Refused(pub Box<Problem>);

impl Refused {
    /// A fault of this evaluator: logged here, and shown without its reason.
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
        let mut response = HttpResponse::build(self.status_code());
        if let Some(seconds) = self.0.retry_after_s {
            response.insert_header((RETRY_AFTER, seconds));
        }
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        response.insert_header((CONTENT_TYPE, MEDIA_TYPE)).body(body)
    }
}

/// A problem that only evaluators have.
fn own(code: &str, title: &str, status: u16, detail: String) -> Problem {
    let mut problem = Problem::api(ApiProblem::Internal);
    problem.type_uri = format!("{TYPE_BASE}{code}");
    code.clone_into(&mut problem.code);
    title.clone_into(&mut problem.title);
    problem.status = status;
    problem.detail = detail;
    problem
}

impl From<CeremonyError> for Refused {
    fn from(error: CeremonyError) -> Self {
        let said = format!("{error}.");
        match &error {
            CeremonyError::Closed(_) => own("epoch-closed", "Month not open", 404, said).into(),
            CeremonyError::Destroyed(_) => own("epoch-destroyed", "Key destroyed", 410, said).into(),
            CeremonyError::Waiting(_)
            | CeremonyError::Aborted(_)
            | CeremonyError::Remote(RemoteError::Unreachable(..)) => {
                own("epoch-waiting", "Key not made yet", 503, said)
                    .retry_after(5)
                    .into()
            }
            CeremonyError::Remote(RemoteError::Refused(_, problem)) => problem.as_ref().clone().into(),
            CeremonyError::Number(_) => Problem::api(ApiProblem::InvalidParameter).detail(said).into(),
            CeremonyError::Dkg(_) | CeremonyError::Keys(_) | CeremonyError::Remote(_) => {
                tracing::error!(%error, "a key generation failed");
                own("key-generation-failed", "Key generation failed", 502, said).into()
            }
            CeremonyError::Share(_) | CeremonyError::Store(_) | CeremonyError::Broken(_) => Self::fault(&error),
        }
    }
}

impl From<EvaluationError> for Refused {
    fn from(error: EvaluationError) -> Self {
        let said = format!("{error}.");
        match &error {
            EvaluationError::NoKey(_) => own("epoch-waiting", "Key not made yet", 503, said)
                .retry_after(5)
                .into(),
            EvaluationError::Closed { .. } => own("epoch-closed", "Month not open", 404, said).into(),
            EvaluationError::OverQuota { left, asked } => own("over-quota", "Quota used up", 429, said)
                .expected(format!("{left} inputs at most"))
                .found(asked)
                .into(),
            EvaluationError::Elements(_) => Problem::of(CheckCode::M02).path("blinded").detail(said).into(),
            EvaluationError::Keyring(_) | EvaluationError::Store(_) | EvaluationError::Broken(_) => Self::fault(&error),
        }
    }
}

/// 200 and JSON.
///
/// # Errors
/// A fault, if the value cannot be serialised.
pub fn json<T: Serialize>(value: &T) -> Answer {
    let bytes = serde_json::to_vec(value).map_err(|error| Refused::fault(&error))?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(bytes))
}

/// Everything that is at no address.
///
/// # Errors
/// 404 always.
pub async fn nothing_here() -> Answer {
    Err(Problem::api(ApiProblem::NotFound).into())
}

/// Parameters of the path that cannot be read.
#[must_use]
pub fn path_config() -> PathConfig {
    PathConfig::default().error_handler(|error: PathError, _: &HttpRequest| {
        Refused::from(Problem::api(ApiProblem::InvalidParameter).detail(error.to_string())).into()
    })
}

/// A JSON body of a type, at most [`BODY_BYTES_MAX`].
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Refused;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refused>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let json = request.content_type() == "application/json";
        let announced = request
            .headers()
            .get(CONTENT_LENGTH)
            .and_then(|v| v.to_str().ok()?.parse().ok());
        let payload = web::Payload::from_request(request, payload);
        Box::pin(async move {
            if !json {
                return Err(Problem::api(ApiProblem::UnsupportedMediaType)
                    .expected("application/json")
                    .into());
            }
            let payload = payload
                .await
                .map_err(|error| Problem::of(CheckCode::M01).detail(error))?;
            let bytes = read(payload, announced.unwrap_or(0)).await?;
            strict::from_slice(&bytes)
                .map(Self)
                .map_err(|error| Problem::from(&error).into())
        })
    }
}

async fn read(mut payload: web::Payload, announced: usize) -> Result<Bytes, Refused> {
    let too_large = || Problem::of(CheckCode::M03).expected(format!("{BODY_BYTES_MAX} bytes at most"));
    if announced > BODY_BYTES_MAX {
        return Err(too_large().found(announced).into());
    }
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| Problem::of(CheckCode::M01).detail(error))?;
        if bytes.len() + chunk.len() > BODY_BYTES_MAX {
            return Err(too_large().into());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}
