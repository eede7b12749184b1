//! The connection itself: TLS files, answers, problems.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;
use tanqiao_certs::{ClientTls, TlsFiles};
use tanqiao_protocol::problem::{ApiProblem, Problem};

use super::HubError;
use crate::config::Config;
use crate::exchange::{ExchangeError, once_more};

/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The TLS files of a configuration.
///
/// # Errors
/// [`ExchangeError`] if one cannot be used.
pub(super) fn load_tls(config: &Config) -> Result<ClientTls, ExchangeError> {
    let mut files = TlsFiles::new(&config.tls.ca).with_identity(&config.tls.certificate, &config.tls.key);
    if let Some(crl) = &config.tls.crl {
        files = files.with_crl(crl);
    }
    let domain = config
        .trust_domain
        .as_str()
        .parse()
        .map_err(|e: tanqiao_certs::identity::IdError| ExchangeError::Connection(e.to_string()))?;
    Ok(ClientTls::load(files, domain, chrono::Utc::now())?)
}

/// A client with connections of its own.
///
/// # Errors
/// [`ExchangeError`].
pub(super) fn connections(tls: &ClientTls) -> Result<reqwest::Client, ExchangeError> {
    let builder = builder().tls_backend_preconfigured(tls.hub_config()?);
    let client = builder.https_only(true).build();
    client.map_err(|e| ExchangeError::Connection(e.to_string()))
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_keepalive(Duration::from_secs(30))
        .http2_keep_alive_interval(Duration::from_secs(20))
        .http2_keep_alive_timeout(Duration::from_secs(10))
        .pool_idle_timeout(Duration::from_secs(90))
        .retry(once_more())
        .no_proxy()
        .user_agent(concat!("tanqiao-node/", env!("CARGO_PKG_VERSION")))
}

pub(super) async fn read<T: DeserializeOwned>(response: Response) -> Result<T, HubError> {
    if !response.status().is_success() {
        return Err(refusal(response).await);
    }
    let body = response.bytes().await.map_err(broken)?;
    serde_json::from_slice(&body).map_err(|e| HubError::Unreadable(e.to_string()))
}

/// The bytes of an answer, at most `most`.
pub(super) async fn bytes(mut response: Response, most: usize) -> Result<Vec<u8>, HubError> {
    if !response.status().is_success() {
        return Err(refusal(response).await);
    }
    let mut all = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if all.len() + chunk.len() > most {
            return Err(HubError::Unreadable(format!("the hub sends more than {most} bytes")));
        }
        all.extend_from_slice(&chunk);
    }
    Ok(all)
}

/// What an answer that is no success says.
pub(super) async fn refusal(response: Response) -> HubError {
    let status = response.status();
    let asked = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.parse().ok());
    let body = match response.bytes().await {
        Ok(body) => body,
        Err(error) => return broken(error),
    };
    let mut problem = problem_of(status, &body);
    problem.retry_after_s = problem.retry_after_s.or(asked);
    HubError::Problem(Box::new(problem))
}

/// The problem of a body, or one made from the status: a proxy in between answers in its own words.
fn problem_of(status: StatusCode, body: &[u8]) -> Problem {
    if let Ok(problem) = serde_json::from_slice::<Problem>(body) {
        return problem;
    }
    let kind = match status.as_u16() {
        404 => ApiProblem::NotFound,
        401 => ApiProblem::Unauthorised,
        403 => ApiProblem::Forbidden,
        429 | 502..=504 => ApiProblem::Busy,
        _ => ApiProblem::Internal,
    };
    let mut problem = Problem::api(kind);
    problem.status = status.as_u16();
    problem
}

/// A connection that broke in the middle of an answer.
fn broken(error: reqwest::Error) -> HubError {
    HubError::Unreachable(innermost(&error.without_url()))
}

/// The innermost cause says what matters: a refused connection, a name that does not resolve.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    let mut cause: Option<&dyn std::error::Error> = error.source();
    let mut text = error.to_string();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    text
}
