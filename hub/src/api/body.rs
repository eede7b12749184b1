//! Bodies that requests may have: JSON, of a limited size.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use serde::de::DeserializeOwned;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::message::REQUEST_BYTES_MAX;
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tanqiao_protocol::reconciliation::REPORT_BYTES_MAX;
use tanqiao_protocol::strict;

use super::answer::Refused;

/// The most bytes of a body that is not signed.
const PLAIN_BYTES_MAX: usize = 64 * 1024;

/// The most bytes of a note.
const NOTE_BYTES_MAX: usize = 64 * 1024;

type Reading<T> = Pin<Box<dyn Future<Output = Result<T, Refused>>>>;

/// The bytes of a write, as received.
#[derive(Debug)]
pub struct SignedBody(pub Bytes);

/// A small text.
#[derive(Debug)]
pub struct TextBody(pub Bytes);

/// A report of a reconciliation, as received.
#[derive(Debug)]
pub struct ReportBody(pub Bytes);

impl FromRequest for ReportBody {
    type Error = Refused;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = read(request, payload, JSON, REPORT_BYTES_MAX);
        Box::pin(async move { bytes.await.map(Self) })
    }
}

/// A small JSON body of a type.
#[derive(Debug)]
pub struct PlainBody<T>(pub T);

impl FromRequest for SignedBody {
    type Error = Refused;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = read(request, payload, JSON, REQUEST_BYTES_MAX);
        Box::pin(async move { bytes.await.map(Self) })
    }
}

impl FromRequest for TextBody {
    type Error = Refused;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = read(request, payload, "text/plain", NOTE_BYTES_MAX);
        Box::pin(async move { bytes.await.map(Self) })
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for PlainBody<T> {
    type Error = Refused;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = read(request, payload, JSON, PLAIN_BYTES_MAX);
        Box::pin(async move {
            let bytes = bytes.await?;
            strict::from_slice(&bytes)
                .map(Self)
                .map_err(|error| Problem::from(&error).into())
        })
    }
}

const JSON: &str = "application/json";

fn read(request: &HttpRequest, payload: &mut Payload, expected: &'static str, most: usize) -> Reading<Bytes> {
    let media_type = request.content_type().to_owned();
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<usize>().ok());
    let payload = web::Payload::from_request(request, payload);
    Box::pin(async move {
        if !media_type.eq_ignore_ascii_case(expected) {
            return Err(Problem::api(ApiProblem::UnsupportedMediaType)
                .expected(expected)
                .found(media_type)
                .into());
        }
        if announced.is_some_and(|bytes| bytes > most) {
            return Err(too_large(most));
        }
        let payload = payload.await.map_err(|_| broken())?;
        match payload.to_bytes_limited(most).await {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(_)) => Err(broken()),
            Err(_) => Err(too_large(most)),
        }
    })
}

fn too_large(most: usize) -> Refused {
    Problem::of(CheckCode::M03)
        .detail(format!("The body is larger than {most} bytes: send less at once."))
        .expected(format!("{most} bytes at most"))
        .into()
}

fn broken() -> Refused {
    Problem::of(CheckCode::M01)
        .detail("The body broke off before its end.")
        .into()
}
