//! Asking the hub, over mutual TLS.

mod bytes;
mod certificate;
pub(super) mod handshake;
mod log;
mod upload;
mod wire;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tanqiao_certs::ClientTls;
use tanqiao_certs::renewal::complete;
use tanqiao_protocol::challenge::ChallengeView;
use tanqiao_protocol::conflict::{ConflictView, HeldView};
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::fingerprint::{Epoch, EpochKeys};
use tanqiao_protocol::id::{MessageId, Name, Sha256};
use tanqiao_protocol::log::policy::{POLICY_BYTES_MAX, Policy};
use tanqiao_protocol::message::Action;
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tanqiao_protocol::receipt::{CertificateFile, RECEIPT_FILE_BYTES_MAX, ReceiptFile, ReceiptKind};
use tanqiao_protocol::recognition::Quote;
use tanqiao_protocol::view::{
    AssetConflictView, AssetDetail, AssetView, CreditView, DonationView, EventView, HubInfo, IssuanceView, ItemResult,
    MappingDetail, MappingView, MemberView, MethodologyView, Outcome, Page, PledgeView, RecognitionQuery, Results,
    RetirementView, SheetView, TransferView,
};

use self::wire::{bytes, connections, innermost, load_tls, read};
use crate::config::{Config, read_private};
use crate::error::NodeError;
use crate::exchange::ExchangeError;
use crate::exchange::feed::ReceivedPage;
use crate::exchange::renewal::identity;

/// What a printed certificate has beside the attached file.
const PAGE_BYTES_MAX: usize = 2 * 1024 * 1024;
/// How long an answer may take, beyond what the hub was asked to wait.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// Pages of a list that are followed at most.
const PAGES_MAX: usize = 1_000;

/// Why the hub gave no answer, or which.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// It could not be reached, or the connection broke: the outcome is unknown.
    #[error("the hub cannot be reached: {0}")]
    Unreachable(String),
    /// It said no.
    #[error("the hub says: {} ({})", .0.detail, .0.code)]
    Problem(Box<Problem>),
    /// Its answer is not what the protocol says.
    #[error("the hub's answer cannot be read: {0}")]
    Unreadable(String),
}

impl HubError {
    /// What the hub says of a receipt whose leaf too few witnesses have seen.
    pub(crate) fn not_witnessed() -> Self {
        Self::Problem(Box::new(Problem::api(ApiProblem::NotWitnessedYet).retry_after(1)))
    }

    /// A stable word for programs.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Unreachable(_) => "hub-unreachable",
            Self::Problem(problem) => &problem.code,
            Self::Unreadable(_) => "hub-unreadable",
        }
    }

    /// The HTTP status that this node's own API answers with.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Unreachable(_) => 503,
            Self::Problem(problem) => problem.status,
            Self::Unreadable(_) => 502,
        }
    }

    /// After how long the hub asked to try again.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Problem(problem) => problem.retry_after_s.map(|s| Duration::from_secs(u64::from(s))),
            _ => None,
        }
    }

    /// True if the hub's feed is another one than this node has read.
    #[must_use]
    pub fn is_fork(&self) -> bool {
        matches!(self, Self::Problem(p) if p.code == ApiProblem::FeedFork.name())
    }
}

/// The hub, as this member may ask it. Cheap to clone.
#[derive(Clone)]
pub struct HubClient {
    http: Arc<RwLock<reqwest::Client>>,
    base: String,
    tls: Option<ClientTls>,
    /// How often the connections were left: whoever shows the same certificate elsewhere leaves its own then.
    left: Arc<AtomicU64>,
}

impl std::fmt::Debug for HubClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HubClient")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct FeedQuestion<'a> {
    after: i64,
    chain: &'a Sha256,
    limit: u32,
    wait: u32,
}

impl HubClient {
    /// Prepares the connection of the configuration; nothing is sent.
    ///
    /// # Errors
    /// [`NodeError::Exchange`] if a TLS file cannot be used.
    pub fn open(config: &Config) -> Result<Self, NodeError> {
        // Refuses a key that others may read; the TLS stack reads it itself.
        complete(&identity(config)).map_err(ExchangeError::from)?;
        read_private(&config.tls.key)?;
        let tls = load_tls(config)?;
        let http = connections(&tls)?;
        Ok(Self {
            http: Arc::new(RwLock::new(http)),
            base: config.hub.url.trim_end_matches('/').to_owned(),
            tls: Some(tls),
            left: Arc::default(),
        })
    }

