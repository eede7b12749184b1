//! The configuration: one TOML file, and environment variables `TANQIAO_HUB_…` that override single keys.
//!
//! Every key is described in `hub/config.example.toml`; a test keeps that file, this module and [`KEYS`] equal.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tanqiao_protocol::id::TrustDomain;

mod environment;
mod public;

pub use environment::KEYS;
pub use public::PublicConfig;

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}: check that it exists and that this user may read it", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is not TOML, or a key is missing, unknown or of another type.
    #[error("{}: {message}", path.display())]
    Content {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// An environment variable names no key.
    #[error("environment variable {0} names no key of the configuration; the keys are in config.example.toml")]
    Variable(String),
    /// Two settings do not fit together.
    #[error("{0}")]
    Rule(String),
}

/// The whole configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The federation, as in its SPIFFE ids.
    pub trust_domain: TrustDomain,
    /// Where the ledger is.
    pub database: DatabaseConfig,
    /// Members, over mutual TLS.
    #[serde(default = "ListenConfig::federation")]
    pub federation: ListenConfig,
    /// Enrolment and the CRL.
    #[serde(default = "ListenConfig::enrolment")]
    pub enrolment: ListenConfig,
    /// Health, metrics and public pages.
    #[serde(default = "ListenConfig::console")]
    pub console: ListenConfig,
    /// Where everybody reaches the public pages.
    #[serde(default)]
    pub public: PublicConfig,
    /// Certificate files of the hub.
    pub tls: TlsConfig,
    /// The issuing CA, where this process may use it.
    #[serde(default)]
    pub authority: AuthorityConfig,
    /// The transparency log.
    pub log: LogConfig,
    /// The store of fingerprint tokens.
    #[serde(default)]
    pub screening: ScreeningConfig,
    /// Limits.
    #[serde(default)]
    pub limits: LimitsConfig,
    /// When what is done.
    #[serde(default)]
    pub schedule: ScheduleConfig,
    /// What is logged.
    #[serde(default)]
    pub logging: LoggingConfig,
}

/// Where the ledger is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// PostgreSQL only: accept a server without synchronous standbys.
    #[serde(default)]
    pub single_server: bool,
}

/// A listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenConfig {
    /// Address and port.
    pub listen: SocketAddr,
    /// With the hub's certificate. The federation listener always has it; without it a listener must be on loopback.
    #[serde(default)]
    pub tls: bool,
}

/// Certificate files of the hub, PEM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// Root and issuing CA.
    pub ca: PathBuf,
    /// The hub's certificate, followed by the issuing CA's.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The current CRLs.
    pub crl: PathBuf,
}

/// The issuing CA.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityConfig {
    /// The authority's directory, for approving enrolments and renewing; absent where certificates are issued elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dir: Option<PathBuf>,
}

/// The transparency log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// Its name; absent for `<trust domain>/log`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Its private key: Ed25519, PKCS #8 PEM, mode 0600. `migrate` makes it where it is missing.
    pub key: PathBuf,
    /// The key that takes its place, while it does; as `key`. `admin log-key propose` makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_key: Option<PathBuf>,
    /// The directory of the published log; absent for `log` beside the key. Several hub processes have one each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dir: Option<PathBuf>,
}

/// The store of fingerprint tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScreeningConfig {
    /// Its directory: with SQLite for tokens and uploads, absent for the database's name with `.screening`; with PostgreSQL for batches that
    /// are sorted on disk, absent for the system's temporary directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dir: Option<PathBuf>,
    /// A key of the hub's own under which tokens are stored: 64 hexadecimal digits, mode 0600, made where it is missing. For members whose tokens
    /// are `hmac-sm3`; from the first issuance on, or never. Absent: tokens are stored as they come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
    /// Memory in which a batch is sorted, in MiB.
    pub sort_memory_mib: u32,
    /// SQLite only: memory for indexes of tokens, in MiB.
    pub index_memory_mib: u32,
}

/// Limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Requests a second and member, sustained.
    pub requests_per_second: u32,
    /// Requests of a member that may come at once.
    pub requests_burst: u32,
    /// Requests a minute and address on the enrolment listener.
    pub enrolments_per_minute: u32,
    /// The longest that a poll of the feed may wait, in seconds.
    pub feed_wait_s: u32,
    /// Token streams of one member that are not screened yet, in MiB.
    pub upload_mib_per_member: u32,
    /// How far apart a member's findings are compared with the log, in seconds.
    pub examination_s: u32,
}

