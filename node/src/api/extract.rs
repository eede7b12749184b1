//! What a request says, read strictly.

use std::future::{Future, Ready, ready};
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::StreamExt as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tanqiao_protocol::strict;

use super::answer::ApiError;

/// The longest time that a request may wait for the hub, in seconds.
const WAIT_S_MAX: u32 = 60;
/// The largest JSON body, in bytes. Activities are streamed and not meant.
const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A JSON body, read strictly: unknown and repeated members are refused.
#[derive(Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let json = media_type(request).is_some_and(|text| text == "application/json");
        let mut payload = payload.take();
        Box::pin(async move {
            if !json {
                return Err(ApiError::api(
                    ApiProblem::UnsupportedMediaType,
                    "Send `Content-Type: application/json`.",
                ));
            }
            let mut body = web::BytesMut::new();
            while let Some(some) = payload.next().await {
                let some =
                    some.map_err(|e| ApiError::api(ApiProblem::InvalidParameter, format!("The body broke off: {e}.")))?;
                if body.len() + some.len() > BODY_BYTES_MAX {
                    return Err(Problem::of(CheckCode::M03).into());
                }
                body.extend_from_slice(&some);
            }
            strict::from_slice(&body).map(Self).map_err(|e| ApiError::from(&e))
        })
    }
}

/// The media type of a request, in lower case, without parameters.
pub(super) fn media_type(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next()?.trim().to_ascii_lowercase())
}

/// Query parameters; unknown ones are refused.
#[derive(Debug)]
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let parsed = web::Query::<T>::from_query(request.query_string());
        ready(parsed.map(|query| Self(query.into_inner())).map_err(|e| {
            let text = e.to_string();
            ApiError::api(
                ApiProblem::InvalidParameter,
                text.trim_start_matches("Query deserialize error: "),
            )
        }))
    }
}

/// The last part of an address, or the one named.
pub(super) fn part<T: std::str::FromStr>(request: &HttpRequest, name: &str) -> Result<T, ApiError>
where
    T::Err: std::fmt::Display,
{
    let text = request.match_info().get(name).unwrap_or_default();
    text.parse().map_err(|e: T::Err| ApiError::parameter(name, e))
}

/// The id that the caller gave a write: the header `Idempotency-Key`, the body's own `id`, or both when they agree.
pub(super) fn message_id(request: &HttpRequest, body: Option<MessageId>) -> Result<Option<MessageId>, ApiError> {
    let Some(header) = request.headers().get("Idempotency-Key") else {
        return Ok(body);
    };
    let refuse = |detail: String| ApiError::parameter("Idempotency-Key", detail);
    let text = header.to_str().map_err(|e| refuse(e.to_string()))?;
    let key: MessageId = text.trim_matches('"').parse().map_err(|e| refuse(format!("{e}")))?;
    match body {
        Some(id) if id != key => Err(refuse(format!("is {key}, but the body's `id` is {id}"))),
        _ => Ok(Some(key)),
    }
}

/// How long a write waits for the hub's decision.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Waiting {
    #[serde(default)]
    wait_s: u32,
}

impl Waiting {
    pub(super) const fn seconds(&self) -> u32 {
        if self.wait_s > WAIT_S_MAX {
            WAIT_S_MAX
        } else {
            self.wait_s
        }
    }
}

/// A page of a list that is newest first.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewestFirst {
    pub(super) before: Option<MessageId>,
    #[serde(default = "page")]
    pub(super) limit: u32,
}

/// Items of a page when nobody says otherwise.
pub(super) const fn page() -> u32 {
    100
}
