//! One TOML file, and an environment variable for every key of it.
//!
//! The variable of `hub.url` is `TANQIAO_NODE_HUB_URL`, and so on for each of [`KEYS`]; it wins over the file. Paths are
//! relative to the file's folder.

mod keys;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tanqiao_protocol::fingerprint::TokenSuite;
use tanqiao_protocol::id::{NodeId, TrustDomain};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::signing::NoteKey;
use toml::Table;

pub use self::keys::{KEYS, KeyKind, variable_name};
use self::keys::{put, read_as};
use crate::fingerprint::{Party, check_separate};
use crate::ledger::AccountId;

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML, or a key is missing, unknown or of the wrong kind.
    #[error("{path}: {detail}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// A value cannot be used.
    #[error("`{key}`: {detail}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// A private key is readable by others.
    #[error("{path} can be read by others: set its mode to 0600")]
    Open {
        /// The file.
        path: PathBuf,
    },
}

/// How a node is set up.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `member`
    pub member: NodeId,
    /// `region`
    pub region: RegionCode,
    /// `trust_domain`
    pub trust_domain: TrustDomain,
    /// `database`
    pub database: String,
    /// `hub.*`
    pub hub: HubConfig,
    /// `tls.*`
    pub tls: TlsConfig,
    /// `signing.*`
    pub signing: SigningConfig,
    /// `subjects.*`
    #[serde(default)]
    pub subjects: SubjectsConfig,
    /// `fingerprint.*`
    #[serde(default)]
    pub fingerprint: FingerprintConfig,
    /// `api.*`
    #[serde(default)]
    pub api: ApiConfig,
    /// `acceptance.*`
    #[serde(default)]
    pub acceptance: AcceptanceConfig,
    /// `outbox.*`
    #[serde(default)]
    pub outbox: OutboxConfig,
    /// `challenges.*`
    #[serde(default)]
    pub challenges: ChallengesConfig,
    /// `receipts.*`
    #[serde(default)]
    pub receipts: ReceiptsConfig,
    /// `witness.*`
    #[serde(default)]
    pub witness: WitnessConfig,
    /// `reconciliation.*`
    #[serde(default)]
    pub reconciliation: ReconciliationConfig,
}

/// `hub.*`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HubConfig {
    /// `hub.url`
    pub url: String,
    /// `hub.feed_wait_s`
    #[serde(default = "feed_wait_s")]
    pub feed_wait_s: u32,
}

/// `tls.*`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// `tls.certificate`
    pub certificate: PathBuf,
    /// `tls.key`
    pub key: PathBuf,
    /// `tls.ca`
    pub ca: PathBuf,
    /// `tls.crl`
    #[serde(default)]
    pub crl: Option<PathBuf>,
}

/// `signing.*`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningConfig {
    /// `signing.key`
    pub key: PathBuf,
}

/// `subjects.*`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SubjectsConfig {
    /// `subjects.key`
    pub key: PathBuf,
}

/// `fingerprint.*`: how the activities of an issuance are made comparable with those of other members.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FingerprintConfig {
    /// `fingerprint.suite`
    pub suite: Option<TokenSuite>,
    /// The three evaluators, in the order of their numbers.
    pub evaluators: Vec<Party>,
    /// `fingerprint.key`
    pub key: PathBuf,
    /// `fingerprint.streams`
    pub streams: PathBuf,
    /// `fingerprint.batch_max`
    pub batch_max: u32,
    /// `fingerprint.threads`
    pub threads: u32,
}

/// `api.*`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApiConfig {
    /// `api.listen`
    pub listen: SocketAddr,
    /// `api.token_file`
    pub token_file: Option<PathBuf>,
    /// `api.tls_certificate`
    pub tls_certificate: Option<PathBuf>,
    /// `api.tls_key`
    pub tls_key: Option<PathBuf>,
}

/// `acceptance.*`: what happens to an offer that no rule of the table speaks of.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AcceptanceConfig {
    /// `acceptance.accept_at_once`
    pub accept_at_once: bool,
    /// `acceptance.quantity_g_max`
    pub quantity_g_max: Option<Grams>,
    /// `acceptance.account`
    pub account: AccountId,
    /// `acceptance.witnessed`
    pub witnessed: bool,
}

/// `outbox.*`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutboxConfig {
    /// `outbox.batch_max`
    pub batch_max: u32,
    /// `outbox.message_days`
    pub message_days: u32,
}

/// `challenges.*`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChallengesConfig {
    /// `challenges.answer`
    pub answer: bool,
    /// `challenges.mailbox`
    pub mailbox: Option<PathBuf>,
}

/// `receipts.*`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReceiptsConfig {
    /// `receipts.dir`
    pub dir: PathBuf,
    /// `receipts.policy`
    pub policy: Option<PathBuf>,
}

/// `witness.*`: verifying and cosigning the hub's transparency log.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WitnessConfig {
    /// `witness.enabled`
    pub enabled: bool,
    /// `witness.key`
    pub key: PathBuf,
    /// `witness.evidence`
    pub evidence: PathBuf,
    /// `witness.interval_s`
    pub interval_s: u32,
    /// `witness.log_key`
    pub log_key: Option<NoteKey>,
}

/// `reconciliation.*`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReconciliationConfig {
    /// `reconciliation.hours`
    pub hours: u32,
}

const fn feed_wait_s() -> u32 {
    25
}

impl Default for SubjectsConfig {
    fn default() -> Self {
        Self {
            key: PathBuf::from("subject.key"),
        }
    }
}

