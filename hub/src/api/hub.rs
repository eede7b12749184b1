//! What the handlers of one hub process share.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use tanqiao_certs::ServerTls;
use tanqiao_protocol::id::{MessageId, NodeId, TrustDomain};
use tanqiao_protocol::signing::NoteKey;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::view::PublicTotals;
use tokio::sync::{Notify, watch};

use super::answer::Refused;
use super::feed::FeedHeads;
use crate::config::LimitsConfig;
use crate::ledger::sequencer::Sequencer;
use crate::metrics::Metrics;
use crate::recognition::ranked::RankingCache;
use crate::reconciliation::Cuts;
use crate::screening::Spool;
use crate::store::database::{Database, ReadConnection, StoreError};
use crate::store::read::statistics::Statistics;
use crate::transparency::{Board, LogFiles};

/// What does not change while the process runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The federation.
    pub trust_domain: TrustDomain,
    /// The log's configured verifier key, whose name is the log's.
    pub log_key: NoteKey,
    /// The directory of the published log.
    pub log_dir: PathBuf,
    /// Where everybody reaches the public pages: scheme and host.
    pub public_url: String,
    /// Limits.
    pub limits: LimitsConfig,
    /// A PostgreSQL without synchronous standbys is accepted.
    pub single_server: bool,
    /// The authority's directory, where this process may issue.
    pub authority: Option<PathBuf>,
    /// Root and issuing CA, PEM.
    pub ca_file: PathBuf,
    /// The current CRLs, PEM.
    pub crl_file: PathBuf,
}

/// What the handlers of one hub process share.
#[derive(Debug)]
pub struct Hub {
    /// What does not change.
    pub settings: Settings,
    /// For questions.
    pub database: Database,
    /// For everything that changes the ledger.
    pub sequencer: Sequencer,
    /// Why screening does not go on, where it does not.
    pub screening: watch::Sender<Option<String>>,
    /// Issuances whose stream is coming in through this process.
    pub uploading: Mutex<BTreeSet<MessageId>>,
    /// Token streams on their way in.
    pub spool: Arc<dyn Spool>,
    /// Identities, revocations, days left.
    pub tls: ServerTls,
    /// What the log's keeper has last seen.
    pub log: Board,
    /// Cuts that members are comparing their books with.
    pub cuts: Cuts,
    /// Woken when a member has given its findings.
    pub reports: Arc<Notify>,
    /// How far every feed goes.
    pub heads: FeedHeads,
    /// For Prometheus.
    pub metrics: Metrics,
    /// True once the process stops: waiting polls end, and new requests are sent away.
    pub stopping: watch::Receiver<bool>,
    /// Requests that are being answered.
    pub open: watch::Sender<usize>,
    /// Requests of members.
    pub member_rate: DefaultKeyedRateLimiter<NodeId>,
    /// Requests on the enrolment listener.
    pub address_rate: DefaultKeyedRateLimiter<IpAddr>,
    /// The last totals, and when they were made.
    pub statistics: Arc<Mutex<Option<(Instant, Statistics)>>>,
    /// The last totals by series and state, and when they were made.
    pub totals: Arc<Mutex<Option<(Instant, PublicTotals)>>>,
    /// The last ranking of pairs that could be mapped.
    pub ranking: Arc<RankingCache>,
}

impl Hub {
    /// Puts the parts together.
    #[must_use]
    pub fn new(
        settings: Settings,
        database: Database,
        sequencer: Sequencer,
        spool: Arc<dyn Spool>,
        tls: ServerTls,
        metrics: Metrics,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        let limits = &settings.limits;
        let rate = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let members = Quota::per_second(rate(limits.requests_per_second)).allow_burst(rate(limits.requests_burst));
        let addresses = Quota::per_minute(rate(limits.enrolments_per_minute));
        Self {
            member_rate: RateLimiter::keyed(members),
            address_rate: RateLimiter::keyed(addresses),
            cuts: Cuts::default(),
            reports: Arc::default(),
            heads: FeedHeads::default(),
            log: Board::new(LogFiles::new(settings.log_dir.clone())),
            statistics: Arc::default(),
            totals: Arc::default(),
            ranking: Arc::default(),
            open: watch::Sender::new(0),
            uploading: Mutex::default(),
            screening: watch::Sender::new(None),
            settings,
            database,
            sequencer,
            spool,
            tls,
            metrics,
            stopping,
        }
    }

    /// Counts a request as open until the guard is dropped; `None` once the process stops.
    #[must_use]
    pub fn enter(&self) -> Option<Entered> {
        if *self.stopping.borrow() {
            return None;
        }
        self.open.send_modify(|open| *open += 1);
        Some(Entered(self.open.clone()))
    }

    /// The keys that sign the log now, the oldest first.
    #[must_use]
    pub fn log_keys(&self) -> Vec<NoteKey> {
        self.sequencer.governance().log.rules.signing(&self.settings.log_key)
    }

    /// The newest of them.
    #[must_use]
    pub fn log_public_key(&self) -> String {
        let keys = self.log_keys();
        keys.last().unwrap_or(&self.settings.log_key).to_string()
    }

    /// The hub's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        now()
    }

    /// Reads off the async threads.
    ///
    /// # Errors
    /// The store's, as a fault of the service.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut ReadConnection<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Refused> {
        let database = self.database.clone();
        let done = actix_web::web::block(move || database.read(work)).await;
        match done {
            Ok(result) => result.map_err(|error| Refused::fault(&error)),
            Err(error) => Err(Refused::fault(&error)),
        }
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub struct Entered(watch::Sender<usize>);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open = open.saturating_sub(1));
    }
}

/// The system's clock.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
