//! The service: three listeners, the sequencer, the reload loop and the schedule, started and stopped together.

mod certificates;
mod findings;
mod log;
mod reload;
mod schedule;
mod screening;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use tanqiao_certs::{ServerTls, TlsError, TlsFiles};
use tanqiao_protocol::time::SECOND_US;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::api::admission::{admit_member, remember_peer, slow_down};
use crate::api::hub::Settings;
use crate::api::observation::observe;
use crate::api::{Hub, Listener, mount};
use crate::config::{Config, ListenConfig};
use crate::console::{self, Console};
use crate::ledger::sequencer::{Sequencer, SequencerOptions};
use crate::metrics::Metrics;
use crate::screening::screener::Screener;
use crate::screening::{HubKey, ScreeningError, Spool, open_spool, open_store};
use crate::store::database::{Database, StoreError};
use crate::store::read::replication;
use crate::transparency::{LogFiles, LogKeeper, MarkError, SignedMark, Signers, verifier_key};

pub use crate::transparency::{LogKeyError, ensure_log_key, log_public_key};
pub use schedule::{Clock, SystemClock, asked_to_reconcile, due_commands, new_id, own_command, sweep_command};

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long a client may take for its request's head.
const FIRST_HEADERS: Duration = Duration::from_secs(10);
/// How long open requests may take once the process stops.
const DRAIN: Duration = Duration::from_secs(15);
/// How long the last answers may take to leave, in seconds: idle HTTP/2 connections stay open as long.
const SHUTDOWN_S: u64 = 1;
/// Connections of a listener that may wait to be accepted.
const BACKLOG: u32 = 2_048;
/// Streams and keep-alive connections of one worker.
const CONNECTIONS_MAX: usize = 25_000;

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A certificate, key or list.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The spool of token streams.
    #[error(transparent)]
    Screening(#[from] ScreeningError),
    /// The log's key.
    #[error(transparent)]
    LogKey(#[from] LogKeyError),
    /// The head of the log that was signed last.
    #[error(transparent)]
    Mark(#[from] MarkError),
    /// A listener.
    #[error("cannot listen on {address} ({listener}): {source}")]
    Listen {
        /// Which.
        listener: &'static str,
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A text of the configuration.
    #[error("{0}")]
    Config(String),
    /// The metrics.
    #[error("the metrics cannot be registered: {0}")]
    Metrics(#[from] prometheus::Error),
    /// The server.
    #[error("the server failed: {0}")]
    Server(#[from] io::Error),
}

/// What all listeners have in common. Signals are this service's own business.
macro_rules! limited {
    ($server:expr) => {
        $server
            .disable_signals()
            .shutdown_timeout(SHUTDOWN_S)
            .backlog(BACKLOG)
            // An answer of several packets must not wait for the other side's delayed acknowledgement.
            .tcp_nodelay(true)
            .max_connections(CONNECTIONS_MAX)
            .client_request_timeout(FIRST_HEADERS)
            .tls_handshake_timeout(HANDSHAKE)
    };
}

/// A running hub.
pub struct Service {
    /// What the handlers share.
    pub hub: Data<Hub>,
    /// Where members connect.
    pub federation: SocketAddr,
    /// Where new members connect.
    pub enrolment: SocketAddr,
    /// Where operators and the public connect.
    pub console: SocketAddr,
    stop: watch::Sender<bool>,
    handles: Vec<ServerHandle>,
    servers: Vec<JoinHandle<io::Result<()>>>,
    loops: Vec<JoinHandle<()>>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service")
            .field("federation", &self.federation)
            .field("console", &self.console)
            .finish_non_exhaustive()
    }
}

impl Service {
    /// Opens everything and starts to serve. Must run inside an actix or tokio runtime.
    ///
    /// # Errors
    /// [`ServeError`].
    pub fn start(config: &Config) -> Result<Self, ServeError> {
        Self::start_with(
            config,
            SequencerOptions {
                high_water: Some(config.high_water()),
                decisions: Some(config.decisions()),
                ..SequencerOptions::default()
            },
        )
    }

    /// As [`Service::start`], with a sequencer of these options.
    ///
    /// # Errors
    /// [`ServeError`].
    pub fn start_with(config: &Config, options: SequencerOptions) -> Result<Self, ServeError> {
        tanqiao_certs::install_crypto_provider();
        let tls = load_tls(config)?;
        let database = Database::open(&config.database.url)?;
        check_replication(config, &database)?;
        let sequencer = Sequencer::start(database.clone(), options)?;
        check_federation(config, &sequencer)?;
        let (stop, stopping) = watch::channel(false);
        let spool: Arc<dyn Spool> = Arc::from(open_spool(&database, &config.screening)?);
        let metrics = Metrics::new()?;
        metrics.show(sequencer.counters())?;
        let hub = Data::new(Hub::new(
            settings(config)?,
            database.clone(),
            sequencer.clone(),
            Arc::clone(&spool),
            tls.clone(),
            metrics,
            stopping.clone(),
        ));
        let sweeping = database.clone();
        let mut service = Self {
            federation: config.federation.listen,
            enrolment: config.enrolment.listen,
            console: config.console.listen,
            loops: vec![
                tokio::spawn(schedule::forget(database.clone(), SystemClock, stopping.clone())),
                tokio::spawn(log::keep(
                    keeper(config, &database)?,
                    hub.log.clone(),
                    database.clone(),
                    sequencer.clone(),
                    stopping.clone(),
                )),
                tokio::spawn(hub.heads.clone().follow(database.clone(), sequencer.log_size())),
                tokio::spawn(screening::screen(
                    screener(config, database, sequencer.clone(), spool)?,
                    sequencer.clone(),
                    hub.screening.clone(),
                    stopping.clone(),
                )),
                tokio::spawn(findings::examine(
                    hub.database.clone(),
                    sequencer.clone(),
                    Arc::clone(&hub.reports),
                    i64::from(config.limits.examination_s) * SECOND_US,
                    stopping.clone(),
                )),
                tokio::spawn(schedule::reconcile(
                    sequencer.clone(),
                    hub.database.clone(),
                    config.schedule.reconcile.clone(),
                    SystemClock,
                    stopping.clone(),
                )),
                tokio::spawn(reload::watch_files(tls.clone(), stopping.clone())),
                tokio::spawn(certificates::watch_ends(hub.clone(), stopping.clone())),
                tokio::spawn(schedule::sweep(
                    sequencer,
                    sweeping,
                    config.schedule.sweep.clone(),
                    SystemClock,
                    stopping,
                )),
            ],
            hub,
            stop,
            handles: Vec::new(),
            servers: Vec::new(),
        };
        service.federation = service.listen(Listener::Federation, &config.federation, &tls)?;
        service.enrolment = service.listen(Listener::Enrolment, &config.enrolment, &tls)?;
        service.console = service.listen(Listener::Console, &config.console, &tls)?;
        Ok(service)
    }

    fn listen(&mut self, listener: Listener, config: &ListenConfig, tls: &ServerTls) -> Result<SocketAddr, ServeError> {
        let refuse = |source| ServeError::Listen {
            listener: listener.name(),
            address: config.listen,
            source,
        };
        if !config.tls && (listener == Listener::Federation || !config.listen.ip().is_loopback()) {
            return Err(ServeError::Config(format!(
                "the {} listener on {} refuses to start without TLS",
                listener.name(),
                config.listen
            )));
        }
        let socket = TcpListener::bind(config.listen).map_err(refuse)?;
        let address = socket.local_addr().map_err(refuse)?;
        let server = match listener {
            Listener::Federation => federation(self.hub.clone(), socket, tls)?,
            Listener::Enrolment => enrolment(self.hub.clone(), socket, config.tls.then_some(tls))?,
            Listener::Console => console(self.hub.clone(), socket, config.tls.then_some(tls))?,
        };
        tracing::info!(listener = listener.name(), %address, tls = config.tls, "listening");
        self.handles.push(server.handle());
        self.servers.push(tokio::spawn(server));
        Ok(address)
    }

    /// Stops: no new requests, waiting polls end, open requests and the open batch finish.
    pub async fn stop(self) {
        tracing::info!("stopping");
        self.stop.send_replace(true);
        let mut open = self.hub.open.subscribe();
        if tokio::time::timeout(DRAIN, open.wait_for(|open| *open == 0))
            .await
            .is_err()
        {
            tracing::warn!("some requests were still open and are cut off");
        }
        let sequencer = self.hub.sequencer.clone();
        // The thread may be in the middle of a batch: waiting for it must not hold up this runtime.
        if tokio::task::spawn_blocking(move || sequencer.stop()).await.is_err() {
            tracing::error!("the sequencer did not end");
        }
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
    /// Never at present; a listener that fails is logged.
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

fn screener(
    config: &Config,
    database: Database,
    sequencer: Sequencer,
    spool: Arc<dyn Spool>,
) -> Result<Screener, ScreeningError> {
    let key = config.screening.key.as_deref().map(HubKey::load_or_make).transpose()?;
    let (of, screening) = (database.clone(), config.screening.clone());
    let open = move || match open_store(&of, &screening) {
        Ok(store) => Ok(Some(store)),
        Err(ScreeningError::Locked(_)) => Ok(None),
        Err(error) => Err(error),
    };
    Ok(Screener::new(database, sequencer, spool, Box::new(open)).concealing(key))
}

fn keeper(config: &Config, database: &Database) -> Result<LogKeeper, ServeError> {
    let files = LogFiles::new(config.log_dir());
    let mark = SignedMark::open(config.signed_mark())?;
    Ok(LogKeeper::with(
        database.clone(),
        files,
        Signers::load(config)?,
        Some(mark),
    ))
}

fn load_tls(config: &Config) -> Result<ServerTls, ServeError> {
    let files = TlsFiles::new(&config.tls.ca)
        .with_crl(&config.tls.crl)
        .with_identity(&config.tls.certificate, &config.tls.key);
    let domain = config.trust_domain.as_str().parse();
    let domain = domain.map_err(|error: tanqiao_certs::identity::IdError| ServeError::Config(error.to_string()))?;
    Ok(ServerTls::load(files, domain, chrono::Utc::now())?)
}

fn settings(config: &Config) -> Result<Settings, ServeError> {
    Ok(Settings {
        trust_domain: config.trust_domain.clone(),
        log_key: verifier_key(config, &config.log.key)?,
        log_dir: config.log_dir(),
        public_url: config.public.url(config.console.listen, config.console.tls),
        limits: config.limits.clone(),
        single_server: config.database.single_server,
        authority: config.authority.dir.clone(),
        ca_file: config.tls.ca.clone(),
        crl_file: config.tls.crl.clone(),
    })
}

/// RPO 0: what was answered must survive the loss of one server (2-protocol, the sequencer).
fn check_replication(config: &Config, database: &Database) -> Result<(), ServeError> {
    if !config.database.single_server && database.read(replication::standbys_missing)? {
        let text = "this PostgreSQL has no synchronous standbys, so that what was answered can be lost with its disk: set \
                    synchronous_standby_names, or database.single_server = true to accept that";
        return Err(ServeError::Config(text.to_owned()));
    }
    Ok(())
}

/// A database belongs to one federation for ever.
fn check_federation(config: &Config, sequencer: &Sequencer) -> Result<(), ServeError> {
    let governance = sequencer.governance();
    let (here, configured) = (&governance.policy.trust_domain, &config.trust_domain);
    if here == configured {
        return Ok(());
    }
    Err(ServeError::Config(format!(
        "the database is of the federation `{here}`, and `{configured}` is configured: run `migrate` first, or correct trust_domain"
    )))
}

fn federation(hub: Data<Hub>, socket: TcpListener, tls: &ServerTls) -> Result<Server, ServeError> {
    let config = tls.federation_config()?;
    let peers = tls.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(hub.clone())
            .configure(|app| mount(Listener::Federation, app))
            .wrap(from_fn(admit_member))
            .wrap(from_fn(|request, next| observe(Listener::Federation, request, next)))
    });
    let server = server.on_connect(move |io, connection| remember_peer(&peers, io, connection));
    Ok(limited!(server).listen_rustls_0_23(socket, config)?.run())
}

fn enrolment(hub: Data<Hub>, socket: TcpListener, tls: Option<&ServerTls>) -> Result<Server, ServeError> {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(hub.clone())
            .configure(|app| mount(Listener::Enrolment, app))
            .wrap(from_fn(slow_down))
            .wrap(from_fn(|request, next| observe(Listener::Enrolment, request, next)))
    });
    let server = limited!(server);
    Ok(match tls {
        Some(tls) => server.listen_rustls_0_23(socket, tls.enrolment_config()?)?.run(),
        None => server.listen(socket)?.run(),
    })
}

fn console(hub: Data<Hub>, socket: TcpListener, tls: Option<&ServerTls>) -> Result<Server, ServeError> {
    let pages = Data::new(Console::new(tls.is_some()));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(hub.clone())
            .configure(|app| console::mount(&hub, &pages, app))
            .configure(|app| mount(Listener::Console, app))
            .wrap(from_fn(|request, next| observe(Listener::Console, request, next)))
    });
    let server = limited!(server);
    Ok(match tls {
        Some(tls) => server.listen_rustls_0_23(socket, tls.enrolment_config()?)?.run(),
        None => server.listen(socket)?.run(),
    })
}
