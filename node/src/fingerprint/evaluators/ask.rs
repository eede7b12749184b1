//! One question to one evaluator.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tanqiao_certs::ClientTls;
use tanqiao_certs::identity::Role;
use tanqiao_protocol::fingerprint::{Elements, Epoch, Evaluation, EvaluationRequest};
use tanqiao_protocol::problem::Problem;

use super::Party;
use crate::error::NodeError;
use crate::exchange::{ExchangeError, HubClient, once_more};

/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an answer may take: an evaluator needs 75 µs an input.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// The largest answer: base64 of 65,535 elements, and a proof.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What came, or why nothing usable did.
pub(super) type Asked = Result<Evaluation, String>;

/// An evaluator and the way to it.
pub(super) struct Asker {
    pub(super) party: Party,
    pub(super) way: Way,
}

/// Connections to an evaluator.
pub(super) enum Way {
    /// Of a client that was given.
    Given(reqwest::Client),
    /// Over mutual TLS.
    Tls(Connections),
}

/// Connections that show this member's certificate. They are left when those to the hub are: a connection shows the certificate of when
/// it was opened, and an evaluator serves it no longer than that one is valid.
pub(super) struct Connections {
    hub: HubClient,
    tls: ClientTls,
    role: Role,
    /// How often they were left, and those that are open.
    open: Mutex<(u64, reqwest::Client)>,
}

impl Connections {
    /// Prepares connections to whoever has this role; nothing is sent.
    pub(super) fn prepare(hub: HubClient, tls: ClientTls, role: Role) -> Result<Self, NodeError> {
        let open = Mutex::new((hub.left(), over(&tls, &role)?));
        Ok(Self { hub, tls, role, open })
    }

    fn http(&self) -> reqwest::Client {
        let left = self.hub.left();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.0 != left {
            match over(&self.tls, &self.role) {
                Ok(http) => *open = (left, http),
                Err(error) => {
                    tracing::warn!(error = %error, "no new connection to {} can be prepared; the old go on", self.role);
                }
            }
        }
        open.1.clone()
    }
}

fn over(tls: &ClientTls, role: &Role) -> Result<reqwest::Client, NodeError> {
    let config = tls.config_for(role.clone()).map_err(ExchangeError::from)?;
    client(|builder| builder.tls_backend_preconfigured(config).https_only(true))
}

impl Asker {
    fn http(&self) -> reqwest::Client {
        match &self.way {
            Way::Given(http) => http.clone(),
            Way::Tls(connections) => connections.http(),
        }
    }

    /// Has blinded inputs evaluated.
    pub(super) async fn ask(&self, epoch: Epoch, blinded: &Elements) -> Asked {
        let question = EvaluationRequest {
            epoch,
            blinded: blinded.clone(),
        };
        let body = self
            .answered(self.http().post(self.url("evaluations")).json(&question))
            .await?;
        serde_json::from_slice(&body).map_err(|e| format!("its answer is no evaluation: {e}"))
    }

    /// Has the keys of a month made among the evaluators, where there are none yet. They count once the log has them.
    pub(super) async fn have_keys_made(&self, epoch: Epoch) -> Result<(), String> {
        let url = self.url(&format!("epochs/{epoch}"));
        self.answered(self.http().get(url)).await.map(|_| ())
    }

    fn url(&self, path: &str) -> String {
        format!("{}/v1/{path}", self.party.url.trim_end_matches('/'))
    }

    async fn answered(&self, request: reqwest::RequestBuilder) -> Result<Vec<u8>, String> {
        let sent = request.timeout(ANSWER_TIMEOUT).send().await;
        let mut response = sent.map_err(|e| format!("it cannot be reached: {}", e.without_url()))?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(some) = response
            .chunk()
            .await
            .map_err(|e| format!("its answer broke off: {}", e.without_url()))?
        {
            if body.len() + some.len() > ANSWER_BYTES_MAX {
                return Err("its answer is longer than an evaluation can be".to_owned());
            }
            body.extend_from_slice(&some);
        }
        if status.is_success() {
            return Ok(body);
        }
        Err(match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => format!("it says: {} ({})", problem.detail, problem.code),
            Err(_) => format!("it answers with status {}", status.as_u16()),
        })
    }
}

/// An HTTP client with the timeouts of this module.
fn client(with: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder) -> Result<reqwest::Client, NodeError> {
    let builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(Duration::from_secs(90))
        .retry(once_more())
        .no_proxy()
        .user_agent(concat!("tanqiao-node/", env!("CARGO_PKG_VERSION")));
    Ok(with(builder)
        .build()
        .map_err(|e| ExchangeError::Connection(e.to_string()))?)
}
