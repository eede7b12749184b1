//! A hub on loopback for a bench: its own authority, certificates and configuration in a directory.

use std::path::{Path, PathBuf};

use chrono::{TimeDelta, Utc};
use tanqiao_certs::authority::{Authority, Order, Profile};
use tanqiao_certs::durable;
use tanqiao_certs::enrolment::{CertificateRequest, KeyAlgorithm, TlsKey};
use tanqiao_certs::tls::{ClientTls, TlsFiles};

use super::BenchError;
use crate::config::{
    AuthorityConfig, Config, DatabaseConfig, LimitsConfig, ListenConfig, LogConfig, LoggingConfig, PublicConfig,
    ScheduleConfig, ScreeningConfig, TlsConfig,
};

/// The trust domain of a bench.
pub const TRUST_DOMAIN: &str = "tanqiao.bench";

/// Where a bench keeps its keys.
#[derive(Debug)]
pub struct Place {
    directory: PathBuf,
    authority: Authority,
    server: Option<String>,
}

fn fault(error: impl std::fmt::Display) -> BenchError {
    BenchError::Place(error.to_string())
}

impl Place {
    /// Makes the authority and the hub's certificate. Ledgers are SQLite files here, or schemas of the database `server`.
    ///
    /// # Errors
    /// [`BenchError::Place`].
    pub fn make(directory: &Path, server: Option<String>) -> Result<Self, BenchError> {
        let domain = TRUST_DOMAIN.parse().map_err(fault)?;
        let authority = Authority::init(&directory.join("ca"), &domain, Utc::now()).map_err(fault)?;
        let place = Self {
            directory: directory.to_owned(),
            authority,
            server,
        };
        place.certify(
            "hub",
            Order::new(Profile::Hub)
                .with_dns("localhost")
                .with_ip(std::net::Ipv4Addr::LOCALHOST.into()),
        )?;
        place.authority.crl(Utc::now()).map_err(fault)?;
        Ok(place)
    }

    fn certify(&self, name: &str, order: Order) -> Result<(), BenchError> {
        let key = TlsKey::generate(KeyAlgorithm::P256).map_err(fault)?;
        key.save_new(&self.file(name, "key")).map_err(fault)?;
        let request = CertificateRequest::from_pem(&key.request_pem(name).map_err(fault)?).map_err(fault)?;
        let issued = self
            .authority
            .issue(&request, &order.valid_for(TimeDelta::days(2)), Utc::now())
            .map_err(fault)?;
        durable::write_public(&self.file(name, "pem"), issued.chain_pem.as_bytes()).map_err(fault)
    }

    fn file(&self, name: &str, kind: &str) -> PathBuf {
        self.directory.join(format!("{name}.{kind}"))
    }

    /// The PostgreSQL database, where there is one.
    #[must_use]
    pub fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }

    fn database_url(&self, name: &str) -> String {
        match &self.server {
            Some(url) => {
                let sign = if url.contains('?') { '&' } else { '?' };
                format!("{url}{sign}options=-csearch_path%3D{name}")
            }
            None => format!("sqlite:{}", self.directory.join(name).join("hub.db").display()),
        }
    }

    /// Writes the configuration of the ledger `name` for a process, with these ports for federation, enrolment and
    /// console; where it is.
    ///
    /// # Errors
    /// [`BenchError::Place`].
    pub fn write_config(&self, name: &str, ports: [u16; 3]) -> Result<PathBuf, BenchError> {
        let mut config = self.config(name)?;
        for (listener, port) in [&mut config.federation, &mut config.enrolment, &mut config.console]
            .into_iter()
            .zip(ports)
        {
            listener.listen.set_port(port);
        }
        let path = self.directory.join(name).join("hub.toml");
        let text = toml::to_string(&config).map_err(fault)?;
        durable::write_public(&path, text.as_bytes()).map_err(fault)?;
        Ok(path)
    }

    /// The configuration of a hub on the ledger `name`, on ports of the system's choice.
    ///
    /// # Errors
    /// [`BenchError`] if its directory cannot be made.
    pub fn config(&self, name: &str) -> Result<Config, BenchError> {
        let directory = self.directory.join(name);
        std::fs::create_dir_all(&directory).map_err(fault)?;
        let listen = |tls| ListenConfig {
            listen: ([127, 0, 0, 1], 0).into(),
            tls,
        };
        let generous = LimitsConfig {
            requests_per_second: 1_000_000,
            requests_burst: 1_000_000,
            ..LimitsConfig::default()
        };
        Ok(Config {
            trust_domain: TRUST_DOMAIN.parse()?,
            database: DatabaseConfig {
                url: self.database_url(name),
                single_server: true,
            },
            federation: listen(true),
            enrolment: listen(true),
            console: listen(false),
            public: PublicConfig::default(),
            tls: TlsConfig {
                ca: self.authority.bundle_path(),
                certificate: self.file("hub", "pem"),
                key: self.file("hub", "key"),
                crl: self.authority.crl_path(),
            },
            authority: AuthorityConfig::default(),
            log: LogConfig {
                origin: None,
                key: directory.join("log.key"),
                next_key: None,
                dir: None,
            },
            screening: ScreeningConfig::default(),
            limits: generous,
            schedule: ScheduleConfig::default(),
            logging: LoggingConfig::default(),
        })
    }

    /// A client with a certificate of its own for this member.
    ///
    /// # Errors
    /// [`BenchError::Place`].
    pub fn client(&self, member: &str) -> Result<reqwest::Client, BenchError> {
        let id = member.parse().map_err(fault)?;
        if !self.file(member, "pem").exists() {
            self.certify(member, Order::new(Profile::Node(id)))?;
        }
        let files = TlsFiles::new(self.authority.bundle_path())
            .with_identity(self.file(member, "pem"), self.file(member, "key"));
        let domain = TRUST_DOMAIN.parse().map_err(fault)?;
        let tls = ClientTls::load(files, domain, Utc::now()).map_err(fault)?;
        reqwest::Client::builder()
            .tls_backend_preconfigured(tls.hub_config().map_err(fault)?)
            .http1_only()
            .build()
            .map_err(fault)
    }
}
