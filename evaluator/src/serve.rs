//! The service: two listeners, and the loops that keep house, started and stopped together.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use governor::{Quota, RateLimiter};
use tanqiao_certs::{ClientTls, ServerTls, TlsError, TlsFiles};
use tanqiao_protocol::fingerprint::Epoch;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::signing::SigningKey;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::api::admission::{admit, remember_peer};
use crate::api::health::Metrics;
use crate::api::{self, Clock, Evaluator};
use crate::ceremony::{CeremonyError, Party};
use crate::config::{Config, ConfigError, read_private};
use crate::evaluation::Desk;
use crate::keyring::{Keyring, KeyringError};
use crate::publishing::Publisher;
use crate::remote::{Remote, RemoteSetupError, client_tls};
use crate::renewal;
use crate::shares::{ShareError, ShareFiles};
use crate::store::{EpochKeyState, Store, StoreError};

const HANDSHAKE: Duration = Duration::from_secs(5);
const FIRST_HEADERS: Duration = Duration::from_secs(10);
const SHUTDOWN_S: u64 = 5;
const CONNECTIONS_MAX: usize = 5_000;
/// How often certificate files are looked at.
const RELOAD_EVERY: Duration = Duration::from_secs(1);
/// How often what is unfinished is tried again: prepared keys, statements, shares past their window.
const TIDY_EVERY: Duration = Duration::from_secs(20);

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The shares.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// A share in use.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// A key generation that a crash interrupted.
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    /// A certificate, key or list.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A connection to another party.
    #[error(transparent)]
    Remote(#[from] RemoteSetupError),
    /// The signing key.
    #[error("{0}: {1}")]
    SigningKey(String, tanqiao_protocol::signing::KeyError),
    /// The metrics.
    #[error("the metrics cannot be registered: {0}")]
    Metrics(#[from] prometheus::Error),
    /// A listener.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A rule of the configuration.
    #[error("{0}")]
    Rule(String),
    /// The server.
    #[error("the server failed: {0}")]
    Server(#[from] io::Error),
}

/// A running evaluator.
pub struct Service {
    /// What the handlers share.
    pub evaluator: Data<Evaluator>,
    /// Where members connect.
    pub members: SocketAddr,
    /// Where its operator asks for health.
    pub health: SocketAddr,
    stop: watch::Sender<bool>,
    handles: Vec<ServerHandle>,
    servers: Vec<JoinHandle<io::Result<()>>>,
    loops: Vec<JoinHandle<()>>,
    /// Held as long as it serves: two services of one evaluator would take each other's shares for leftovers.
    _alone: File,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service")
            .field("members", &self.members)
            .finish_non_exhaustive()
    }
}

/// Opens what handlers share; changes nothing.
///
/// # Errors
/// [`ServeError`].
pub fn open(config: &Config, clock: Clock) -> Result<(Evaluator, ClientTls), ServeError> {
    tanqiao_certs::install_crypto_provider();
    let number = config
        .number()
        .ok_or_else(|| ServeError::Rule("this evaluator has no number".to_owned()))?;
    let store = Store::open(&config.database)?;
    let shares = ShareFiles::open(&config.shares.directory)?;
    let keyring = Arc::new(Keyring::new(number, store.clone(), shares.clone()));
    let outgoing = client_tls(config)?;
    let mut others = BTreeMap::new();
    for (party, other) in config.evaluators.iter().zip(1..).filter(|(_, other)| *other != number) {
        others.insert(other, Remote::evaluator(&outgoing, &party.id, &party.url)?);
    }
    let ids: Vec<NodeId> = config.evaluators.iter().map(|one| one.id.clone()).collect();
    let party = Party::new(
        number,
        ids,
        config.shares.window_months,
        store.clone(),
        shares.clone(),
        others,
    );
    keyring.read_all()?;
    let files = TlsFiles::new(&config.tls.ca)
        .with_crl(&config.tls.crl)
        .with_identity(&config.tls.certificate, &config.tls.key);
    let domain = config.trust_domain.as_str().parse();
    let domain = domain.map_err(|e: tanqiao_certs::identity::IdError| ServeError::Rule(e.to_string()))?;
    let tls = ServerTls::load(files, domain, chrono::Utc::now())?;
    let rate = NonZero::new(config.quota.requests_per_second).unwrap_or(NonZero::<u32>::MIN);
    let evaluator = Evaluator {
        desk: Desk::new(number, store.clone(), Arc::clone(&keyring), config.quota.clone()),
        config: config.clone(),
        number,
        store,
        keyring,
        party: Arc::new(party),
        tls,
        rate: RateLimiter::keyed(Quota::per_second(rate)),
        clock,
        metrics: Metrics::new()?,
    };
    Ok((evaluator, outgoing))
}

/// Clears what a crash left: half a destruction, and shares that no generation names. Only while this process alone serves:
/// a share is on disk for a moment before the store names it.
fn clear(evaluator: &Evaluator) -> Result<File, ServeError> {
    let lock = evaluator.config.shares.directory.join(".lock");
    let refuse = |source| ShareError::Directory {
        path: lock.clone(),
        source,
    };
    let alone = File::create(&lock).map_err(refuse)?;
    if alone.try_lock().is_err() {
        let directory = evaluator.config.shares.directory.display();
        return Err(ServeError::Rule(format!(
            "another evaluator serves with the shares in {directory}: stop it first"
        )));
    }
    let (store, now) = (&evaluator.store, evaluator.now());
    for row in store
        .epochs()?
        .iter()
        .filter(|row| row.state == EpochKeyState::Destroying)
    {
        evaluator.party.destroy(row, now)?;
    }
    let rows = store.epochs()?;
    let held = rows
        .iter()
        .filter(|row| matches!(row.state, EpochKeyState::Prepared | EpochKeyState::Committed));
    let wanted: Vec<_> = held.map(|row| (row.epoch, row.session)).collect();
    let cleared = ShareFiles::open(&evaluator.config.shares.directory)?.sweep(&wanted)?;
    if cleared > 0 {
        tracing::warn!(cleared, "shares of key generations that were broken off are destroyed");
    }
    Ok(alone)
}

impl Service {
    /// Opens everything and starts to serve. Must run inside an actix or tokio runtime.
    ///
    /// # Errors
    /// [`ServeError`].
    pub fn start(config: &Config) -> Result<Self, ServeError> {
        Self::start_with(config, Arc::new(crate::now))
    }

    /// As [`Service::start`], with a clock of the caller's.
    ///
    /// # Errors
    /// [`ServeError`].
    pub fn start_with(config: &Config, clock: Clock) -> Result<Self, ServeError> {
        let (evaluator, outgoing) = open(config, clock)?;
        let publisher = Publisher {
            trust_domain: config.trust_domain.clone(),
            member: config.member.clone(),
            signing_key: signing_key(config)?,
            hub: Remote::hub(&outgoing, &config.hub.url)?,
            store: evaluator.store.clone(),
        };
        let alone = clear(&evaluator)?;
        let evaluator = Data::new(evaluator);
        let (stop, stopping) = watch::channel(false);
        let mut service = Self {
            members: config.listen.members,
            health: config.listen.health,
            loops: vec![
                tokio::spawn(watch_files(evaluator.tls.clone(), outgoing, stopping.clone())),
                tokio::spawn(renewal::renew(config.clone(), publisher.hub.clone(), stopping.clone())),
                tokio::spawn(keep_house(evaluator.clone().into_inner(), publisher, stopping)),
            ],
            evaluator,
            stop,
            handles: Vec::new(),
            servers: Vec::new(),
            _alone: alone,
        };
        let (socket, address) = bind(config.listen.members)?;
        service.members = address;
        service.run(members(service.evaluator.clone(), socket)?);
        let (socket, address) = bind(config.listen.health)?;
        service.health = address;
        service.run(health(service.evaluator.clone(), socket)?);
        tracing::info!(member = %config.member, members = %service.members, health = %service.health, "serving");
        Ok(service)
    }

    fn run(&mut self, server: Server) {
        self.handles.push(server.handle());
        self.servers.push(tokio::spawn(server));
    }

    /// Stops: no new requests, open ones finish.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        futures_util::future::join_all(self.handles.iter().map(|handle| handle.stop(true))).await;
        for server in self.servers {
            if let Ok(Err(error)) = server.await {
                tracing::warn!(%error, "a listener ended with an error");
            }
        }
        for one in self.loops {
            one.abort();
        }
        tracing::info!("stopped");
    }

    /// Serves until a signal asks to stop.
    ///
    /// # Errors
    /// [`ServeError::Server`] if signals cannot be waited for.
    pub async fn until_signal(self) -> Result<(), ServeError> {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted?,
            _ = terminate.recv() => {}
        }
        self.stop().await;
        Ok(())
    }
}