/// When what is done: cron expressions of six fields, seconds first; weekdays are 1 = Sunday to 7 = Saturday. UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScheduleConfig {
    /// Ends delays, offers and donations whose time has come.
    pub sweep: String,
    /// Asks members to reconcile; empty for never.
    pub reconcile: String,
}

/// What is logged, as JSON lines on standard error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoggingConfig {
    /// `tracing` directives, such as `info,tanqiao_hub=debug`.
    pub filter: String,
}

impl Default for ScreeningConfig {
    fn default() -> Self {
        Self {
            dir: None,
            key: None,
            sort_memory_mib: 128,
            index_memory_mib: 256,
        }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            requests_per_second: 1_000,
            requests_burst: 2_000,
            enrolments_per_minute: 30,
            feed_wait_s: 30,
            upload_mib_per_member: 4_096,
            examination_s: 600,
        }
    }
}

impl Default for ScheduleConfig {
    fn default() -> Self {
        Self {
            sweep: "*/5 * * * * *".to_owned(),
            // 02:00 in Beijing.
            reconcile: "0 0 18 * * *".to_owned(),
        }
    }
}

impl Default for LoggingConfig {
    fn default() -> Self {
        Self {
            filter: "info".to_owned(),
        }
    }
}

impl ListenConfig {
    fn on_loopback(port: u16, tls: bool) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], port)),
            tls,
        }
    }

    fn federation() -> Self {
        Self::on_loopback(8443, true)
    }

    fn enrolment() -> Self {
        Self::on_loopback(8444, true)
    }

    fn console() -> Self {
        Self::on_loopback(8080, false)
    }
}