impl Default for FingerprintConfig {
    fn default() -> Self {
        Self {
            suite: None,
            evaluators: Vec::new(),
            key: PathBuf::from("tokens.key"),
            streams: PathBuf::from("streams"),
            batch_max: 2_048,
            threads: 2,
        }
    }
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 9101)),
            token_file: None,
            tls_certificate: None,
            tls_key: None,
        }
    }
}

impl Default for AcceptanceConfig {
    fn default() -> Self {
        Self {
            accept_at_once: false,
            quantity_g_max: None,
            account: AccountId::house(),
            witnessed: false,
        }
    }
}

impl Default for ChallengesConfig {
    fn default() -> Self {
        Self {
            answer: true,
            mailbox: None,
        }
    }
}

impl Default for ReceiptsConfig {
    fn default() -> Self {
        Self {
            dir: PathBuf::from("receipts"),
            policy: None,
        }
    }
}

impl Default for WitnessConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            key: PathBuf::from("witness.key"),
            evidence: PathBuf::from("evidence"),
            interval_s: 1,
            log_key: None,
        }
    }
}

impl Default for ReconciliationConfig {
    fn default() -> Self {
        Self { hours: 24 }
    }
}

impl Default for OutboxConfig {
    fn default() -> Self {
        Self {
            batch_max: 100,
            message_days: 30,
        }
    }
}

impl Config {
    /// Reads the file and the environment.
    ///
    /// # Errors
    /// [`ConfigError`]
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path, |name| std::env::var(name).ok())
    }

    /// Reads the text of a file at `path`, and variables that `variable` answers.
    ///
    /// # Errors
    /// [`ConfigError`]
    pub fn parse(text: &str, path: &Path, variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let syntax = |detail: String| ConfigError::Syntax {
            path: path.to_owned(),
            detail,
        };
        let mut table: Table = text.parse().map_err(|e: toml::de::Error| syntax(e.to_string()))?;
        for (key, kind, _) in KEYS {
            if let Some(value) = variable(&variable_name(key)) {
                put(&mut table, key, read_as(key, *kind, &value)?);
            }
        }
        let mut config: Self = table.try_into().map_err(|e: toml::de::Error| syntax(e.to_string()))?;
        config.resolve(path.parent().unwrap_or_else(|| Path::new(".")));
        config.check()?;
        Ok(config)
    }

    fn resolve(&mut self, folder: &Path) {
        let required = [
            &mut self.tls.certificate,
            &mut self.tls.key,
            &mut self.tls.ca,
            &mut self.signing.key,
            &mut self.subjects.key,
            &mut self.fingerprint.key,
            &mut self.fingerprint.streams,
            &mut self.receipts.dir,
            &mut self.witness.key,
            &mut self.witness.evidence,
        ];
        let optional = [
            &mut self.tls.crl,
            &mut self.challenges.mailbox,
            &mut self.receipts.policy,
            &mut self.api.token_file,
            &mut self.api.tls_certificate,
            &mut self.api.tls_key,
        ];
        for path in required.into_iter().chain(optional.into_iter().flatten()) {
            *path = folder.join(&*path);
        }
        if let Some(file) = self.database.strip_prefix("sqlite:") {
            self.database = format!("sqlite:{}", folder.join(file).display());
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        let refuse = |key, detail: &str| {
            Err(ConfigError::Value {
                key,
                detail: detail.to_owned(),
            })
        };
        if !self.database.starts_with("sqlite:") && !self.database.starts_with("postgres") {
            return refuse("database", "use `sqlite:PATH` or `postgres://…`");
        }
        if self.hub.feed_wait_s > 30 {
            return refuse("hub.feed_wait_s", "at most 30 seconds");
        }
        if !(1..=100).contains(&self.outbox.batch_max) {
            return refuse("outbox.batch_max", "from 1 to 100");
        }
        if !(1..=30).contains(&self.outbox.message_days) {
            return refuse("outbox.message_days", "from 1 to 30");
        }
        if !(1..=3_600).contains(&self.witness.interval_s) {
            return refuse("witness.interval_s", "from 1 to 3600");
        }
        if self.acceptance.witnessed && !self.witness.enabled {
            return refuse(
                "acceptance.witnessed",
                "set `witness.enabled` as well: offers would wait for ever",
            );
        }
        if self.reconciliation.hours > 8_760 {
            return refuse("reconciliation.hours", "from 1 to 8760, or 0 for none");
        }
        if !(64..=4_096).contains(&self.fingerprint.batch_max) {
            return refuse("fingerprint.batch_max", "from 64 to 4096");
        }
        if !(1..=64).contains(&self.fingerprint.threads) {
            return refuse("fingerprint.threads", "from 1 to 64");
        }
        if self.fingerprint.suite == Some(TokenSuite::Voprf)
            && let Err(error) = check_separate(&self.fingerprint.evaluators, &self.hub.url)
        {
            return refuse("fingerprint.evaluators", &error.to_string());
        }
        let open = !self.api.listen.ip().is_loopback();
        if open && (self.api.tls_certificate.is_none() || self.api.tls_key.is_none()) {
            return refuse(
                "api.listen",
                "outside loopback it needs `api.tls_certificate` and `api.tls_key`",
            );
        }
        Ok(())
    }
}

/// Reads a private key, and refuses a file that others may read.
///
/// # Errors
/// [`ConfigError::Open`] or [`ConfigError::Read`].
pub fn read_private(path: &Path) -> Result<String, ConfigError> {
    use std::os::unix::fs::PermissionsExt as _;
    let read = |source| ConfigError::Read {
        path: path.to_owned(),
        source,
    };
    let mode = std::fs::metadata(path).map_err(read)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(ConfigError::Open { path: path.to_owned() });
    }
    std::fs::read_to_string(path).map_err(read)
}

#[cfg(test)]
mod tests;