fn signing_key(config: &Config) -> Result<SigningKey, ServeError> {
    let text = read_private(&config.signing.key)?;
    SigningKey::from_pem(&text).map_err(|error| ServeError::SigningKey(config.signing.key.display().to_string(), error))
}

fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let refuse = |source| ServeError::Listen { address, source };
    let socket = TcpListener::bind(address).map_err(refuse)?;
    let bound = socket.local_addr().map_err(refuse)?;
    Ok((socket, bound))
}

fn members(evaluator: Data<Evaluator>, socket: TcpListener) -> Result<Server, ServeError> {
    let tls = evaluator.tls.clone();
    let config = tls.federation_config()?;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(evaluator.clone())
            .wrap(from_fn(admit))
            .configure(api::mount)
    })
    .on_connect(move |io, connection| remember_peer(&tls, io, connection))
    .disable_signals()
    .shutdown_timeout(SHUTDOWN_S)
    .tcp_nodelay(true)
    .max_connections(CONNECTIONS_MAX)
    .client_request_timeout(FIRST_HEADERS)
    .tls_handshake_timeout(HANDSHAKE)
    .listen_rustls_0_23(socket, config)?;
    Ok(server.run())
}

fn health(evaluator: Data<Evaluator>, socket: TcpListener) -> Result<Server, ServeError> {
    let server = HttpServer::new(move || App::new().app_data(evaluator.clone()).configure(api::health::mount))
        .workers(1)
        .disable_signals()
        .shutdown_timeout(SHUTDOWN_S)
        .client_request_timeout(FIRST_HEADERS)
        .listen(socket)?;
    Ok(server.run())
}