    /// A client of a given HTTP client and address: for tests against a hub in the same process.
    #[must_use]
    pub fn over(http: reqwest::Client, base: &str) -> Self {
        Self {
            http: Arc::new(RwLock::new(http)),
            base: base.trim_end_matches('/').to_owned(),
            tls: None,
            left: Arc::default(),
        }
    }

    /// Leaves the open connections: they show the certificate of when they were opened, and the hub serves them no longer than
    /// that one is valid. Called when the TLS files have changed.
    ///
    /// # Errors
    /// [`NodeError::Exchange`]; the connections stay.
    pub fn reconnect(&self) -> Result<(), NodeError> {
        if let Some(tls) = &self.tls {
            let http = connections(tls)?;
            *self.http.write().unwrap_or_else(PoisonError::into_inner) = http;
            self.left.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }

    /// How often the open connections were left because the TLS files had changed.
    pub(crate) fn left(&self) -> u64 {
        self.left.load(Ordering::SeqCst)
    }

    fn http(&self) -> reqwest::Client {
        self.http.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The TLS files in use, where there are any: for reloading and health.
    #[must_use]
    pub const fn tls(&self) -> Option<&ClientTls> {
        self.tls.as_ref()
    }

    /// `GET /v1/hub`
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn info(&self) -> Result<HubInfo, HubError> {
        self.get("/v1/hub", &()).await
    }

    /// `GET /v1/recognition`
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn quote(&self, question: &RecognitionQuery) -> Result<Quote, HubError> {
        self.get("/v1/recognition", question).await
    }

    /// All members.
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn members(&self) -> Result<Vec<MemberView>, HubError> {
        self.all("/v1/members", &[]).await
    }

    /// All methodologies that fit the query, such as `[("region", "420100")]`.
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn methodologies(&self, query: &[(String, String)]) -> Result<Vec<MethodologyView>, HubError> {
        self.all("/v1/methodologies", query).await
    }

    /// All mappings that fit the query.
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn mappings(&self, query: &[(String, String)]) -> Result<Vec<MappingView>, HubError> {
        self.all("/v1/mappings", query).await
    }

    /// All registered assets that fit the query.
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn assets(&self, query: &[(String, String)]) -> Result<Vec<AssetView>, HubError> {
        self.all("/v1/assets", query).await
    }

    /// `GET /v1/assets/{id}`
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn asset(&self, asset: &Name) -> Result<AssetDetail, HubError> {
        self.get(&format!("/v1/assets/{asset}"), &()).await
    }

    /// All conflicts about assets that fit the query.
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn asset_conflicts(&self, query: &[(String, String)]) -> Result<Vec<AssetConflictView>, HubError> {
        self.all("/v1/asset-conflicts", query).await
    }

    /// `GET /v1/mappings/{mapping}`
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn mapping(&self, mapping: &MappingRef) -> Result<MappingDetail, HubError> {
        self.get(&format!("/v1/mappings/{mapping}"), &()).await
    }

    /// `GET /v1/methodologies/{id}/{version}/sheet`
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn sheet(&self, methodology: &MethodologyRef) -> Result<SheetView, HubError> {
        let path = format!("/v1/methodologies/{}/{}/sheet", methodology.id(), methodology.version());
        self.get(&path, &()).await
    }

    /// All events.
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn events(&self) -> Result<Vec<EventView>, HubError> {
        self.all("/v1/events", &[]).await
    }

    /// All credits on offer that fit the query.
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn credits(&self, query: &[(String, String)]) -> Result<Vec<CreditView>, HubError> {
        self.all("/v1/credits", query).await
    }

    /// `GET /v1/transfers/{id}`
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn transfer(&self, id: MessageId) -> Result<TransferView, HubError> {
        self.get(&format!("/v1/transfers/{id}"), &()).await
    }

    /// `GET /v1/donations/{id}`
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn donation(&self, id: MessageId) -> Result<DonationView, HubError> {
        self.get(&format!("/v1/donations/{id}"), &()).await
    }

    /// `GET /v1/retirements/{id}`
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn retirement(&self, id: MessageId) -> Result<RetirementView, HubError> {
        self.get(&format!("/v1/retirements/{id}"), &()).await
    }

    /// `GET /v1/issuances/{id}`
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn issuance(&self, id: MessageId) -> Result<IssuanceView, HubError> {
        self.get(&format!("/v1/issuances/{id}"), &()).await
    }

    /// All challenges to this member, oldest first; `open` for those that have not ended.
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn challenges(&self, open: bool) -> Result<Vec<ChallengeView>, HubError> {
        self.all("/v1/challenges", &[("open".to_owned(), open.to_string())])
            .await
    }

    /// `GET /v1/pledges/{id}`
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn pledge(&self, id: MessageId) -> Result<PledgeView, HubError> {
        self.get(&format!("/v1/pledges/{id}"), &()).await
    }

    /// `GET /v1/certificates/{id}`
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn certificate(&self, id: MessageId) -> Result<CertificateFile, HubError> {
        let bytes = self
            .bytes(&format!("/v1/certificates/{id}"), RECEIPT_FILE_BYTES_MAX)
            .await?;
        CertificateFile::parse(&bytes).map_err(|refusal| HubError::Unreadable(refusal.to_string()))
    }

    /// `GET /v1/certificates/{id}/pdf`: the page, with the certificate attached.
    ///
    /// # Errors
    /// [`HubError`]; `not-printable` names a character that cannot be printed.
    pub async fn certificate_pdf(&self, id: MessageId, language: &str) -> Result<Vec<u8>, HubError> {
        let path = format!("/v1/certificates/{id}/pdf?lang={language}");
        self.bytes(&path, RECEIPT_FILE_BYTES_MAX + PAGE_BYTES_MAX).await
    }

    /// `GET /v1/transfers/{id}/receipt`, or of a donation or retirement.
    ///
    /// # Errors
    /// [`HubError`]; `not-witnessed-yet` as long as too few witnesses have seen its leaf.
    pub async fn receipt(&self, kind: ReceiptKind, id: MessageId) -> Result<ReceiptFile, HubError> {
        let bytes = self
            .bytes(&format!("/v1/{kind}s/{id}/receipt"), RECEIPT_FILE_BYTES_MAX)
            .await?;
        ReceiptFile::parse(&bytes).map_err(|refusal| HubError::Unreadable(refusal.to_string()))
    }

    /// `GET /log/policy`: the log's keys and witnesses, as the hub says.
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn log_policy(&self) -> Result<Policy, HubError> {
        let bytes = self.bytes("/log/policy", POLICY_BYTES_MAX).await?;
        Policy::parse(&bytes).map_err(|error| HubError::Unreadable(error.to_string()))
    }

    /// `GET /v1/envelopes/{sha256}`: an envelope as the hub received it.
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn envelope(&self, payload: &Sha256) -> Result<Envelope, HubError> {
        self.get(&format!("/v1/envelopes/{payload}"), &()).await
    }

    /// `GET /v1/token-epochs/{epoch}`: the token keys of a month, as the log has them.
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn token_epoch(&self, epoch: Epoch) -> Result<EpochKeys, HubError> {
        let mut answer: serde_json::Map<String, serde_json::Value> =
            self.get(&format!("/v1/token-epochs/{epoch}"), &()).await?;
        answer.remove("log_index");
        serde_json::from_value(answer.into()).map_err(|e| HubError::Unreadable(e.to_string()))
    }

    /// `GET /v1/conflicts/{id}`
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn conflict(&self, id: MessageId) -> Result<ConflictView, HubError> {
        self.get(&format!("/v1/conflicts/{id}"), &()).await
    }

    /// All of this member's issuances: `GET /v1/issuances`
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn issuances(&self) -> Result<Vec<IssuanceView>, HubError> {
        self.all("/v1/issuances", &[]).await
    }

    /// All of `GET /v1/issuances/{id}/held`: activities of an issuance that have no serials of its first run.
    ///
    /// # Errors
    /// [`HubError`]
    pub async fn held(&self, issuance: &str) -> Result<Vec<HeldView>, HubError> {
        self.all(&format!("/v1/issuances/{issuance}/held"), &[]).await
    }

    /// Where the federation address of the hub is.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// `GET /v1/feed`: entries after a cursor; the hub waits up to `wait_s` seconds for one.
    ///
    /// # Errors
    /// [`HubError`]; [`HubError::is_fork`] if the hub's feed is not the one that the cursor is in.
    pub async fn feed(&self, after: i64, chain: &Sha256, limit: u32, wait_s: u32) -> Result<ReceivedPage, HubError> {
        let question = FeedQuestion {
            after,
            chain,
            limit,
            wait: wait_s,
        };
        let timeout = ANSWER_TIMEOUT + Duration::from_secs(u64::from(wait_s));
        let request = self
            .http()
            .get(format!("{}/v1/feed", self.base))
            .query(&question)
            .timeout(timeout);
        read(self.send(request).await?).await
    }

    /// `POST /v1/messages` with one envelope: what its items did, one result for a message that is no batch.
    ///
    /// # Errors
    /// [`HubError`] if the request as a whole got no answer that speaks of its items.
    pub async fn post(&self, envelope: &Envelope) -> Result<Vec<ItemResult>, HubError> {
        self.post_json(envelope, envelope.payload_type() == Action::Batch.payload_type())
            .await
    }

    async fn post_json(&self, body: &impl Serialize, many: bool) -> Result<Vec<ItemResult>, HubError> {
        let request = self
            .http()
            .post(format!("{}/v1/messages", self.base))
            .json(body)
            .timeout(ANSWER_TIMEOUT);
        let response = self.send(request).await?;
        let status = response.status().as_u16();
        if many {
            return read::<Results>(response).await.map(|r| r.results);
        }
        let result = |outcome, problem| {
            vec![ItemResult {
                id: None,
                status,
                outcome,
                problem,
            }]
        };
        match read::<Outcome>(response).await {
            Ok(outcome) => Ok(result(Some(outcome), None)),
            Err(HubError::Problem(problem)) if problem.check.is_some() => Ok(result(None, Some(*problem))),
            Err(error) => Err(error),
        }
    }

    /// Sends a request. Where no answer comes, says why, also where only a TLS alert knows it.
    async fn send(&self, request: reqwest::RequestBuilder) -> Result<reqwest::Response, HubError> {
        let error = match request.send().await {
            Ok(response) => return Ok(response),
            Err(error) => error.without_url(),
        };
        if let Some(refusal) = handshake::refusal_in(&error) {
            return Err(HubError::Unreachable(refusal));
        }
        let config = self.tls.as_ref().and_then(|tls| tls.hub_config().ok());
        let refusal = match config.filter(|_| !error.is_timeout()) {
            Some(config) => {
                let base = self.base.clone();
                let probe = tokio::task::spawn_blocking(move || handshake::probe(config, &base));
                probe.await.ok().flatten()
            }
            None => None,
        };
        Err(HubError::Unreachable(refusal.unwrap_or_else(|| innermost(&error))))
    }

    /// A file of at most `most` bytes.
    async fn bytes(&self, path: &str, most: usize) -> Result<Vec<u8>, HubError> {
        let request = self.http().get(format!("{}{path}", self.base)).timeout(ANSWER_TIMEOUT);
        bytes(self.send(request).await?, most).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, query: &impl Serialize) -> Result<T, HubError> {
        let request = self
            .http()
            .get(format!("{}{path}", self.base))
            .query(query)
            .timeout(ANSWER_TIMEOUT);
        read(self.send(request).await?).await
    }

    async fn all<T: DeserializeOwned>(&self, path: &str, query: &[(String, String)]) -> Result<Vec<T>, HubError> {
        let mut items = Vec::new();
        let mut query = query.to_vec();
        for _ in 0..PAGES_MAX {
            let page: Page<T> = self.get(path, &query).await?;
            items.extend(page.items);
            let Some(next) = page.next else { return Ok(items) };
            query.retain(|(name, _)| name != "after");
            query.push(("after".to_owned(), next));
        }
        Err(HubError::Unreadable(format!("{path} has more than {PAGES_MAX} pages")))
    }
}