impl Config {
    /// Reads a file and the environment. Relative paths are relative to the file's directory.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::File {
            path: path.to_owned(),
            source,
        })?;
        Self::read(&text, path, std::env::vars())
    }

    /// As [`Config::load`], from a text and given variables.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(
        text: &str,
        path: &Path,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let refuse = |message: String| ConfigError::Content {
            path: path.to_owned(),
            message,
        };
        let mut table: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| refuse(error.to_string()))?;
        environment::apply(&mut table, variables)?;
        let mut config: Self = table
            .try_into()
            .map_err(|error: toml::de::Error| refuse(error.message().to_owned()))?;
        config.settle(path.parent().unwrap_or_else(|| Path::new("")));
        config.check()?;
        Ok(config)
    }

    /// Where the head of the log that this hub last answered from is kept: beside the log's key.
    #[must_use]
    pub fn high_water(&self) -> PathBuf {
        self.log.key.with_file_name("log.head")
    }

    /// Where the head of the log that was last signed here is kept: beside the log's key.
    #[must_use]
    pub fn signed_mark(&self) -> PathBuf {
        self.log.key.with_file_name("log.signed")
    }

    /// The directory of the published log.
    #[must_use]
    pub fn log_dir(&self) -> PathBuf {
        let beside = || self.log.key.with_file_name("log");
        self.log.dir.clone().unwrap_or_else(beside)
    }

    /// Where officers' decisions are kept for a recovery: beside the log's key.
    #[must_use]
    pub fn decisions(&self) -> PathBuf {
        self.log.key.with_file_name("log.decisions")
    }

    /// The log's name.
    #[must_use]
    pub fn log_origin(&self) -> String {
        self.log
            .origin
            .clone()
            .unwrap_or_else(|| format!("{}/log", self.trust_domain))
    }

    /// Makes relative paths relative to `directory`.
    fn settle(&mut self, directory: &Path) {
        let settle = |path: &mut PathBuf| {
            if path.is_relative() {
                *path = directory.join(&*path);
            }
        };
        for path in [
            &mut self.tls.ca,
            &mut self.tls.certificate,
            &mut self.tls.key,
            &mut self.tls.crl,
            &mut self.log.key,
        ] {
            settle(path);
        }
        let optional = [
            &mut self.authority.dir,
            &mut self.screening.dir,
            &mut self.screening.key,
            &mut self.log.next_key,
            &mut self.log.dir,
        ];
        optional.into_iter().flatten().for_each(settle);
        if let Some(file) = self.database.url.strip_prefix("sqlite:") {
            let file = Path::new(file);
            if file.is_relative() {
                self.database.url = format!("sqlite:{}", directory.join(file).display());
            }
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        let rule = |text: &str| Err(ConfigError::Rule(text.to_owned()));
        if !self.federation.tls {
            return rule(
                "federation.tls: the federation listener always demands a client certificate; it cannot be off",
            );
        }
        for (name, listener) in [("enrolment", &self.enrolment), ("console", &self.console)] {
            if !listener.tls && !listener.listen.ip().is_loopback() {
                return Err(ConfigError::Rule(format!(
                    "{name}.listen: {} is not loopback, so {name}.tls must be true",
                    listener.listen
                )));
            }
        }
        if !self.public.holds() {
            return rule("public.url: write scheme and host, such as `https://hub.example`, in 100 characters at most");
        }
        if self.limits.requests_per_second == 0
            || self.limits.requests_burst == 0
            || self.limits.enrolments_per_minute == 0
        {
            return rule("limits: a rate of 0 would refuse everybody");
        }
        if self.limits.upload_mib_per_member == 0 {
            return rule("limits.upload_mib_per_member: at least 1, or nobody could upload token streams");
        }
        if self.screening.sort_memory_mib == 0 {
            return rule("screening.sort_memory_mib: at least 1");
        }
        if self.limits.feed_wait_s > 30 {
            return rule("limits.feed_wait_s: 30 seconds at most");
        }
        if !(self.database.url.starts_with("sqlite:") || self.database.url.starts_with("postgres")) {
            return rule("database.url: write `sqlite:PATH` or `postgres://user@host/database`");
        }
        let (sweep, reconcile) = (&self.schedule.sweep, &self.schedule.reconcile);
        for (name, text) in [
            ("sweep", Some(sweep)),
            ("reconcile", Some(reconcile).filter(|text| !text.is_empty())),
        ] {
            if let Some(Err(error)) = text.map(|text| text.parse::<cron::Schedule>()) {
                return Err(ConfigError::Rule(format!(
                    "schedule.{name}: six fields, seconds first, weekdays 1 = Sunday: {error}"
                )));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../config.example.toml");

    fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Config::read(text, Path::new("/etc/tanqiao/hub.toml"), variables)
    }

    #[test]
    fn the_example_has_every_key_and_no_other() {
        let mut table: toml::Table = EXAMPLE.parse().unwrap();
        let mut found: Vec<String> = Vec::new();
        for (name, value) in std::mem::take(&mut table) {
            match value {
                toml::Value::Table(inner) => found.extend(inner.keys().map(|key| format!("{name}.{key}"))),
                _ => found.push(name),
            }
        }
        found.sort();
        let mut keys: Vec<String> = KEYS.iter().map(|k| (*k).to_owned()).collect();
        keys.sort();
        assert_eq!(found, keys);
        let config = read(EXAMPLE, &[]).unwrap();
        assert_eq!(config.tls.ca, Path::new("/etc/tanqiao/certs/ca.pem"));
        assert_eq!(config.database.url, "sqlite:/etc/tanqiao/hub.db");
    }

    #[test]
    fn the_environment_overrides_single_keys_and_refuses_unknown_ones() {
        let config = read(
            EXAMPLE,
            &[
                ("TANQIAO_HUB_LIMITS_REQUESTS_BURST", "7"),
                ("TANQIAO_HUB_TRUST_DOMAIN", "other.example"),
            ],
        )
        .unwrap();
        assert_eq!(config.limits.requests_burst, 7);
        assert_eq!(config.log_origin(), "tanqiao.local/log");
        assert_eq!(config.trust_domain.as_str(), "other.example");
        let error = read(EXAMPLE, &[("TANQIAO_HUB_LIMITS_BURST", "7")]).unwrap_err();
        assert!(matches!(error, ConfigError::Variable(name) if name == "TANQIAO_HUB_LIMITS_BURST"));
    }

    #[test]
    fn a_listener_beyond_loopback_needs_tls() {
        for (variable, tls) in [
            ("TANQIAO_HUB_CONSOLE_LISTEN", "TANQIAO_HUB_CONSOLE_TLS"),
            ("TANQIAO_HUB_ENROLMENT_LISTEN", "TANQIAO_HUB_ENROLMENT_TLS"),
        ] {
            assert!(read(EXAMPLE, &[(variable, "0.0.0.0:80"), (tls, "false")]).is_err());
            assert!(read(EXAMPLE, &[(variable, "0.0.0.0:80"), (tls, "true")]).is_ok());
        }
        assert!(read(EXAMPLE, &[("TANQIAO_HUB_FEDERATION_TLS", "false")]).is_err());
    }
}