/// Reads certificates and revocation lists again when they change, for both directions.
async fn watch_files(incoming: ServerTls, outgoing: ClientTls, mut stopping: watch::Receiver<bool>) {
    let mut wrong: Option<String> = None;
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(RELOAD_EVERY) => {}
        }
        let (incoming, outgoing) = (incoming.clone(), outgoing.clone());
        let look = move || {
            let now = chrono::Utc::now();
            incoming.reload_if_changed(now).and(outgoing.reload_if_changed(now))
        };
        let found = match tokio::task::spawn_blocking(look).await {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(error) = found.as_ref().filter(|error| wrong.as_ref() != Some(*error)) {
            tracing::error!(%error, "a certificate file is wrong; what was in force stays in force");
        }
        wrong = found;
    }
}

/// Ends what was left unfinished, makes keys ahead, states keys to the hub, destroys shares past their window.
async fn keep_house(evaluator: Arc<Evaluator>, publisher: Publisher, mut stopping: watch::Receiver<bool>) {
    loop {
        if let Err(error) = tidy(&evaluator, &publisher).await {
            tracing::error!(%error, "what is unfinished stays unfinished for now");
        }
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(TIDY_EVERY) => {}
        }
    }
}

/// One round of [`keep_house`].
///
/// # Errors
/// Whatever is wrong with this evaluator itself; what others do wrong is logged.
pub async fn tidy(
    evaluator: &Evaluator,
    publisher: &Publisher,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let now = evaluator.now();
    evaluator.party.settle_all(now).await?;
    for row in evaluator.store.epochs()? {
        let over = row.keys.as_ref().is_some_and(|keys| keys.closes_at <= now);
        if over {
            evaluator.keyring.forget(row.epoch);
            evaluator.party.destroy(&row, now)?;
        }
    }
    if evaluator.number == 1 && evaluator.config.shares.make_ahead {
        let this = Epoch::of(now);
        for epoch in this.into_iter().chain(this.and_then(Epoch::next)) {
            if evaluator.store.epoch(epoch)?.is_none()
                && let Err(error) = evaluator.party.make(epoch, now).await
            {
                tracing::warn!(%epoch, %error, "the key of a month is not made yet");
            }
        }
    }
    publisher.publish_all(now).await?;
    Ok(())
}
