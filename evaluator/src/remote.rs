//! Asking the other evaluators and the hub, over mutual TLS.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tanqiao_certs::identity::Role;
use tanqiao_certs::{ClientTls, TlsError, TlsFiles};
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::problem::{ApiProblem, Problem};

use crate::config::{Config, ConfigError, read_private};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A key generation waits for two further evaluators at most.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Why there is no answer, or which.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// It could not be reached, or the connection broke.
    #[error("{0} cannot be reached: {1}")]
    Unreachable(String, String),
    /// It said no.
    #[error("{0} says: {detail} ({code})", detail = .1.detail, code = .1.code)]
    Refused(String, Box<Problem>),
    /// Its answer is not what the protocol says.
    #[error("the answer of {0} cannot be read: {1}")]
    Unreadable(String, String),
}

/// Why connections cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum RemoteSetupError {
    /// A certificate file.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A renewal that was cut off.
    #[error(transparent)]
    Renewal(#[from] tanqiao_certs::renewal::RenewalError),
    /// The private key.
    #[error(transparent)]
    Key(#[from] ConfigError),
    /// A name.
    #[error("{0}")]
    Name(String),
    /// The HTTP client.
    #[error("the HTTP client cannot be made: {0}")]
    Http(#[from] reqwest::Error),
}

/// One party, as this evaluator may ask it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Remote {
    http: reqwest::Client,
    base: Arc<str>,
    name: Arc<str>,
}

/// The certificate files of the configuration, as a client.
///
/// # Errors
/// [`RemoteSetupError`].
pub fn client_tls(config: &Config) -> Result<ClientTls, RemoteSetupError> {
    tanqiao_certs::renewal::complete(&crate::renewal::identity(config))?;
    read_private(&config.tls.key)?;
    let files = TlsFiles::new(&config.tls.ca)
        .with_crl(&config.tls.crl)
        .with_identity(&config.tls.certificate, &config.tls.key);
    let domain = config.trust_domain.as_str().parse();
    let domain = domain.map_err(|e: tanqiao_certs::identity::IdError| RemoteSetupError::Name(e.to_string()))?;
    Ok(ClientTls::load(files, domain, chrono::Utc::now())?)
}

impl Remote {
    fn open(tls: rustls::ClientConfig, url: &str, name: String) -> Result<Self, RemoteSetupError> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .retry(once_more())
            .user_agent(concat!("tanqiao-evaluator/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            http,
            base: url.trim_end_matches('/').into(),
            name: name.into(),
        })
    }

    /// An evaluator: whoever answers must show its certificate.
    ///
    /// # Errors
    /// [`RemoteSetupError`].
    pub fn evaluator(tls: &ClientTls, id: &NodeId, url: &str) -> Result<Self, RemoteSetupError> {
        let member = id.as_str().parse();
        let member = member.map_err(|e: tanqiao_certs::identity::IdError| RemoteSetupError::Name(e.to_string()))?;
        let config = tls.config_for(Role::Evaluator(member))?;
        Self::open(config, url, format!("evaluator `{id}`"))
    }

    /// The hub.
    ///
    /// # Errors
    /// [`RemoteSetupError`].
    pub fn hub(tls: &ClientTls, url: &str) -> Result<Self, RemoteSetupError> {
        Self::open(tls.hub_config()?, url, "the hub".to_owned())
    }

    /// Sends JSON.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub async fn post<A: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<A, RemoteError> {
        let unreadable = |e: serde_json::Error| RemoteError::Unreadable(self.name.to_string(), e.to_string());
        let bytes = serde_json::to_vec(body).map_err(unreadable)?;
        self.post_bytes(path, bytes).await
    }

    /// Sends bytes that are JSON already.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub async fn post_bytes<A: DeserializeOwned>(&self, path: &str, body: Vec<u8>) -> Result<A, RemoteError> {
        let request = self.http.post(format!("{}{path}", self.base));
        self.read(request.header(CONTENT_TYPE, "application/json").body(body))
            .await
    }

    /// Asks.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub async fn get<A: DeserializeOwned>(&self, path: &str) -> Result<A, RemoteError> {
        self.read(self.http.get(format!("{}{path}", self.base))).await
    }

    async fn read<A: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<A, RemoteError> {
        let unreachable = |e: reqwest::Error| RemoteError::Unreachable(self.name.to_string(), innermost(&e));
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let body = response.bytes().await.map_err(unreachable)?;
        if status.is_success() {
            return serde_json::from_slice(&body)
                .map_err(|e| RemoteError::Unreadable(self.name.to_string(), e.to_string()));
        }
        let problem = serde_json::from_slice::<Problem>(&body).unwrap_or_else(|_| {
            let mut problem = Problem::api(ApiProblem::Internal);
            problem.status = status.as_u16();
            problem
        });
        Err(RemoteError::Refused(self.name.to_string(), Box::new(problem)))
    }
}

/// Every client here speaks to one party.
#[derive(Debug)]
struct ThatHost;

impl PartialEq<&str> for ThatHost {
    fn eq(&self, _: &&str) -> bool {
        true
    }
}

/// A connection that waited in the pool may be closed at the other end, by a restart, just as a request goes out on it; then nobody
/// knows whether it was read. Whatever is asked of an evaluator or by one may be asked twice, so it goes out once more, on a
/// fresh connection. What cannot be connected at all or takes too long is not asked again here.
#[must_use]
pub fn once_more() -> reqwest::retry::Builder {
    reqwest::retry::for_host(ThatHost)
        .max_retries_per_request(1)
        .classify_fn(|attempt| {
            let broke = attempt
                .error()
                .and_then(|error| error.downcast_ref::<reqwest::Error>())
                .is_some_and(|error| error.is_request() && !error.is_connect() && !error.is_timeout());
            if broke { attempt.retryable() } else { attempt.success() }
        })
}

/// The innermost cause says what matters: a refused connection, a name that does not resolve.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut text = error.to_string();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    text
}
