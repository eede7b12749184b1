//! A hub on loopback for a bench: its own authority, certificates and configuration in a directory.

use std::path::{Path, PathBuf};

use chrono::{TimeDelta, Utc};
use tanqiao_certs::authority::{Authority, Order, Profile};
use tanqiao_certs::durable;
use tanqiao_certs::enrolment::{CertificateRequest, KeyAlgorithm, TlsKey};
use tanqiao_certs::tls::{ClientTls, TlsFiles};

use super::BenchError;
use crate::config::{
    AuthorityConfig, Config, DatabaseConfig, LimitsConfig, ListenConfig, LogConfig, LoggingConfig, ScheduleConfig,
    TlsConfig,
};

/// The trust domain of a bench.
pub const TRUST_DOMAIN: &str = "tanqiao.bench";

/// Where a bench keeps its keys.
#[derive(Debug)]
pub struct Place {
    directory: PathBuf,
    authority: Authority,
}

fn fault(error: impl std::fmt::Display) -> BenchError {
    BenchError::Place(error.to_string())
}

impl Place {
    /// Makes the authority and the hub's certificate.
    ///
    /// # Errors
    /// [`BenchError::Place`].
    pub fn make(directory: &Path) -> Result<Self, BenchError> {
        let domain = TRUST_DOMAIN.parse().map_err(fault)?;
        let authority = Authority::init(&directory.join("ca"), &domain, Utc::now()).map_err(fault)?;
        let place = Self {
            directory: directory.to_owned(),
            authority,
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

    /// The configuration of a hub on this database, on ports of the system's choice.
    ///
    /// # Errors
    /// [`BenchError`] for a trust domain that is none.
    pub fn config(&self, url: &str) -> Result<Config, BenchError> {
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
                url: url.to_owned(),
                single_server: true,
            },
            federation: listen(true),
            enrolment: listen(true),
            console: listen(false),
            tls: TlsConfig {
                ca: self.authority.bundle_path(),
                certificate: self.file("hub", "pem"),
                key: self.file("hub", "key"),
                crl: self.authority.crl_path(),
            },
            authority: AuthorityConfig::default(),
            log: LogConfig {
                origin: None,
                key: self.file("log", "key"),
            },
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
        self.certify(member, Order::new(Profile::Node(id)))?;
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
